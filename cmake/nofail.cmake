# SPDX-License-Identifier: MIT
# Functions that add libraries, programs and tests. Each takes NAME, SRCS and DEPS, so that the calls read as a table.
include(CMakeParseArguments)
include(GoogleTest)

# nofail_instrument(TARGET INSTRUMENTED): compiles TARGET with the flags of a subject if INSTRUMENTED is true, otherwise
# with those of the rest of the suite (cmake/sanitizers.cmake).
function(nofail_instrument target instrumented)
  if(instrumented)
    target_link_libraries(${target} PRIVATE nofail_instrumented)
  else()
    target_link_libraries(${target} PRIVATE nofail_uninstrumented)
    foreach(language C CXX)
      set(launcher ${NOFAIL_UNINSTRUMENTED_LAUNCHER} ${CMAKE_${language}_COMPILER_LAUNCHER})
      set_target_properties(${target} PROPERTIES ${language}_COMPILER_LAUNCHER "${launcher}")
    endforeach()
  endif()
endfunction()

# Adds a library. INSTRUMENTED: the library is compiled with the sanitizer and with coverage, as subjects are. UNITY:
# all its files are compiled as one translation unit. This is for libraries whose files call each other many times a
# run.
function(nofail_library)
  cmake_parse_arguments(A "INSTRUMENTED;UNITY" "NAME" "SRCS;DEPS" ${ARGN})
  add_library(${A_NAME} STATIC ${A_SRCS})
  if(A_UNITY)
    set_target_properties(${A_NAME} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 0)
  endif()
  target_link_libraries(${A_NAME} PUBLIC nofail_common ${A_DEPS})
  nofail_instrument(${A_NAME} ${A_INSTRUMENTED})
endfunction()

# Adds a program. FUZZER: the program is linked with the fuzzing engine, which defines main(). INSTRUMENTED: as for a
# library.
function(nofail_executable)
  cmake_parse_arguments(A "FUZZER;INSTRUMENTED" "NAME" "SRCS;DEPS" ${ARGN})
  add_executable(${A_NAME} ${A_SRCS})
  target_link_libraries(${A_NAME} PRIVATE nofail_common ${A_DEPS})
  nofail_instrument(${A_NAME} ${A_INSTRUMENTED})
  if(A_FUZZER)
    target_link_libraries(${A_NAME} PRIVATE ${NOFAIL_ENGINE_LINK})
  endif()
endfunction()

# Adds a GoogleTest program. Each of its tests becomes a test of ctest. The tests themselves are not optimized: they
# take longer to compile than to run, and what they test is in libraries.
function(nofail_test)
  cmake_parse_arguments(A "" "NAME" "SRCS;DEPS" ${ARGN})
  add_executable(${A_NAME} ${A_SRCS})
  target_link_libraries(${A_NAME} PRIVATE nofail_common ${A_DEPS} GTest::gmock GTest::gtest_main)
  target_compile_options(${A_NAME} PRIVATE -O0)
  gtest_discover_tests(${A_NAME} DISCOVERY_MODE PRE_TEST)
endfunction()
