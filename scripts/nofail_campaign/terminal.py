# SPDX-License-Identifier: MIT
"""What a person reads while `scripts/fuzz` runs, and its exit codes."""

import enum
import sys
from typing import NoReturn


class ExitCode(enum.IntEnum):
    """The same as those of the fuzz binaries and of `nofail` (fuzz/base/exit_code.h), and an interrupted shell's."""

    NOTHING_NEW = 0
    SOMETHING_NEW = 1
    USAGE = 2
    HARNESS_BUG = 3
    SETUP_FAILED = 5
    INTERRUPTED = 130


def note(text: str) -> None:
    """Progress and errors go to stderr; results go to stdout."""
    print(f"fuzz: {text}", file=sys.stderr, flush=True)


def leave(code: int, text: str) -> NoReturn:
    note(text)
    sys.exit(code)


def plural(count: int, one: str, many: str = "") -> str:
    """For example "1 file" and "2,000 files"."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"
