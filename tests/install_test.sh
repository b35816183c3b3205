#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# usage: install_test.sh CMAKE BUILD-FOLDER
#
# What is installed is the command, which works from there, and nothing else.
set -euo pipefail
prefix=$(mktemp -d)
trap 'rm -rf "$prefix"' EXIT
"$1" --install "$2" --prefix "$prefix" >/dev/null
installed=$(cd "$prefix" && find . -type f)
if [[ $installed != ./bin/nofail ]]; then
  printf 'expected bin/nofail alone to be installed; these are:\n%s\n' "$installed"
  exit 1
fi
version=$("$prefix/bin/nofail" --version)
[[ $version =~ ^nofail\ [0-9]+\.[0-9]+\.[0-9]+ ]] || { printf -- '--version says: %s\n' "$version"; exit 1; }
(cd / && "$prefix/bin/nofail" replay --seed 1 >/dev/null)
