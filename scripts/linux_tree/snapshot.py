# SPDX-License-Identifier: MIT
"""A snapshot: a folder that has the files of a tree that are under test, and is named after their contents. Whatever is
compiled, is compiled from there, so contents decide what is built again, and not time stamps; and no compiler and no
build tool meets the name of a user's folder."""

import dataclasses
import hashlib
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

from linux_tree import argument, git, patches
from linux_tree.files import MAKEFILE, UNDER_TEST, Files, SetupFailed, TreeError, check, from_folder, printable
from linux_tree.version import makefile_of, version_of

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
SNAPSHOTS = ROOT / "build/trees"


@dataclasses.dataclass(frozen=True)
class Tree:
    folder: pathlib.Path  # the snapshot
    shown: str  # the TREE as it was given, on one line, for messages
    origin: str  # a number for the TREE as it was given, whatever its contents are

    @property
    def contents(self) -> str:
        """A number for the contents."""
        return self.folder.name

    def same_code(self, other: "Tree") -> bool:
        """Whether the files under test are the same. The versions may differ."""
        return all(read_if_there(self.folder / name) == read_if_there(other.folder / name) for name in UNDER_TEST)


def read_if_there(path: pathlib.Path) -> bytes:
    return path.read_bytes() if path.exists() else b""


def number_of(*parts: bytes) -> str:
    """A number for byte strings, in hexadecimal digits."""
    whole = hashlib.sha256()
    for part in parts:
        whole.update(b"%d\0%b" % (len(part), part))
    return whole.hexdigest()[:12]


def fetched(version: str, *options: str) -> pathlib.Path:
    """The folder of one of Debian's versions. Leaves with the code of scripts/get-linux if that fails: it says why."""
    command = [str(ROOT / "scripts/get-linux"), *options, version]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        sys.exit(done.returncode)
    return pathlib.Path(done.stdout.removesuffix("\n"))


def read(tree: argument.Argument, shown: str) -> Files:
    """The tree's files, patched. The Makefile is reduced to what it says of the version."""
    folder = fetched(tree.version) if tree.version else pathlib.Path(tree.folder)
    base = shown
    if tree.patches:  # what is wrong with the tree itself is said of the tree itself
        base = printable(tree.version or tree.folder + ("" if tree.revision is None else f"@{tree.revision}"))
    if tree.revision is None:
        files = from_folder(folder, base)
    else:
        files = git.from_revision(folder, tree.revision, base)
    check(files, base)
    for patch in tree.patches:
        files = patches.apply(files, pathlib.Path(patch), f"{base}+{printable(patch)}")
    check(files, shown)
    return {**files, MAKEFILE: makefile_of(version_of(files[MAKEFILE], shown))}


def holds(folder: pathlib.Path, files: Files) -> bool:
    there = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    return there == files


def write(files: Files, snapshots: pathlib.Path) -> pathlib.Path:
    """Writes a snapshot that is not there, or that somebody has changed. Another process may write the same one."""
    numbered = [part for name in sorted(files) for part in (name.encode(), files[name])]
    folder = snapshots / number_of(*numbered)
    if holds(folder, files):
        return folder
    snapshots.mkdir(parents=True, exist_ok=True)
    new = pathlib.Path(tempfile.mkdtemp(prefix=".new-", dir=snapshots))
    new.chmod(0o755)
    for name, content in files.items():
        path = new / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        path.chmod(0o444)  # who wants to change something shall do so in the tree
    shutil.rmtree(folder, ignore_errors=True)
    try:
        new.rename(folder)
    except OSError:
        if not holds(folder, files):  # else another process was faster
            raise
        shutil.rmtree(new)
    return folder


def link_to_headers(tree: argument.Argument, origin: str, snapshots: pathlib.Path) -> None:
    """Makes the link of-<origin> to the tree's own folder, which has the headers that a snapshot has not: CMake looks
    there for what a file under test uses and the shims do not know. A revision and a version of Debian's have no such
    folder. With a patch there is none either: it may change those headers."""
    if not tree.folder or tree.revision is not None or tree.patches:
        return
    folder = pathlib.Path(tree.folder).resolve()
    link = snapshots / f"of-{origin}"
    if link.is_symlink() and pathlib.Path(os.readlink(link)) == folder:
        return
    new = pathlib.Path(tempfile.mkdtemp(prefix=".new-", dir=snapshots))
    (new / "link").symlink_to(folder)
    (new / "link").replace(link)
    new.rmdir()


def take(text: str, snapshots: pathlib.Path = SNAPSHOTS) -> Tree:
    """The snapshot of a TREE argument. Raises TreeError if there is none to take."""
    shown = printable(text)
    tree = argument.parse(text)
    files = read(tree, shown)
    origin = number_of(tree.origin.encode("utf-8", "surrogateescape"))
    try:
        folder = write(files, snapshots)
        link_to_headers(tree, origin, snapshots)
    except OSError as error:
        raise SetupFailed(f"no snapshot of {shown} can be written to {snapshots}: {error.strerror}") from error
    return Tree(folder, shown, origin)


def check_different(tree: Tree, baseline: Tree) -> None:
    """Refuses a baseline that has the same code."""
    if tree.same_code(baseline):
        raise TreeError(
            f"{tree.shown} and the baseline {baseline.shown} are the same in all files that are under test: "
            "there is nothing to compare"
        )
