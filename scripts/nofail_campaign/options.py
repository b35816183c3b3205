# SPDX-License-Identifier: MIT
"""The command line of `scripts/fuzz`."""

import argparse
import dataclasses
import pathlib
import re
from typing import Callable, NoReturn, Sequence

from nofail_campaign.terminal import ExitCode, leave

HELP = """\
usage: ./scripts/fuzz [teardown|lifecycle|codec] [--linux TREE [--baseline TREE] [--shim FILE]]
                      [--subject S] [--sanitizer address|thread|race] [--engine libfuzzer|afl|honggfuzz]
                      [--seconds N] [--jobs N] [--explore] [--no-failures] [--continue]

Sets up what is missing, builds, fuzzes, shortens what is new, and ends with a table of what it found and how to replay
it. Without arguments: the teardown target, the posted subject, AddressSanitizer, 60 seconds, one process. Ctrl-C ends
it early, with the same table.

Everything is kept in build/fuzz/<target>-<subject>[-<contents>]-<sanitizer>[-<engine>]/: the corpus, which the next run
starts from, findings/ as they were found and minimized/ as they were shortened, summary.json, and summary.sarif for
code hosts. <contents> is a number for the contents of a Linux tree.

  teardown      map_free against destroy
  lifecycle     all operations
  codec         the readers of schedules, bytes and text
  --subject S   which implementation: posted
  --linux TREE  instead of an implementation here, the unmodified one of a Linux source tree (docs/linux.md), which is
                compiled and run; TREE is one of:
                  ~/src/linux          a directory, as it is
                  ~/src/linux@HEAD~3   a revision of it (git); the directory itself is not touched
                  7.2                  a version of Debian's, which is fetched first: 7.3, 7.2, 6.12, 6.1
                  TREE+FIX.patch       any of these with a patch, or with a series in a mailbox, such as of b4 am
  --baseline TREE
                another such tree, which runs beside it: only what it does not show on the same schedules is news,
                and what shows clearly more often than there; for what the last commit brings:
                --linux ~/src/linux@HEAD --baseline ~/src/linux@HEAD~1
  --shim FILE   a header that says what those interfaces do that the tree uses and this suite does not know
  --sanitizer   address (with undefined behaviour), thread (data races), or race: data races by the simulator's own
                detector, which forgets nothing and is faster, and use after free besides
  --engine E    which fuzzer drives it: libfuzzer, or afl or honggfuzz where they are installed, with address only
  --seconds N   how long
  --jobs N      how many processes share the corpus
  --explore     first searches every schedule of two tasks that tear down one map and one owner; that needs one more
                build, and then some seconds (docs/explore.md)
  --no-failures no lock attempt and no allocation fails: what shows then needs nothing but bad timing
  --continue    adds to the counts and findings of the last run instead of setting them aside in old/

Known limitations and earlier findings (corpus/known, corpus/findings) are counted and do not end anything, unless they
are worse than what is listed: they show after fewer failures, for another storage type or RCU configuration.

Options also go as --option=value.

exit code: 0 nothing new, 1 something new, 2 wrong usage or a tree that cannot be used, 3 bug of the suite itself,
5 set-up failed, 130 interrupted
"""
TARGETS = ("teardown", "lifecycle", "codec")
SUBJECTS = ("posted",)
PRESETS = {"address": "asan", "thread": "tsan", "race": "explore"}  # of CMake, by sanitizer
ENGINES = ("libfuzzer", "afl", "honggfuzz")


@dataclasses.dataclass(frozen=True)
class Options:
    target: str
    subject: str
    linux: str  # a tree; empty: the subject is one of this repository
    baseline: str  # another tree; empty: none
    shim: str  # a header for the files of both trees; empty: none
    sanitizer: str
    engine: str
    seconds: int
    jobs: int
    no_failures: bool
    resume: bool
    explore: bool = False  # begin with the search of the small

    @property
    def preset(self) -> str:
        return PRESETS[self.sanitizer]


class Parser(argparse.ArgumentParser):
    """Whoever types something wrong gets one line that says what is right."""

    def error(self, message: str) -> NoReturn:
        message = re.sub(r"^argument (\S+): expected one argument$", r"\1: needs a value", message)
        message = re.sub(r"^argument \S+: ", "", message)
        leave(ExitCode.USAGE, message)

    def format_help(self) -> str:
        return HELP


def one_of(name: str, known: Sequence[str], kind: str = "") -> Callable[[str], str]:
    """The type of an argument that is one of a few words."""
    listed = ", ".join(known[:-1]) + (" or " if kind == "" else " and ") * (len(known) > 1) + known[-1]

    def parse(text: str) -> str:
        if text in known:
            return text
        if kind:
            there = "there is" if len(known) == 1 else "there are"
            raise argparse.ArgumentTypeError(f"{name}{text}: there is no such {kind}; {there} {listed}")
        raise argparse.ArgumentTypeError(f"{name}{text}: expected {listed}")

    return parse


def number(name: str) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not re.fullmatch(r"[1-9][0-9]{0,6}", text):
            raise argparse.ArgumentTypeError(f"{name} {text}: expected a number from 1 up")
        return int(text)

    return parse


def header(text: str) -> str:
    """The type of an argument that names a header; as an absolute path, because the build runs elsewhere."""
    if not pathlib.Path(text).is_file():
        raise argparse.ArgumentTypeError(
            f"--shim {text}: there is no such file; expected a header that is written in C"
        )
    return str(pathlib.Path(text).resolve())


def parse(arguments: Sequence[str]) -> Options:
    """Reads the command line, or leaves with one line and code 2."""
    parser = Parser(allow_abbrev=False)
    parser.add_argument("target", nargs="?", default="teardown", type=one_of("", TARGETS, "target"))
    parser.add_argument("--subject", default="posted", type=one_of("--subject ", SUBJECTS, "subject"))
    parser.add_argument("--linux")
    parser.add_argument("--baseline")
    parser.add_argument("--shim", type=header)
    parser.add_argument("--sanitizer", default="address", type=one_of("--sanitizer ", tuple(PRESETS)))
    parser.add_argument("--engine", default="libfuzzer", type=one_of("--engine ", ENGINES))
    parser.add_argument("--seconds", default=60, type=number("--seconds"))
    parser.add_argument("--jobs", default=1, type=number("--jobs"))
    parser.add_argument("--explore", action="store_true")
    parser.add_argument("--no-failures", action="store_true")
    parser.add_argument("--continue", action="store_true", dest="resume")
    given, unknown = parser.parse_known_args(arguments)
    if unknown:
        what = "option; --help lists them" if unknown[0].startswith("-") else f"target; there is {given.target} already"
        parser.error(f"{unknown[0]}: there is no such {what}")
    for name in ("linux", "baseline", "shim"):
        if getattr(given, name) == "":  # of a variable that is not set
            parser.error(f"--{name}: needs a value")
        setattr(given, name, getattr(given, name) or "")
    options = Options(**vars(given))
    check(options, parser)
    return options


def check(options: Options, parser: Parser) -> None:
    """Refuses options that do not go together."""
    runs_no_subject = options.target == "codec"
    if options.engine != "libfuzzer" and options.sanitizer != "address":
        parser.error(f"--engine {options.engine}: fuzzes with --sanitizer address only")
    if options.baseline and not options.linux:
        parser.error("--baseline: compares Linux trees; name the other one with --linux")
    if options.shim and not options.linux:
        parser.error("--shim: supplies interfaces to a Linux tree; name the tree with --linux")
    if options.no_failures and runs_no_subject:
        parser.error("--no-failures: the codec target runs no subject")
    if options.explore and runs_no_subject:
        parser.error("--explore: the codec target runs no subject")
    if options.sanitizer == "race" and runs_no_subject:
        parser.error("--sanitizer race: the codec target runs no subject")
    if options.linux and runs_no_subject:
        parser.error("--linux: the codec target runs no subject")
