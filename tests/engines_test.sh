#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# usage: engines_test.sh REPOSITORY
#
# An engine that is not there, or not whole, gets one line that says what to do.
set -euo pipefail
repository=$(realpath "$1")
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
# All that is on this machine, as far as scripts/fuzz gets.
mkdir "$scratch/bin"
for tool in bash env dirname basename realpath; do ln -s "$(command -v "$tool")" "$scratch/bin"; done
ln -s "$(python3 -c 'import sys; print(sys.executable)')" "$scratch/bin/python3"

failed=0
# expect CODE TEXT ARGUMENT...
expect() {
  local code=$1 text=$2 got=0 said
  shift 2
  said=$(PATH=$scratch/bin "$repository/scripts/fuzz" "$@" 2>&1) || got=$?
  if [[ $got != "$code" || $said != *"$text"* || $(wc -l <<<"$said") != 1 ]]; then
    printf 'scripts/fuzz %s: exit code %s, expected %s and one line with "%s":\n%s\n' "$*" "$got" "$code" "$text" "$said"
    failed=1
  fi
}
have() { printf '#!/bin/sh\n' >"$scratch/bin/$1"; chmod +x "$scratch/bin/$1"; }

expect 2 'expected libfuzzer, afl or honggfuzz' --engine zoo
expect 2 'with --sanitizer address only' --engine honggfuzz --sanitizer thread
expect 5 'AFL++ is not installed: apt-get install afl++' --engine afl
expect 5 'honggfuzz is not installed' --engine honggfuzz
have afl-fuzz
expect 5 'AFL++ is not installed' --engine afl
have afl-clang-fast++
expect 5 'without libAFLDriver.a' --engine afl
have honggfuzz
expect 5 'without its libraries' --engine honggfuzz
exit "$failed"
