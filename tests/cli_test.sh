#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# usage: cli_test.sh NOFAIL-BINARY
#
# What a person meets at the command line: each bad input has its message and exit code, and leaves nothing behind.
set -uo pipefail
nofail=$(realpath "$1")
# shellcheck source=tests/command.sh
source "$(dirname "${BASH_SOURCE[0]}")/command.sh"

# one_line ARGUMENT...: the error is a single line.
one_line() {
  local lines
  lines=$("$nofail" "$@" 2>&1 >/dev/null | wc -l)
  [[ $lines == 1 ]] || { echo "nofail $*: $lines lines of error, expected one"; failed=1; }
}

cat >good.sched <<'S'
nofail schedule 1
map   m0 type=sk value=8
owner o0 type=sk bucket=0
setup: update m0 o0
task A: map_free m0
task B: destroy o0
S
sed 's/update/updat/' good.sched >bad.sched
sed 's/schedule 1/schedule 99/' good.sched >newer.sched
cp bad.sched bad_without_extension
{ cat good.sched; echo 'expect posted: leak.selem/selem/Nothing'; } >wrong.sched
printf 'any bytes' >bytes
: >empty
head -c 2000000 /dev/zero >large
head -c 5000 /dev/zero >large_input
mkdir directory nothing_in_it
cp good.sched bytes directory

# Help teaches, and is no error. Nothing at all is.
expect 0 'usage: nofail COMMAND' --help
expect 2 'usage: nofail COMMAND'
expect 0 '^nofail [0-9]+\.[0-9]+\.[0-9]+' --version
expect 0 'teardown' --list
for command in replay show convert list summarize; do expect 0 "usage: nofail $command" "$command" --help; done
for command in '' replay show convert list summarize; do
  # shellcheck disable=SC2086
  check '[[ -z $("$nofail" $command --help | grep -E "^.{81}") ]]'
done
expect 2 'polish: there is no such command' polish
expect 2 '--loud: there is no such option' replay --loud
expect 2 '--target: needs a value' replay --target
expect 2 '--target zoo: there is no such target; there are teardown, lifecycle' replay --target zoo bytes
expect 2 '--seed x: expected a number' replay --seed x
expect 2 '--verbose: takes no value' replay --verbose=1 good.sched

# A testcase of a fuzzing service says itself what it is for, to every command.
head -c 7 /dev/zero >clusterfuzz-testcase-minimized-nofail_lifecycle_fuzzer-4711
cp clusterfuzz-testcase-minimized-nofail_lifecycle_fuzzer-4711 testcase
cp testcase crash-nofail_codec_fuzzer
expect 0 '^ok +clusterfuzz.*-4711 \(lifecycle\) ' replay clusterfuzz-testcase-minimized-nofail_lifecycle_fuzzer-4711
expect 0 '^ok +clusterfuzz.*-4711 \(teardown\) ' replay --target teardown clusterfuzz-testcase-minimized-nofail_lifecycle_fuzzer-4711
expect 0 '^ok +testcase \(teardown\) ' replay testcase
expect 2 'is for the codec' show crash-nofail_codec_fuzzer
for command in show convert; do
  check '[[ $("$nofail" $command clusterfuzz-*-4711 | grep -v trace) == "$("$nofail" $command --target lifecycle testcase | grep -v trace)" ]]'
done
rm clusterfuzz-* testcase crash-*

# Inputs that cannot be read.
for command in replay show convert; do
  expect 2 '^nofail: missing: No such file' "$command" missing
  expect 2 '^nofail: empty: is empty' "$command" empty
  expect 2 '^nofail: large: is larger than' "$command" large
  expect 2 '^nofail: large_input: is larger than' "$command" large_input
  expect 2 'bad.sched:4:[0-9]+: expected' "$command" bad.sched
  expect 2 'bad_without_extension:4:[0-9]+: expected' "$command" bad_without_extension
  expect 2 'newer.sched:1:[0-9]+: .*99' "$command" newer.sched
  for file in missing empty large bad.sched newer.sched; do one_line "$command" "$file"; done
done
for command in show convert; do
  expect 2 'directory: is a directory' "$command" directory
  expect 2 'expected one file' "$command"
  expect 2 'expected one file' "$command" good.sched bytes
done
expect 2 'nothing_in_it: holds no file' replay nothing_in_it
expect 2 'there is no corpus/ here' replay
if [[ $(id -u) != 0 ]]; then
  cp good.sched secret.sched
  chmod 0 secret.sched
  expect 2 'secret.sched: Permission denied' replay secret.sched
fi
# One that cannot be read: none is run.
expect 2 '^nofail: empty: is empty' replay good.sched empty
check '[[ -z $("$nofail" replay good.sched empty 2>/dev/null) ]]'

# Replay compares with what is expected.
expect 0 '^ok +good.sched  posted  trace [0-9a-f]{16}  pass$' replay good.sched
expect 1 '^UNEXPECTED +wrong.sched .* pass$' replay wrong.sched
expect 1 'it no longer violates: ' replay wrong.sched
expect 1 'expected: leak.selem/selem/Nothing' replay wrong.sched
expect 0 '2 schedules: 2 as expected, 0 not' replay good.sched good.sched
expect 0 '"as_expected": true' replay --json good.sched
expect 0 'map_free m0' replay --verbose good.sched
expect 0 '^ok +seed 7 ' replay --seed 7
check '[[ $("$nofail" replay --seed 7) == $("$nofail" replay --seed 7) ]]'
expect 0 'subject posted' show good.sched
check '[[ $("$nofail" show good.sched) != *$'"'\\\\e'"'* ]]'

# Names and words may have any bytes. Data stays UTF-8, and a terminal is not told to do things.
odd=$'odd\xff\e[31m.sched'
{ cat good.sched; printf 'expect posted\xff: leak.selem/selem/\xff\nexpect posted: leak.selem/selem/\xff\e[31m\n'; } >"$odd"
for command in replay show; do
  "$nofail" "$command" --json "$odd" >odd.json
  check 'python3 -c "import json, sys; json.load(open(sys.argv[1], encoding=\"utf-8\"))" odd.json'
done
for arguments in replay 'replay --verbose' show 'show --html' 'show --subject nosuch' 'minimize -o odd.json'; do
  # shellcheck disable=SC2086  # words
  check '[[ $("$nofail" $arguments "$odd" 2>&1) != *$'"'\\e'"'* ]]'
done
check '[[ $("$nofail" replay "$odd" 2>&1) == *"\x1b[31m.sched "*"selem/"*"\x1b[31m"* ]]'

# A FIFO that nobody writes to is empty; of one that somebody does, everything is read.
mkfifo fifo
expect 2 '^nofail: fifo: is empty' replay fifo
check '[[ $(timeout 20 "$nofail" replay <(sleep 0.3; cat good.sched)) == "ok "* ]]'

# A build that detects no data races cannot know.
{ cat good.sched; echo 'expect posted: data-race/selem/Nothing'; } >race.sched
if [[ $("$nofail" replay race.sched) != UNEXPECTED* ]]; then
  expect 0 '^data races are checked in the builds tsan and explore only$' replay race.sched  # in the others
fi

# The page: to the standard output, or to a file that is not there yet.
expect 0 '<title>good.sched - nofail</title>' show good.sched --html
expect 0 '^</html>$' show --seed 7 --html
expect 0 '' show good.sched --html -o page.html
check '[[ $(<page.html) == "$("$nofail" show good.sched --html)" ]]'
expect 2 'page.html: exists; --force overwrites it' show bytes --html -o page.html
check 'grep -q "<title>good.sched" page.html'
expect 0 '' show bytes --html -o page.html --force
check 'grep -q "<title>bytes" page.html'
expect 2 'directory: is a directory' show good.sched --html -o directory
expect 2 'no/such/place: cannot be written' show good.sched --html -o no/such/place
expect 2 'show: -o goes with --html, --mail, --perfetto and --sarif' show good.sched -o page.html
expect 2 'ask for one' show good.sched --html --json

# The mail, with what a real kernel printed.
{ sed 's/bucket=0/bucket=1/; /^setup:/i mode locks=contended memory=sc rcu=preemptible cpus=2' good.sched
  echo 'deviate A/map_free: preempt 19 to B'
  echo 'deviate B/destroy: lock 1 timeout'; } >bug.sched
printf '[   1.0] watchdog: BUG: soft lockup\n' >console.txt
expect 0 '^Subject: \[BUG\] bpf: .*endless loop in StorageDestroy' show bug.sched --mail
expect 0 '^    \[   1.0\] watchdog: BUG: soft lockup$' show bug.sched --mail --console console.txt
expect 0 '' show bug.sched --mail -o mail.txt
check '[[ $(<mail.txt) == "$("$nofail" show bug.sched --mail)" ]]'
expect 4 'good.sched: nothing is wrong with its run on posted, so there is no mail to write' show good.sched --mail
expect 2 'nosuch.txt: cannot be read' show bug.sched --mail --console nosuch.txt
expect 2 'directory: cannot be read' show bug.sched --mail --console directory
expect 2 'show: --console goes with --mail' show bug.sched --console console.txt
expect 2 'ask for one' show bug.sched --mail --html

# The trace for Perfetto.
expect 0 '' show bug.sched --perfetto -o trace.json
check 'python3 -c "import json, sys; json.load(open(sys.argv[1]))[\"traceEvents\"]" trace.json'

# Nothing but a plain file is replaced, and it keeps its permissions.
ln -s page.html link
ln -s nowhere dangling
echo keep >kept.sched
ln -s kept.sched to_kept.sched
for command in 'show good.sched --html' 'convert bytes'; do
  # shellcheck disable=SC2086  # words
  for force in '' --force; do
    expect 2 '^nofail: fifo: is no plain file' $command -o fifo $force
    expect 2 '^nofail: link: is a link; name the file that it leads to' $command -o link $force
    expect 2 '^nofail: dangling: is a link' $command -o dangling $force
  done
done
check '[[ -p fifo && -L link && -L dangling && ! -e nowhere ]]'
if mknod device c 1 3 2>/dev/null; then  # as root; not /dev/null itself, which everybody needs
  expect 2 '^nofail: device: is no plain file' convert bytes -o device --force
  check '[[ -c device ]]'
fi
chmod 600 page.html
expect 0 '' show good.sched --html -o page.html --force
check '[[ $(stat -c %a page.html) == 600 ]]'
expect 2 '^nofail: to_kept.sched: is a link' minimize --update to_kept.sched
check '[[ -L to_kept.sched && $(<kept.sched) == keep ]]'
rm to_kept.sched

# For code hosts: several schedules, one log.
expect 0 '"version": "2.1.0"' show good.sched bytes --sarif
expect 0 '' show good.sched --sarif -o log.sarif
expect 2 'log.sarif: exists' show good.sched --sarif -o log.sarif
expect 2 'expected one file or one --seed; --sarif takes several' show good.sched bytes
expect 2 'ask for one' show good.sched --sarif --json
expect 2 'expected a file' show --sarif

# What fuzz processes say of themselves, added up. Other files in their folder do not matter.
mkdir findings
cp good.sched findings/new-1.sched
printf 'executions 7\nviolation new 2 5 new-1 leak/selem/MapFree\n' >findings/.status.11
printf 'executions 3\nviolation new 4 1 new-1 leak/selem/MapFree\n' >findings/.status.12
printf 'executions 20\n' >findings/.status.12.2  # of another process with the same id
printf 'half a line' >findings/.new-.status.12.12
expect 0 '"executions": 30,' summarize findings
expect 0 '"count": 6,' summarize findings
expect 0 '"first": 1,' summarize findings
printf 'executions\n' >findings/.status.13
expect 2 'findings/.status.13:1: is no line of a status file' summarize findings
expect 2 'no/such/folder: ' summarize no/such/folder
expect 2 'summarize: expected one folder' summarize

# Nobody takes half a report for all of it.
for command in 'replay good.sched' 'show good.sched' 'show good.sched --html' 'convert good.sched' --help; do
  # shellcheck disable=SC2086
  message=$("$nofail" $command 2>&1 1</dev/null)  # cannot be written to
  code=$?
  check '[[ $code == 2 && $message == *"nofail: the standard output cannot be written"* ]]'
done

# Convert: there and back, and nothing is overwritten or left behind.
expect 0 '' convert good.sched -o there
expect 0 '' convert there -o back.sched
expect 0 '' convert back.sched -o again
check 'cmp there again'
check '[[ $("$nofail" replay good.sched | grep -o "trace .*") == $("$nofail" replay back.sched | grep -o "trace .*") ]]'
expect 2 'back.sched: exists; --force overwrites it' convert bytes -o back.sched
check 'cmp there again'
expect 0 '' convert bytes -o back.sched --force
expect 2 'directory: is a directory' convert bytes -o directory
expect 2 '^nofail: -o: needs the name of a file' convert bytes -o ''
expect 2 'no/such/place: cannot be written' convert bytes -o no/such/place
expect 2 '' convert bad.sched -o new.sched
check '[[ ! -e new.sched ]]'
check '[[ -z $(find . -name "*.sched.*") ]]'

exit $failed
