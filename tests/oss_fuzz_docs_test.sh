#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# usage: oss_fuzz_docs_test.sh REPOSITORY SEEDS
#
# Runs the commands of docs/oss-fuzz.md, each line of its shell blocks: so it is also what checks the build that
# OSS-Fuzz would make. The one for AFL++ is afl_test.sh's. SEEDS: a folder with seeds as bytes.
set -euo pipefail
repository=$(realpath "$1") seeds=$(realpath "$2")

mapfile -t commands < <(sed -n '/^```sh$/,/^```$/{/^```/!p}' "$repository/docs/oss-fuzz.md")
expected=("./scripts/check_oss_fuzz --sanitizer address"
  "./scripts/replay clusterfuzz-testcase-minimized-nofail_lifecycle_fuzzer-4711"
  "./scripts/corpus teardown --seconds 0 --add downloaded"
  "./scripts/fuzz --engine afl --seconds 60")
if [[ "${commands[*]}" != "${expected[*]}" ]]; then
  printf 'docs/oss-fuzz.md has other commands than this test runs:\n%s\n' "${commands[@]}"
  exit 1
fi

scratch=$(mktemp -d)
corpus=$repository/corpus/teardown
restore() {
  rm -rf "$corpus"
  if [[ -d $scratch/corpus ]]; then cp -a "$scratch/corpus" "$corpus"; fi
  rm -rf "$scratch"
}
if [[ -d $corpus ]]; then cp -a "$corpus" "$scratch/corpus"; fi
trap restore EXIT
cd "$scratch"
mkdir downloaded
cp "$seeds"/* downloaded
cp "$seeds/life_sk" clusterfuzz-testcase-minimized-nofail_lifecycle_fuzzer-4711

failed=0 skipped=
try() {  # COMMAND EXPECTED-PATTERN
  local said code=0
  # shellcheck disable=SC2086  # words
  said=$("$repository"/${1#./} 2>&1) || code=$?
  if ((code != 0)) || ! grep -qE "$2" <<<"$said"; then
    printf '%s: exit code %s, expected 0 and %s:\n' "$1" "$code" "$2"
    # Indented: a line that starts with SKIPPED would make ctest take this failure for a skipped test.
    sed 's/^/  /' <<<"$said"
    failed=1
  fi
  skipped+=$(grep '^SKIPPED: ' <<<"$said" || true)
}
try "${commands[0]}" '^[0-9]+ checks, 0 failed$'
try "${commands[1]}" '^ok .*clusterfuzz-testcase.* pass$'
try "${commands[2]}" '^teardown: [0-9]+ inputs before, [1-9][0-9]* now'
# Only when all else passed: ctest takes a test that prints this for a skipped one.
if ((failed == 0)) && [[ -n $skipped ]]; then printf '%s\n' "$skipped"; fi
exit "$failed"
