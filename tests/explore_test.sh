#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# usage: explore_test.sh NOFAIL
#
# What a person who searches relies on: the same certificate on any number of processes and after an interruption, parts
# that make up the whole, bounds that are said, and clear refusals.
set -euo pipefail
nofail=$1
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"

fail() { echo "FAILED: $*"; exit 1; }
# expect CODE COMMAND...: runs it, with its output in `out`.
expect() {
  local code=0
  "${@:2}" >out 2>&1 || code=$?
  [[ $code == "$1" ]] || { cat out; fail "exit code $code, expected $1: ${*:2}"; }
}
has() { grep -qF -- "$1" out || { cat out; fail "no word of: $1"; }; }
size=(--maps 2 --owners 1 --tasks 3 --preemptions 1 --failures 1 --late 0)

expect 0 "$nofail" explore "${size[@]}" --jobs 1 -o one.json
has "32 of 32 scenarios searched to the end"
has "preemptions 1, locks 1"
has "listed  refcount-dec-to-zero/storage/SelemUnlinkStorageMisc"
expect 0 "$nofail" explore "${size[@]}" --jobs 2 -o two.json
cmp one.json two.json || fail "one process and two do not write the same certificate"

# An interruption: the journal is kept, and the search goes on from there.
"$nofail" explore "${size[@]}" --jobs 1 -o three.json >/dev/null 2>&1 &
pid=$!
for ((i = 0; i < 200; ++i)); do
  if [[ -f three.json.journal && $(wc -l <three.json.journal) -gt 5 ]]; then break; fi
  sleep 0.02
done
kill -INT "$pid"
wait "$pid" || true
[[ -f three.json.journal ]] || cp two.json three.json  # it was faster than the signal
if [[ -f three.json.journal ]]; then
  expect 2 "$nofail" explore "${size[@]}" --continue -o three.json
  has "three.json"
  expect 0 "$nofail" explore "${size[@]}" --continue --force -o three.json
fi
cmp one.json three.json || fail "a search that was interrupted does not write the same certificate"

# Two parts, each with half of the scenarios.
expect 6 "$nofail" explore "${size[@]}" --shard 1/2
has "16 of 32 scenarios searched to the end"

# Another hash comes to the same numbers.
expect 0 "$nofail" explore "${size[@]}" --hash-seed 7 -o four.json
python3 - <<'CHECK' || fail "another hash of states gives another result"
import json
one, four = (json.load(open(name)) for name in ("one.json", "four.json"))
for a, b in zip(one["results"], four["results"], strict=True):
    for key in ("runs", "states", "steps", "violations", "left_out"):
        assert a[key] == b[key], (a["name"], key)
    assert a["final_states"]["count"] == b["final_states"]["count"], a["name"]
CHECK

# What cannot be used.
expect 2 "$nofail" explore --preemptions many
has "--preemptions many: expected a number"
expect 2 "$nofail" explore --restarts none
has "--restarts none: expected a number from 0 to 30"
expect 2 "$nofail" explore --shard 3/2
has "--shard 3/2"
expect 2 "$nofail" explore nosuch.sched
has "nosuch.sched"
expect 2 "$nofail" explore "${size[@]}" -o one.json
has "one.json"
expect 2 "$nofail" explore -o /proc/nosuch/out.json
has "/proc/nosuch/out.json"
# A search that has no time says what it did not do.
expect 6 "$nofail" explore --maps 2 --owners 2 --tasks 4 --seconds 1
has "NOT searched to the end"
echo "explore: as promised"
