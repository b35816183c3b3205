#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# usage: scripts_test.sh REPOSITORY
#
# What is wrong with a command line is said in one line, before anything is built. So is it when nothing can be built,
# because the repository cannot be written to. The scripts run in a copy without sources, where each build would fail.
set -euo pipefail
repository=$(realpath "$1")
scratch=$(mktemp -d)
trap 'chmod -R u+w "$scratch"; rm -rf "$scratch"' EXIT
chmod a+rx "$scratch"
mkdir "$scratch/copy"
cp -r "$repository/scripts" "$scratch/copy"
cd "$scratch"
echo 'nofail schedule 1' >there.sched

failed=0 as_user=()
# expect CODE TEXT SCRIPT ARGUMENT...
expect() {
  local code=$1 text=$2 got=0 said
  shift 2
  said=$("${as_user[@]}" "$scratch/copy/scripts/$1" "${@:2}" 2>&1) || got=$?
  if [[ $got != "$code" || $said != *"$text"* || $(wc -l <<<"$said") != 1 ]]; then
    printf 'scripts/%s: exit code %s, expected %s and one line with "%s":\n%s\n' "$*" "$got" "$code" "$text" "$said"
    failed=1
  fi
}

for script in minimize replay; do
  expect 2 '--nosuch: there is no such option' "$script" --nosuch there.sched
  expect 2 '--target: needs a value' "$script" there.sched --target
  expect 2 '--subject: needs a value' "$script" there.sched --subject
done
expect 2 '--baseline: compares Linux trees' explore --baseline 7.2
expect 2 '--linux: needs a value' explore --linux
expect 2 '--explore: the codec target runs no subject' fuzz codec --explore
expect 2 'expected a fuzz input' minimize
expect 2 'missing.sched: there is no such file' minimize missing.sched
expect 2 '--nosuch: takes no argument' build_fuzzers --nosuch
export SRC=$scratch OUT=$scratch WORK=$scratch SANITIZER=address CC=cc CXX=c++ CFLAGS='' CXXFLAGS='' LIB_FUZZING_ENGINE=''
for name in SRC OUT WORK SANITIZER CC CXX CFLAGS CXXFLAGS LIB_FUZZING_ENGINE; do
  as_user=(env -u "$name")
  expect 2 "$name is not set" build_fuzzers
done

# Two builds in one folder: the second one waits.
mkdir bin
cat >bin/cmake <<'STUB'
#!/bin/sh
mkdir "$OUT/building" || echo "two builds at once" >>"$OUT/overlaps"
sleep 0.3
rmdir "$OUT/building"
STUB
chmod +x bin/cmake
for _ in 1 2; do PATH=$scratch/bin:$PATH copy/scripts/replay there.sched >/dev/null 2>&1 & done
wait
if [[ -e overlaps ]]; then cat overlaps; failed=1; fi
[[ -f copy/build/asan.log ]] || { echo "no build was tried"; failed=1; }
rm -r copy/build

# Somebody else's repository. Root may write everywhere, and becomes somebody else.
as_user=()
if [[ $(id -u) == 0 ]]; then as_user=(setpriv --reuid=65534 --regid=65534 --clear-groups env PATH=/usr/bin:/bin); fi
chmod -R a+rX,a-w "$scratch/copy"
for arguments in fuzz 'minimize there.sched' 'replay there.sched' 'test release'; do
  # shellcheck disable=SC2086  # words
  expect 5 '/build: cannot be written by ' $arguments
done
exit $failed
