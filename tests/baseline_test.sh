#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# usage: baseline_test.sh REPOSITORY
#
# What the author of a patch asks, end to end: scripts/fuzz --linux DIR --baseline DIR@HEAD reports what the patch
# brings, all of it and nothing else, and of the files as they are now.
set -uo pipefail
cd "$1" || exit 1
if [[ ! -f linux/7.2/Makefile ]]; then
  echo "SKIPPED: Linux 7.2 is not here; ./scripts/get-linux 7.2 fetches it"
  exit 0
fi
log=$(mktemp)
trap 'rm -f "$log"' EXIT
failed=0

# A git repository with Linux 7.2; a bug is planted in its work tree.
tree=$PWD/build/baseline-tree file=kernel/bpf/bpf_local_storage.c
rm -rf "$tree"
mkdir -p "$tree"
cp -rL linux/7.2/. "$tree"
chmod -R u+w "$tree"
commit() { git -C "$tree" -c user.name=test -c user.email=test@example.org -c commit.gpgsign=false commit -q -m test; }
git init -q "$tree" && git -C "$tree" add -A && commit || exit 1
# plants EDIT: in the work tree, in place of what was planted before.
plants() { tests/mutants/plant.py "$1" linux/7.2 "$tree" || exit 1; }
# compares CODE NEWS: the exit code, and what the table says of the work tree but not of the commit, as WORD KIND.
compares() {
  local code=0 new
  ./scripts/fuzz --linux "$tree" --baseline "$tree@HEAD" --seconds 5 >"$log" 2>&1 || code=$?
  new=$(sed -nE 's#^(NEW|WORSE|GONE)  ([^/]*)/.*#\1 \2#p' "$log" | sort -u)
  if [[ $code != "$1" || $new != "$2" ]]; then
    echo "exit code $code, news: '$new'; expected $1, '$2'; it said:"
    cat "$log"
    failed=1
  fi
}
plants tests/mutants/linux/buckets-kept.edit
compares 1 'NEW leak.buckets'
# A regression that has the name of a listed finding. It shows when nothing has failed; the finding needs two timeouts.
plants tests/mutants/linux/uncharge-forgotten.edit
compares 1 'WORSE charge.left'
# One that has to lose one lock attempt, as the listed leak does; but the baseline frees the fields then.
plants tests/mutants/linux/fields-once-marked.edit
compares 1 'WORSE leak.fields'
# The same without chance: every schedule of two tasks that tear down one map and one owner, on both trees.
code=0
./scripts/explore --linux "$tree" --baseline "$tree@HEAD" >"$log" 2>&1 || code=$?
if [[ $code != 1 ]] || ! grep -q '^NEW  leak.fields/selem/bpf_selem_unlink_nofail/lock=buckets, in 8 scenarios$' "$log" ||
  ! grep -q ' 1 new, 0 worse, 0 gone, 5 in both$' "$log"; then
  echo "the search of both trees ended with $code, and said:"
  cat "$log"
  failed=1
fi
# A patch without effect, after which other ordinals stand for the same points of the code.
plants tests/linux_fixes/more-loads.edit
compares 0 ''
# A patch that mends a finding.
plants tests/linux_fixes/unpin-to-zero.edit
compares 0 $'GONE livelock\nGONE refcount-dec-to-zero\nGONE refcount-overflow\nGONE use-after-free'
# The bug is taken back by a file that is older than everything that was built. It differs from the commit's in a
# comment: two trees that are the same are not compared.
{ cat "linux/7.2/$file"; echo '/* The end. */'; } >"$tree/older"
touch -d 2001-01-01 "$tree/older"
mv "$tree/older" "$tree/$file"
compares 0 ''
exit $failed
