# SPDX-License-Identifier: MIT
# Build rules that read as a table: NAME SRCS DEPS.
include(CMakeParseArguments)
find_package(Threads REQUIRED)
find_package(GTest REQUIRED)
find_package(absl REQUIRED)
include(GoogleTest)

# A library. INSTRUMENTED: compiled with the sanitizer and coverage (subjects only). UNITY: as one translation unit, for
# what calls across its files many times a run.
function(nofail_library)
  cmake_parse_arguments(A "INSTRUMENTED;UNITY" "NAME" "SRCS;DEPS" ${ARGN})
  add_library(${A_NAME} STATIC ${A_SRCS})
  if(A_UNITY)
    set_target_properties(${A_NAME} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 0)
  endif()
  target_link_libraries(${A_NAME} PUBLIC nofail_common ${A_DEPS})
  if(A_INSTRUMENTED)
    target_link_libraries(${A_NAME} PRIVATE nofail_instrumented)
  endif()
endfunction()

# A program. LIBFUZZER: libFuzzer brings main().
function(nofail_executable)
  cmake_parse_arguments(A "LIBFUZZER" "NAME" "SRCS;DEPS" ${ARGN})
  add_executable(${A_NAME} ${A_SRCS})
  target_link_libraries(${A_NAME} PRIVATE nofail_common ${A_DEPS})
  if(A_LIBFUZZER)
    target_link_options(${A_NAME} PRIVATE -fsanitize=fuzzer)
  endif()
endfunction()

# A GoogleTest program, each of its tests a ctest.
function(nofail_test)
  cmake_parse_arguments(A "" "NAME" "SRCS;DEPS" ${ARGN})
  add_executable(${A_NAME} ${A_SRCS})
  target_link_libraries(${A_NAME} PRIVATE nofail_common ${A_DEPS} GTest::gmock GTest::gtest_main)
  gtest_discover_tests(${A_NAME} DISCOVERY_MODE PRE_TEST)
endfunction()
