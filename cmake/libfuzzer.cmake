# SPDX-License-Identifier: MIT
# NOFAIL_HAVE_ENGINE: whether this compiler has a libFuzzer that tells the truth. NOFAIL_ENGINE_LINK: what links it.
include(CheckCXXSourceCompiles)
set(CMAKE_REQUIRED_FLAGS -fsanitize=fuzzer)
check_cxx_source_compiles([[extern "C" int LLVMFuzzerTestOneInput(const char*, unsigned long) { return 0; }]]
                          NOFAIL_LIBFUZZER_LINKS)
unset(CMAKE_REQUIRED_FLAGS)
set(NOFAIL_HAVE_ENGINE ${NOFAIL_LIBFUZZER_LINKS})
set(NOFAIL_ENGINE_LINK -fsanitize=fuzzer)

# Some compilers (clang 14 for one) let ThreadSanitizer watch libFuzzer's coverage counters. Their fuzz binaries report
# races in correct code, so they are not built at all: only the replay-only twins are, without coverage.
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
