# SPDX-License-Identifier: MIT
# Says with which flags each part is compiled. Subjects are instrumented: they get the sanitizer and coverage counters.
# The simulator and the rest of the suite are not instrumented, and are only linked with the sanitizer's runtime
# (docs/architecture.md says why).
#
# NOFAIL_ENGINE is empty: this file chooses the flags, by NOFAIL_SANITIZER.
# NOFAIL_ENGINE is set: it is the flag or the library that fuzz binaries are linked with. OSS-Fuzz has it in
# LIB_FUZZING_ENGINE. All flags, of every file, then come from CFLAGS and CXXFLAGS. NOFAIL_SANITIZER says which
# sanitizer they are for. Where nothing is to be instrumented, this file takes the flags that instrument back.
# NOFAIL_LOCAL_ENGINE is set: it is what the fuzz binaries of a preset are linked with. scripts/engines.sh sets it. This
# file still chooses the flags; NOFAIL_LOCAL_COVERAGE has the engine's own flags for coverage. If it is empty, the
# engine is libFuzzer.
set(NOFAIL_SANITIZER "none" CACHE STRING
    "none, address, thread or race (without NOFAIL_ENGINE); with NOFAIL_ENGINE also undefined")
set_property(CACHE NOFAIL_SANITIZER PROPERTY STRINGS none address thread race undefined)
set(NOFAIL_ENGINE "" CACHE STRING "what fuzz binaries are linked with; flags are then those of CFLAGS and CXXFLAGS")
set(NOFAIL_LOCAL_ENGINE "" CACHE STRING "another engine than libFuzzer to link fuzz binaries of a preset with")
set(NOFAIL_LOCAL_COVERAGE "" CACHE STRING
  "flags by which that engine sees coverage; empty where its compiler adds them")
set(NOFAIL_COVERAGE OFF CACHE BOOL "source coverage of the subjects")

if(NOFAIL_SANITIZER STREQUAL "address")
  set(NOFAIL_SANITIZER_FLAGS -fsanitize=address,undefined -fsanitize-recover=address
      -fsanitize-trap=undefined -fno-sanitize=alignment,null,vptr)
elseif(NOFAIL_SANITIZER STREQUAL "thread")
  set(NOFAIL_SANITIZER_FLAGS -fsanitize=thread)
elseif(NOFAIL_SANITIZER STREQUAL "race" AND NOT NOFAIL_ENGINE)
  # The compiler announces each plain access as it does for ThreadSanitizer. Programs are not linked with the runtime of
  # ThreadSanitizer: the simulator hears the announcements (core/kernel/sim/access_runtime.cc). Atomics stay plain
  # instructions, because the subject announces them itself (core/kernel/access.h). A read is announced also where a
  # write to the same memory follows, because what a task has read decides what it does.
  set(NOFAIL_SANITIZER_FLAGS -fsanitize=thread "SHELL:-mllvm -tsan-instrument-atomics=0"
      "SHELL:-mllvm -tsan-instrument-func-entry-exit=0" "SHELL:-mllvm -tsan-instrument-read-before-write=1")
elseif(NOFAIL_SANITIZER STREQUAL "none" OR (NOFAIL_SANITIZER STREQUAL "undefined" AND NOFAIL_ENGINE))
  set(NOFAIL_SANITIZER_FLAGS "")
else()
  message(FATAL_ERROR
    "NOFAIL_SANITIZER=${NOFAIL_SANITIZER}: expected none, address or thread; undefined comes with address, "
                      "and alone with NOFAIL_ENGINE only; race is for presets, without NOFAIL_ENGINE")
endif()
# What programs are linked with.
set(NOFAIL_SANITIZER_RUNTIME ${NOFAIL_SANITIZER_FLAGS})
if(NOFAIL_SANITIZER STREQUAL "race")
  set(NOFAIL_SANITIZER_RUNTIME "")
endif()

# What every target gets: warnings, and the macro that says which sanitizer the build has. Where it is defined, the
# simulator tells the sanitizer's runtime of fibers, frees and orderings.
add_library(nofail_common INTERFACE)
target_include_directories(nofail_common INTERFACE ${PROJECT_SOURCE_DIR})
target_compile_options(nofail_common INTERFACE -Wall -Wextra -Wno-missing-field-initializers -fno-omit-frame-pointer)
target_compile_definitions(nofail_common INTERFACE $<$<STREQUAL:${NOFAIL_SANITIZER},address>:NOFAIL_ASAN=1>
  $<$<STREQUAL:${NOFAIL_SANITIZER},thread>:NOFAIL_TSAN=1> $<$<STREQUAL:${NOFAIL_SANITIZER},race>:NOFAIL_ACCESSES=1>
  $<$<STREQUAL:${NOFAIL_SANITIZER},undefined>:NOFAIL_UBSAN=1>)
# What a subject gets besides (nofail_instrumented), and what everything else gets (nofail_uninstrumented).
add_library(nofail_instrumented INTERFACE)
target_compile_options(nofail_instrumented INTERFACE -include ${PROJECT_SOURCE_DIR}/core/subjects/section.h
  $<$<COMPILE_LANGUAGE:CXX>:-fno-exceptions> -fmacro-prefix-map=${PROJECT_SOURCE_DIR}/=)
if(NOFAIL_SANITIZER MATCHES "^(address|thread|race)$")
  # Only functions that are declared inline, which are those of headers, are inlined. Reports are about the other
  # functions, so each of them needs a symbol of its own (fuzz/sanitizers/symbol_table.h).
  target_compile_options(nofail_instrumented INTERFACE -finline-hint-functions)
endif()
if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(aarch64|arm64)$")
  # An atomic operation on a bad address must fault in the subject's own section, not in a helper function of the
  # compiler's library.
  target_compile_options(nofail_instrumented INTERFACE -mno-outline-atomics)
endif()
add_library(nofail_uninstrumented INTERFACE)
set(NOFAIL_UNINSTRUMENTED_FLAGS "")
# What takes coverage back from an instrumented target, and leaves the sanitizer.
set(NOFAIL_NO_COVERAGE -fno-sanitize=fuzzer,fuzzer-no-link -fsanitize-coverage=0 -Wno-unused-command-line-argument)

# AFL++'s compiler instruments by a plugin of its own. An environment variable tells it not to.
if(CMAKE_CXX_COMPILER MATCHES "afl-clang")
  set(NOFAIL_UNINSTRUMENTED_LAUNCHER ${CMAKE_COMMAND} -E env AFL_NOOPT=1)
endif()

if(NOFAIL_ENGINE)
  set(NOFAIL_HAVE_ENGINE ON)
  set(NOFAIL_ENGINE_LINK ${NOFAIL_ENGINE})
  # These flags take back what the environment asks for. -fsanitize-coverage=0 switches every kind of coverage off.
  # Source coverage (-fprofile-instr-generate) stays on, since it disturbs nothing.
  set(NOFAIL_UNINSTRUMENTED_FLAGS -fno-sanitize=all -fsanitize-coverage=0 -Wno-unused-command-line-argument)
  if(NOFAIL_SANITIZER STREQUAL "address")
    # recover: a report becomes a fault of the run, not the end of the process. use-after-return: ClusterFuzz switches
    # fake stacks on at run time, and a fiber that is abandoned in the middle would leave its fake stack behind.
    target_compile_options(nofail_instrumented INTERFACE -fsanitize-recover=address
                           -fsanitize-address-use-after-return=never)
  endif()
else()
  if(NOFAIL_LOCAL_ENGINE)
    set(NOFAIL_HAVE_ENGINE ON)
    set(NOFAIL_ENGINE_LINK ${NOFAIL_LOCAL_ENGINE})
    set(coverage ${NOFAIL_LOCAL_COVERAGE})
  else()
    include(${CMAKE_CURRENT_LIST_DIR}/libfuzzer.cmake)
    set(coverage $<$<BOOL:${NOFAIL_HAVE_ENGINE}>:-fsanitize=fuzzer-no-link>)
  endif()

  # Of a subject the debug information has the types, too, and those that the file itself makes no use of: reports name
  # fields by them (fuzz/report/fields.h).
  target_compile_options(nofail_common INTERFACE -g $<$<CONFIG:Release>:-gline-tables-only>)
  target_compile_options(nofail_instrumented INTERFACE -g2 -fno-eliminate-unused-debug-types)
  target_compile_options(nofail_instrumented INTERFACE ${NOFAIL_SANITIZER_FLAGS}
    ${coverage} $<$<BOOL:${NOFAIL_COVERAGE}>:-fprofile-instr-generate;-fcoverage-mapping>)
  # Programs without libFuzzer are linked with the coverage flags, too, because coverage counters need a runtime in
  # which they register themselves.
  target_link_options(nofail_common INTERFACE ${NOFAIL_SANITIZER_RUNTIME}
    ${coverage} $<$<BOOL:${NOFAIL_COVERAGE}>:-fprofile-instr-generate>)
endif()
target_compile_options(nofail_uninstrumented INTERFACE ${NOFAIL_UNINSTRUMENTED_FLAGS})
