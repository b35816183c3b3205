# SPDX-License-Identifier: MIT
# Which parts are compiled how. Subjects are instrumented: with the sanitizer, with coverage counters. The simulator and the
# rest of the suite are not, and are only linked with the runtime (docs/architecture.md says why).
#
# NOFAIL_ENGINE empty: the flags are chosen here, by NOFAIL_SANITIZER.
# NOFAIL_ENGINE set, as OSS-Fuzz has it in LIB_FUZZING_ENGINE: it is what fuzz binaries are linked with, a flag or a library.
# All flags then come from CFLAGS and CXXFLAGS, for every file; NOFAIL_SANITIZER says which sanitizer they are for, and
# the flags that instrument are taken back where nothing is to be instrumented.
set(NOFAIL_SANITIZER "none" CACHE STRING "none, address or thread; with NOFAIL_ENGINE also undefined")
set_property(CACHE NOFAIL_SANITIZER PROPERTY STRINGS none address thread undefined)
set(NOFAIL_ENGINE "" CACHE STRING "what fuzz binaries are linked with; flags are then those of CFLAGS and CXXFLAGS")
set(NOFAIL_COVERAGE OFF CACHE BOOL "source coverage of the subjects")

if(NOFAIL_SANITIZER STREQUAL "address")
  set(NOFAIL_SANITIZER_FLAGS -fsanitize=address,undefined -fsanitize-recover=address
      -fsanitize-trap=undefined -fno-sanitize=alignment,null,vptr)
elseif(NOFAIL_SANITIZER STREQUAL "thread")
  set(NOFAIL_SANITIZER_FLAGS -fsanitize=thread)
elseif(NOFAIL_SANITIZER STREQUAL "none" OR (NOFAIL_SANITIZER STREQUAL "undefined" AND NOFAIL_ENGINE))
  set(NOFAIL_SANITIZER_FLAGS "")
else()
  message(FATAL_ERROR "NOFAIL_SANITIZER=${NOFAIL_SANITIZER}: expected none, address or thread; undefined comes with address, "
                      "and alone with NOFAIL_ENGINE only")
endif()

# What every target gets: warnings, and the macro by which the simulator tells the sanitizer runtime of fibers, frees and
# orderings.
add_library(nofail_common INTERFACE)
target_include_directories(nofail_common INTERFACE ${PROJECT_SOURCE_DIR})
target_compile_options(nofail_common INTERFACE -Wall -Wextra -Wno-missing-field-initializers -fno-omit-frame-pointer)
target_compile_definitions(nofail_common INTERFACE $<$<STREQUAL:${NOFAIL_SANITIZER},address>:NOFAIL_ASAN=1>
  $<$<STREQUAL:${NOFAIL_SANITIZER},thread>:NOFAIL_TSAN=1> $<$<STREQUAL:${NOFAIL_SANITIZER},undefined>:NOFAIL_UBSAN=1>)
# What a subject gets on top, and what everything else does. Of a subject's functions only those of its headers are inlined:
# the others are what verdicts speak of, and shall be found by their names (fuzz/targets/symbol_table.h).
add_library(nofail_instrumented INTERFACE)
target_compile_options(nofail_instrumented INTERFACE -include ${PROJECT_SOURCE_DIR}/core/section.h -finline-hint-functions
  $<$<COMPILE_LANGUAGE:CXX>:-fno-exceptions> -fmacro-prefix-map=${PROJECT_SOURCE_DIR}/=)
add_library(nofail_uninstrumented INTERFACE)
set(NOFAIL_UNINSTRUMENTED_FLAGS "")

if(NOFAIL_ENGINE)
  set(NOFAIL_HAVE_ENGINE ON)
  set(NOFAIL_ENGINE_LINK ${NOFAIL_ENGINE})
  # Takes back what the environment asks for. 0 is no kind of coverage, whichever of them were named. Source coverage
  # (-fprofile-instr-generate) stays: it disturbs nothing. AFL++'s compiler instruments by a plugin of its own, and is told
  # not to by a variable.
  set(NOFAIL_UNINSTRUMENTED_FLAGS -fno-sanitize=all -fsanitize-coverage=0 -Wno-unused-command-line-argument)
  if(CMAKE_CXX_COMPILER MATCHES "afl-clang")
    set(NOFAIL_UNINSTRUMENTED_LAUNCHER ${CMAKE_COMMAND} -E env AFL_NOOPT=1)
  endif()
  if(NOFAIL_SANITIZER STREQUAL "address")
    # A report is a fault of the run, not the end of the process. Stacks of fibers that are abandoned in the middle would
    # leave their fake stacks behind, which ClusterFuzz switches on at run time.
    target_compile_options(nofail_instrumented INTERFACE -fsanitize-recover=address
                           -fsanitize-address-use-after-return=never)
  endif()
else()
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
    message(WARNING "${CMAKE_CXX_COMPILER} ${CMAKE_CXX_COMPILER_VERSION} reports races on libFuzzer's own counters under "
                    "ThreadSanitizer: building the replay-only binaries. To fuzz for races, install clang-19 and configure "
                    "again with --fresh.")
    set(NOFAIL_HAVE_ENGINE OFF)
  endif()

  target_compile_options(nofail_common INTERFACE -g $<$<CONFIG:Release>:-gline-tables-only>)
  target_compile_options(nofail_instrumented INTERFACE ${NOFAIL_SANITIZER_FLAGS}
    $<$<BOOL:${NOFAIL_HAVE_ENGINE}>:-fsanitize=fuzzer-no-link>
    $<$<BOOL:${NOFAIL_COVERAGE}>:-fprofile-instr-generate;-fcoverage-mapping>)
  # Coverage counters need somewhere to register, in programs without libFuzzer too.
  target_link_options(nofail_common INTERFACE ${NOFAIL_SANITIZER_FLAGS}
    $<$<BOOL:${NOFAIL_HAVE_ENGINE}>:-fsanitize=fuzzer-no-link> $<$<BOOL:${NOFAIL_COVERAGE}>:-fprofile-instr-generate>)
endif()
target_compile_options(nofail_uninstrumented INTERFACE ${NOFAIL_UNINSTRUMENTED_FLAGS})
