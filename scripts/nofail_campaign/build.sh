#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# usage: build.sh PRESET ENGINE TARGETS SHIM NAME [FOLDER ORIGIN SHOWN [FOLDER ORIGIN SHOWN]]
#
# Installs what is missing, has the fuzz binaries of the targets (words of one argument) and the nofail command built,
# of the embedded subject or of the one in a Linux tree (three words, as `nofail_trees` in lib.sh has them; three more
# for its baseline). Prints what a campaign must know, one KEY=VALUE a line:
#   bin           the folder of the fuzz binaries and of the nofail command
#   subject       its name
#   other         the name of the baseline's subject; only with a baseline
#   mutator       the library that AFL++ mutates with; only for AFL++
#   environment   a variable for the engine, as NAME=VALUE; once for each
# SHIM is a header for the files of the trees, or empty. NAME is the script that speaks. Internal to scripts/fuzz and
# scripts/check, which read these (build.py). Errors are one line; the exit code is that of scripts/fuzz.
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
# shellcheck source=scripts/engines.sh
source "$nofail_root/scripts/engines.sh"
nofail_name=$5
preset=$1 engine=$2
read -ra targets <<<"$3"
nofail_linux_options=("-DNOFAIL_SHIM=$4")
nofail_trees=("${@:6}")

find_engine "$engine"
install_missing

if [[ $engine == afl && ${targets[*]} != codec ]]; then
  # Mutation goes on in afl-fuzz, which has no sanitizer.
  mutator=nofail_${targets[0]}_afl_mutator
  (find_engine libfuzzer && build release "$mutator")
  echo "mutator=$nofail_root/build/release/bin/$mutator.so"
fi
linux=${nofail_trees[0]+linux_}
binaries=()
for target in "${targets[@]}"; do binaries+=("nofail_${target}_${linux}fuzzer"); done
if [[ -n $linux ]]; then
  build_linux "$preset" "${binaries[@]}" nofail nofail_seeds
  printf '%s\n' "bin=$nofail_linux_build/bin" "subject=$nofail_linux_name"
  if [[ -n $nofail_linux_other ]]; then echo "other=$nofail_linux_other"; fi
else
  build "$preset" "${binaries[@]}" nofail nofail_seeds
  printf '%s\n' "bin=$nofail_root/build/$preset${nofail_engine:+-$nofail_engine}/bin" subject=posted
fi
for variable in "${engine_environment[@]}"; do echo "environment=$variable"; done
