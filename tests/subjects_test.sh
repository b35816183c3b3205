#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# usage: subjects_test.sh NOFAIL-BINARY REPOSITORY
#
# Several subjects in one program: each runs as if it were alone, and says its own verdict.
set -uo pipefail
nofail=$(realpath "$1")
cd "$2" || exit 1
mapfile -t subjects < <("$nofail" --list | sed -n '/^subjects$/,/^[^ s]/s/^  //p')
if [[ ${#subjects[@]} -lt 2 ]]; then
  echo "SKIPPED: only ${subjects[*]} is here; ./scripts/get-linux fetches a Linux tree"
  exit 0
fi
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
failed=0
check() { if ! eval "$1"; then echo "not true: $1"; failed=1; fi; }

# runs ARGUMENT...: "SUBJECT FILE HASH VERDICT" of each run, in any order. ThreadSanitizer may miss a race in one run
# and see it in another: left out.
runs() {
  "$nofail" replay "$@" | sed -nE 's/^(ok|ok \(not listed\)|UNEXPECTED) +([^ ]+( [0-9]+)?)  ([^ ]+)  trace ([0-9a-f]{16})  /\4 \2 \5 /p' |
    sed -E 's|data-race/[^ ,]*,? ?||g; s/, $//' | sort
}
# Generated ones are many, and use every function that a subject has.
inputs=(corpus/seeds corpus/known corpus/findings)
for seed in {1..50}; do inputs+=(--seed "$seed"); done
together=$(runs "${inputs[@]}" --subject all)
forward=() backward=() alone=''
for subject in "${subjects[@]}"; do
  forward+=(--subject "$subject") backward=(--subject "$subject" "${backward[@]}")
  alone+=$(runs "${inputs[@]}" --subject "$subject")$'\n'
done
check '[[ $(wc -l <<<"$together") -ge $((${#subjects[@]} * 80)) ]]'
check '[[ $together == "$(sort <<<"${alone%$'"'\\n'"'}")" ]]'
check '[[ $together == "$(runs "${inputs[@]}" "${forward[@]}")" ]]'
check '[[ $together == "$(runs "${inputs[@]}" "${backward[@]}")" ]]'

# A sanitizer or the simulated heap names the functions of the subject that ran, not those of another of the same name.
for subject in "${subjects[@]}"; do
  [[ $subject == linux-7.* ]] || continue
  verdict=$(runs corpus/known/map_free-bucket-timeout.sched --subject posted --subject "$subject")
  check '[[ $verdict == *"posted "*/SelemUnlinkNofail/* && $verdict == *"$subject "*/bpf_selem_unlink_nofail/* ]]'
done

# Reports name the fields of each subject's own structures.
for subject in "${subjects[@]}"; do
  fields=$("$nofail" show corpus/seeds/teardown_two_maps.sched --subject "$subject" --verbose)
  check '[[ $fields == *"load selem0.local_storage: storage0"* && $fields == *"lock storage0.lock"* ]]'
  check '[[ $subject == posted || $fields == *"o0.sk.sk_bpf_storage"* ]]'
  check '[[ $subject != posted || $fields == *"o0.omem: "* ]]'
done

# Each step has its line of the source that the subject was built from. A line that does not fit is cut.
finding=corpus/findings/refcount-dec-to-zero/livelock.StorageDestroy.sched
lines_of() { COLUMNS=200 "$nofail" show "$finding" --subject "$1" | sed -nE 's/^ +:[0-9]+  (.*)$/\1/p'; }
check '[[ $(lines_of posted | wc -l) -ge 10 ]]'
while read -r line; do
  check 'grep -qF -- "$line" core/subjects/*/*.cc'
done < <(lines_of posted)
for subject in "${subjects[@]}"; do
  [[ $subject == linux-7.* && -d linux/${subject#linux-} ]] || continue
  check '[[ $(lines_of "$subject") == *"lock"* ]]'
done

# What is minimized on a subject expects of that one what it violates there, and is told with its functions.
crash=corpus/findings/refcount-dec-to-zero/livelock.StorageDestroy_2.sched
signature=livelock/storage/bpf_local_storage_destroy/after=saturation
for subject in "${subjects[@]}"; do
  [[ $subject == linux-7.* ]] || continue
  check '"$nofail" minimize "$crash" --subject "$subject" --signature "$signature" -o "$scratch/least.sched" --force >/dev/null 2>&1'
  check 'grep -q "^expect $subject: .*$signature" "$scratch/least.sched"'
  check 'grep -q "^# .*(bpf_[a-z_]*, bpf_local_storage.c:" "$scratch/least.sched"'
  check '[[ $("$nofail" replay "$scratch/least.sched") == ok* ]]'
done

# What the baseline shows as well is no difference, and the runs of one subject do not part.
for subject in "${subjects[@]}"; do
  [[ $subject == linux-7.* ]] || continue
  code=0
  said=$("$nofail" minimize "$crash" --subject "$subject" --baseline "$subject" -o "$scratch/same.sched" 2>&1) || code=$?
  check '[[ $code == 4 && $said == *"subject $subject violates as "*", too, on this schedule or one close by" ]]'
  check '[[ ! -e $scratch/same.sched ]]'
  check '[[ $("$nofail" compare "$crash" --subject "$subject" --baseline "$subject") == "both runs have the same "* ]]'
  check '[[ $("$nofail" compare "$crash" --subject "$subject" --baseline posted) == *"-- $subject"*"-- posted"* ]]'
done

# What the expect lines name is run, and what of it is not here is said once.
{
  grep -v '^expect' corpus/seeds/teardown_two_maps.sched
  echo "expect ${subjects[1]}: charge.left/owner/somebody"
  echo "expect ${subjects[1]}: leak.selem/selem/somebody"
  echo 'expect linux-0.1: pass'
} >"$scratch/two.sched"
grep -v "^expect ${subjects[1]}" "$scratch/two.sched" >"$scratch/missing.sched"
said=$("$nofail" replay "$scratch/two.sched" "$scratch/two.sched" "$scratch/missing.sched")
code=$?
check '[[ $(grep -c "  ${subjects[1]}  trace" <<<"$said") == 2 ]]'
check '[[ $(grep -c "not run on what is not linked here: linux-0.1" <<<"$said") == 1 ]]'
check '[[ $said == *"3 schedules: "*", 1 not run"* && $code != 2 ]]'
said=$("$nofail" replay "$scratch/missing.sched" 2>&1)
code=$?
check '[[ $code == 2 && $said == *"nothing was run: linux-0.1 is not linked here"* ]]'
said=$("$nofail" show "$scratch/missing.sched" 2>&1)
code=$?
check '[[ $code == 2 && $said == *"the schedule is for linux-0.1, which is not linked here"* ]]'
check '[[ $("$nofail" show "$scratch/missing.sched" --subject posted) == *"subject posted"* ]]'
check '[[ $("$nofail" show "$scratch/two.sched") == *"subject ${subjects[1]}"* ]]'
exit $failed
