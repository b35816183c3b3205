# SPDX-License-Identifier: MIT
# NOFAIL_SANITIZER: none, address (with undefined) or thread. Subjects are compiled with it; the simulator and the rest
# of the suite are not, and are only linked with its runtime (docs/architecture.md says why).
set(NOFAIL_SANITIZER "none" CACHE STRING "none, address or thread")
set_property(CACHE NOFAIL_SANITIZER PROPERTY STRINGS none address thread)
set(NOFAIL_COVERAGE OFF CACHE BOOL "source coverage of the subjects")

if(NOFAIL_SANITIZER STREQUAL "address")
  set(NOFAIL_SANITIZER_FLAGS -fsanitize=address,undefined -fsanitize-recover=address
      -fsanitize-trap=undefined -fno-sanitize=alignment,null,vptr)
elseif(NOFAIL_SANITIZER STREQUAL "thread")
  set(NOFAIL_SANITIZER_FLAGS -fsanitize=thread)
elseif(NOFAIL_SANITIZER STREQUAL "none")
  set(NOFAIL_SANITIZER_FLAGS "")
else()
  message(FATAL_ERROR "NOFAIL_SANITIZER=${NOFAIL_SANITIZER}: expected none, address or thread")
endif()

# What every target gets: the macro by which the simulator tells the sanitizer runtime of fibers, frees and orderings.
add_library(nofail_common INTERFACE)
target_include_directories(nofail_common INTERFACE ${PROJECT_SOURCE_DIR})
target_compile_options(nofail_common INTERFACE -Wall -Wextra -Wno-missing-field-initializers
                       -fno-omit-frame-pointer -g $<$<CONFIG:Release>:-gline-tables-only>)
target_compile_definitions(nofail_common INTERFACE
  $<$<STREQUAL:${NOFAIL_SANITIZER},address>:NOFAIL_ASAN=1> $<$<STREQUAL:${NOFAIL_SANITIZER},thread>:NOFAIL_TSAN=1>)
target_link_options(nofail_common INTERFACE ${NOFAIL_SANITIZER_FLAGS})

# What a subject gets on top.
include(CheckCXXSourceCompiles)
set(CMAKE_REQUIRED_FLAGS -fsanitize=fuzzer)
check_cxx_source_compiles([[extern "C" int LLVMFuzzerTestOneInput(const char*, unsigned long) { return 0; }]]
                          NOFAIL_LIBFUZZER_LINKS)
unset(CMAKE_REQUIRED_FLAGS)
set(NOFAIL_HAVE_LIBFUZZER ${NOFAIL_LIBFUZZER_LINKS})

# Some compilers (clang 14 for one) let ThreadSanitizer watch libFuzzer's coverage counters. Their fuzz binaries report
# races in correct code, so they are not built at all: only the replay-only twins are, without coverage.
if(NOFAIL_HAVE_LIBFUZZER AND NOFAIL_SANITIZER STREQUAL "thread" AND NOT DEFINED NOFAIL_COUNTERS_RACE)
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
  message(WARNING "${CMAKE_CXX_COMPILER} ${CMAKE_CXX_COMPILER_VERSION} reports races on libFuzzer's own counters under "
                  "ThreadSanitizer: building the replay-only binaries. To fuzz for races, install clang-19 and configure "
                  "again with --fresh.")
  set(NOFAIL_HAVE_LIBFUZZER OFF)
endif()
add_library(nofail_instrumented INTERFACE)
target_compile_options(nofail_instrumented INTERFACE ${NOFAIL_SANITIZER_FLAGS}
  -include ${PROJECT_SOURCE_DIR}/core/section.h
  $<$<COMPILE_LANGUAGE:CXX>:-fno-exceptions> -fmacro-prefix-map=${PROJECT_SOURCE_DIR}/=
  $<$<BOOL:${NOFAIL_HAVE_LIBFUZZER}>:-fsanitize=fuzzer-no-link>
  $<$<BOOL:${NOFAIL_COVERAGE}>:-fprofile-instr-generate;-fcoverage-mapping>)
# Coverage counters need somewhere to register, in programs without libFuzzer too.
target_link_options(nofail_common INTERFACE $<$<BOOL:${NOFAIL_HAVE_LIBFUZZER}>:-fsanitize=fuzzer-no-link>)
if(NOFAIL_COVERAGE)
  target_link_options(nofail_common INTERFACE -fprofile-instr-generate)
endif()
