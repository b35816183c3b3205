# SPDX-License-Identifier: MIT
# Build rules that read as a table: NAME SRCS DEPS.
include(CMakeParseArguments)
include(GoogleTest)

# Only subjects are instrumented (cmake/sanitizers.cmake).
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

# A library. INSTRUMENTED: compiled with the sanitizer and coverage (subjects only). UNITY: as one translation unit, for
# what calls across its files many times a run.
function(nofail_library)
  cmake_parse_arguments(A "INSTRUMENTED;UNITY" "NAME" "SRCS;DEPS" ${ARGN})
  add_library(${A_NAME} STATIC ${A_SRCS})
  if(A_UNITY)
    set_target_properties(${A_NAME} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 0)
  endif()
  target_link_libraries(${A_NAME} PUBLIC nofail_common ${A_DEPS})
  nofail_instrument(${A_NAME} ${A_INSTRUMENTED})
endfunction()

# A program. FUZZER: the engine brings main().
function(nofail_executable)
  cmake_parse_arguments(A "FUZZER;INSTRUMENTED" "NAME" "SRCS;DEPS" ${ARGN})
  add_executable(${A_NAME} ${A_SRCS})
  target_link_libraries(${A_NAME} PRIVATE nofail_common ${A_DEPS})
  nofail_instrument(${A_NAME} ${A_INSTRUMENTED})
  if(A_FUZZER)
    target_link_libraries(${A_NAME} PRIVATE ${NOFAIL_ENGINE_LINK})
  endif()
endfunction()

# A GoogleTest program, each of its tests a ctest.
function(nofail_test)
  cmake_parse_arguments(A "" "NAME" "SRCS;DEPS" ${ARGN})
  add_executable(${A_NAME} ${A_SRCS})
  target_link_libraries(${A_NAME} PRIVATE nofail_common ${A_DEPS} GTest::gmock GTest::gtest_main)
  gtest_discover_tests(${A_NAME} DISCOVERY_MODE PRE_TEST)
endfunction()
