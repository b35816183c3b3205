#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Whether a schedule is 1-minimal: without any one of its operations or deviations, it no longer violates in this way.

usage: one_minimal.py TOOL FILE SIGNATURE

TOOL is the `nofail` command that has the subject. Works on the text alone and shares nothing with the minimizer, which
it judges (docs/minimize.md).

exit code: 0 it is; 1 it is not: what is enough is printed; 2 it does not violate in this way to begin with"""

import json
import pathlib
import re
import subprocess
import sys
import tempfile
from typing import Iterator

OP = r"(?P<task>\w+)/(?P<kind>[a-z_]+)(?:#(?P<number>\d+))?"


def without_op(lines: list[str], at: int, index: int) -> list[str]:
    """The schedule without the operation `index` of the line `at`, and without that operation's deviations. The names
    of later operations of its kind count one less."""
    head, listed = lines[at].split(":", 1)
    ops = [op.strip() for op in listed.split(";")]
    task, kind = head.split()[-1], ops[index].split()[0]
    number = 1 + [op.split()[0] for op in ops[:index]].count(kind)
    left = ops[:index] + ops[index + 1 :]
    result = []
    for i, line in enumerate(lines):
        where = re.match(rf"deviate\s+{OP}\s*:", line)
        if i == at:
            result += [f"{head}: {'; '.join(left)}"] if left else []
        elif not left and re.match(rf"deviate\b.*\bto {task}$", line):
            continue  # the task is gone
        elif where and (where["task"], where["kind"]) == (task, kind):
            named = int(where["number"] or 1)
            if named != number:
                named -= named > number
                suffix = f"#{named}" if named > 1 else ""
                result.append(f"deviate {task}/{kind}{suffix}{line[where.end() - 1:]}")
        else:
            result.append(line)
    return result


def with_one_less(text: str) -> Iterator[tuple[str, str]]:
    """For each operation and each deviation: its text, and the schedule without it."""
    lines = [line for line in text.splitlines() if line and not line.startswith(("#", "expect"))]
    tasks = sum(line.startswith("task") for line in lines)
    for at, line in enumerate(lines):
        if line.startswith("deviate"):
            assert ";" not in line, f"not as a program writes it: {line}"
            yield line, "\n".join(lines[:at] + lines[at + 1 :]) + "\n"
        elif line.startswith(("setup", "task")):
            ops = line.split(":", 1)[1].split(";")
            if line.startswith("task") and tasks == len(ops) == 1:
                continue  # a schedule has an operation
            for index, op in enumerate(ops):
                yield f"{line.split(':')[0]}: {op.strip()}", "\n".join(without_op(lines, at, index)) + "\n"


def signatures(tool: str, files: list[str | pathlib.Path]) -> list[list[str]]:
    """For each file, the signatures of its violations."""
    done = subprocess.run([tool, "replay", "--json", *files], capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1):
        sys.exit(f"{tool} replay: exit code {done.returncode}: {done.stderr}")
    return [[v["signature"] for v in run["violations"]] for run in json.loads(done.stdout)["runs"]]


def main(tool: str, file: str, signature: str) -> int:
    text = pathlib.Path(file).read_text(encoding="utf-8")
    less = list(with_one_less(text))
    with tempfile.TemporaryDirectory() as folder:
        files = [pathlib.Path(folder, f"{i:03}.sched") for i in range(len(less))]
        for path, (_, variant) in zip(files, less):
            path.write_text(variant, encoding="utf-8")
        whole, *runs = signatures(tool, [file, *files])
    if signature not in whole:
        print(f"{file}: does not violate as {signature}")
        return 2
    enough = [gone for (gone, _), run in zip(less, runs) if signature in run]
    for gone in enough:
        print(f"{file}: violates as {signature} without `{gone}` as well")
    return int(bool(enough))


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
