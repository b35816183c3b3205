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

# The parts that machines have searched which share nothing make up the whole, in any order, byte for byte.
for i in 3 1 2; do "$nofail" explore "${size[@]}" --shard "$i/3" -o "part$i.json" >/dev/null || [[ $? == 6 ]]; done
expect 0 "$nofail" explore --merge part2.json part3.json part1.json -o whole.json
cmp one.json whole.json || fail "the parts do not make up the whole"
expect 6 "$nofail" explore --merge part1.json part3.json -o lacks.json
has "of 32 scenarios these are missing: 1, 4, 7,"
expect 2 "$nofail" explore --merge part1.json part2.json part1.json -o twice.json
has "part1.json: has scenario 0, which part1.json has as well"
expect 2 "$nofail" explore --merge part1.json
expect 0 "$nofail" explore -o other.json
expect 2 "$nofail" explore --merge part1.json other.json -o mixed.json
has 'other.json: is not of the same search as part1.json: they differ in "scenarios"'

# A certificate agrees. What is changed in it is noticed, wherever it is.
expect 0 "$nofail" explore --verify one.json --sample 3 --seed 5
has "of this build"
has "searched again with another hash of states and without reduction: 3 of 32 scenarios to the end (--seed 5)"
has "agrees"
# tampers HOW: writes bad.json, which is one.json but for what the Python statements do to c.
tampers() {
  python3 -c "import json; c = json.load(open('one.json')); r = c['results']; $1; json.dump(c, open('bad.json', 'w'))"
}
disagrees() {  # HOW WORDS
  tampers "$1"
  expect 1 "$nofail" explore --verify bad.json --sample 32
  has "$2"
  has "does NOT agree"
}
disagrees "r[4]['final_states']['count'] += 1" "DIFFERS  scenario 4 ("
disagrees "v = r[7]['violations'].pop()" "DIFFERS  scenario 7 ("
disagrees "r[7]['violations'][0]['schedule'] = r[7]['schedule']" "the schedule does not show"
disagrees "r[7]['violations'][0]['signature'] = 'leak.selem/selem/Nobody'" "the schedule does not show leak.selem/selem/Nobody"
disagrees "r.pop()" '"complete" does not follow'
disagrees "c['violations'].pop()" '"violations" does not follow'
disagrees "r[0]['name'] = 'another'" "its scenarios are not those that its head says"
disagrees "c['bounds']['preemptions'] = 0" "DIFFERS  scenario"
tampers "c['sources']['posted/teardown.cc'] = '0' * 64; c['suite']['sources'] = 'x'"
expect 0 "$nofail" explore --verify bad.json --sample 1
has "of ANOTHER build; these differ: posted/teardown.cc, the suite"
# refuses HOW WORDS: it cannot be used at all.
refuses() {
  tampers "$1"
  expect 2 "$nofail" explore --verify bad.json
  has "$2"
  [[ $(wc -l <out) == 1 ]] || fail "more than a line"
}
refuses "c['format'] = 1" "bad.json: is a certificate of format 1; this version reads format 2"
refuses "c['subject'] = 'linux-9'" "the certificate is of linux-9, which is not linked here"
refuses "del r[0]['runs']['ends']" 'bad.json: is no certificate: it has no "ends"'
refuses "r[0]['index'] = -1" 'bad.json: is no certificate: it has no "index"'
refuses "r[0]['schedule'] = 'nonsense'" 'it has no "schedule" that can be read'
head -c 700 one.json >bad.json
expect 2 "$nofail" explore --verify bad.json
has "bad.json: is no certificate: its JSON is broken"
expect 2 "$nofail" explore --verify nosuch.json
has "nosuch.json: No such file"

# The page is well-formed, loads nothing, and has what the certificate has; what somebody has put into one stays text.
python3 -c "
import json
c = json.load(open('one.json'))
c['results'].pop(9); c['complete'] = False
c['results'][2] |= {'ended': 'stopped', 'searched': 2, 'departures': None, 'done': 0.5, 'seconds': 3}
c['results'][0]['name'] = '<script>'
json.dump(c, open('page.json', 'w'))"
expect 0 "$nofail" show page.json --html -o page.html
python3 - <<'PAGE' || fail "the page is not as it should be"
import json, xml.etree.ElementTree as tree
certificate, page = json.load(open("page.json")), tree.parse("page.html")
text = "".join(page.getroot().itertext())
assert not [e for e in page.iter() if e.tag in ("script", "link", "img", "iframe") or "src" in e.attrib]
for violation in certificate["violations"]:
    assert violation["signature"] in text and violation["schedule"].strip() in text, violation
for row in certificate["results"]:
    assert row["name"] in text and f"{row['states']:,}" in text, row["name"]
assert len(page.findall(".//tr[@class='early']")) == 1
for words in ("posted: 4 violations, all listed; not complete", "not in this certificate at all: 9.", "<script>",
              "1 scenario not searched to the end", "stopped after 3 s", "about 50 %", *certificate["sources"].values()):
    assert words in text, words
PAGE
expect 0 "$nofail" show one.json
has "32 of 32 scenarios searched to the end"
expect 2 "$nofail" show bad.json

# Two certificates, before and after: something new, something that now shows for another storage type, something gone.
python3 - <<'TAMPER'
import json
before = json.load(open("one.json"))
after = json.load(open("one.json"))
for row in before["results"]:
    row["violations"] = [v for v in row["violations"] if not v["signature"].startswith("refcount-dec-to-zero")]
    if row["name"].startswith("sk"):
        row["violations"] = [v for v in row["violations"] if not v["signature"].startswith("livelock")]
for row in after["results"]:
    row["violations"] = [v for v in row["violations"] if not v["signature"].startswith("leak.selem")]
json.dump(before, open("before.json", "w"))
json.dump(after, open("after.json", "w"))
TAMPER
expect 1 "$nofail" explore --compare after.json before.json
has "NEW  refcount-dec-to-zero/storage/SelemUnlinkStorageMisc"
has "WORSE  livelock/storage/StorageDestroy/after=saturation"
has "GONE  leak.selem/selem/SelemUnlinkNofail/lock=storage"
has "    deviate A/map_free: preempt"
expect 0 "$nofail" explore --compare one.json two.json
expect 2 "$nofail" explore --compare one.json other.json
has "not of the same search"
# Another subject, if there is one: each is searched, and each has its certificate.
subjects=$("$nofail" --list | sed -n '/^subjects$/,/^listed/p')
if [[ $subjects == *linux-7.2* && $subjects == *linux-6.12* ]]; then
  expect 1 "$nofail" explore --subject linux-7.2 --baseline linux-6.12 --failures 1 --preemptions 1 -o new.json
  has "NEW  refcount-dec-to-zero/storage/bpf_selem_unlink_storage_nolock_misc, in 8 scenarios"
  has "0 gone"
  expect 0 "$nofail" explore --compare new.baseline.json new.json
  has "GONE  refcount-dec-to-zero"
else
  echo "SKIPPED: Linux 7.2 and 6.12 are not here, so no two subjects were compared"
fi
expect 2 "$nofail" explore --baseline posted
has "the same"

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
# A search that has no time says what it did not do, and about how much of it it did; one that has no memory, too.
expect 6 "$nofail" explore --maps 2 --owners 2 --tasks 4 --seconds 3 --jobs 1 -o early.json
has "NOT searched to the end: sk"
grep -qE "stopped after [1-3] s; every schedule with at most [0-9] departures was searched; .* about [0-9.e-]+ %" out ||
  { cat out; fail "no estimate of what was done"; }
has "NOT searched at all: scenarios"
python3 - <<'CHECK' || fail "the certificate does not say what was given up"
import json
rows = [row for row in json.load(open("early.json"))["results"] if row["ended"] != "complete"]
assert len(rows) == 1 and 0 < rows[0]["done"] < 1 and 1 <= rows[0]["seconds"] <= 4, rows
CHECK
[[ -f early.json.journal ]] || fail "the journal of an early end is not kept"
large=(--maps 2 --owners 1 --tasks 3 --jobs 1 --memory 1 --shard 17/32)
expect 6 "$nofail" explore "${large[@]}" -o memory.json
has "memory ran out at "
has "--memory gives more of it"
expect 6 "$nofail" explore "${large[@]}" -o again.json
cmp memory.json again.json || fail "a search that has no memory does not write the same certificate"
expect 0 "$nofail" explore --verify one.json --sample 1
expect 6 "$nofail" explore --verify memory.json --sample 1
has "no scenario could be searched again; the rest agrees"
echo "explore: as promised"
