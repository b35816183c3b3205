#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# usage: races_listed_test.sh REPOSITORY
#
# Data races of the unmodified Linux 7.2 where nothing fails: each that shows is listed as one that needs nothing to
# fail, so none is new or worse. A planted race is news in the same campaign, so the silence means something.
set -uo pipefail
cd "$1" || exit 1
if [[ ! -f linux/7.2/Makefile ]]; then
  echo "SKIPPED: Linux 7.2 is not here; ./scripts/get-linux 7.2 fetches it"
  exit 0
fi
log=$(mktemp)
trap 'rm -f "$log"' EXIT
failed=0

# races TREE CODE NEWS: the exit code, and what the table says is news, as WORD KIND.
races() {
  local code=0 new
  ./scripts/fuzz lifecycle --linux "$1" --sanitizer thread --no-failures --seconds 30 >"$log" 2>&1 || code=$?
  new=$(sed -nE 's#^(NEW|WORSE)  ([^/]*)/.*#\1 \2#p' "$log" | sort -u)
  if [[ $code != "$2" || $new != "$3" ]]; then
    echo "$1: exit code $code, news: '$new'; expected $2, '$3'; it said:"
    cat "$log"
    failed=1
  fi
}
races linux/7.2 0 ''
grep -qE '^ +[0-9,]+ .*data-race/' "$log" || { echo "no listed race was seen:"; cat "$log"; failed=1; }
tree=$PWD/build/races-tree
rm -rf "$tree"
tests/mutants/plant.py tests/mutants/linux/published-plainly.edit linux/7.2 "$tree" || exit 1
races "$tree" 1 'NEW data-race'
exit $failed
