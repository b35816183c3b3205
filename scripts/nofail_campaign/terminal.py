# SPDX-License-Identifier: MIT
"""What a person reads while `scripts/fuzz` or `scripts/check` runs, and their exit codes."""

import enum
import os
import sys
from typing import NoReturn, TextIO


class ExitCode(enum.IntEnum):
    """The same as those of the fuzz binaries and of `nofail` (fuzz/base/exit_code.h), and an interrupted shell's."""

    NOTHING_NEW = 0
    SOMETHING_NEW = 1
    USAGE = 2
    HARNESS_BUG = 3
    NOTHING_TO_MINIMIZE = 4
    SETUP_FAILED = 5
    INTERRUPTED = 130


name = "fuzz"  # of the script that speaks
lost: set[TextIO] = set()  # streams that nobody reads any more


class Trouble(Exception):
    """What keeps a campaign from going on, in one line."""


def write(stream: TextIO, text: str) -> bool:
    """Whether somebody got the text. Once nobody does, all that follows goes nowhere. For example, the terminal may be
    gone, but what was found is still to be written to files."""
    try:
        stream.write(text)
        stream.flush()
        return True
    except OSError:
        lost.add(stream)
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
        return False


def say(text: str, end: str = "\n") -> None:
    """Results go to stdout."""
    if not write(sys.stdout, text + end):
        note("the standard output cannot be written; what is found goes to files alone")


def nobody_reads() -> bool:
    """Whether some of the results did not reach stdout."""
    return sys.stdout in lost


def note(text: str) -> None:
    """Progress and errors go to stderr."""
    write(sys.stderr, f"{name}: {text}\n")


def leave(code: int, text: str) -> NoReturn:
    note(text)
    sys.exit(code)


def plural(count: int, one: str, many: str = "") -> str:
    """For example "1 file" and "2,000 files"."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"
