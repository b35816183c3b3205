# SPDX-License-Identifier: MIT
"""The lines that a tree has and its baseline has not, and which of them were run; and what became of the attempts to
take a lock and to allocate in the functions that differ."""

import collections
import dataclasses
import difflib
import pathlib
import re
import subprocess
from typing import Any, Iterator, Sequence, Union

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


@dataclasses.dataclass(frozen=True)
class Function:
    """Where a function is defined, from the line of its name to its closing brace."""

    file: str
    name: str
    first: int
    last: int


@dataclasses.dataclass(frozen=True)
class Site:
    """A place that takes a lock or allocates, in a function that differs from the baseline's."""

    file: str
    number: int
    function: str
    text: str
    results: dict[
        str, int
    ]  # how often, by what became of it (AttemptCount in fuzz/engine/status_file.h); {}: never run


# What takes an rqspinlock or allocates, as the tree's files have it.
ATTEMPT = re.compile(
    r"\b(?:raw_res_spin_lock(?:_irqsave)?|\w*kv?[mzc]alloc\w*|\w*_area_alloc|bpf_mem_(?:cache_)?alloc)\("
)


def lines_of(tree: Tree, name: str) -> list[str]:
    return read_if_there(tree.folder / name).decode(errors="replace").splitlines()


def edits(tree: Tree, baseline: Tree) -> Iterator[tuple[str, list[str], int, int]]:
    """For each edit the file, its lines, and the indices of those that are new: none where lines are only gone."""
    for name in sorted(UNDER_TEST):
        after = lines_of(tree, name)
        matcher = difflib.SequenceMatcher(None, lines_of(baseline, name), after, autojunk=False)
        for kind, _, _, first, last in matcher.get_opcodes():
            if kind != "equal":
                yield name, after, first, last


def changed(tree: Tree, baseline: Tree) -> Iterator[tuple[str, int, str]]:
    """File, number and text of each line that the baseline does not have."""
    for name, after, first, last in edits(tree, baseline):
        yield from ((name, number + 1, after[number]) for number in range(first, last))


def functions(name: str, lines: Sequence[str]) -> Iterator[Function]:
    """The functions that a file defines. As the kernel writes them, the braces of a body are alone on their lines."""
    first, opened = 0, None  # where a definition may begin; the definition whose body this is
    for number, line in enumerate(lines):
        if line == "{":
            opened = re.search(r"(?:BPF_CALL_\d\()?(\w+)\s*[(,]", " ".join(lines[first:number]))
        elif line == "}" and opened is not None:
            yield Function(name, opened[1], first + 1, number + 1)
            opened = None
        if opened is None and re.search(r"^\}|^#|;\s*$|\*/\s*$|^\s*$", line):
            first = number + 1


def changed_functions(tree: Tree, baseline: Tree) -> list[Function]:
    """Those that have a line that the baseline has not, or lack one that it has, in the order of the files."""
    found = []
    for name, after, first, last in edits(tree, baseline):
        for function in functions(name, after):
            # New are the lines from first + 1 to last. Where lines are gone, it is between `first` and the next one.
            if function.first <= last and first + 1 <= function.last:
                found.append(function)
    return list(dict.fromkeys(found))


def statement(lines: Sequence[str], number: int) -> range:
    """The lines of the statement that begins in this one. A compiler may say that a macro is in the last of them."""
    ends = (n for n in range(number, len(lines) + 1) if re.search(r"[;{]\s*$", lines[n - 1]))
    return range(number, next(ends, number) + 1)


def sites(tree: Tree, changed_ones: Sequence[Function], counts: Sequence[dict[str, Any]]) -> list[Site]:
    """What became of the attempts in these functions. `counts` are those of campaigns."""
    found = []
    for function in changed_ones:
        lines = lines_of(tree, function.file)
        results: dict[int, collections.Counter[str]] = collections.defaultdict(collections.Counter)
        for count in counts:
            if count["file"] == function.file and function.first <= count["line"] <= function.last:
                results[count["line"]][count["result"]] += count["count"]
        for number in range(function.first, function.last + 1):
            text = lines[number - 1].strip()
            is_known = ATTEMPT.search(text) and not text.startswith(("*", "/*"))
            here = [results.pop(n) for n in (statement(lines, number) if is_known else [number]) if n in results]
            if is_known or here:
                total = sum(here, collections.Counter[str]())
                found.append(Site(function.file, number, function.name, text, dict(total)))
    return found


def orders(counts: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The pairs of conflicting accesses that campaigns have counted, each once, by where in an object they are."""

    def place(access: dict[str, Any]) -> tuple[str, int, str, str]:
        return access["file"], access["line"], access["function"], access["access"]

    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for count in counts:
        key = (count["kind"], count["offset"], place(count["first"]), place(count["second"]))
        entry = found.setdefault(key, {**count, "first_then_second": 0, "second_then_first": 0})
        for order in ("first_then_second", "second_then_first"):
            entry[order] += count[order]
    return [found[key] for key in sorted(found)]


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


def measure(tree: Tree, shim: str, corpora: Sequence[pathlib.Path]) -> Union[str, None]:
    """Runs all inputs once more, with source coverage, and returns what was reached, as lcov; None: it failed."""
    lcov = ROOT / "build/check-coverage.lcov"
    command = [str(ROOT / "scripts/coverage"), "--snapshot", str(tree.folder), tree.origin, tree.shown]
    command += ["--lcov", str(lcov)] + (["--shim", shim] if shim else [])
    for corpus in corpora:
        command += ["--add", str(corpus)]
    with COVERAGE_LOG.open("w") as log:
        done = subprocess.run(command, stdout=log, stderr=log, check=False)
    return lcov.read_text() if done.returncode == 0 else None


def covered(lines: Sequence[tuple[str, int, str]], lcov: str, root: pathlib.Path) -> list[Line]:
    """What was run of the lines, of those that have code."""
    reached = read_lcov(lcov, root)
    return [Line(*line, *reached[line[0], line[1]]) for line in lines if (line[0], line[1]) in reached]
