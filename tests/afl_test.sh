#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# usage: afl_test.sh REPOSITORY
#
# AFL++, where it is installed: the build that OSS-Fuzz makes for it, and scripts/fuzz with the mutator of
# docs/oss-fuzz.md.
set -euo pipefail
repository=$(realpath "$1")
if ! command -v afl-fuzz >/dev/null; then
  echo "SKIPPED: there is no AFL++ here; apt-get install afl++"
  exit 0
fi

# What somebody has fuzzed here is put aside as long.
work=$repository/build/fuzz/teardown-posted-address-afl aside=$(mktemp -d -p "$repository/build")
if [[ -d $work ]]; then mv "$work" "$aside/work"; fi
restore() {
  rm -rf "$work"
  if [[ -d $aside/work ]]; then mv "$aside/work" "$work"; fi
  rmdir "$aside"
}
trap restore EXIT

failed=0
try() {  # EXPECTED-PATTERN SCRIPT ARGUMENT...
  local expected=$1 script=$2 said code=0
  shift 2
  said=$("$repository/scripts/$script" "$@" 2>&1) || code=$?
  if ((code != 0)) || ! grep -qE "$expected" <<<"$said"; then
    printf '%s %s: exit code %s, expected 0 and %s:\n%s\n' "$script" "$*" "$code" "$expected" "$said"
    failed=1
  fi
}
try '^[0-9]+ checks, 0 failed$' check_oss_fuzz --engine afl
try '^nothing new; as data' fuzz --engine afl --seconds 10
grep -qE 'Custom mutator .* installed successfully' "$work/worker-1.log" ||
  { echo "afl-fuzz was not told of the mutator"; failed=1; }
grep -qE '^stability +: 100.00%' "$work/afl/worker-1/fuzzer_stats" ||
  { echo "afl-fuzz calls the target unstable"; failed=1; }
exit "$failed"
