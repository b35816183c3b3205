#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# usage: determinism_test.sh NOFAIL-BINARY REPOSITORY HASHES
#
# The same schedule gives the same trace in two processes, with and without address space randomization, and in every
# build: HASHES, which the builds share, is written by the first that comes by and compared by the others.
set -uo pipefail
nofail=$(realpath "$1")
cd "$2" || exit 1
hashes=$3

# Every schedule with its hash. Generated ones are many and cheap.
traces() {
  local seeds=()
  for seed in $(seq 1 200); do seeds+=(--seed "$seed"); done
  "$@" replay corpus/seeds corpus/known corpus/findings "${seeds[@]}" 2>&1 |
    sed -nE 's/^(ok|UNEXPECTED) +(.*) trace ([0-9a-f]{16}).*/\3 \2/p'
}

failed=0
first=$(traces "$nofail")
[[ $(wc -l <<<"$first") -gt 200 ]] || { echo "too few traces to compare: $first"; exit 1; }
compare() {
  if [[ $2 != "$first" ]]; then
    echo "$1 gives other traces:"
    diff <(printf '%s\n' "$first") <(printf '%s\n' "$2") | head -10
    failed=1
  fi
}
compare "a second process" "$(traces "$nofail")"
# Where a sandbox forbids it (personality), the comparison above still has two address space layouts.
if setarch -R true 2>/dev/null; then
  compare "no address space randomization" "$(traces setarch -R "$nofail")"
else
  echo "setarch -R is not permitted here: not compared without address space randomization"
fi
if [[ -f $hashes ]]; then
  compare "another build ($hashes)" "$(cat "$hashes")"
else
  printf '%s\n' "$first" >"$hashes.$$" && mv "$hashes.$$" "$hashes"
fi
exit $failed
