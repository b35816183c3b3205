# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Fuzzing engines: where they are, and what they want compiled how. To be sourced after lib.sh.
# first_of FILE...: prints the first that exists.
first_of() {
  local file
  for file in "$@"; do
    if [[ -f $file ]]; then echo "$file"; return; fi
  done
  return 1
}

# find_engine NAME: sets what is compiled and linked with: `engine_cc`, `engine_cxx` (empty: no others than usual),
# `engine_library` (for CMake: a list), `engine_coverage` (flags), and `nofail_engine`, which is empty for libFuzzer. Leaves with
# code 5 and one line where the engine is not installed.
# shellcheck disable=SC2034  # for the caller
find_engine() {
  local beside
  engine_cc='' engine_cxx='' engine_library='' engine_coverage='' nofail_engine=$1
  case $1 in
    libfuzzer)
      nofail_engine='' engine_library=-fsanitize=fuzzer engine_coverage=-fsanitize=fuzzer-no-link
      ;;
    afl)
      beside=$(command -v afl-fuzz) && engine_cxx=$(command -v afl-clang-fast++) ||
        leave 5 "AFL++ is not installed: apt-get install afl++"
      engine_cc=${engine_cxx%++}
      beside=$(dirname "$(realpath "$beside")")
      engine_library=$(first_of "$beside"/{../lib/afl,utils/aflpp_driver,.}/libAFLDriver.a) ||
        leave 5 "AFL++ is installed without libAFLDriver.a, which its utils/aflpp_driver makes"
      ;;
    honggfuzz)
      beside=$(command -v honggfuzz) ||
        leave 5 "honggfuzz is not installed: build github.com/google/honggfuzz and put its folder on PATH"
      beside=$(dirname "$(realpath "$beside")")
      if [[ -f $beside/libhfuzz/libhfuzz.a ]]; then
        engine_library="$beside/libhfuzz/libhfuzz.a;$beside/libhfcommon/libhfcommon.a"
      else
        engine_library=$(first_of "$beside"/{../lib,.}/libhonggfuzz.a) ||
          leave 5 "honggfuzz is installed without its libraries: put the folder that it was built in on PATH"
      fi
      engine_coverage=-fsanitize-coverage=trace-pc-guard,indirect-calls,trace-cmp
      ;;
    centipede)
      beside=$(command -v centipede) ||
        leave 5 "Centipede is not installed: build it, of github.com/google/fuzztest, and put its folder on PATH"
      beside=$(dirname "$(realpath "$beside")")
      engine_library=$beside/libcentipede_runner.pic.a
      [[ -f $engine_library && -f $beside/weak.o ]] ||
        leave 5 "Centipede is installed without libcentipede_runner.pic.a and weak.o, which belong beside it"
      engine_coverage="-fno-builtin -fsanitize-coverage=trace-pc-guard,pc-table,trace-cmp -O2"
      engine_coverage+=" -Wl,-ldl -Wl,-lrt -Wl,-lpthread -Wl,$beside/weak.o"
      ;;
    *) leave 2 "--engine $1: there is no such engine; there are libfuzzer, afl, honggfuzz and centipede" ;;
  esac
}
