# SPDX-License-Identifier: MIT
"""The files of a revision. Only objects of the repository are read; the work tree is neither read nor changed."""

import os
import pathlib
import subprocess

from linux_tree.files import LARGEST, NEEDED, Files, SetupFailed, TreeError, printable

# A hook or `git rebase --exec` sets these for its own repository. They come before -C.
OF_ANOTHER_REPOSITORY = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_PREFIX")


def said_by(error: bytes) -> str:
    """The line of git's error messages that says most: the first one that git marks, without its mark."""
    lines = error.decode("utf-8", "replace").splitlines()
    marked = [line.removeprefix("fatal: ") for line in lines if line.startswith("fatal: ")]
    return printable((marked + lines + ["it did not say why"])[0])


def git(
    folder: pathlib.Path, *words: str, standard_input: bytes = b"", **variables: str
) -> "subprocess.CompletedProcess[bytes]":
    """Runs git in the folder."""
    kept = {name: value for name, value in os.environ.items() if name not in OF_ANOTHER_REPOSITORY}
    variables = {**kept, "LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0", **variables}
    try:
        return subprocess.run(
            ["git", *words], cwd=folder, input=standard_input, capture_output=True, env=variables, check=False
        )
    except FileNotFoundError as error:
        raise SetupFailed("git is not installed: apt-get install git") from error


def from_revision(folder: pathlib.Path, revision: str, shown: str) -> Files:
    """The files of the folder as they are in the revision. The folder may be any folder of a repository, or bare."""
    place = git(folder, "rev-parse", "--show-prefix")
    if place.returncode != 0:
        raise TreeError(
            f"{shown}: {printable(folder)} is in no git repository that can be read: {said_by(place.stderr)}"
        )
    tree = git(folder, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{tree}}")
    if not revision or tree.returncode != 0:
        raise TreeError(
            f"{shown}: the git repository has no revision {printable(revision)!r}; "
            "expected a commit, a branch or a tag after the @, and after a + a patch that is there"
        )
    prefix = os.fsdecode(place.stdout).removesuffix("\n")
    object_name = tree.stdout.decode().split()[-1]
    listed = git(folder, "ls-tree", "-z", "-l", "--full-tree", object_name, "--", *(prefix + name for name in NEEDED))
    if listed.returncode != 0:
        raise TreeError(f"{shown}: git cannot read that revision: {said_by(listed.stderr)}")
    files: Files = {}
    for row in os.fsdecode(listed.stdout).split("\0")[:-1]:
        facts, _, path = row.partition("\t")
        mode, _, blob, size = facts.split()
        name = path.removeprefix(prefix)
        if mode not in ("100644", "100755"):
            raise TreeError(f"{shown}: its {name} is not a file in that revision")
        if size.isdigit() and int(size) > LARGEST:  # of one that is missing git says no size
            raise TreeError(f"{shown}: its {name} is larger than {LARGEST >> 20} MiB; no Linux tree's is")
        read = git(folder, "cat-file", "blob", blob)
        if read.returncode != 0:
            raise TreeError(f"{shown}: git cannot read {name} of that revision: {said_by(read.stderr)}")
        files[name] = read.stdout
    return files
