# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Fuzzing engines: where they are, what they want compiled how, and what they are told. To be sourced after lib.sh.

# first_of FILE...: prints the first that exists.
first_of() {
  local file
  for file in "$@"; do
    if [[ -f $file ]]; then echo "$file"; return; fi
  done
  return 1
}

# find_engine NAME: sets `engine_library` (what to link, a list as CMake has it), `engine_coverage` (flags, separated by
# blanks), `engine_environment` (its compiler, and what it is told whenever it runs), and for lib.sh `nofail_engine`
# (empty: libFuzzer) and `nofail_engine_options` (for CMake). Leaves with code 5 and one line where the engine is not
# installed.
# shellcheck disable=SC2034  # for the caller
find_engine() {
  local beside cxx
  engine_library='' engine_coverage='' engine_environment=() nofail_engine=$1 nofail_engine_options=()
  case $1 in
    libfuzzer)
      nofail_engine='' engine_library=-fsanitize=fuzzer engine_coverage=-fsanitize=fuzzer-no-link
      return
      ;;
    afl)
      beside=$(command -v afl-fuzz) && cxx=$(command -v afl-clang-fast++) ||
        leave 5 "AFL++ is not installed: apt-get install afl++"
      beside=$(dirname "$(realpath "$beside")")
      engine_library=$(first_of "$beside"/{../lib/afl,utils/aflpp_driver,.}/libAFLDriver.a) ||
        leave 5 "AFL++ is installed without libAFLDriver.a, which its utils/aflpp_driver makes"
      engine_environment=("CC=${cxx%++}" "CXX=$cxx" AFL_QUIET=1 AFL_NO_UI=1 AFL_NO_AFFINITY=1 AFL_SKIP_CPUFREQ=1
        AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES=1 AFL_FAST_CAL=1)
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
  esac
  nofail_engine_options=("-DNOFAIL_LOCAL_ENGINE=$engine_library" "-DNOFAIL_LOCAL_COVERAGE=$engine_coverage")
}
