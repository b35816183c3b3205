# SPDX-License-Identifier: MIT
"""What a check has found, as one value, and that value as text: for the terminal, and for a mail."""

import pathlib
import textwrap
from typing import Any, Iterator

from nofail_campaign import causes
from nofail_campaign.terminal import plural

TERMINAL, MAIL = 100, 72  # columns
STANDINGS = ("new", "worse")  # that are news, the first one told first


def merge(campaigns: list[dict[str, Any]]) -> dict[str, Any]:
    """The campaigns' summaries as one: each signature once, with the campaign that it is told from."""
    news: dict[str, dict[str, Any]] = {}
    listed: dict[str, dict[str, Any]] = {}
    gone: dict[str, dict[str, Any]] = {}  # each by signature
    for campaign in campaigns:
        where = {"target": campaign["target"], "sanitizer": campaign["sanitizer"]}
        for violation in campaign["violations"]:
            of = news if violation["listed"] in STANDINGS else listed
            entry = of.setdefault(violation["signature"], {**violation, **where, "count": 0})
            entry["count"] += violation["count"]
        for entry in campaign["gone"]:
            gone.setdefault(entry["signature"], entry)
    seen = news.keys() | listed.keys()
    ordered = sorted(news.values(), key=lambda v: (STANDINGS.index(v["listed"]), -int(v["count"])))
    return {
        "news": [{**faces[0], "faces": faces[1:]} for faces in causes.group(ordered)],
        "crashes": [
            {"file": crash, "target": campaign["target"], "sanitizer": campaign["sanitizer"]}
            for campaign in campaigns
            for crash in campaign["crashes"]
        ],
        # What one campaign misses another one may have seen.
        "gone": [entry for signature, entry in gone.items() if signature not in seen],
        "listed": sorted((v for v in listed.values() if v["signature"] not in news), key=lambda v: -int(v["count"])),
    }


def verdict(report: dict[str, Any]) -> str:
    """The whole report in one line."""
    count = {standing: sum(v["listed"] == standing for v in report["news"]) for standing in STANDINGS}  # of causes
    parts = [f"{count['new']} new", f"{count['worse']} worse"]
    parts += [plural(len(report["crashes"]), "crash", "crashes")] if report["crashes"] else []
    parts += [f"{len(report['gone'])} gone"] if report["baseline"] else []
    return ", ".join([*parts, f"{len(report['listed'])} as listed"])


def why(entry: dict[str, Any], baseline: str) -> str:
    """Why an entry is news, as a sentence."""
    if entry["listed"] == "new":
        return f"Not listed, and {baseline} does not show it." if baseline else "Not listed."
    if entry["why"] == "baseline":
        return f"Its name is listed, but {baseline} passes this schedule, and those close by."
    if entry["why"] == "rate":
        return f"Its name is listed, but it shows clearly more often than on {baseline}."
    return "Its name is listed, but with more failures, or in other circumstances."


def details(entry: dict[str, Any]) -> Iterator[str]:
    """What happened, sentence by sentence, as far as the run has it."""
    violation = causes.itself(entry)
    if violation:
        yield f"{violation['detail'][:1].upper()}{violation['detail'][1:]}."
        yield f"What failed before it: {violation['need']}."


def text(report: dict[str, Any], width: int) -> str:
    """The report for a reader of plain text."""
    out: list[str] = []

    def add(line: str = "", indent: str = "", hang: str = "  ") -> None:
        out.extend(
            textwrap.wrap(line, width, initial_indent=indent, subsequent_indent=indent + hang, break_on_hyphens=False)
            or [""]
        )

    baseline = report["baseline"]["subject"] if report["baseline"] else ""
    add(f"nofail check of {report['tree'] or report['subject']}: {verdict(report)}")
    if baseline:
        add(f"compared with {report['baseline']['tree']}")
    for entry in report["news"]:
        add()
        add(f"{entry['listed'].upper()}  {entry['signature']}")
        add(why(entry, baseline), "  ")
        for sentence in details(entry):
            add(sentence, "  ")
        if entry.get("rates"):
            rates = entry["rates"]
            add(f"In 10,000 schedules: {rates['subject']:,} here, {rates['baseline']:,} on {baseline}.", "  ")
        add(f"{plural(entry['count'], 'time')} in {entry['target']}, {entry['sanitizer']} build", "  ")
        out.append(f"  {entry['schedule']}")  # a name to copy is not wrapped
        for face in entry["faces"]:
            add(f"the same cause, also {face['listed']}: {face['signature']} ({plural(face['count'], 'time')})", "  ")
        for line in entry.get("side_by_side", []) if width == TERMINAL else []:
            out.append(f"  | {line}")
    for crash in report["crashes"]:
        add()
        add(f"NEW  a crash, hang or lack of memory that ended the process ({crash['target']}, {crash['sanitizer']})")
        out.append(f"  {crash['file']}")
    if baseline:
        for entry in report["gone"]:
            add()
            add(f"GONE  {entry['signature']}")
            out.append(f"  {baseline} shows it on corpus/{entry['schedule']}.sched")
    add()
    out.extend(looked_at(report, width))
    if report["listed"]:
        add()
        add(f"as listed ({plural(len(report['listed']), 'violation')}):")
        for entry in report["listed"]:
            out.append(f"  {entry['count']:>11,}  {entry['signature']}")
    return "\n".join(out) + "\n"


def looked_at(report: dict[str, Any], width: int) -> Iterator[str]:
    """How far was looked, and what was left out."""
    yield "how far this was looked at:"
    for campaign in report["campaigns"]:
        early = (
            ", interrupted" if campaign["interrupted"] else f", {campaign['trouble']}" if campaign["trouble"] else ""
        )
        yield (
            f"  {campaign['target']:9} {campaign['sanitizer']:7} {campaign['executions']:>12,} executions"
            f" {campaign['interleavings']:>11,} interleavings{early}"
        )
    if report["coverage"] is not None:
        yield from ("  " + line for line in changed_lines(report["coverage"], width - 2))


def changed_lines(coverage: dict[str, Any], width: int) -> Iterator[str]:
    """What was run of the lines that the patch changes."""
    if coverage.get("trouble"):
        yield from textwrap.wrap(f"changed lines: {coverage['trouble']}", width)
        return
    lines = coverage["lines"]
    run = sum(line["runs"] > 0 for line in lines)
    branches, taken = sum(line["branches"] for line in lines), sum(line["taken"] for line in lines)
    yield f"changed lines: {run} of {len(lines)} with code were run; branches: {taken} of {branches} were taken"
    for line in lines:
        missing = line["branches"] - line["taken"]
        if line["runs"] == 0:
            yield f"not run: {line['file']}:{line['number']}: {line['text'].strip()}"[:width]
        elif missing:
            yield f"{plural(missing, 'branch', 'branches')} not taken: {line['file']}:{line['number']}"


def sarif(folders: list[pathlib.Path], read: Any) -> dict[str, Any]:
    """The campaigns' logs for code hosts as one log."""
    runs = [run for folder in folders for run in read(folder / "summary.sarif").get("runs", [])]
    return {"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": runs}
