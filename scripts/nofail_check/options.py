# SPDX-License-Identifier: MIT
"""The command line of `scripts/check`."""

import dataclasses
import pathlib
from typing import Sequence

from nofail_campaign.options import Parser, header, number, one_of

HELP = """\
usage: ./scripts/check [--linux TREE [--baseline TREE] [--shim FILE]] [--sanitizer address|thread|race]
                       [--seconds N] [--jobs N] [--out FOLDER]

The one command for the author of a patch. Sets up what is missing, replays the crash corpus, searches every schedule of
two tasks that tear down one map and one owner, fuzzes both targets under AddressSanitizer and under ThreadSanitizer,
and writes one report: what is new, worse, gone and as listed, and how far that was looked at. Without --linux it checks
the embedded subject, posted. With --baseline, which is the tree without the patch, only what the baseline does not show
is news, and the report says which of the changed lines were run.

FOLDER gets report.txt (what is printed), report.html, report.json, report.sarif (for code hosts) and report.mail (plain
text of 72 columns, to answer a patch with). It is build/check/<subject>[-<contents>]/ unless --out names another one.

  --linux TREE     a directory, DIR@REV, a version such as 7.2, or one of these with +FILE.patch (docs/linux.md)
  --baseline TREE  the tree to compare with, such as ~/src/linux@HEAD~1
  --shim FILE      a header that says what those interfaces do that the trees use and this suite does not know
  --sanitizer S    only under this one: address (with undefined behaviour), thread (data races) or race (data races, by
                   a detector of its own; the report then has the orders of plain accesses as well)
  --seconds N      how long each of the campaigns fuzzes, and the search may take (60)
  --jobs N         how many processes each of them has (1)
  --out FOLDER     where the report goes

Options also go as --option=value.

exit code: 0 nothing new, 1 something new, 2 wrong usage or a tree that cannot be used, 3 bug of the suite itself,
5 set-up failed, 130 interrupted
"""


SANITIZERS = ("address", "thread")  # if none is named


@dataclasses.dataclass(frozen=True)
class Options:
    linux: str  # a tree; empty: the subject posted
    baseline: str  # another tree; empty: none
    shim: str  # a header for the files of both trees; empty: none
    sanitizers: tuple[str, ...]
    seconds: int  # of each campaign
    jobs: int
    out: str  # a folder; empty: build/check/...


class CheckParser(Parser):
    def format_help(self) -> str:
        return HELP


def parse(arguments: Sequence[str]) -> Options:
    """Reads the command line, or leaves with one line and code 2."""
    parser = CheckParser(allow_abbrev=False)
    parser.add_argument("--linux")
    parser.add_argument("--baseline")
    parser.add_argument("--shim", type=header)
    parser.add_argument("--sanitizer", type=one_of("--sanitizer ", (*SANITIZERS, "race")))
    parser.add_argument("--seconds", default=60, type=number("--seconds"))
    parser.add_argument("--jobs", default=1, type=number("--jobs"))
    parser.add_argument("--out")
    given, unknown = parser.parse_known_args(arguments)
    if unknown:
        parser.error(f"{unknown[0]}: there is no such option; --help lists them")
    for name in ("linux", "baseline", "shim", "out"):
        if getattr(given, name) == "":  # of a variable that is not set
            parser.error(f"--{name}: needs a value")
        setattr(given, name, getattr(given, name) or "")
    chosen = given.__dict__.pop("sanitizer")
    options = Options(sanitizers=(chosen,) if chosen else SANITIZERS, **vars(given))
    if options.baseline and not options.linux:
        parser.error("--baseline: compares Linux trees; name the other one with --linux")
    if options.shim and not options.linux:
        parser.error("--shim: supplies interfaces to a Linux tree; name the tree with --linux")
    if options.out and pathlib.Path(options.out).exists() and not pathlib.Path(options.out).is_dir():
        parser.error(f"--out {options.out}: is no folder")
    return options
