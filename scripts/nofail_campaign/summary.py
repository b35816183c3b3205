# SPDX-License-Identifier: MIT
"""What a campaign has found: the counts of all its processes, and how that is told.

Each process of a fuzz binary keeps a file of counts (fuzz/engine/status_file.h), so a process that dies costs nothing.
`nofail summarize` reads and unites those files."""

import dataclasses
import json
import pathlib
import subprocess
from typing import Any, Collection, Sequence

from nofail_campaign import causes, folder
from nofail_campaign.job import Job
from nofail_campaign.terminal import Trouble, note, plural, say


NEWS = ("worse", "new")  # of what `listed` may be


@dataclasses.dataclass(frozen=True)
class Violation:
    listed: str  # known, finding, differs (from the baseline, in samples), worse (than what is listed) or new
    count: int  # 0: its process ended before it counted it
    first: int  # the number of the execution that showed it first, in the process that was first
    name: str  # of the file that has its schedule, without .sched
    signature: str
    scenarios: int = 0  # of a search: how many show it; then `count` and `first` are 0

    @property
    def is_news(self) -> bool:
        return self.listed in NEWS


@dataclasses.dataclass(frozen=True)
class PairCount:
    """Of the schedules that ran on the subject and on the baseline, how many showed a violation on which."""

    signature: str
    both: int
    subject_alone: int
    baseline_alone: int
    clear_rise: bool  # the subject shows it clearly more often


@dataclasses.dataclass(frozen=True)
class Totals:
    executions: int
    interleavings: int  # about how many different ones
    violations: list[Violation]
    pairs: int = 0  # executions that ran on both
    pair_counts: Sequence[PairCount] = ()
    attempt_runs: int = 0  # executions whose attempts were counted
    order_runs: int = 0  # executions whose orders of accesses were counted
    orders: Sequence[dict[str, Any]] = ()  # each as OrderCount in fuzz/engine/status_file.h has it
    attempts: Sequence[dict[str, Any]] = ()  # each with file, line, function, result and count (fuzz/engine/attempts.h)

    def count(self, listed: str) -> int:
        return sum(v.listed == listed for v in self.violations)


def is_news(entry: dict[str, Any]) -> bool:
    """Of a violation in summary.json."""
    return entry["listed"] in NEWS


def read_totals(tool: pathlib.Path, findings: pathlib.Path) -> Totals:
    done = subprocess.run([tool, "summarize", findings], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Trouble(f"the counts cannot be read: {done.stderr.strip()}")
    said = json.loads(done.stdout)
    return Totals(
        executions=said["executions"],
        interleavings=said["interleavings"],
        violations=[Violation(**v) for v in said["violations"]],
        pairs=said["pairs"],
        pair_counts=[PairCount(**count) for count in said["pair_counts"]],
        attempt_runs=said["attempt_runs"],
        attempts=said["attempts"],
        order_runs=said["order_runs"],
        orders=said["orders"],
    )


@dataclasses.dataclass(frozen=True)
class Listed:
    """How a Linux tree stands to what is listed for it."""

    as_on: str = ""  # the subject that the crash corpus was written for; empty: there is no listing
    gone: Sequence[dict[str, str]] = ()  # what of the crash corpus it does not show


def read_listed(job: Job, seen: Collection[str]) -> Listed:
    """What of the crash corpus the Linux tree does not show, and the baseline does; without a baseline, what the tree
    that the corpus was written for does. `seen`: signatures that the campaign has seen on other schedules."""
    if not job.subject.startswith("linux-") or not job.counts_runs:
        return Listed()
    subjects = [job.subject, job.baseline] if job.baseline else [job.subject]
    command = [str(job.tool), "list", "--json", *(word for name in subjects for word in ("--subject", name))]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    if done.returncode != 0:
        raise Trouble(f"what is gone cannot be found out: {done.stderr.strip()}")
    told = json.loads(done.stdout)["subjects"]
    before = told[1]["gone"] if job.baseline else []
    first: dict[str, dict[str, str]] = {}  # of the schedules that a signature is gone from
    for entry in told[0]["gone"]:
        if entry not in before and entry["signature"] not in seen:
            first.setdefault(entry["signature"], entry)
    return Listed(told[0]["as_on"], list(first.values()))


def sarif(job: Job, summary: dict[str, Any]) -> dict[str, Any]:
    """The new violations for code hosts."""
    # A run that ended the process has no verdict; it would end this one as well.
    news = [v for v in summary["violations"] if is_news(v) and v["run"]]
    if not news:
        return {"version": "2.1.0", "runs": []}
    worse = ["--worse"] if any(v["listed"] == "worse" for v in news) else []  # it has a listed name, and is news
    shown = [job.root / v["schedule"] for v in news]
    command = [job.tool, "show", "--sarif", *worse, "--subject", job.subject, *shown]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    if done.returncode != 0:
        raise Trouble(f"what is new cannot be told to code hosts: {done.stderr.strip()}")
    log: dict[str, Any] = json.loads(done.stdout)
    return log


def write(job: Job, summary: dict[str, Any]) -> bool:
    """Writes summary.json, and the new violations for code hosts as summary.sarif. Says so when it cannot."""
    try:
        for name, content in (("summary.json", summary), ("summary.sarif", sarif(job, summary))):
            folder.replace(job.work / name, (json.dumps(content, indent=2) + "\n").encode())
        return True
    except OSError as error:
        note(f"{folder.trouble_of(job, error, job.work)}; so the table is not there as data")
    except Trouble as trouble:
        note(str(trouble))
    return False


def count_news(summary: dict[str, Any]) -> int:
    """How many violations and crashes are new."""
    return sum(is_news(v) for v in summary["violations"]) + len(summary["crashes"])


def show(job: Job, summary: dict[str, Any], written: bool) -> int:
    """Prints the table that a campaign ends with; returns how many violations and crashes are new."""
    show_head(job, summary)
    show_listed(job, summary["as_on"], [v for v in summary["violations"] if not is_news(v)])
    news = [v for v in summary["violations"] if is_news(v)]
    show_new(job, news)
    show_gone(job, summary["gone"])
    for crash in summary["crashes"]:
        say(f"\nNEW  a crash, hang or lack of memory that ended the process; logs are in {job.shown(job.work)}")
        say(f"     {job.shown(job.binary)} {crash}")
    count = count_news(summary)
    said = causes.count(summary, count) + ": see above" if count else "nothing new"
    before = " before the run ended early" if summary["trouble"] else ""
    data = f"; as data: {job.shown(job.work)}/summary.json and .sarif" if written else ""
    say(f"\n{said}{before}{data}")
    return count


def show_head(job: Job, summary: dict[str, Any]) -> None:
    if job.engine == "search":
        say(f"\nsubject {job.subject}: {covered_text(summary['search'])}, in {summary['seconds']:.0f} s")
        for line in not_covered(summary["search"]):
            say(f"  {line}")
        return
    interleavings = f", about {summary['interleavings']:,} interleavings" if summary["interleavings"] else ""
    interrupted = ", interrupted" if summary["interrupted"] else ""
    say(
        f"\n{job.target}, subject {job.subject}, sanitizer {job.sanitizer}, engine {job.engine}: "
        f"{summary['executions']:,} executions{interleavings}, in {summary['seconds']:.0f} s{interrupted}"
    )
    if job.baseline:
        pairs = plural(summary["pairs"], "execution")
        say(f"beside {job.baseline} ({job.baseline_tree}): what it shows as well is left out; {pairs} ran on both")
    for name, count in summary["killed"].items():
        processes = plural(count, "process", "processes")
        say(f"{name} ended {processes} from outside, and another followed; of each, up to a second is not counted")


def covered_text(search: dict[str, Any]) -> str:
    """What was searched, as a sentence."""
    bounds = [f"{name} {bound}" for name, bound in search["bounds"].items() if bound is not None]
    within = f", everything allowed but {', '.join(bounds)}" if bounds else ""
    return (
        f"search of every schedule: {search['complete']} of {plural(search['scenarios'], 'scenario')} to the end, "
        f"{plural(search['states'], 'state')}, {plural(search['steps'], 'step')}{within}"
    )


def not_covered(search: dict[str, Any]) -> list[str]:
    """What was not searched, or not to the end, a sentence each."""
    lines = [f"NOT searched to the end: {row['name']}: {row['given_up']}" for row in search["not_to_the_end"]]
    if search["not_begun"]:
        lines.append(f"NOT searched at all: {plural(search['not_begun'], 'scenario')}")
    return lines


def show_listed(job: Job, as_on: str, violations: list[dict[str, Any]]) -> None:
    if violations:
        other = f", as on {as_on}" if as_on not in ("", job.subject) else ""
        say(f"\nlisted in corpus/{other}; for more: {job.replay} FILE --verbose")
    for v in violations:
        say(f"  {causes.seen(v):>17}  {v['signature']}\n{'':20} {v['schedule']}")
        if v.get("rates"):
            say(f"{'':20} {rate_text(job, v['rates'])}")


def show_gone(job: Job, gone: list[dict[str, str]]) -> None:
    """With a baseline this is what a patch has mended. Without one it is no news."""
    if gone and not job.baseline:
        findings = plural(len(gone), "listed violation does", "listed violations do")
        say(f"\n{findings} not show on this tree; `{job.shown(job.tool)} list --subject {job.subject}` has them")
    for entry in gone if job.baseline else []:
        say(f"\nGONE  {entry['signature']}\n      {job.baseline} shows it on {schedule_of_gone(entry)}")


def schedule_of_gone(entry: dict[str, str]) -> str:
    """The file of the schedule, in the crash corpus or among what a search has found."""
    return entry.get("file") or f"corpus/{entry['schedule']}.sched"


def need_of(entry: dict[str, Any]) -> str:
    """What had failed before the violation, in the schedule that is told."""
    violations = entry["run"]["violations"] if entry["run"] else []
    return next((str(v["need"]) for v in violations if v["signature"] == entry["signature"]), "see the schedule")


def why_worse(job: Job, entry: dict[str, Any]) -> str:
    """Why a violation with a listed name is news."""
    if entry["why"] == "baseline":
        return f"{job.baseline} passes this schedule, and those close by"
    if entry["why"] == "rate":
        return f"shows clearly more often than on {job.baseline}"
    return f"shows after: {need_of(entry)}"


def rate_text(job: Job, rates: dict[str, float]) -> str:
    """How often the violation shows, for the table."""
    return f"in 10,000 schedules: {rates['subject']:,} here, {rates['baseline']:,} on {job.baseline}"


def show_new(job: Job, violations: list[dict[str, Any]]) -> None:
    for faces in causes.group(violations):
        v = faces[0]
        often = causes.seen(v) + (f", first at execution {v['first']:,}" if v["count"] else "")
        say(f"\n{v['listed'].upper()}  {v['signature']}")
        if v["listed"] == "worse":
            say(f"     has a listed name, but {why_worse(job, v)}")
        if v.get("rates"):
            say(f"     {rate_text(job, v['rates'])}")
        say(f"     {often}")
        say(f"     {job.replay} {v['schedule']} --verbose")
        causes.show_faces(faces)
        for line in v.get("side_by_side", []):
            say(f"     | {line}")
    if violations:
        tool = job.shown(job.tool)
        say("\nthe timeline as a page, and what to do with one that is real (FILE: the schedule's name above):")
        say(f"     {tool} show --html FILE -o timeline.html\n     {tool} minimize --as finding/CAUSE FILE")
