#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# usage: linux_refused_test.sh SOURCE-DIRECTORY CMAKE
#
# A Linux tree that cannot be used is refused with one message that says what is wrong and where.
set -uo pipefail
source=$1 cmake=$2
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
failed=0

# refuses TREE TEXT: an extended regular expression that the message matches.
refuses() {
  if "$cmake" -G Ninja -S "$source" -B "$scratch/build" -DNOFAIL_LINUX="$1" >"$scratch/log" 2>&1; then
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
touch "$tree"/include/{linux/bpf_local_storage.h,net/bpf_sk_storage.h} "$tree"/net/core/bpf_sk_storage.c \
  "$tree"/kernel/bpf/bpf_{task,inode}_storage.c
refuses "$tree" 'has no kernel/bpf/bpf_local_storage.c'
echo 'int f(void) { return not_yet_known(); }' >"$tree/kernel/bpf/bpf_local_storage.c"
refuses "$tree" "linux-9.1-rc1.*: kernel/bpf/bpf_local_storage.c:1:.*'not_yet_known'.*core/subjects/linux"
echo '#include <linux/not_yet_known.h>' >"$tree/kernel/bpf/bpf_local_storage.c"
refuses "$tree" "kernel/bpf/bpf_local_storage.c:1:.*'linux/not_yet_known.h' file not found.*CMakeLists.txt lists the headers"
: >"$tree/kernel/bpf/bpf_local_storage.c"
refuses "$tree" 'core/subjects/linux/subject.c:.*error: '
exit $failed
