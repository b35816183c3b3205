#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# usage: layers_test.sh SOURCE-DIRECTORY
#
# Includes point one way only. A folder may include itself and those of a lower rank; folders of the same rank do not
# know each other. docs/architecture.md says what each is for.
set -euo pipefail

declare -A rank=(
  [core/kernel]=0
  [core/subjects]=1 [fuzz/base]=1
  [core/kernel/native]=2 [core/kernel/trace]=2 [core/subjects/linux]=2 [core/subjects/storage]=2
  [core/kernel/sim]=3 [core/subjects/posted]=3 [fuzz/schedule]=3
  [fuzz/check]=4 [fuzz/sanitizers]=4
  [fuzz/exec]=5 [fuzz/report]=5
  [fuzz/explore]=6 [fuzz/listing]=6 [fuzz/report/timeline]=6
  [fuzz/engine]=7 [fuzz/minimize]=7
  [fuzz/targets]=8 [fuzz/tools]=8
)
# What a subject is made of is instrumented and shared with nobody: no standard containers, no Abseil.
readonly banned_in_subjects='"absl/|<(vector|string|map|set|unordered_map|unordered_set|deque|list|memory|functional|iostream)>'

# A kernel knows no subject, and of kernels a subject knows the contract alone, whatever their ranks.
are_strangers() {  # FROM TO
  case "$1 $2" in
    core/kernel*" "core/subjects* | core/subjects*" "core/kernel/* | core/subjects*" "fuzz/*) return 0 ;;
  esac
  return 1
}

# check ROOT: prints each include that breaks the rule; fails if there is one.
check() {
  local root=$1 file line include from to broken=0
  while IFS=: read -r file line include; do
    include=${include#*\"} include=${include%%\"*}
    from=${file#"$root"/} from=${from%/*} to=${include%/*}
    if [[ -z ${rank[$from]:-} ]]; then
      echo "$file:$line: $from has no rank; give it one in tests/layers_test.sh"
      broken=1
    elif [[ $from != "$to" ]] && { [[ -z ${rank[$to]:-} ]] || ((rank[$to] >= rank[$from])) || are_strangers "$from" "$to"; }; then
      [[ ! -e $root/$include ]] && continue  # another project's
      echo "$file:$line: $from may not include $include"
      broken=1
    fi
  done < <(grep -rnE '^\s*#\s*include "' "$root/core" "$root/fuzz" --include='*.h' --include='*.cc' --include='*.c' --include='*.def')
  while IFS=: read -r file line include; do
    case ${file#"$root"/} in core/kernel/native/* | core/kernel/sim/* | core/kernel/trace/*) continue ;; esac
    echo "$file:$line: a subject may not $include"
    broken=1
  done < <(grep -rnE "^\s*#\s*include ($banned_in_subjects)" "$root/core" || true)
  return "$broken"
}

check "$1"

# The rule bites: each of these lines must be refused.
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
refuses() {  # FILE INCLUDE
  rm -rf "$scratch/tree"
  mkdir -p "$scratch/tree"
  cp -R "$1/core" "$1/fuzz" "$scratch/tree"
  printf '#include %s\n' "$3" >>"$scratch/tree/$2"
  if check "$scratch/tree" >/dev/null; then
    echo "$2 was allowed to include $3"
    exit 1
  fi
}
refuses "$1" core/kernel/kernel.h '"core/kernel/trace/trace.h"'
refuses "$1" core/kernel/trace/trace.h '"core/kernel/sim/sim.h"'
refuses "$1" core/kernel/sim/sim.h '"core/subjects/storage/local_storage.h"'
refuses "$1" core/kernel/sim/sim.h '"fuzz/schedule/schedule.h"'
refuses "$1" core/subjects/storage/local_storage.h '"core/kernel/trace/trace.h"'
refuses "$1" core/subjects/storage/local_storage.h '"core/kernel/native/native.h"'
refuses "$1" core/subjects/storage/local_storage.cc '<vector>'
refuses "$1" core/subjects/posted/teardown.cc '"absl/strings/str_cat.h"'
refuses "$1" fuzz/base/write_file.h '"core/kernel/trace/trace.h"'
refuses "$1" fuzz/schedule/schedule.h '"core/kernel/sim/sim.h"'
refuses "$1" fuzz/check/verdict.h '"fuzz/exec/executor.h"'
refuses "$1" fuzz/report/report.h '"fuzz/exec/executor.h"'
refuses "$1" fuzz/exec/executor.h '"fuzz/tools/command.h"'
echo "includes point one way"
