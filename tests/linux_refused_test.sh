#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# usage: linux_refused_test.sh REPOSITORY CMAKE
#
# A Linux tree that cannot be used is refused with one message that says what is wrong and where, before anything is
# built. (tests/tree_test.py asks the same of trees whose files need not be compiled for that.)
set -uo pipefail
repository=$(realpath "$1") cmake=$2
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
failed=0

# refuses TREE TEXT: an extended regular expression that the message matches.
refuses() {
  if "$cmake" -G Ninja -S "$repository" -B "$scratch/build" -DNOFAIL_LINUX="$1" >"$scratch/log" 2>&1; then
    echo "$1: was not refused"
    failed=1
  elif ! grep -qE -- "$2" "$scratch/build/linux-error.txt" || [[ $(wc -l <"$scratch/build/linux-error.txt") != 1 ]]; then
    echo "$1: expected one line with '$2'; it said:"
    cat "$scratch/build/linux-error.txt" "$scratch/log"
    failed=1
  fi
}

tree=$scratch/tree
refuses "$tree" 'there is no such directory'
mkdir -p "$tree"/{include/linux,include/net,kernel/bpf,net/core}
refuses "$tree" 'has no Makefile; expected the top of a Linux source tree, 6.1 or later'
printf 'VERSION = 9\nPATCHLEVEL = 1\nEXTRAVERSION = -rc1\n' >"$tree/Makefile"
for file in include/{linux/bpf_local_storage.h,net/bpf_sk_storage.h} net/core/bpf_sk_storage.c \
  kernel/bpf/bpf_{task,inode}_storage.c; do
  echo 'struct nothing;' >"$tree/$file"
done
refuses "$tree" 'has no kernel/bpf/bpf_local_storage.c'
echo 'int f(void) { return not_yet_known(); }' >"$tree/kernel/bpf/bpf_local_storage.c"
refuses "$tree" "linux-9.1-rc1.*: kernel/bpf/bpf_local_storage.c:1:.*'not_yet_known'.*core/subjects/linux"
echo '#include <linux/not_yet_known.h>' >"$tree/kernel/bpf/bpf_local_storage.c"
refuses "$tree" "kernel/bpf/bpf_local_storage.c:1:.*'linux/not_yet_known.h' file not found.*CMakeLists.txt lists the headers"
: >"$tree/kernel/bpf/bpf_local_storage.c"
refuses "$tree" 'its kernel/bpf/bpf_local_storage.c is empty'
echo 'struct nothing;' >"$tree/kernel/bpf/bpf_local_storage.c"
refuses "$tree" 'core/subjects/linux/subject.c:.*error: '

# What scripts/fuzz says of a tree that compiles no longer, or not all of which is there. Its name is one that neither a
# shell nor CMake takes as it is, and the message has it as it was given, with the user's file and line.
if [[ ! -f $repository/linux/7.2/Makefile ]]; then
  if [[ $failed == 0 ]]; then echo "SKIPPED: Linux 7.2 is not here; ./scripts/get-linux 7.2 fetches it"; fi
  exit $failed
fi
# Who calls it from a folder of somebody else's runs no Python that is there.
mkdir "$scratch/foreign"
echo 'raise SystemExit("this ran")' | tee "$scratch/foreign/"{dataclasses,linux_tree,nofail_campaign}.py >/dev/null
cd "$scratch/foreign" || exit 1
# says TEXT TREE...: what one line of scripts/fuzz has in it; nothing is built.
says() {
  local text=$1 code=0
  shift
  "$repository/scripts/fuzz" --linux "$@" >"$scratch/said" 2>&1 || code=$?
  if [[ $code != 2 || $(wc -l <"$scratch/said") != 1 || $(cat "$scratch/said") != "fuzz: "*"$text"* ]]; then
    echo "scripts/fuzz --linux $*: exit code $code, expected 2 and one line with '$text'; it said:"
    cat "$scratch/said"
    failed=1
  fi
}
# Not in $scratch: where a tree is decides where it is built, and what is built there should be found again.
tree=$repository/build/refused/'o;d"d \ ${X} $<1:x> @X@' local_storage=kernel/bpf/bpf_local_storage.c
rm -rf "$tree"
mkdir -p "$tree"
cp -rL "$repository/linux/7.2/." "$tree"
chmod -R u+w "$tree"
echo '{' >>"$tree/$local_storage"
says "$tree (linux-7.2): $local_storage:$(wc -l <"$tree/$local_storage"):" "$tree"
sed 's/^int bpf_selem_unlink(/int bpf_selem_unlink_elsewhere(/' "$repository/linux/7.2/$local_storage" >"$tree/$local_storage"
says "$tree (linux-7.2): no file that is under test defines bpf_selem_unlink;" "$tree"
cp -L "$repository/linux/7.2/$local_storage" "$tree/$local_storage"
says "are the same in all files that are under test: there is nothing to compare" "$tree" --baseline "$repository/linux/7.2"
exit $failed
