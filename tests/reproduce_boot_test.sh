#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# usage: reproduce_boot_test.sh REPOSITORY
# Boots a kernel that scripts/reproduce has built before: with gates it shows a finding, and left alone it does not. A
# kernel takes too long to build for a test, so without one the test is skipped.
set -euo pipefail
cd "$1"
shopt -s nullglob
kernels=(build/reproduce/*/base-preemptible-kasan/arch/x86/boot/bzImage)
if [[ ${#kernels[@]} -eq 0 ]]; then
  echo "SKIPPED: no kernel is built; this builds one: ./scripts/reproduce corpus/findings/refcount-dec-to-zero/livelock.StorageDestroy.sched"
  exit
fi
if ! command -v qemu-system-x86_64 >/dev/null; then
  echo "SKIPPED: there is no qemu-system-x86_64; install qemu-system-x86"
  exit
fi

schedule=corpus/findings/refcount-dec-to-zero/livelock.StorageDestroy.sched
fail() { echo "FAILED: $1"; echo "$said"; exit 1; }

said=$(./scripts/reproduce "$schedule") || fail "it is not reproduced"
grep -q "refcount_t: decrement hit 0" <<<"$said" || fail "the excerpt does not show the count"
grep -qE "soft lockup|detected stalls" <<<"$said" || fail "the excerpt does not show the hang"
grep -q "^reproduced" <<<"$said" || fail "it does not say so"

said=$(./scripts/reproduce "$schedule" --open) || fail "something happens without gates"
grep -q "^nothing happened" <<<"$said" || fail "it does not say that nothing happened"
echo "passed"
