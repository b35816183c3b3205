# SPDX-License-Identifier: MIT
"""What a campaign has found: the counts of all its processes, and how that is told.

Each process of a fuzz binary keeps a file of counts (fuzz/engine/status_file.h), so a process that dies costs nothing.
`nofail summarize` reads and unites those files."""

import dataclasses
import json
import pathlib
import subprocess
from typing import Any

from nofail_campaign.job import Job
from nofail_campaign.terminal import ExitCode, leave, plural


@dataclasses.dataclass(frozen=True)
class Violation:
    listed: str  # known, finding or new
    count: int
    first: int  # the number of the execution that showed it first, in the process that was first
    name: str  # of the file that has its schedule, without .sched
    signature: str


@dataclasses.dataclass(frozen=True)
class Totals:
    executions: int
    interleavings: int  # about how many different ones
    violations: list[Violation]

    def count(self, listed: str) -> int:
        return sum(v.listed == listed for v in self.violations)


def read_totals(tool: pathlib.Path, findings: pathlib.Path) -> Totals:
    done = subprocess.run([tool, "summarize", findings], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        leave(ExitCode.SETUP_FAILED, f"the counts cannot be read: {done.stderr.strip()}")
    said = json.loads(done.stdout)
    return Totals(said["executions"], said["interleavings"], [Violation(**v) for v in said["violations"]])


def write(job: Job, summary: dict[str, Any]) -> None:
    """Writes summary.json, and the new violations for code hosts as summary.sarif."""
    (job.work / "summary.json").write_text(json.dumps(summary, indent=2) + "\n", encoding="utf-8")
    # A run that ended the process has no verdict; it would end this one as well.
    shown = [job.root / v["schedule"] for v in summary["violations"] if v["listed"] == "new" and v["run"]]
    log: dict[str, Any] = {"version": "2.1.0", "runs": []}
    if shown:
        command = [job.tool, "show", "--sarif", "--subject", job.subject, *shown]
        log = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    (job.work / "summary.sarif").write_text(json.dumps(log, indent=2) + "\n", encoding="utf-8")


def show(job: Job, summary: dict[str, Any]) -> int:
    """Prints the table that a campaign ends with; returns how many violations and crashes are new."""
    show_head(job, summary)
    show_listed(job, [v for v in summary["violations"] if v["listed"] != "new"])
    news = [v for v in summary["violations"] if v["listed"] == "new"]
    show_new(job, news)
    for crash in summary["crashes"]:
        print(f"\nNEW  a crash, hang or lack of memory that ended the process; logs are in {job.shown(job.work)}")
        print(f"     {job.shown(job.binary)} {crash}")
    count = len(news) + len(summary["crashes"])
    said = plural(count, "new violation") + ": see above" if count else "nothing new"
    print(f"\n{said}; as data: {job.shown(job.work)}/summary.json and .sarif")
    return count


def show_head(job: Job, summary: dict[str, Any]) -> None:
    interleavings = f", about {summary['interleavings']:,} interleavings" if summary["interleavings"] else ""
    interrupted = ", interrupted" if summary["interrupted"] else ""
    print(
        f"\n{job.target}, subject {job.subject}, sanitizer {job.sanitizer}, engine {job.engine}: "
        f"{summary['executions']:,} executions{interleavings}, in {summary['seconds']:.0f} s{interrupted}"
    )
    if job.baseline:
        print(f"what {job.baseline} ({job.baseline_tree}) has as well is left out")


def show_listed(job: Job, violations: list[dict[str, Any]]) -> None:
    if violations:
        print(f"\nlisted in corpus/; for more: {job.replay} FILE --verbose")
    for v in violations:
        print(f"  {v['count']:>11,} times  {v['signature']}\n{'':20} {v['schedule']}")


def show_new(job: Job, violations: list[dict[str, Any]]) -> None:
    for v in violations:
        print(f"\nNEW  {v['signature']}\n     {plural(v['count'], 'time')}, first at execution {v['first']:,}")
        print(f"     {job.replay} {v['schedule']} --verbose")
    if violations:
        tool = job.shown(job.tool)
        print("\nthe timeline as a page, and what to do with one that is real (FILE: the schedule's name above):")
        print(f"     {tool} show --html FILE -o timeline.html\n     {tool} minimize --as finding/CAUSE FILE")
