# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# What tests of the nofail command share. To be sourced, with the command's path in `nofail`: goes to a folder that is
# removed in the end. The test ends with `exit "$failed"`.
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch" || exit 1

failed=0
# expect CODE TEXT ARGUMENT...: the exit code, and an extended regular expression that the output matches.
expect() {
  local code=$1 text=$2 output got
  shift 2
  output=$("$nofail" "$@" 2>&1)
  got=$?
  if [[ $got != "$code" ]]; then
    echo "nofail $*: exit code $got, expected $code; it said: $output"
    failed=1
  elif ! grep -qE -- "$text" <<<"$output"; then
    echo "nofail $*: expected to read '$text'; it said: $output"
    failed=1
  fi
}
# check CONDITION: in bash.
check() { if ! eval "$1"; then echo "not true: $1"; failed=1; fi; }
