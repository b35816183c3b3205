#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# usage: get_linux_test.sh REPOSITORY
#
# scripts/get-linux takes nothing from an archive that nobody signed, also where the system's own configuration of apt
# allows that: what it fetches is compiled and run. The archive is made here, with a package that it would have taken.
set -uo pipefail
repository=$(realpath "$1")
if [[ ! -f /usr/share/keyrings/debian-archive-keyring.gpg ]] || ! command -v apt-get >/dev/null; then
  echo "SKIPPED: there is no apt with the keys of Debian's archive; apt-get install debian-archive-keyring"
  exit 0
fi
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
failed=0
check() { if ! eval "$1"; then echo "not true: $1; it said:"; cat "$scratch/said"; failed=1; fi; }

# A checkout of its own, so that nothing comes into linux/ of this one.
mkdir -p "$scratch/checkout"
cp -r "$repository/scripts" "$scratch/checkout"

# archive SUITE: an unsigned archive of one package, linux-source-7.2.
archive() {
  local top=$scratch/archive package=$scratch/package source=$scratch/linux-source-7.2 packages
  rm -rf "$top" "$package" "$source"
  mkdir -p "$top/dists/$1/main/binary-$(dpkg --print-architecture)" "$package"/{DEBIAN,usr/src} \
    "$source"/{include/linux,include/net,kernel/bpf,net/core}
  printf 'VERSION = 7\nPATCHLEVEL = 2\n' >"$source/Makefile"
  touch "$source"/{COPYING,include/linux/bpf_local_storage.h,include/net/bpf_sk_storage.h} \
    "$source"/{kernel/bpf/bpf_local_storage.c,net/core/bpf_sk_storage.c}
  tar -C "$scratch" -cJf "$package/usr/src/linux-source-7.2.tar.xz" linux-source-7.2
  printf '%s\n' 'Package: linux-source-7.2' 'Version: 7.2.1' 'Architecture: all' 'Maintainer: nobody <n@example.org>' \
    'Description: planted' >"$package/DEBIAN/control"
  dpkg-deb --root-owner-group --build "$package" "$top/planted.deb" >/dev/null
  packages=dists/$1/main/binary-$(dpkg --print-architecture)/Packages
  {
    cat "$package/DEBIAN/control"
    printf 'Filename: planted.deb\nSize: %s\nSHA256: %s\n' "$(stat -c %s "$top/planted.deb")" \
      "$(sha256sum "$top/planted.deb" | cut -d' ' -f1)"
  } >"$top/$packages"
  {
    printf 'Suite: %s\nCodename: %s\nArchitectures: %s\nComponents: main\n' "$1" "$1" "$(dpkg --print-architecture)"
    printf 'Date: %s\nSHA256:\n' "$(date -Ru)"
    printf ' %s %s %s\n' "$(sha256sum "$top/$packages" | cut -d' ' -f1)" "$(stat -c %s "$top/$packages")" \
      "${packages#"dists/$1/"}"
  } >"$top/dists/$1/Release"
}

# Everything that a system can say to make apt careless.
cat >"$scratch/careless.conf" <<'CONF'
Acquire::AllowInsecureRepositories "true";
Acquire::AllowWeakRepositories "true";
Acquire::AllowDowngradeToInsecureRepositories "true";
APT::Get::AllowUnauthenticated "true";
Binary::apt-get::Acquire::AllowInsecureRepositories "true";
Binary::apt-get::APT::Get::AllowUnauthenticated "true";
CONF
archive sid
code=0
APT_CONFIG=$scratch/careless.conf NOFAIL_DEBIAN_MIRROR=file://$scratch/archive \
  "$scratch/checkout/scripts/get-linux" 7.2 >"$scratch/said" 2>&1 || code=$?
check '[[ $code == 5 ]]'
check 'grep -q "is not signed" "$scratch/said"'
check '[[ ! -e $scratch/checkout/linux/7.2 ]]'

code=0
"$scratch/checkout/scripts/get-linux" 7.x >"$scratch/said" 2>&1 || code=$?
check '[[ $code == 2 && $(cat "$scratch/said") == "get-linux: 7.x: expected a version such as 7.2" ]]'
exit $failed
