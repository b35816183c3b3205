#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Whether a schedule is 1-minimal: nothing can be left out of it such that it still violates in this way.

usage: one_minimal.py TOOL FILE SIGNATURE

TOOL is the `nofail` command that has the subject. Each of these is tried:

  - without one operation, one deviation, two operations, one map or one owner (with every operation on it)
  - without one map or owner, while one of the operations on it goes over to another one, or all but one, or all
  - where there are few deviations: without one of the first list, while one deviation is moved to another operation

Works on the text alone and shares nothing with the minimizer, which it judges (docs/minimize.md).

exit code: 0 it is; 1 it is not: what is enough is printed; 2 it does not violate in this way to begin with"""

import dataclasses
import functools
import itertools
import json
import pathlib
import re
import subprocess
import sys
import tempfile
from typing import Callable, Iterator

MOST_DEVIATIONS_TO_MOVE = 4
MOST_POINTS = 8  # of an operation, to which a preemption is moved


@dataclasses.dataclass(frozen=True)
class Op:
    task: str  # "setup", "A", ...
    words: tuple[str, ...]  # ("update", "m0", "o0")
    number: int  # in the file, which tells equal operations apart


@dataclasses.dataclass(frozen=True)
class Deviation:
    where: int | str  # the number of an Op, "cb/selem0", or, of the end, the object that it tears down: "end/m0"
    kind: str  # "preempt", "lock", ...
    ordinal: int
    answer: str  # "to B", "timeout", ...


@dataclasses.dataclass(frozen=True)
class Schedule:
    mode: str
    objects: dict[str, str]  # maps and owners: the name to what is said of it
    ops: tuple[Op, ...]  # those of the set-up first
    deviations: tuple[Deviation, ...]

    def named(self, letter: str) -> list[str]:
        return [name for name in self.objects if name[0] == letter]

    def tasks(self) -> list[str]:
        return sorted({op.task for op in self.ops} - {"setup"})

    def on(self, name: str) -> list[Op]:
        """The operations on a map or an owner."""
        return [op for op in self.ops if name in op.words]


# ---- Text ------------------------------------------------------------------------------------------------------------


def labels(schedule: Schedule) -> dict[int | str, str]:
    """What deviations call the operations, by their numbers."""
    seen: dict[tuple[str, str], int] = {}
    result: dict[int | str, str] = {}
    for op in schedule.ops:
        key = (op.task, op.words[0])
        seen[key] = seen.get(key, 0) + 1
        result[op.number] = f"{op.task}/{op.words[0]}" + (f"#{seen[key]}" if seen[key] > 1 else "")
    return result


def parse(text: str) -> Schedule:
    """A schedule as a program writes it: one choice a line."""
    mode = ""
    objects: dict[str, str] = {}
    ops: list[Op] = []
    deviations: list[Deviation] = []
    for line in text.splitlines():
        word = line.split(maxsplit=1)[0] if line else ""
        if word in ("map", "owner"):
            _, name, attributes = line.split(maxsplit=2)
            objects[name] = attributes
        elif word == "mode":
            mode = line
        elif word == "setup:" or word == "task":
            head, listed = line.split(":", 1)
            for op in listed.split(";"):
                ops.append(Op(head.split()[-1], tuple(op.split()), len(ops)))
    schedule = Schedule(mode, objects, tuple(ops), ())
    numbers = {label: number for number, label in labels(schedule).items()}
    ends = [*schedule.named("o"), *schedule.named("m")]
    for line in text.splitlines():
        found = re.fullmatch(r"deviate\s+(\S+): (\w+) (\d+) ?([^;]*)", line)
        if not found:
            assert not line.startswith("deviate"), f"not as a program writes it: {line}"
            continue
        where: int | str = numbers.get(found[1], found[1])
        if found[1].startswith("end/"):
            where = f"end/{ends[int(found[1][4:]) - 1]}"
        deviations.append(Deviation(where, found[2], int(found[3]), found[4]))
    return dataclasses.replace(schedule, deviations=tuple(deviations))


def text_of_deviation(schedule: Schedule, deviation: Deviation) -> str:
    where = labels(schedule).get(deviation.where, str(deviation.where))
    if where.startswith("end/"):
        where = f"end/{[*schedule.named('o'), *schedule.named('m')].index(where[4:]) + 1}"
    return f"deviate {where}: {deviation.kind} {deviation.ordinal} {deviation.answer}".rstrip()


def name_of(op: Op) -> str:
    return f"{op.task if op.task == 'setup' else f'task {op.task}'}: {' '.join(op.words)}"


def renamed(schedule: Schedule) -> dict[str, str]:
    """What maps, owners and tasks are called when they are counted anew."""
    names = {name: f"{letter}{i}" for letter in "mo" for i, name in enumerate(schedule.named(letter))}
    return names | dict(zip(schedule.tasks(), "ABCD"))


def text_of(schedule: Schedule) -> str:
    lines = ["nofail schedule 1"]
    for letter, word in (("m", "map  "), ("o", "owner")):
        lines += [f"{word} {name} {schedule.objects[name]}" for name in schedule.named(letter)]
    lines.append(schedule.mode)
    for task in ["setup", *schedule.tasks()]:
        head = "setup" if task == "setup" else f"task {task}"
        ops = "; ".join(" ".join(op.words) for op in schedule.ops if op.task == task)
        lines += [f"{head}: {ops}"] if ops else []
    lines += [text_of_deviation(schedule, deviation) for deviation in schedule.deviations]
    names = renamed(schedule)
    text = "\n".join(line for line in lines if line) + "\n"
    return re.sub(r"\b([mo]\d|[ABCD])\b", lambda name: names.get(name[0], name[0]), text)


def is_valid(schedule: Schedule) -> bool:
    """Whether `nofail` reads it. What it would not is no shorter schedule."""

    def value(name: str, key: str) -> str:
        return re.sub(rf".*\b{key}=(\S+).*|.*", r"\1", schedule.objects[name])

    map_types = {value(name, "type") for name in schedule.named("m")}
    if not schedule.tasks() or any(value(owner, "type") not in map_types for owner in schedule.named("o")):
        return False
    for op in schedule.ops:
        named = [word for word in op.words if word in schedule.objects]
        if len(set(named)) < len(named) or len({value(name, "type") for name in named}) > 1:
            return False
        if op.words[0] == "kptr" and "kptr" not in value(op.words[1], "fields"):
            return False
    choices = {(deviation.where, deviation.kind, deviation.ordinal) for deviation in schedule.deviations}
    return len(choices) == len(schedule.deviations)


# ---- What can be left out --------------------------------------------------------------------------------------------


def without_ops(schedule: Schedule, gone: set[Op]) -> Schedule:
    """Without these operations, their deviations, and preemptions to tasks that are gone with them."""
    left = dataclasses.replace(schedule, ops=tuple(op for op in schedule.ops if op not in gone))
    numbers = {op.number for op in gone}
    targets = {f"to {task}" for task in set(schedule.tasks()) - set(left.tasks())}
    return dataclasses.replace(
        left, deviations=tuple(d for d in schedule.deviations if d.where not in numbers and d.answer not in targets)
    )


def without_object(schedule: Schedule, name: str) -> Schedule:
    left = without_ops(schedule, set(schedule.on(name)))
    callbacks = (f"end/{name}", f"cb/{name}")
    return dataclasses.replace(
        left,
        objects={other: attributes for other, attributes in left.objects.items() if other != name},
        deviations=tuple(d for d in left.deviations if d.where not in callbacks and d.answer != f"to cb/{name}"),
    )


def without_deviation(schedule: Schedule, gone: Deviation) -> Schedule:
    return dataclasses.replace(schedule, deviations=tuple(d for d in schedule.deviations if d != gone))


# What is left out, and how.
Drop = tuple[str, Callable[[Schedule], Schedule]]


def drops(schedule: Schedule) -> Iterator[Drop]:
    """Of one operation, deviation, map or owner."""
    for op in schedule.ops:
        yield name_of(op), functools.partial(without_ops, gone={op})
    for deviation in schedule.deviations:
        yield text_of_deviation(schedule, deviation), functools.partial(without_deviation, gone=deviation)
    for name in schedule.objects:
        if len(schedule.named(name[0])) > 1:
            yield name, functools.partial(without_object, name=name)


def replaced(schedule: Schedule, name: str, other: str, movers: set[Op]) -> Schedule:
    """Without a map or owner; these operations on it go over to another one."""
    ops = tuple(
        dataclasses.replace(op, words=tuple(other if word == name else word for word in op.words))
        if op in movers
        else op
        for op in schedule.ops
    )
    return without_object(dataclasses.replace(schedule, ops=ops), name)


def replacements(schedule: Schedule) -> Iterator[tuple[str, Schedule]]:
    for name, other in itertools.permutations(schedule.objects, 2):
        ops = schedule.on(name)
        if name[0] != other[0]:
            continue
        for size in {1, len(ops) - 1, len(ops)} - {0, -1}:
            for movers in itertools.combinations(ops, size):
                yield f"{name}, with {size} of its operations on {other}", replaced(schedule, name, other, set(movers))


def moved(schedule: Schedule) -> Iterator[tuple[str, Schedule]]:
    """With one deviation at another operation of a task."""
    tasks: dict[int | str, str] = {op.number: op.task for op in schedule.ops}
    for old, op in itertools.product(schedule.deviations, schedule.ops):
        if op.task == "setup" or op.number == old.where:
            continue
        answer = old.answer
        if answer == f"to {op.task}":  # a task that runs is preempted to another one
            answer = f"to {tasks.get(old.where, str(old.where))}"
        last = MOST_POINTS if old.kind == "preempt" else 1
        for ordinal in sorted({old.ordinal, *range(1, last + 1)}):
            new = Deviation(op.number, old.kind, ordinal, answer)
            deviations = tuple(new if deviation == old else deviation for deviation in schedule.deviations)
            changed = dataclasses.replace(schedule, deviations=deviations)
            yield f"`{text_of_deviation(schedule, old)}` as `{text_of_deviation(schedule, new)}`", changed


def shorter(schedule: Schedule) -> Iterator[tuple[str, str]]:
    """Every schedule that is tried: what it is without, and its text."""

    def candidates() -> Iterator[tuple[str, Schedule]]:
        for what, drop in drops(schedule):
            yield f"`{what}`", drop(schedule)
        for pair in itertools.combinations(schedule.ops, 2):
            yield " and ".join(f"`{name_of(op)}`" for op in pair), without_ops(schedule, set(pair))
        yield from replacements(schedule)
        if len(schedule.deviations) > MOST_DEVIATIONS_TO_MOVE:
            return
        for how, other in moved(schedule):
            for what, drop in drops(other):
                yield f"`{what}`, with {how}", drop(other)

    seen = {text_of(schedule)}
    for what, candidate in candidates():
        if not is_valid(candidate):
            continue
        text = text_of(candidate)
        if text not in seen:
            seen.add(text)
            yield what, text


def signatures(tool: str, folder: str) -> list[list[str]]:
    """For each schedule in the folder, the signatures of its violations."""
    done = subprocess.run([tool, "replay", "--json", folder], capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1):
        sys.exit(f"{tool} replay: exit code {done.returncode}: {done.stderr}")
    return [[v["signature"] for v in run["violations"]] for run in json.loads(done.stdout)["runs"]]


def main(tool: str, file: str, signature: str) -> int:
    schedule = parse(pathlib.Path(file).read_text(encoding="utf-8"))
    less = list(shorter(schedule))
    with tempfile.TemporaryDirectory() as folder:
        for i, text in enumerate([text_of(schedule), *(text for _, text in less)]):
            pathlib.Path(folder, f"{i:06}.sched").write_text(text, encoding="utf-8")
        whole, *runs = signatures(tool, folder)
    if signature not in whole:
        print(f"{file}: does not violate as {signature}")
        return 2
    enough = [gone for (gone, _), run in zip(less, runs, strict=True) if signature in run]
    for gone in enough:
        print(f"{file}: violates as {signature} without {gone} as well")
    return int(bool(enough))


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
