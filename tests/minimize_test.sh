#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# usage: minimize_test.sh NOFAIL-BINARY REPOSITORY
#
# nofail minimize at the command line: what it writes and where, what it refuses, what Ctrl-C leaves.
set -uo pipefail
nofail=$(realpath "$1")
corpus=$(realpath "$2")/corpus
# shellcheck source=tests/command.sh
source "$(dirname "${BASH_SOURCE[0]}")/command.sh"

# expect_minimize CODE TEXT ARGUMENT...
expect_minimize() { expect "$1" "$2" minimize "${@:3}"; }

cat >passes.sched <<'S'
nofail schedule 1
map   m0 type=sk value=8
owner o0 type=sk bucket=0
task A: map_free m0
S
sed 's/map_free/mapfree/' passes.sched >bad.sched
crash=$corpus/findings/owner-pointer-left/use-after-free.SkDump+StorageFree.sched
# signature_in FILE: of its use after free.
signature_in() { sed -n 's/^expect posted: .*\(use-after-free[^, ]*\).*/\1/p' "$1"; }
signature=$(signature_in "$crash")

# What cannot be minimized has its own message and exit code, and nothing is written.
expect_minimize 2 'expected one file or one --seed'
expect_minimize 2 'missing: No such file' missing -o out.sched
expect_minimize 2 'bad.sched:4:9: expected .*, found' bad.sched -o out.sched
expect_minimize 2 'one of them' "$crash" -o out.sched --as known
expect_minimize 2 'there is no corpus/ here: say where to with -o' "$crash"
expect_minimize 2 '--update expects one file, and nothing else' "$crash" --update -o out.sched
expect_minimize 4 'passes.sched: does not violate anything with subject posted' passes.sched -o out.sched
expect_minimize 4 'does not violate as leak.x/y/Z; it does as warning' "$crash" --signature leak.x/y/Z -o out.sched
check '[[ ! -e out.sched ]]'
mkdir corpus
expect_minimize 2 '--as zoo: expected regression, finding, finding/CAUSE or known' "$crash" --as zoo
check '[[ -z $(ls corpus) ]]'
: >corpus/regressions  # a file, so that there can be no folder
expect_minimize 2 '^nofail: corpus/regressions: cannot be made: .*; -o names a file elsewhere$' "$crash"
rm corpus/regressions

# The folder by what it is, the name by the signature; the expectation and the story with it.
name=use-after-free.$(cut -d/ -f3- <<<"$signature" | tr / .).sched
pattern=${name//+/\\+}
expect_minimize 0 "^corpus/regressions/$pattern\$" "$crash" --signature "$signature"
expect_minimize 0 "^corpus/findings/unexplained/$pattern\$" "$crash" --signature "$signature" --as finding
expect_minimize 0 "^corpus/findings/some-cause/$pattern\$" "$crash" --signature "$signature" --as finding/some-cause
check 'cmp corpus/findings/{unexplained,some-cause}/'"$name"
expect_minimize 2 '--as known/x: expected' "$crash" --as known/x
expect_minimize 2 '--as finding/../x: expected' "$crash" --as finding/../x
check '[[ $("$nofail" replay corpus/regressions/'"$name"') == ok* ]]'
check 'grep -q "^# *1\. A (map_free m0) cannot lock buckets0" corpus/regressions/'"$name"
check 'cmp corpus/regressions/'"$name"' corpus/findings/some-cause/'"$name"
# It was as short before; other subjects and data races are not this build's to expect.
sentences() { grep -vE "^(#|expect)" "$1"; }
check 'cmp -s <(sentences "$crash") <(sentences corpus/findings/some-cause/'"$name"')'

# Without --signature, the gravest violation that is news is kept; here none is news, and the first is a known warning.
walked=$corpus/findings/walked-again/use-after-free.MapFree+SelemFree.sched
check 'grep -q "^expect posted: warning/" "$walked"'
expect_minimize 0 '' "$walked" -o gravest.sched
check 'grep -q "^# use-after-free/selem/MapFree+SelemFree/" gravest.sched'

# A file that exists is left alone, and said so before the work.
echo mine >mine.sched
expect_minimize 2 'mine.sched: exists; --force overwrites it' "$crash" -o mine.sched
expect_minimize 2 "regressions/$pattern: exists" "$crash" --signature "$signature"
check '[[ $(cat mine.sched) == mine ]]'
expect_minimize 0 '' "$crash" -o mine.sched --force
check '[[ $(head -c 1 mine.sched) == "#" ]]'
expect_minimize 2 'no/such/place.sched: cannot be written' "$crash" -o no/such/place.sched
check '[[ -z $(find . -name "*.sched.*") ]]'

# The name of the input is a comment of the result, whatever bytes it has.
odd=$'two\nlines.sched'
cp "$crash" "$odd"
expect_minimize 0 '' "$odd" -o from_odd.sched
check '[[ $("$nofail" replay from_odd.sched) == ok* ]]'
rm "$odd"

# The expectation of another time becomes what is so now; data races, which not every build sees, stay.
sed -i 's/^expect posted: .*/expect posted: leak.x\/y\/Z, data-race\/a\/B/' mine.sched
expect_minimize 0 'mine.sched' --update mine.sched
check '! grep -q leak.x mine.sched'
check 'grep -q "^expect posted: warning" mine.sched'
check '[[ $("$nofail" replay mine.sched) == ok* ]]'

# Ctrl-C leaves the best so far. It comes once the command has said what it minimizes, for then it handles the signal;
# on a busy machine all may be done by then, so there are some tries.
big=$corpus/../tests/big_crash.sched
interrupted=no
for _ in {1..10}; do
  : >said
  "$nofail" minimize "$big" --signature "$(signature_in "$big")" -o best.sched --force 2>said >/dev/null &
  until grep -q "violates as" said || ! kill -0 $! 2>/dev/null; do sleep 0.01; done
  kill -INT $! 2>/dev/null
  wait $!
  if [[ $? == 130 ]]; then interrupted=yes; break; fi
done
if [[ $interrupted == yes ]]; then
  check 'grep -q "the best so far" said'
  check '[[ $("$nofail" replay best.sched) == ok* ]]'
else
  echo "no interrupt came in time"
  failed=1
fi

exit $failed
