#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# usage: baseline_test.sh REPOSITORY
#
# What the author of a patch asks, end to end: scripts/fuzz --linux TREE --baseline TREE reports what the patch brings,
# all of it and nothing else.
set -uo pipefail
cd "$1" || exit 1
tree=$PWD/linux/7.2 patched=$PWD/build/patched-7.2
if [[ ! -f $tree/Makefile ]]; then
  echo "SKIPPED: Linux 7.2 is not here; ./scripts/get-linux 7.2 fetches it"
  exit 0
fi
mkdir -p build
tests/mutants/plant.py tests/mutants/linux/buckets-kept.edit "$tree" "$patched" || exit 1
log=$(mktemp)
trap 'rm -f "$log"' EXIT
failed=0
# compares TREE CODE NEW: the exit code, and the kinds of what is called new.
compares() {
  local code=0 new
  ./scripts/fuzz --linux "$1" --baseline "$tree" --seconds 5 >"$log" 2>&1 || code=$?
  # The other tree's own run comes first.
  new=$(sed '1,/: see above\|^nothing new/d' "$log" | sed -n 's|^NEW  \([^/]*\)/.*|\1|p' | sort -u)
  if [[ $code != "$2" || $new != "$3" ]]; then
    echo "$1: exit code $code, new: '$new'; expected $2, '$3'; it said:"
    cat "$log"
    failed=1
  fi
}
compares "$tree" 0 ''
compares "$patched" 1 leak.buckets
exit $failed
