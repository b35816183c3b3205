# SPDX-License-Identifier: MIT
"""From a schedule to a plan: who waits where, so that a real kernel takes the schedule's way.

A run of the simulator is a sequence of *turns*: in each, one task runs on from where it stopped. A plan makes the
kernel keep to that sequence. Where a task of the run stops, its op in the kernel arrives at a gate: there the next turn
is reached, and the op waits for the turn in which the task goes on. How long a task is away decides what happens to the
others: who asks for a lock that it holds times out, for the lock's own reasons and after the lock's own time.

What the kernel does on its own account is left to it: grace periods, callbacks, what a lock's waiters do. Where a
schedule needs the end of a grace period at some point, the plan has a turn of RCU's, in which the driver waits for it.
"""

import dataclasses
import json
import pathlib
import subprocess
from typing import Any

from nofail_reproduce.instrument import FILES, Site

NUMBER_OF_FILE = {pathlib.PurePath(name).name: number for number, name in enumerate(FILES)}
DRIVEN = ("map_free", "destroy", "update", "delete", "lookup")
# What is told of a task between its steps.
NO_STEPS = ("fault", "warning", "data-race", "earlier-access", "free", "gp-end", "record-end", "callback-end")
NO_SITE: Site = (0, 1)  # an op's begin
END_SITE: Site = (0, 2)


class NoCounterpart(Exception):
    """A real kernel cannot be made to do what the schedule says; the text says what."""


@dataclasses.dataclass
class Op:
    """An op of the schedule."""

    task: str
    kind: str
    map: int
    owner: int
    start: int = 0
    last: Site = NO_SITE
    by_program: bool = False  # a sleepable one
    visits: dict[Site, int] = dataclasses.field(default_factory=dict)
    in_turn: dict[Site, int] = dataclasses.field(default_factory=dict)  # visits since its turn began
    again: int = 0
    begun: bool = False


@dataclasses.dataclass
class Gate:
    """See `struct gate` of guest/nofail_gates.c."""

    op: int
    site: Site
    visit: int
    again: int
    at: bool
    reach: int
    until: int = 0
    resched: bool = False
    # For a patch (patch.py), which knows an op by the turn that it is in: that turn; which site the op comes to next in
    # the run (None: it does not go on), and for which time in this turn; for which time it was at `site` in this turn.
    turn: int = 0
    next: Site | None = None
    next_visit: int = 1
    visit_in_turn: int = 1

    def line(self) -> str:
        return (
            f"gate {self.op} {self.site[0]} {self.site[1]} {self.visit} {self.again} {int(self.at)} {self.reach} "
            f"{self.until} {int(self.resched)}"
        )


@dataclasses.dataclass
class RcuStep:
    """At a turn the driver begins to wait for what RCU has to be freed, or for the end of that."""

    turn: int
    is_end: bool
    reach: int
    trace: bool = False  # what RCU Tasks Trace has, too

    def line(self) -> str:
        return f"rcu {self.turn} {'end' if self.is_end else 'begin'} {self.reach} {int(self.trace)}"


@dataclasses.dataclass
class Plan:
    """What the driver and the gates do; `lines` is the driver's file."""

    subject: str
    schedule: str
    rcu: str
    types: set[str]
    programs: bool  # it runs some
    signatures: list[str]
    ops: list[Op]
    gates: list[Gate]
    lines: list[str]


def run_schedule(nofail: str, file: str, subject: str) -> dict[str, Any]:
    """What `nofail show` says of the schedule, as data."""
    command = [nofail, "show", file, "--subject", subject, "--json", "--verbose"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        said = done.stderr.strip().removeprefix("nofail: ").removeprefix(f"{file}: ")
        raise NoCounterpart(said or "it cannot be run")
    run: dict[str, Any] = json.loads(done.stdout)
    return run


def site_of(event: dict[str, Any]) -> Site | None:
    site = event.get("site")
    if site is None or (number := NUMBER_OF_FILE.get(pathlib.PurePath(site["file"]).name)) is None:
        return None
    return (number, site["line"])


def parse(schedule: str) -> tuple[list[str], dict[str, str], list[tuple[str, str]], dict[str, list[list[str]]]]:
    """The lines of maps and owners, the mode, the set-up's ops, and each task's ops."""
    world: list[str] = []
    mode: dict[str, str] = {}
    setup: list[tuple[str, str]] = []
    tasks: dict[str, list[list[str]]] = {}
    for line in schedule.splitlines():
        words = line.split()
        match words[:1]:
            case ["map" | "owner"]:
                fields = dict(word.split("=") for word in words[2:] if "=" in word)
                number = words[1][1:]
                last = fields["value"] if words[0] == "map" else fields["bucket"]
                world.append(f"{words[0]} {number} {fields['type']} {last}")
            case ["mode"]:
                mode = dict(word.split("=") for word in words[1:])
            case ["setup:"]:
                for op in line.split(":", 1)[1].split(";"):
                    kind, *objects = op.split()
                    if kind != "update":
                        continue  # kptrs and fields of values: no finding that can be reproduced needs them
                    setup.append((objects[0][1:], objects[1][1:]))
            case ["task"]:
                tasks[words[1].rstrip(":")] = [op.split() for op in line.split(":", 1)[1].split(";")]
    return world, mode, setup, tasks


def op_of(task: str, words: list[str]) -> Op:
    kind = words[0]
    if kind not in DRIVEN:
        raise NoCounterpart(f"the driver has no `{kind}`: it runs {', '.join(DRIVEN)}")
    if "sleepable" in words and kind not in ("update", "lookup"):
        raise NoCounterpart(f"`{' '.join(words)}`: the driver's sleepable programs update and look up")
    numbers = {word[0]: int(word[1:]) for word in words[1:] if word[:1] in "mo" and word[1:].isdigit()}
    return Op(task, kind, numbers.get("m", 0), numbers.get("o", 0), by_program="sleepable" in words)


def check_programs(ops: list[Op], world: list[str]) -> None:
    """A program knows one owner without any other program's help: the task that runs it."""
    types = {line.split()[1]: line.split()[2] for line in world if line.startswith("owner")}
    runners: dict[int, str] = {}
    for op in ops:
        if not op.by_program:
            continue
        if types[str(op.owner)] != "task":
            raise NoCounterpart("the driver's sleepable programs have task storage only; try it with type=task")
        if runners.setdefault(op.owner, op.task) != op.task:
            raise NoCounterpart(f"two tasks run programs on o{op.owner} at once; a program's task is its owner")


class Maker:
    """Reads a run's events in order, and makes gates of its switches."""

    def __init__(
        self, ops: list[Op], numbers: dict[tuple[str, int], int], gated: set[Site], at_stake: set[str]
    ) -> None:
        self.ops, self.numbers, self.gated = ops, numbers, gated
        # The objects that violations are about. Only for these does it matter when RCU frees them; and a grace period
        # that is begun for others could be in the way, because a kernel has one at a time.
        self.at_stake = at_stake
        self.gates: list[Gate] = []
        self.rcu: list[RcuStep] = []
        self.turn = 0
        self.runner: int | None = None
        self.stopped: dict[int, Gate] = {}  # where an op waits for its next turn
        self.waiting: dict[int, Gate] = {}  # where an op began to wait for a grace period
        self.polling: set[int] = set()  # ops that stopped in a poll
        self.going_on: dict[int, tuple[Gate, dict[Site, int]]] = {}  # it has gone on, and not come to a site yet
        self.handed_over: set[str] = set()  # objects that RCU has
        self.asked_for: set[str] = set()  # those of them whose end the driver waits for

    def stop(self, number: int, event: dict[str, Any] | None) -> None:
        """The op's turn ends."""
        op = self.ops[number]
        turn, self.turn = self.turn, self.turn + 1
        visit = op.visits.get(op.last, 1)
        here = op.in_turn.get(op.last, 1)
        kind = event["kind"] if event is not None else ""

        def gate(at: bool) -> Gate:
            again = 0 if at else op.again
            made = Gate(number, op.last, visit, again, at, self.turn, turn=turn, visit_in_turn=here)
            self.gates.append(made)
            return made

        if kind == "cpu-relax":
            gate(at=True)
            self.stopped[number] = gate(at=False)
            self.polling.add(number)
        elif kind in ("lock-wait", "begin"):
            # It gets the lock in its next turn. In the kernel it would not wait for so long, so it asks then. And an op
            # that has only begun is not in a reader section yet.
            self.stopped[number] = gate(at=True)
        elif kind in ("gp-wait", "barrier-wait"):
            self.waiting[number] = gate(at=True)
            self.stopped[number] = gate(at=False)
        else:
            self.stopped[number] = gate(at=False)

    def go_on(self, number: int) -> None:
        op = self.ops[number]
        self.waiting.pop(number, None)
        self.polling.discard(number)
        if (gate := self.stopped.pop(number, None)) is not None:
            gate.until = self.turn
            self.going_on[number] = (gate, op.in_turn)
            op.in_turn = {}
        elif not op.begun:
            op.start = self.turn
        self.runner = number

    def visit(self, number: int, site: Site, event: dict[str, Any]) -> None:
        op = self.ops[number]
        if site not in self.gated:
            return
        if (went_on := self.going_on.pop(number, None)) is not None:
            gate, before = went_on
            gate.next = site
            gate.next_visit = before.get(site, 0) + 1
        if op.last != site:
            op.visits[site] = op.visits.get(site, 0) + 1
            op.in_turn[site] = op.in_turn.get(site, 0) + 1
            op.last, op.again = site, 0
        if event["kind"] == "need-resched" and event["text"].endswith(": 1"):
            here = op.in_turn.get(site, 1)
            due = Gate(number, site, op.visits[site], 0, True, 0, resched=True, turn=self.turn, visit_in_turn=here)
            self.gates.append(due)

    def step_of_rcu(self, is_end: bool, trace: bool = False) -> None:
        self.rcu.append(RcuStep(self.turn, is_end, self.turn + 1, trace))
        self.turn += 1

    def ask_rcu(self) -> None:
        """Before anybody else goes on: the grace periods of what was handed over begin, so that readers who come later
        do not hold them up."""
        if self.handed_over and not self.asked_for:
            self.step_of_rcu(is_end=False)
            self.asked_for, self.handed_over = self.handed_over, set()

    def rcu_ends(self, freed: set[str], trace: bool) -> None:
        """These objects are freed now. What was handed over after the driver had begun to wait takes another wait."""
        if self.asked_for & freed:
            self.step_of_rcu(is_end=True)
            self.asked_for = set()
        if self.handed_over & freed:
            self.step_of_rcu(is_end=False, trace=trace)
            self.step_of_rcu(is_end=True)
            self.handed_over = set()


def is_freed_by_rcu(event: dict[str, Any]) -> bool:
    return bool((event["kind"] == "free" and event["detail"] == 1) or event["kind"] == "callback")


def read_events(maker: Maker, events: list[dict[str, Any]]) -> None:
    last: dict[int, dict[str, Any]] = {}
    freed: set[str] = set()
    trace = False
    for event in events:
        number = maker.numbers.get((event["task"], event["op"]))
        if is_freed_by_rcu(event):
            freed.add(event["object"])
            trace = trace or event["kind"] == "callback"
            continue
        if number is None or event["kind"] in NO_STEPS:
            if number is not None and event["kind"] == "fault" and "refcount" in event["text"]:
                maker.ops[number].again = 1  # it has made the second step of the count
            continue
        if event["kind"] == "switch":
            if "done" not in event["text"] and maker.runner == number and maker.ops[number].begun:
                maker.stop(number, last.get(number))
                maker.ask_rcu()
                maker.runner = None
            continue
        if freed and maker.runner is not None:
            # Whoever goes on now does so after memory was freed.
            maker.stop(maker.runner, last.get(maker.runner))
            maker.ask_rcu()
            maker.runner = None
        if freed:
            maker.rcu_ends(freed, trace)
            freed, trace = set(), False
        if maker.runner != number:
            maker.go_on(number)
        op = maker.ops[number]
        op.begun = True
        if event["kind"] in ("kfree-rcu", "call-rcu"):
            maker.handed_over |= {event["object"]} & maker.at_stake
        if (site := site_of(event)) is not None:
            maker.visit(number, site, event)
        last[number] = event
        if event["kind"] == "end":
            maker.turn += 1
            maker.gates.append(Gate(number, END_SITE, 1, 0, True, maker.turn))
            maker.ask_rcu()
            maker.runner = None
    if freed:
        maker.rcu_ends(freed, trace)
    for number, gate in maker.stopped.items():
        # It does not go on in the run: it does when all is over. But a poll for ever is what a watchdog shall see.
        gate.until = 0 if number in maker.polling else maker.turn + 1
    for number in maker.stopped.keys() & maker.waiting.keys():
        maker.waiting[number].until = maker.turn + 1  # nor does it begin to wait: its grace period could be in the way


def check_modes(run: dict[str, Any], mode: dict[str, str]) -> None:
    if mode.get("locks") == "any" and run.get("locks_needed") == "any":
        raise NoCounterpart("a lock fails though nobody holds it (locks=any); a real lock does not do that")
    if mode.get("memory") == "weak":
        raise NoCounterpart("a load sees an old value (memory=weak); QEMU's emulation does not show that")
    for event in run["events"]:
        if event["kind"] == "lock" and "-EDEADLK" in event["text"]:
            raise NoCounterpart("a lock fails with -EDEADLK, which takes a program in an NMI")
        if event["kind"] == "alloc" and event["object"] is None:
            raise NoCounterpart("an allocation fails; kmalloc_nolock() is not under the kernel's fault injection")


def make(run: dict[str, Any], gated: set[Site]) -> Plan:
    """`run`: what `run_schedule` returned; `gated`: the sites that have gates."""
    world, mode, setup, tasks = parse(run["schedule"])
    check_modes(run, mode)
    ops: list[Op] = []
    numbers: dict[tuple[str, int], int] = {}
    skipped = {(event["task"], event["op"]) for event in run["events"] if event["kind"] == "skipped"}
    for task, of_task in tasks.items():
        for position, words in enumerate(of_task):
            if (task, position) in skipped:
                continue
            numbers[task, position] = len(ops)
            ops.append(op_of(task, words))
    check_programs(ops, world)
    at_stake = {name for violation in run["violations"] for name in violation.get("involved", ())}
    maker = Maker(ops, numbers, gated, at_stake)
    read_events(maker, run["events"])
    names = sorted(tasks)
    settle = 15 if any(violation["kind"] in ("livelock", "deadlock") for violation in run["violations"]) else 3
    lines = [
        *(line for line in world if line.startswith("map")),
        *(f"program {number} {op.map} {int(op.kind == 'update')}" for number, op in enumerate(ops) if op.by_program),
        *(line for line in world if line.startswith("owner")),
        *(f"setup {map_number} {owner}" for map_number, owner in setup),
        *(
            f"op {number} {names.index(op.task)} {'prog_' * op.by_program}{op.kind} {op.map} {op.owner} {op.start}"
            for number, op in enumerate(ops)
        ),
        *(gate.line() for gate in maker.gates),
        *(step.line() for step in maker.rcu),
        f"last {maker.turn} {settle}",
    ]
    return Plan(
        subject=run["subject"],
        schedule=run["schedule"],
        rcu=mode.get("rcu", "preemptible"),
        types={line.split()[2] for line in world},
        programs=any(op.by_program for op in ops),
        signatures=[violation["signature"] for violation in run["violations"]],
        ops=ops,
        gates=maker.gates,
        lines=lines,
    )
