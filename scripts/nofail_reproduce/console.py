# SPDX-License-Identifier: MIT
"""What a kernel's console says when a violation happens there, and whether it did."""

import dataclasses
import re
from typing import Any, Callable

from nofail_reproduce.instrument import FILES
from nofail_reproduce.machine import Run

# A report of the kernel's begins with one of these, behind the time stamp.
BEGIN = re.compile(
    r"(WARNING: |BUG: |refcount_t: |watchdog: BUG: |rcu: INFO: rcu_|INFO: task .* blocked|Oops|general protection|"
    r"kernel BUG at |Kernel panic|INFO: rcu_|stack segment|double fault|traps: |nofail: left )"
)
STAMP = re.compile(r"^\[ *[\d.]+\](?:\[[ TC\d]+\])? ?")
END = re.compile(r"---\[ end trace|^=+$|</TASK>|nofail: step")
LONGEST = 80  # lines of a report


@dataclasses.dataclass
class Report:
    """One report of the kernel's: its lines without time stamps. Two CPUs that report at once take turns by the line.
    So a function that belongs to this report may stand behind the next one's begin: `near` is all that follows."""

    lines: list[str]
    near: str = ""

    @property
    def text(self) -> str:
        return "\n".join(self.lines)


def reports(console: list[str]) -> list[Report]:
    found: list[Report] = []
    current: Report | None = None
    plain = [STAMP.sub("", line) for line in console]
    for number, line in enumerate(plain):
        if BEGIN.match(line):
            # refcount_t's line stands above the WARNING that belongs to it.
            if current is None or not current.lines[-1].startswith("refcount_t:") or len(current.lines) > 1:
                current = Report([], "\n".join(plain[number : number + 2 * LONGEST]))
                found.append(current)
        if current is None:
            continue
        if not line.startswith("nofail:") or line.startswith("nofail: left"):
            current.lines.append(line)
        is_end = END.search(line) and len(current.lines) > 3
        if is_end or len(current.lines) >= LONGEST or line.startswith("nofail: left"):
            current = None
    return found


Test = Callable[[Report], bool]


def names_one_of(functions: list[str]) -> re.Pattern[str]:
    return re.compile("|".join(rf"\b{re.escape(function)}\b" for function in functions) or r"\b\B")


def warning(violation: dict[str, Any], run: dict[str, Any]) -> Test:
    site = run["events"][violation["event"]]["site"]
    place = re.compile(rf"WARNING: .*\b{re.escape(site['file'].rsplit('/', 1)[-1])}:{site['line']}\b")
    return lambda report: bool(place.search(report.text))


def text(*alternatives: str) -> Callable[[dict[str, Any], dict[str, Any]], Test]:
    """A text, in a report that names a function of the violation's."""

    def make(violation: dict[str, Any], _: dict[str, Any]) -> Test:
        functions = names_one_of(violation["functions"])
        return lambda report: any(re.search(a, report.text) for a in alternatives) and bool(
            functions.search(report.near)
        )

    return make


def left(violation: dict[str, Any], run: dict[str, Any]) -> Test:
    """The gates' own count of what was allocated, because kmemleak does not see kmalloc_nolock()."""
    objects = tuple(violation["objects"])
    sites = {
        event["site"]["line"]
        for event in run["events"]
        if event["kind"] == "alloc" and event["object"] and re.fullmatch(rf"({'|'.join(objects)})\d+", event["object"])
    }
    lines = {f"0 {line}" for line in sites}
    return lambda report: any(re.fullmatch(rf"nofail: left \d+ ({'|'.join(lines)})", line) for line in report.lines)


# Kind of violation: what the console says of it, in words, and the test.
EXPECTED: dict[str, tuple[str, Callable[[dict[str, Any], dict[str, Any]], Test]]] = {
    "warning": ("WARNING: ... at FILE:LINE", warning),
    "refcount-dec-to-zero": (
        "refcount_t: decrement hit 0; leaking memory.",
        text(r"refcount_t: decrement hit 0; leaking memory"),
    ),
    "refcount-overflow": ("refcount_t: saturated; leaking memory.", text(r"refcount_t: saturated; leaking memory")),
    "refcount-add-on-zero": ("refcount_t: addition on 0; use-after-free.", text(r"refcount_t: addition on 0")),
    "use-after-free": ("BUG: KASAN: slab-use-after-free in FUNCTION", text(r"BUG: KASAN: .*use-after-free")),
    "double-free": ("BUG: KASAN: double-free in FUNCTION", text(r"BUG: KASAN: double-free")),
    "null-dereference": ("BUG: kernel NULL pointer dereference", text(r"NULL pointer dereference", r"null-ptr-deref")),
    "livelock": (
        "watchdog: BUG: soft lockup, or a stall of RCU, in FUNCTION",
        text(r"soft lockup", r"rcu: INFO: rcu_\w+ (self-)?detected"),
    ),
    "leak.selem": ("nofail: left (the gates' own count)", left),
    "leak.storage": ("nofail: left (the gates' own count)", left),
}
# What a console cannot say, and why.
SILENT = {
    "data-race": "needs KCSAN, and two accesses at the same moment, which gates prevent",
    "freed-in-reader": "is the suite's own rule; a kernel is silent until the reader reads",
    "state": "is the suite's own rule",
    "charge.left": "a charge that is left shows in no message",
    "leak.fields": "takes a program that stores a kptr",
}


@dataclasses.dataclass
class Sought:
    signature: str
    known: bool  # documented by the kernel's own comments
    test: Test


@dataclasses.dataclass
class Outcome:
    verdict: str  # "reproduced", "something else" or "not reproduced"
    seen: list[str]  # signatures
    unseen: list[str]
    excerpt: list[Report]  # of what was sought, else of what was there


def sought(run: dict[str, Any]) -> list[Sought]:
    """What the console can say of the run's violations."""
    return [
        Sought(violation["signature"], violation["known"], EXPECTED[violation["kind"]][1](violation, run))
        for violation in run["violations"]
        if violation["kind"] in EXPECTED
    ]


def why_silent(run: dict[str, Any]) -> str:
    return "; ".join(
        f"{violation['signature']}: {SILENT.get(violation['kind'], 'a console says nothing of this')}"
        for violation in run["violations"]
        if not violation["known"]
    )


def judge(wanted: list[Sought], run: Run) -> Outcome:
    """Reproduced: each violation that is a finding, and that a console can tell, is there."""
    there = reports(run.console)
    matches = {item.signature: [report for report in there if item.test(report)] for item in wanted}
    findings = [item for item in wanted if not item.known] or wanted
    seen = [item.signature for item in wanted if matches[item.signature]]
    unseen = [item.signature for item in wanted if not matches[item.signature]]
    if all(matches[item.signature] for item in findings):
        excerpt = [report for report in there if any(report is m[0] for m in matches.values() if m)]
        return Outcome("reproduced", seen, unseen, excerpt)
    return Outcome("something else" if there else "not reproduced", seen, unseen, there)


def readable(line: str) -> str:
    """A line of the excerpt: the gates' own lines are numbers."""
    if match := re.fullmatch(r"nofail: left (\d+) (\d+) (\d+)", line):
        return f"nofail: {match[1]} bytes allocated at {FILES[int(match[2])]}:{match[3]} were never given back"
    return line
