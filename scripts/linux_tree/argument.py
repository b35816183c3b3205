# SPDX-License-Identifier: MIT
"""The parts of a TREE argument: DIR, DIR@REV or a version, and patches: +FILE. Folders, revisions and files may have @
and + in their names, so what exists decides."""

import dataclasses
import os
import re
from typing import Iterator, Union

from linux_tree.files import TreeError, printable

EXPECTED = "expected a Linux source tree, a version such as 7.2, DIR@REV, or one of these and +FILE.patch"


@dataclasses.dataclass(frozen=True)
class Argument:
    folder: str = ""  # empty: it is a version
    version: str = ""  # of Debian's; empty: it is a folder
    revision: Union[str, None] = None  # of the folder's git repository; None: the files as they are
    patches: tuple[str, ...] = ()  # files, in the order in which they are applied

    @property
    def origin(self) -> str:
        """The same text whenever, and from whatever folder, the same tree is asked for again."""
        paths = [os.path.realpath(path) for path in (self.folder, *self.patches) if path]
        return "\0".join([self.version, str(self.revision), *paths])


def splits(text: str, sign: str) -> Iterator[tuple[str, str]]:
    """What is before the sign and what is after it, from the last place where it stands to the first."""
    for i in range(len(text) - 1, -1, -1):
        if text[i] == sign:
            yield text[:i], text[i + 1 :]


def without_patches(text: str) -> Union[Argument, None]:
    if re.fullmatch(r"[0-9]+\.[0-9]+", text, re.ASCII):
        return Argument(version=text)
    found = ((folder, revision) for folder, revision in splits(text, "@") if os.path.isdir(folder))
    folder, revision = next(found, ("", ""))
    return Argument(folder=folder, revision=revision) if folder else None


def patch_file(name: str) -> str:
    """The file's name if it is there, or nothing. A shell expands ~ only at the beginning of a word."""
    return next((n for n in (name, os.path.expanduser(name)) if os.path.exists(n) and not os.path.isdir(n)), "")


def parts_of(text: str) -> Union[Argument, None]:
    """The parts of a TREE argument; None if a folder or a patch is not there."""
    if os.path.isdir(text):
        return Argument(folder=text)
    for before, name in splits(text, "+"):
        base = parts_of(before) if patch_file(name) else None
        if base is not None:
            return dataclasses.replace(base, patches=(*base.patches, patch_file(name)))
    return without_patches(text)


def parse(text: str) -> Argument:
    """Reads a TREE argument. Raises TreeError if a folder or a patch is not there."""
    argument = parts_of(text)
    if argument is not None:
        return argument
    for before, name in splits(text, "+"):
        if parts_of(before) is not None:
            raise TreeError(f"{printable(text)}: there is no patch {printable(name)}; {EXPECTED}")
    raise TreeError(f"{printable(text)}: there is no such directory; {EXPECTED}")
