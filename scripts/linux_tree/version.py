# SPDX-License-Identifier: MIT
"""What a tree's Makefile says of its version."""

import re

from linux_tree.files import TreeError

LONGEST = 40  # characters of an EXTRAVERSION


def version_of(makefile: bytes, shown: str) -> str:
    """For example "7.2" or "7.3-rc1". It becomes part of the names of folders and of a word in schedules, so of what
    EXTRAVERSION says only letters, digits and a few signs are kept."""
    text = makefile.decode("utf-8", "replace")

    def value(key: str) -> str:
        found = re.search(rf"^{key}[ \t]*:?=[ \t]*(.*?)[ \t]*(?:#.*)?$", text, re.MULTILINE)
        return found[1] if found else ""

    for key in ("VERSION", "PATCHLEVEL"):
        if not re.fullmatch(r"[0-9]{1,4}", value(key), re.ASCII):
            raise TreeError(f"{shown}: its Makefile has no line `{key} = NUMBER`; expected that of a Linux source tree")
    extra = re.sub(r"[^A-Za-z0-9._+-]+", "-", value("EXTRAVERSION"))
    if extra and extra[0].isalnum():
        extra = "-" + extra
    return f"{value('VERSION')}.{value('PATCHLEVEL')}{extra[:LONGEST]}"


def makefile_of(version: str) -> bytes:
    """A Makefile that says the version, and nothing else."""
    number, _, level = version.partition(".")
    digits = re.match(r"[0-9]+", level)
    assert digits is not None, version
    return f"VERSION = {number}\nPATCHLEVEL = {digits[0]}\nEXTRAVERSION = {level[digits.end():]}\n".encode()
