# SPDX-License-Identifier: MIT
"""The files of a Linux tree that are under test."""

import pathlib
import stat
from typing import Union

MAKEFILE = "Makefile"  # for the version alone
# What the adapter cannot do without: every tree from 6.1 on has these.
EXPECTED = (
    "include/linux/bpf_local_storage.h",
    "include/net/bpf_sk_storage.h",
    "kernel/bpf/bpf_local_storage.c",
    "kernel/bpf/bpf_task_storage.c",
    "kernel/bpf/bpf_inode_storage.c",
    "net/core/bpf_sk_storage.c",
)
OPTIONAL = ("kernel/bpf/bpf_cgrp_storage.c",)  # from 6.2 on
UNDER_TEST = (*EXPECTED, *OPTIONAL)
NEEDED = (MAKEFILE, *UNDER_TEST)
LARGEST = 4 << 20  # bytes; the largest of these files has about 80,000

Files = dict[str, bytes]  # by path from the top of the tree


class TreeError(Exception):
    """Why a TREE cannot be used, in one line. Its argument is a whole message."""

    code = 2  # to leave with


class SetupFailed(TreeError):
    """The tree may be fine, but something is missing here."""

    code = 5


def printable(text: Union[str, pathlib.Path]) -> str:
    """The text on one line: whatever is not printable is escaped."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "replace").decode() for c in str(text))


def check(files: Files, shown: str) -> None:
    """Refuses files that are no Linux tree's. `shown` is how messages call the tree."""
    for name in (MAKEFILE, *EXPECTED):
        if name not in files:
            raise TreeError(f"{shown}: has no {name}; expected the top of a Linux source tree, 6.1 or later")
    for name, content in files.items():
        if not content.strip():
            raise TreeError(f"{shown}: its {name} is empty; expected the top of a Linux source tree, 6.1 or later")


def from_folder(folder: pathlib.Path, shown: str) -> Files:
    """The files of a folder. Links are followed; what is no file, such as a device, is never opened."""
    files: Files = {}
    for name in NEEDED:
        path = folder / name
        try:
            status = path.stat()
            if not stat.S_ISREG(status.st_mode):
                raise TreeError(f"{shown}: its {name} is not a file; expected the top of a Linux source tree")
            if status.st_size > LARGEST:
                raise TreeError(f"{shown}: its {name} is larger than {LARGEST >> 20} MiB; no Linux tree's is")
            files[name] = path.read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            raise TreeError(f"{shown}: its {name} cannot be read: {error.strerror}") from error
    return files
