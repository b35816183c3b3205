#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# usage: linux_refused_test.sh REPOSITORY CMAKE
#
# A Linux tree that cannot be used is refused with one message that says what is wrong, where, and what to do.
# (tests/tree_test.py asks the same of trees whose files need not be compiled for that.)
set -uo pipefail
repository=$(realpath "$1") cmake=$2
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
failed=0

# refuses TREE TEXT [OPTION]...: TEXT is an extended regular expression that the message matches.
refuses() {
  local tree=$1 text=$2
  shift 2
  if "$cmake" -G Ninja -S "$repository" -B "$scratch/build" -DNOFAIL_LINUX="$tree" -DNOFAIL_SHIM= "$@" >"$scratch/log" 2>&1; then
    echo "$tree: was not refused"
    failed=1
  elif ! grep -qE -- "$text" "$scratch/build/linux-error.txt" || [[ $(wc -l <"$scratch/build/linux-error.txt") != 1 ]]; then
    echo "$tree: expected one line with '$text'; it said:"
    cat "$scratch/build/linux-error.txt" "$scratch/log"
    failed=1
  fi
}

tree=$scratch/tree
refuses "$tree" 'there is no such directory'
mkdir -p "$tree"/{include/linux,include/net,kernel/bpf,net/core}
refuses "$tree" 'has no Makefile; expected the top of a Linux source tree, 6.1 or later'
printf 'VERSION = 9\nPATCHLEVEL = 1\nEXTRAVERSION = -rc1\n' >"$tree/Makefile"
for file in include/{linux/bpf_local_storage.h,net/bpf_sk_storage.h} net/core/bpf_sk_storage.c \
  kernel/bpf/bpf_{task,inode}_storage.c; do
  echo 'struct nothing;' >"$tree/$file"
done
refuses "$tree" 'has no kernel/bpf/bpf_local_storage.c'
file=$tree/kernel/bpf/bpf_local_storage.c
# writes TEXT: makes it the second line of the tree's file, after a header of the kernel.
writes() { printf '#include <linux/bpf.h>\n%s\n' "$1" >"$file"; }
# What gets this far has a file that compiles.
readonly no_adapter='core/subjects/linux/subject.c:.*error: .*subject.c has to follow'
: >"$file"
refuses "$tree" 'its kernel/bpf/bpf_local_storage.c is empty'
echo 'struct nothing;' >"$file"
refuses "$tree" "$no_adapter"

# Something unknown is named, with the option that supplies it.
readonly unknown='this suite does not know'
writes 'int f(void) { return not_yet_known(); }'
refuses "$tree" "linux-9.1-rc1.*: kernel/bpf/bpf_local_storage.c:2:.*; $unknown not_yet_known: .*--shim FILE"
writes 'not_yet_known_t x;'
refuses "$tree" "$unknown not_yet_known_t: "
writes 'int f(void) { while_not_yet_known(x) { return 1; } return 0; }'
refuses "$tree" "$unknown while_not_yet_known: "

# A tree that does not compile is not sent to the shims.
readonly broken='the tree does not compile, so mend it first'
writes 'statik int f(void) { return 0; }'
refuses "$tree" "unknown type name 'statik'.*; $broken"
writes 'int f(void) { retrun 0; }'
refuses "$tree" "'retrun'.*; $broken"
writes 'int f(void) { int x = ; return x; }'
refuses "$tree" "expected expression.*; $broken"

# --shim supplies what is unknown. A header that itself is at fault is named.
writes 'int f(void); int f(void) { return not_yet_known(); }'
echo 'static inline int not_yet_known(void) { return READ_ONCE(*(int*)0); }' >"$scratch/mine.h"
refuses "$tree" "$no_adapter" -DNOFAIL_SHIM="$scratch/mine.h"
echo 'int g(void) { return 0 }' >"$scratch/mine.h"
refuses "$tree" "mine.h:1:.*; the header that --shim names does not compile" -DNOFAIL_SHIM="$scratch/mine.h"
refuses "$tree" '--shim .*/none.h: there is no such file' -DNOFAIL_SHIM="$scratch/none.h"

# A tree with all of its headers supplies inline functions and macros itself, also those that they need in turn.
touch "$tree"/include/linux/{kernel,sched}.h
cat >"$tree/include/linux/helpers.h" <<'HELPERS'
static inline u64 mix(u64 a)
{
        return mix_one(a) * FACTOR;
}
#define FACTOR 7
static __always_inline u64 mix_one(u64 a) { return a ^ (a >> 3); }
int elsewhere(int x);
static inline int of_the_machine(int x)
{
        asm volatile("nop");
        return x;
}
HELPERS
writes 'u64 f(void); u64 f(void) { return mix(3); }'
refuses "$tree" "$no_adapter"
for name in mix mix_one FACTOR; do
  grep -q "Takes $name from the tree's include/linux/helpers.h" "$scratch/log" || { echo "$name was not taken"; failed=1; }
done
writes 'int f(void) { return elsewhere(1); }'
refuses "$tree" "$unknown elsewhere, which is in the tree's include/linux/helpers.h: "
writes 'int f(void) { return of_the_machine(1); }'
refuses "$tree" "$unknown of_the_machine, which is in the tree's include/linux/helpers.h: "
# What such a tree does not have at all is a mistake.
writes 'int f(void) { return rcu_read_lok(); }'
refuses "$tree" "'rcu_read_lok'; $broken"
echo '#include <linux/not_yet_known.h>' >"$file"
refuses "$tree" "'linux/not_yet_known.h' file not found; $broken"

# What scripts/fuzz says of a tree that compiles no longer, or not all of which is there. Its name is one that neither a
# shell nor CMake takes as it is, and the message has it as it was given, with the user's file and line.
if [[ ! -f $repository/linux/7.2/Makefile ]]; then
  if [[ $failed == 0 ]]; then echo "SKIPPED: Linux 7.2 is not here; ./scripts/get-linux 7.2 fetches it"; fi
  exit $failed
fi
# Who calls it from a folder of somebody else's runs no Python that is there.
mkdir "$scratch/foreign"
echo 'raise SystemExit("this ran")' | tee "$scratch/foreign/"{dataclasses,linux_tree,nofail_campaign}.py >/dev/null
cd "$scratch/foreign" || exit 1
# says TEXT TREE...: what one line of scripts/fuzz has in it; nothing is built.
says() {
  local text=$1 code=0
  shift
  "$repository/scripts/fuzz" --linux "$@" >"$scratch/said" 2>&1 || code=$?
  if [[ $code != 2 || $(wc -l <"$scratch/said") != 1 || $(cat "$scratch/said") != "fuzz: "*"$text"* ]]; then
    echo "scripts/fuzz --linux $*: exit code $code, expected 2 and one line with '$text'; it said:"
    cat "$scratch/said"
    failed=1
  fi
}
# Not in $scratch: where a tree is decides where it is built, and what is built there should be found again.
tree=$repository/build/refused/'o;d"d \ ${X} $<1:x> @X@' local_storage=kernel/bpf/bpf_local_storage.c
rm -rf "$tree"
mkdir -p "$tree"
cp -rL "$repository/linux/7.2/." "$tree"
chmod -R u+w "$tree"
echo '{' >>"$tree/$local_storage"
says "$tree (linux-7.2): $local_storage:$(wc -l <"$tree/$local_storage"):" "$tree"
sed 's/^int bpf_selem_unlink(/int bpf_selem_unlink_elsewhere(/' "$repository/linux/7.2/$local_storage" >"$tree/$local_storage"
says "$tree (linux-7.2): no file that is under test defines bpf_selem_unlink;" "$tree"
# A snapshot does not hold the tree's other headers. They are looked at where they are, but only if the tree is a
# directory: a patch might change them.
echo 'static inline int helper(void) { return of_another_file(); }' >"$tree/include/linux/helpers.h"
{ cat "$repository/linux/7.2/$local_storage"; echo 'int f(void); int f(void) { return helper(); }'; } >"$tree/$local_storage"
says "$tree (linux-7.2): include/linux/helpers.h:1:" "$tree"
says "; $unknown of_another_file, which is in the tree's include/linux/helpers.h: " "$tree"
diff -u --label "a/$local_storage" --label "b/$local_storage" "$repository/linux/7.2/$local_storage" "$tree/$local_storage" \
  >"$scratch/helper.patch"
cp -L "$repository/linux/7.2/$local_storage" "$tree/$local_storage"
says "; $unknown helper (and knows the other headers of a tree only if it is a directory" "$tree+$scratch/helper.patch"
says "are the same in all files that are under test: there is nothing to compare" "$tree" --baseline "$repository/linux/7.2"
exit $failed
