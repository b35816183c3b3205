# SPDX-License-Identifier: MIT
"""The lines that a tree has and its baseline has not, and which of them were run."""

import dataclasses
import difflib
import pathlib
import subprocess
from typing import Iterator, Sequence, Union

from linux_tree.files import UNDER_TEST
from linux_tree.snapshot import ROOT, Tree, read_if_there

COVERAGE_LOG = ROOT / "build/check-coverage.log"


@dataclasses.dataclass(frozen=True)
class Line:
    """A changed line that the compiler made code for."""

    file: str
    number: int
    text: str
    runs: int  # how often it was run
    branches: int  # how many ways out of it there are, and how many were taken
    taken: int


def changed(tree: Tree, baseline: Tree) -> Iterator[tuple[str, int, str]]:
    """File, number and text of each line that the baseline does not have."""
    for name in sorted(UNDER_TEST):
        before, after = (
            read_if_there(folder / name).decode(errors="replace").splitlines()
            for folder in (baseline.folder, tree.folder)
        )
        matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
        for kind, _, _, first, last in matcher.get_opcodes():
            if kind in ("replace", "insert"):
                yield from ((name, number + 1, after[number]) for number in range(first, last))


def read_lcov(text: str, root: pathlib.Path) -> dict[tuple[str, int], tuple[int, int, int]]:
    """For each line with code: how often it was run, how many branches it has, and how many of them were taken."""
    lines: dict[tuple[str, int], tuple[int, int, int]] = {}
    name = ""
    for row in text.splitlines():
        key, _, value = row.partition(":")
        if key == "SF":
            path = pathlib.Path(value)
            name = str(path.relative_to(root)) if path.is_relative_to(root) else ""
        elif key in ("DA", "BRDA") and name:
            fields = value.split(",")
            where = (name, int(fields[0]))
            runs, branches, taken = lines.get(where, (0, 0, 0))
            if key == "DA":
                lines[where] = (int(fields[1]), branches, taken)
            else:
                lines[where] = (runs, branches + 1, taken + (fields[3] not in ("-", "0")))
    return lines


def measure(tree: str, shim: str, corpora: Sequence[pathlib.Path]) -> Union[str, None]:
    """Runs all inputs once more, with source coverage, and returns what was reached, as lcov; None: it failed."""
    lcov = ROOT / "build/check-coverage.lcov"
    command = [str(ROOT / "scripts/coverage"), "--linux", tree, "--lcov", str(lcov)]
    command += ["--shim", shim] if shim else []
    for corpus in corpora:
        command += ["--add", str(corpus)]
    with COVERAGE_LOG.open("w") as log:
        done = subprocess.run(command, stdout=log, stderr=log, check=False)
    return lcov.read_text() if done.returncode == 0 else None


def covered(lines: Sequence[tuple[str, int, str]], lcov: str, root: pathlib.Path) -> list[Line]:
    """What was run of the lines, of those that have code."""
    reached = read_lcov(lcov, root)
    return [Line(*line, *reached[line[0], line[1]]) for line in lines if (line[0], line[1]) in reached]
