#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# usage: afl_test.sh REPOSITORY
#
# AFL++, where it is installed: the build that OSS-Fuzz makes for it, and scripts/fuzz with the mutator of docs/oss-fuzz.md.
set -euo pipefail
repository=$(realpath "$1")
if ! command -v afl-fuzz >/dev/null; then
  echo "SKIPPED: there is no AFL++ here; apt-get install afl++"
  exit 0
fi

failed=0
try() {  # EXPECTED-PATTERN COMMAND...
  local said code=0
  said=$("$repository/scripts/${@:2:1}" "${@:3}" 2>&1) || code=$?
  if ((code != 0)) || ! grep -qE "$1" <<<"$said"; then
    printf '%s: exit code %s, expected 0 and %s:\n%s\n' "${*:2}" "$code" "$1" "$said"
    failed=1
  fi
}
try '^6 checks, 0 failed$' check_oss_fuzz --engine afl
try '^nothing new; as data' fuzz --engine afl --seconds 10
grep -qE 'Custom mutator .* installed successfully' "$repository/build/fuzz/teardown-posted-address-afl/worker-1.log" ||
  { echo "afl-fuzz was not told of the mutator"; failed=1; }
grep -qE '^stability +: 100.00%' "$repository/build/fuzz/teardown-posted-address-afl/afl/worker-1/fuzzer_stats" ||
  { echo "afl-fuzz calls the target unstable"; failed=1; }
exit "$failed"
