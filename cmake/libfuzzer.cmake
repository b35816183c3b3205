# SPDX-License-Identifier: MIT
# Sets NOFAIL_HAVE_ENGINE, which says whether this compiler has a libFuzzer that reports no false races, and
# NOFAIL_ENGINE_LINK, the option that links libFuzzer.
include(CheckCXXSourceCompiles)
set(CMAKE_REQUIRED_FLAGS -fsanitize=fuzzer)
check_cxx_source_compiles([[extern "C" int LLVMFuzzerTestOneInput(const char*, unsigned long) { return 0; }]]
                          NOFAIL_LIBFUZZER_LINKS)
unset(CMAKE_REQUIRED_FLAGS)
set(NOFAIL_HAVE_ENGINE ${NOFAIL_LIBFUZZER_LINKS})
set(NOFAIL_ENGINE_LINK -fsanitize=fuzzer)

# Some compilers, for example clang 14, let ThreadSanitizer watch libFuzzer's coverage counters. Fuzz binaries of such a
# compiler would report races in correct code. So they are not built. Instead each target gets only the binary that
# replays inputs, without coverage.
if(NOFAIL_HAVE_ENGINE AND NOFAIL_SANITIZER STREQUAL "thread" AND NOT DEFINED NOFAIL_COUNTERS_RACE)
  try_run(ran compiled ${CMAKE_BINARY_DIR}/counters_race ${CMAKE_CURRENT_LIST_DIR}/counters_race.cc
          COMPILE_DEFINITIONS -O1 -fsanitize=thread,fuzzer-no-link LINK_OPTIONS -fsanitize=thread -pthread
          RUN_OUTPUT_VARIABLE output)
  if(compiled AND ran EQUAL 0)
    set(NOFAIL_COUNTERS_RACE OFF CACHE INTERNAL "")
  else()
    set(NOFAIL_COUNTERS_RACE ON CACHE INTERNAL "")
  endif()
endif()
if(NOFAIL_COUNTERS_RACE)
  message(WARNING
    "${CMAKE_CXX_COMPILER} ${CMAKE_CXX_COMPILER_VERSION} reports races on libFuzzer's own counters under "
    "ThreadSanitizer: building the replay-only binaries. To fuzz for races, install clang-19 and configure "
    "again with --fresh.")
  set(NOFAIL_HAVE_ENGINE OFF)
endif()
