# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# What the scripts share: where the repository is, what must be installed, how a preset is built. To be sourced.
set -euo pipefail

nofail_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
nofail_name=$(basename "$0")

readonly nofail_packages=(cmake ninja-build pkg-config git python3 python3-yaml libabsl-dev libboost-context-dev
  liburcu-dev libgtest-dev libgmock-dev libbenchmark-dev libexpat1-dev libdw-dev nlohmann-json3-dev libxxhash-dev zip
  bubblewrap binutils patch)
# The one this suite is measured with first, then the newest. From 15 on, ThreadSanitizer and libFuzzer go together.
readonly nofail_clangs=(19 22 21 20 18 17 16 15)

# say TEXT: progress and errors go to stderr, results to stdout.
say() { printf '%s: %s\n' "$nofail_name" "$*" >&2; }
# leave CODE TEXT
leave() { say "$2"; exit "$1"; }

is_installed() { [[ $(dpkg-query -W -f '${Status}' "$1" 2>/dev/null) == "install ok installed" ]]; }

# Whether this clang is there, with libFuzzer, and the tool that tells sanitizers where in the source they are.
has_clang() {
  local name
  command -v "clang++-$1" >/dev/null && command -v "llvm-symbolizer-$1" >/dev/null || return 1
  for name in "libclang_rt.fuzzer-$(uname -m).a" libclang_rt.fuzzer.a; do
    if [[ -f $("clang++-$1" -print-file-name="$name") ]]; then return 0; fi
  done
  return 1
}

# Prints the packages of the first clang that the distribution has; nothing when one is there already.
missing_clang() {
  local version
  for version in "${nofail_clangs[@]}"; do
    if has_clang "$version"; then return; fi
  done
  for version in "${nofail_clangs[@]}"; do
    if apt-cache show "clang-$version" >/dev/null 2>&1; then
      echo "clang-$version"
      echo "llvm-$version"
      apt-cache show "libclang-rt-$version-dev" >/dev/null 2>&1 && echo "libclang-rt-$version-dev"
      return
    fi
  done
  echo clang  # also when the package lists are empty, as in a fresh container: install_missing asks again
}

# install_missing [PACKAGE]...: installs what is missing, of these too, as root or with sudo; otherwise prints the one
# line that does, and leaves with code 5.
# shellcheck disable=SC2120  # other scripts do pass packages
install_missing() {
  local package missing=()
  if ! command -v dpkg-query >/dev/null; then
    say "this is no Debian or Ubuntu: make sure there are clang (19 is best), ${nofail_packages[*]}"
    return
  fi
  for package in "${nofail_packages[@]}" "$@"; do
    is_installed "$package" || missing+=("$package")
  done
  mapfile -t -O "${#missing[@]}" missing < <(missing_clang)
  if [[ ${#missing[@]} -gt 0 ]]; then
    local sudo=()
    if [[ $(id -u) -ne 0 ]]; then
      sudo=(sudo)
      # A password can be typed on a terminal only.
      if ! sudo -n true 2>/dev/null && ! { command -v sudo >/dev/null && [[ -t 0 ]]; }; then
        leave 5 "packages are missing; install them with: sudo apt-get update && sudo apt-get install -y ${missing[*]}"
      fi
    fi
    say "installing ${missing[*]}"
    local log
    log=$(mktemp)
    "${sudo[@]}" apt-get update >"$log" 2>&1 || { cat "$log" >&2; leave 5 "apt-get update failed"; }
    if [[ ${missing[-1]} == clang ]]; then
      unset 'missing[-1]'
      mapfile -t -O "${#missing[@]}" missing < <(missing_clang)
    fi
    "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}" \
      >"$log" 2>&1 || { cat "$log" >&2; leave 5 "apt-get install failed"; }
    rm -f "$log"
  fi
}

# must_be_writable FOLDER [PATH]...: makes the folder if it is not there; leaves with code 5 if it cannot be written to,
# or one of the paths is there and cannot.
must_be_writable() {
  local path
  for path in "$@"; do
    if [[ $path == "$1" ]]; then mkdir -p "$path" 2>/dev/null || true; fi
    [[ -w $path || ($path != "$1" && ! -e $path) ]] ||
      leave 5 "$path: cannot be written by $(id -un); use a copy of the repository that belongs to this user"
  done
}

# What find_engine says (scripts/engines.sh): fuzz binaries are for another engine than libFuzzer.
nofail_engine='' nofail_engine_options=() engine_environment=()

# try_build FOLDER PRESET [OPTION]... -- TARGET...: configures (with the options, and those in `cmake_options`) and
# builds, quietly. One build at a time works in a folder; another one waits.
try_build() {
  local folder=$1 preset=$2 options=("${nofail_engine_options[@]}")
  shift 2
  while [[ $1 != -- ]]; do options+=("$1"); shift; done
  shift
  (
    flock -n 9 || { say "waiting for another build in ${folder#"$nofail_root"/}"; flock 9; }
    cd "$nofail_root"
    if [[ ${#engine_environment[@]} -gt 0 ]]; then export "${engine_environment[@]}"; fi
    {
      # shellcheck disable=SC2086  # words
      cmake --preset "$preset" -B "$folder" ${cmake_options-} "${options[@]}" && cmake --build "$folder" --target "$@"
    } >"$folder.log" 2>&1 9>&-
  ) 9>"$folder.lock"
}

# show_errors FOLDER: of a build that failed.
show_errors() { grep -E -A5 'error|FAILED|CMake Error' "$1.log" | head -40 >&2 || true; }

# build PRESET TARGET...: in build/PRESET, or build/PRESET-ENGINE; on failure prints what went wrong and leaves with
# code 5.
build() {
  local preset=$1 name=$1${nofail_engine:+-$nofail_engine} started=$SECONDS
  shift
  must_be_writable "$nofail_root/build" "$nofail_root/build/$name" "$nofail_root/build/$name".{log,lock}
  say "building $name (log: build/$name.log)"
  if ! try_build "$nofail_root/build/$name" "$preset" -- "$@"; then
    show_errors "$nofail_root/build/$name"
    leave 5 "the build of $name failed; all of it is in build/$name.log"
  fi
  if ((SECONDS - started > 5)); then say "built $name in $((SECONDS - started)) s"; fi
}

# What linux_tree has found: the folder of a tree's snapshot, the number of where the tree comes from, and the TREE as
# messages show it. The same three of another tree may follow, which the nofail command shall know, too.
nofail_trees=()

# linux_tree TREE [BASELINE]: takes a snapshot of a Linux tree, and of the one that it is compared with, and sets
# `nofail_trees`. What a TREE is, docs/linux.md says. Leaves with code 2 and one line if one cannot be used, and with
# code 5 if a version cannot be fetched.
linux_tree() {
  local said
  command -v python3 >/dev/null || install_missing
  said=$(PYTHONPATH=$nofail_root/scripts PYTHONDONTWRITEBYTECODE=1 python3 -P -m linux_tree take "$nofail_name" "$@") ||
    exit
  mapfile -t nofail_trees <<<"$said"
}

# Options of CMake for build_linux.
nofail_linux_options=()

# linux_error: what the configuration says of a tree that does not fit, with the tree as it was given.
linux_error() {
  local text i
  text=$(cat "$nofail_linux_build/linux-error.txt")
  for ((i = 0; i < ${#nofail_trees[@]}; i += 3)); do
    text=${text//"${nofail_trees[i]}"/"${nofail_trees[i + 2]}"}
  done
  echo "$text"
}

# build_linux PRESET TARGET...: the same as build, for the subject `linux` of the first of `nofail_trees`, in a folder
# of its own. The nofail command there also knows the other tree. Sets `nofail_linux_build`, `nofail_linux_name` and
# `nofail_linux_other`. Leaves with code 2 if a tree cannot be used.
build_linux() {
  local preset=$1 log started=$SECONDS folders headers shown=${nofail_trees[2]}
  shift
  # After where the tree comes from: what a person edits and builds again is built in the same folder. The names of the
  # sources have the number of their contents in them.
  nofail_linux_build=$nofail_root/build/$preset${nofail_engine:+-$nofail_engine}-linux-${nofail_trees[1]}
  folders="${nofail_trees[0]}${nofail_trees[3]+;${nofail_trees[3]}}"
  # Where linux_tree makes links to folders that have the trees' other headers, if it does.
  headers=$nofail_root/build/trees/of-${nofail_trees[1]}
  headers+=${nofail_trees[4]+;$nofail_root/build/trees/of-${nofail_trees[4]}}
  log=${nofail_linux_build#"$nofail_root"/}.log
  must_be_writable "$nofail_root/build" "$nofail_linux_build"{,.log,.lock}
  if [[ -t 2 ]]; then say "building $preset for $shown (log: $log)"; fi
  if ! try_build "$nofail_linux_build" "$preset" -DNOFAIL_LINUX="$folders" -DNOFAIL_LINUX_HEADERS_FROM="$headers" \
    "${nofail_linux_options[@]}" -- "$@"; then
    if [[ -f $nofail_linux_build/linux-error.txt ]]; then leave 2 "$(linux_error)"; fi
    show_errors "$nofail_linux_build"
    leave 5 "the build of $preset for $shown failed; all of it is in $log"
  fi
  # shellcheck disable=SC2034  # for the caller
  { read -r nofail_linux_name; read -r nofail_linux_other || true; } <"$nofail_linux_build/linux-name.txt"
  if ((SECONDS - started > 5)); then say "built $preset for $nofail_linux_name in $((SECONDS - started)) s"; fi
}
