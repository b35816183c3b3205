# SPDX-License-Identifier: MIT
# Abseil and Boost.Context. With NOFAIL_LIBRARIES=system they are the system's packages. With NOFAIL_LIBRARIES=source
# they are the versions below, compiled with the flags of everything else. OSS-Fuzz needs that, because its standard
# library is libc++. If the sources are on the machine already, FETCHCONTENT_SOURCE_DIR_ABSL, _BOOST_CONTEXT and
# _BOOST_CONFIG say where. oss-fuzz/Dockerfile clones the same versions (tests/oss_fuzz_test.py compares).
set(NOFAIL_LIBRARIES "system" CACHE STRING "where Abseil and Boost.Context come from: system or source")
set_property(CACHE NOFAIL_LIBRARIES PROPERTY STRINGS system source)

find_package(Threads REQUIRED)
if(NOFAIL_LIBRARIES STREQUAL "system")
  find_package(absl REQUIRED)
  set(Boost_USE_STATIC_LIBS ON)  # fuzz binaries run where it is not installed
  find_package(Boost REQUIRED COMPONENTS context)
  add_library(nofail_context ALIAS Boost::context)
  return()
elseif(NOT NOFAIL_LIBRARIES STREQUAL "source")
  message(FATAL_ERROR "NOFAIL_LIBRARIES=${NOFAIL_LIBRARIES}: expected system or source")
endif()

include(FetchContent)
enable_language(ASM)
FetchContent_Declare(absl GIT_REPOSITORY https://github.com/abseil/abseil-cpp
  GIT_TAG 255c84dadd029fd8ad25c5efb5933e47beaa00c7)  # 20260107.1
# SOURCE_SUBDIR none: the CMake files of Boost.Context are not used, because they want a dozen more of Boost's
# repositories. Three assembly files are all that is needed.
FetchContent_Declare(boost_context GIT_REPOSITORY https://github.com/boostorg/context
  GIT_TAG 1bde50e400547e29336afe7ea0cd693d8c884fb6 SOURCE_SUBDIR none)  # boost-1.86.0
FetchContent_Declare(boost_config GIT_REPOSITORY https://github.com/boostorg/config
  GIT_TAG 2bd6f0dfc52ff1fb1bd502361f4d0c750ce51d93 SOURCE_SUBDIR none)  # boost-1.86.0

# This is a function so that the flags that it sets end with it. The flags switch instrumentation off, since none of the
# libraries is under test.
function(nofail_add_libraries)
  set(ABSL_PROPAGATE_CXX_STD ON)
  set(ABSL_ENABLE_INSTALL OFF)
  set(BUILD_TESTING OFF)
  list(JOIN NOFAIL_UNINSTRUMENTED_FLAGS " " flags)
  string(APPEND CMAKE_C_FLAGS " ${flags}")
  string(APPEND CMAKE_CXX_FLAGS " ${flags}")
  list(PREPEND CMAKE_C_COMPILER_LAUNCHER ${NOFAIL_UNINSTRUMENTED_LAUNCHER})
  list(PREPEND CMAKE_CXX_COMPILER_LAUNCHER ${NOFAIL_UNINSTRUMENTED_LAUNCHER})
  FetchContent_MakeAvailable(absl boost_context boost_config)

  if(CMAKE_SYSTEM_PROCESSOR STREQUAL "aarch64")
    set(abi arm64_aapcs)
  else()
    set(abi x86_64_sysv)
  endif()
  foreach(name make jump ontop)
    list(APPEND assembly ${boost_context_SOURCE_DIR}/src/asm/${name}_${abi}_elf_gas.S)
  endforeach()
  add_library(nofail_context STATIC ${assembly})
  target_include_directories(nofail_context SYSTEM PUBLIC ${boost_context_SOURCE_DIR}/include
                             ${boost_config_SOURCE_DIR}/include)
endfunction()
nofail_add_libraries()
