# SPDX-License-Identifier: MIT
"""The gates of one schedule as a patch for people: to be read, applied, and attached to a mail.

It has what this schedule needs and nothing else: a number of turns, the few places in the kernel where a task hands
over to another one, and a program that makes the system calls. A place knows who it is meant for by the turn: in each
turn one task runs, and all others wait.
"""

import dataclasses
import difflib
import pathlib
import re
import string

from nofail_reproduce.instrument import FILES, GUEST, NoGates, Site
from nofail_reproduce.plan import Gate, NoCounterpart, Op, Plan

TEMPLATES = GUEST / "patch"
HEADER, CODE = "include/linux/nofail_turn.h", "kernel/bpf/nofail_turn.c"
PROGRAM = "tools/testing/selftests/bpf/nofail_reproducer.c"
INCLUDE = "#include <linux/nofail_turn.h>\n"
# A count that saturates is repaired in a function of its own; a task can stop at its begin.
REFCOUNT = "lib/refcount.c"
REPAIR: Site = (len(FILES), 0)
REPAIR_BEGIN = re.compile(r"^void refcount_warn_saturate\(.*\)\n\{\n", re.MULTILINE)
MAP_TYPES = {"sk": "SK", "task": "TASK", "inode": "INODE", "cgroup": "CGRP"}


@dataclasses.dataclass
class Insertion:
    """A line of ours, before or behind the statement at a site."""

    site: Site
    behind: bool
    text: str


def name_of(op: Op) -> str:
    return f"{op.kind} of {'m' + str(op.map) if op.kind == 'map_free' else 'o' + str(op.owner)}"


def insertion(gate: Gate, made: Plan) -> Insertion | None:
    """What the patch says for a gate of the plan; None if the kernel does it by itself."""
    who = name_of(made.ops[gate.op])
    if gate.resched:
        return Insertion(gate.site, False, f"nofail_due({gate.turn}, {gate.visit_in_turn}); /* for the {who} */")
    if gate.at:
        if gate.site[1] <= 2:
            return None  # an op's end: the program waits for it
        call = f"nofail_stop({gate.turn}, {gate.visit_in_turn}, {gate.until});"
        return Insertion(gate.site, False, f"{call} /* the {who} comes to wait here: turn {gate.reach} begins */")
    if any(other.at and other.reach == gate.reach and other.op == gate.op for other in made.gates):
        return None  # it goes on when the kernel lets it
    until = "at last" if gate.next is None else f"in turn {gate.until}"
    told = f"/* the {who} stops here: turn {gate.reach} begins; it goes on {until} */"
    if gate.next is None:
        return Insertion(gate.site, True, f"nofail_stop({gate.turn}, {gate.visit_in_turn}, {gate.until}); {told}")
    if gate.next == gate.site:
        return Insertion(REPAIR, False, f"nofail_stop({gate.turn}, 1, {gate.until}); {told}")
    return Insertion(gate.next, False, f"nofail_stop({gate.turn}, {gate.next_visit}, {gate.until}); {told}")


def is_head(line: str) -> bool:
    """Whether the next line's statement belongs to this line, and has no braces."""
    return re.match(r"\s*(if|else|for|while)\b", line) is not None and not line.rstrip().endswith(("{", ";"))


def begin_of_statement(lines: list[str], index: int) -> int:
    """The first line of the statement that reaches into the line, with the if or loop that it is the body of."""
    while index > 0 and not re.search(r"([;{}:]|\*/)\s*$|^\s*$|^#", lines[index - 1]):
        index -= 1
    while index > 0 and is_head(lines[index - 1]):
        index -= 1
    return index


def end_of_statement(lines: list[str], index: int) -> int:
    """The line behind the statement."""
    while not re.search(r"[;{}]\s*$", lines[index]):
        index += 1
    return index + 1


def one_bucket(made: Plan, text: str) -> list[Insertion]:
    """Several owners in one bucket of the schedule are in one bucket of the kernel: else their addresses decide."""
    buckets = [line.split()[3] for line in made.lines if line.startswith("owner ")]
    found = re.search(r"^\treturn &smap->buckets\[", text, re.MULTILINE)
    if len(buckets) < 2 or len(set(buckets)) > 1 or found is None:
        return []
    line = text.count("\n", 0, found.start()) + 1
    return [Insertion((0, line), False, "return &smap->buckets[0]; /* all owners here are in one bucket */")]


def line_of_repair(text: str) -> int:
    """The first line of the body of refcount_warn_saturate()."""
    begin = REPAIR_BEGIN.search(text)
    if begin is None:
        raise NoGates(f"{REFCOUNT} has no refcount_warn_saturate()")
    return text.count("\n", 0, begin.end()) + 1


def insert(text: str, insertions: list[Insertion]) -> str:
    """The text with these lines, which are all for one file."""
    lines = text.splitlines(keepends=True)
    places: list[tuple[int, str]] = []
    for item in insertions:
        index = (item.site[1] or line_of_repair(text)) - 1
        first = begin_of_statement(lines, index)
        place = end_of_statement(lines, index) if item.behind else first
        indentation = re.match(r"\s*", lines[first])
        places.append((place, f"{indentation[0] if indentation else ''}{item.text}\n"))
    for place, line in sorted(set(places), reverse=True):
        lines.insert(place, line)
    last_include = max(i for i, line in enumerate(lines) if line.startswith("#include"))
    lines.insert(last_include + 1, INCLUDE)
    return "".join(lines)


def c_call(op: Op) -> str:
    match op.kind:
        case "map_free":
            return f"close(map{op.map});"
        case "destroy":
            return f"destroy(&owner{op.owner});"
        case _:
            name = {"update": "UPDATE", "delete": "DELETE", "lookup": "LOOKUP"}[op.kind]
            return f"element(BPF_MAP_{name}_ELEM, map{op.map}, &owner{op.owner});"


def program(made: Plan) -> str:
    world: list[str] = []
    declared: list[str] = []
    setup: list[str] = []
    rcu: list[str] = []
    for line in made.lines:
        match line.split():
            case ["map", number, kind, size]:
                declared.append(f"static int map{number};")
                world.append(f"map{number} = create_map(BPF_MAP_TYPE_{MAP_TYPES[kind]}_STORAGE, {size});")
            case ["owner", number, kind, _]:
                declared.append(f'static struct owner owner{number} = {{ .type = "{kind}" }};')
            case ["setup", map_number, owner]:
                setup.append(f"set_up(map{map_number}, &owner{owner});")
            case ["rcu", turn, "begin", reach, _]:
                rcu.append(f"wait_for({turn}); begin_grace(); reach({reach});")
            case ["rcu", turn, "end", reach, _]:
                rcu.append(f"wait_for({turn}); end_grace(); reach({reach});")
    tasks: dict[str, list[str]] = {}
    for op in made.ops:
        turn = f"wait_for({op.start}); " if op.start else ""
        tasks.setdefault(op.task, []).append(turn + c_call(op))
    if rcu:
        tasks["rcu"] = rcu
    functions = [
        f"static void *task_{name}(void *unused)\n{{\n"
        + "".join(f"\t{step}\n" for step in steps)
        + "\treturn unused;\n}\n"
        for name, steps in tasks.items()
    ]
    return string.Template((TEMPLATES / "program.text").read_text()).substitute(
        signatures="\n".join(f" *   {signature}" for signature in made.signatures),
        schedule="\n".join(f" *   {line}" for line in made.schedule.splitlines()),
        declared="\n".join(declared),
        grace=(TEMPLATES / "grace.text").read_text() if rcu else "",
        tasks="\n".join(functions),
        world="\n".join(f"\t{line}" for line in world),
        setup="\n".join(f"\t{line}" for line in setup),
        threads="\n".join(f"\tpthread_create(&thread, NULL, task_{name}, NULL);" for name in tasks),
    )


def difference(name: str, before: str, after: str) -> str:
    old, new = (f"a/{name}", f"b/{name}") if before else ("/dev/null", f"b/{name}")
    return "".join(difflib.unified_diff(before.splitlines(keepends=True), after.splitlines(keepends=True), old, new))


def make(under_test: pathlib.Path, tree: pathlib.Path, made: Plan) -> str:
    """The patch, as text, for the tree with these files under test."""
    if made.programs:
        raise NoCounterpart("a patch has system calls only, and this schedule runs programs")
    by_file: dict[int, list[Insertion]] = {0: []}
    for gate in made.gates:
        if (item := insertion(gate, made)) is not None:
            by_file.setdefault(item.site[0], []).append(item)
    parts = []
    for number, items in sorted(by_file.items()):
        path = under_test / FILES[number] if number < len(FILES) else tree / REFCOUNT
        text = path.read_text()
        items += one_bucket(made, text) if number == 0 else []
        parts.append(difference((*FILES, REFCOUNT)[number], text, insert(text, items)))
    makefile = (tree / "kernel/bpf/Makefile").read_text()
    parts.append(difference("kernel/bpf/Makefile", makefile, makefile + "obj-y += nofail_turn.o\n"))
    parts.append(difference(HEADER, "", (TEMPLATES / "nofail_turn.h").read_text()))
    parts.append(difference(CODE, "", (TEMPLATES / "nofail_turn.c").read_text()))
    parts.append(difference(PROGRAM, "", program(made)))
    head = (
        f"A reproducer for {made.subject}: {'; '.join(made.signatures)}\n\n"
        f"Build the kernel with DEBUG_FS and, for a use after free, KASAN. Then, as root:\n"
        f"  gcc -pthread -o nofail_reproducer {PROGRAM} && ./nofail_reproducer\n"
        "The lines in the kernel's files only make tasks wait for one another, 10 seconds at most.\n---\n"
    )
    return head + "".join(parts)
