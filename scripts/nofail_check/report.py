# SPDX-License-Identifier: MIT
"""What a check has found, as one value, and that value as text: for the terminal, and for a mail."""

import pathlib
import textwrap
from typing import Any, Callable, Iterator

from nofail_campaign import causes
from nofail_campaign.summary import covered_text, not_covered, schedule_of_gone
from nofail_campaign.terminal import plural

TERMINAL, MAIL = 100, 72  # columns
STANDINGS = ("new", "worse")  # that are news, the first one told first


def merge(campaigns: list[dict[str, Any]]) -> dict[str, Any]:
    """The campaigns' summaries as one: each signature once, with the campaign that it is told from."""
    news: dict[str, dict[str, Any]] = {}
    listed: dict[str, dict[str, Any]] = {}
    gone: dict[str, dict[str, Any]] = {}  # each by signature
    for campaign in campaigns:
        where = {key: campaign[key] for key in ("target", "sanitizer", "replay")}
        where |= {"fuzzed": "search" not in campaign}
        for violation in campaign["violations"]:
            of = news if violation["listed"] in STANDINGS else listed
            entry = of.setdefault(violation["signature"], {**violation, **where, "count": 0})
            if where["fuzzed"] and not entry["fuzzed"]:  # where fuzzing has seen it first
                entry |= {key: where[key] for key in ("target", "sanitizer", "fuzzed")}
            entry["count"] += violation["count"]
            entry["rates"] = entry.get("rates") or violation.get("rates")
        for entry in campaign["gone"]:
            if entry["signature"] not in gone or "file" in gone[entry["signature"]]:  # a listed one has a name
                gone[entry["signature"]] = entry
    for signature in news.keys() & listed.keys():  # it has the same name in all of its runs
        news[signature]["count"] += listed[signature]["count"]
    seen = news.keys() | listed.keys()
    grouped = [sorted(faces, key=weight) for faces in causes.group(list(news.values()))]
    return {
        "news": [{**faces[0], "faces": faces[1:]} for faces in sorted(grouped, key=lambda faces: weight(faces[0]))],
        "as_on": next((campaign["as_on"] for campaign in campaigns if campaign["as_on"]), ""),
        "crashes": [
            {"file": crash, "target": campaign["target"], "sanitizer": campaign["sanitizer"]}
            for campaign in campaigns
            for crash in campaign["crashes"]
        ],
        # What one campaign misses another one may have seen.
        "gone": [entry for signature, entry in gone.items() if signature not in seen],
        "listed": sorted((v for v in listed.values() if v["signature"] not in news), key=lambda v: -int(v["count"])),
    }


def weight(entry: dict[str, Any]) -> tuple[bool, float, int, int]:
    """Sorts what is news: first what the search shows, because that is no chance; then what shows so much more often
    than on the baseline, then what is new. A patch that adds a line moves others, and what was listed may show
    elsewhere; but not more often."""
    rates = entry.get("rates") or {"subject": 0, "baseline": 0}
    is_fuzzed_alone = not entry.get("scenarios")
    return (
        is_fuzzed_alone,
        rates["baseline"] - rates["subject"],
        STANDINGS.index(entry["listed"]),
        -int(entry["count"]),
    )


def verdict(report: dict[str, Any]) -> str:
    """The whole report in one line."""
    count = {standing: sum(v["listed"] == standing for v in report["news"]) for standing in STANDINGS}  # of causes
    parts = [f"{count['new']} new", f"{count['worse']} worse"]
    parts += [plural(len(report["crashes"]), "crash", "crashes")] if report["crashes"] else []
    parts += [f"{len(gone_findings(report))} gone"] if report["baseline"] else []
    return ", ".join([*parts, f"{len(report['listed'])} as listed"])


def why(entry: dict[str, Any], has_baseline: bool) -> str:
    """Why an entry is news, as a sentence."""
    if entry["listed"] == "new":
        return "Not listed, and the baseline does not show it." if has_baseline else "Not listed."
    if entry["why"] == "baseline":
        return "Its name is listed, but the baseline passes this schedule, and those close by."
    if entry["why"] == "rate":
        return "Its name is listed, but it shows clearly more often than on the baseline."
    return "Its name is listed, but only with more failures, or in other circumstances."


def details(entry: dict[str, Any]) -> Iterator[str]:
    """What happened, and how often, sentence by sentence, as far as the run has it."""
    violation = causes.itself(entry)
    if violation:
        yield f"{violation['detail'][:1].upper()}{violation['detail'][1:]}."
        yield f"What failed before it: {violation['need']}."
    if entry.get("scenarios"):
        yield f"The search shows it in {plural(entry['scenarios'], 'scenario')}."
    if not entry.get("fuzzed", True):  # as news, at least
        yield f"Fuzzing has seen it {plural(entry['count'], 'time')}." if entry["count"] else "Fuzzing has not seen it."
        return
    seen = f"Seen {plural(entry['count'], 'time')}, first in {entry['target']}, {entry['sanitizer']} build"
    if rates := entry.get("rates"):
        seen += (
            f"; in 10,000 schedules {rates['subject']:,.10g} times here and {rates['baseline']:,.10g} on the baseline"
        )
    yield seen + "."


def text(report: dict[str, Any], width: int) -> str:
    """The report for a reader of plain text. Who gets a mail has none of the files here, so it has schedules instead of
    their names, and nothing that is wide."""
    out: list[str] = []

    def add(line: str = "", indent: str = "", hang: str = "  ") -> None:
        # Signatures and names of files stay whole, so that they can be copied.
        wrapper = textwrap.TextWrapper(width, indent, indent + hang, break_on_hyphens=False, break_long_words=False)
        out.extend(wrapper.wrap(line) or [""])

    baseline = report["baseline"]
    add(f"nofail check of {report['tree'] or report['subject']}: {verdict(report)}")
    if baseline:
        add(f"baseline: {baseline['tree']}")
    for entry in report["news"]:
        add()
        add(f"{entry['listed'].upper()}  {entry['signature']}")
        for sentence in (why(entry, bool(baseline)), *details(entry)):
            add(sentence, "  ", "")
        for face in entry["faces"]:
            add(f"the same cause, also {face['listed']}: {face['signature']} ({causes.seen(face)})", "  ")
        if width == MAIL:
            out.extend(f"    {line}" for line in schedule_of(entry))
        else:
            out.append(f"  {entry['replay']} {entry['schedule']} --verbose")  # to copy, so it is not wrapped
            out.extend(f"  | {line}" for line in entry.get("side_by_side", []))
    for crash in report["crashes"]:
        add()
        add(f"NEW  a crash, hang or lack of memory that ended the process ({crash['target']}, {crash['sanitizer']})")
        out.append(f"  {crash['file']}")
    for finding, entries in gone_findings(report).items():
        add()
        add(f"GONE  {finding}: the baseline shows it, but this tree does not")
        for entry in entries:
            out.append(f"  {entry['signature']}")
            out.append(f"    {schedule_of_gone(entry)}")
    add()
    out.extend(looked_at(report, width))
    add()
    add(f"as listed{as_on(report)}: {plural(len(report['listed']), 'violation')}")
    if width != MAIL:
        out.extend(f"  {causes.seen(entry):>17}  {entry['signature']}" for entry in report["listed"])
    return "\n".join(out) + "\n"


def gone_findings(report: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """What the baseline shows and the tree does not, by finding. Without a baseline this is no news."""
    found: dict[str, list[dict[str, Any]]] = {}
    for entry in report["gone"] if report["baseline"] else []:
        found.setdefault(entry["name"].partition("/")[0], []).append(entry)
    return found


def as_on(report: dict[str, Any]) -> str:
    """Which tree's listing it is, if not the subject's own."""
    return f", as on {report['as_on']}" if report["as_on"] not in ("", report["subject"]) else ""


def schedule_of(entry: dict[str, Any]) -> list[str]:
    """The entry's schedule, line by line; empty when its run ended the process, and said nothing."""
    run = entry.get("run") or {}
    return str(run.get("schedule", "")).strip().splitlines()


def looked_at(report: dict[str, Any], width: int) -> Iterator[str]:
    """How far was looked, and what was left out."""
    yield "how far this was looked at:"
    for campaign in report["campaigns"]:
        if "search" in campaign:
            yield from searched(campaign, width)
            continue
        early = (
            ", interrupted" if campaign["interrupted"] else f", {campaign['trouble']}" if campaign["trouble"] else ""
        )
        yield (
            f"  {campaign['target']:9} {campaign['sanitizer']:7} {campaign['executions']:>12,} executions"
            f" {campaign['interleavings']:>11,} interleavings{early}"
        )
    if report["coverage"] is not None:
        yield from ("  " + line for line in changed_lines(report["coverage"], width - 2))


def searched(campaign: dict[str, Any], width: int) -> Iterator[str]:
    """What the search has covered, and what it has not."""
    early = ", interrupted" if campaign["interrupted"] else f", {campaign['trouble']}" if campaign["trouble"] else ""
    wrap = textwrap.TextWrapper(width, initial_indent="  ", subsequent_indent="    ")
    yield from wrap.wrap(covered_text(campaign["search"]) + early)
    for line in not_covered(campaign["search"]):
        yield from wrap.wrap("  " + line)


def changed_lines(coverage: dict[str, Any], width: int) -> Iterator[str]:
    """What was run of the lines that the patch changes, and what was tried in the functions that it changes."""
    if coverage.get("trouble"):
        yield from textwrap.wrap(f"changed lines: {coverage['trouble']}", width)
    else:
        yield from run_lines(coverage["lines"], width)
    yield from tried(coverage, width)
    yield from orders(coverage, width)


def run_lines(lines: list[dict[str, Any]], width: int) -> Iterator[str]:
    run = sum(line["runs"] > 0 for line in lines)
    branches, taken = sum(line["branches"] for line in lines), sum(line["taken"] for line in lines)
    of_branches = f"; branches: {taken} of {branches} were taken" if branches else ""
    yield f"changed lines: {run} of {len(lines)} with code were run{of_branches}"
    for line in lines:
        missing = line["branches"] - line["taken"]
        if line["runs"] == 0:
            yield f"not run: {line['file']}:{line['number']}: {line['text'].strip()}"[:width]
        elif missing:
            yield f"{plural(missing, 'branch', 'branches')} not taken: {line['file']}:{line['number']}"


def tried(coverage: dict[str, Any], width: int) -> Iterator[str]:
    """Which failures were tried where a changed function takes a lock or allocates."""
    if not coverage["sites"]:
        yield "locks and allocations: the changed functions have none"
        return
    executions = plural(coverage["attempt_runs"], "execution")
    yield from textwrap.wrap(f"locks and allocations of the changed functions, in {executions} looked at:", width)
    for site in coverage["sites"]:
        yield f"  {site['file']}:{site['number']} in {site['function']}"
        yield f"    {site['text']}"[:width]
        yield from textwrap.wrap(outcomes(site["results"]), width, initial_indent="    ", subsequent_indent="    ")


def orders(coverage: dict[str, Any], width: int) -> Iterator[str]:
    """In which orders conflicting accesses of two tasks came, of which a changed function makes one."""
    seen = "accesses" if coverage["orders_of_plain"] else "marked accesses (only --sanitizer race sees plain ones)"
    pairs = coverage["orders"]
    if not pairs:
        yield from textwrap.wrap(f"orders: no {seen} of the changed functions conflict with another task's", width)
        return
    both = sum(min(pair["first_then_second"], pair["second_then_first"]) > 0 for pair in pairs)
    neither = sum(max(pair["first_then_second"], pair["second_then_first"]) == 0 for pair in pairs)
    executions = plural(coverage["order_runs"], "execution")
    said = f"orders of the changed functions' {seen} and conflicting ones of other tasks, in {executions} looked at: "
    said += f"of {plural(len(pairs), 'pair')} {both} were seen in both orders, {len(pairs) - both - neither} in one, "
    yield from textwrap.wrap(said + f"{neither} in none", width)
    for pair in pairs:
        if min(pair["first_then_second"], pair["second_then_first"]) == 0:
            yield f"  {pair['kind']}+{pair['offset']}: {seen_orders(pair)}"
            yield from (f"    {letter} {access_text(pair[of])}" for letter, of in (("A", "first"), ("B", "second")))


def seen_orders(pair: dict[str, Any]) -> str:
    """In how many executions the first access of a pair, called A, came before the second one, B, and the reverse."""
    order = ((pair["first_then_second"], "A before B"), (pair["second_then_first"], "B before A"))
    return ", ".join(f"{name} {count:,}" if count else f"{name} NOT REACHED" for count, name in order)


def access_text(access: dict[str, Any]) -> str:
    where = f"{access['file']}:{access['line']} in" if access["line"] else "somewhere in"
    return f"{access['access']:5} {where} {access['function']}"


def outcomes(results: dict[str, int]) -> str:
    """What became of the attempts at one place."""
    if not results:
        return "NEVER REACHED"
    if "allocated" in results or "not-allocated" in results:
        failed = results.get("not-allocated", 0)
        return f"allocated {results.get('allocated', 0):,}, " + (f"failed {failed:,}" if failed else "NEVER FAILED")
    said = f"taken {results.get('taken', 0):,}"
    if set(results) == {"taken"}:
        return f"{said}, NEVER FAILED"
    for error, name in (("timeout", "-ETIMEDOUT"), ("deadlock", "-EDEADLK")):
        held, free = results.get(f"{error}-held", 0), results.get(f"{error}-free", 0)
        said += f", {name} {held:,} held {free:,} free"
    own = results.get("deadlock-own", 0)
    return said + (f", {own:,} by the task that held it" if own else "")


def sarif(folders: list[pathlib.Path], read: Callable[[pathlib.Path], dict[str, Any]]) -> dict[str, Any]:
    """The campaigns' logs for code hosts as one log, with each cause once."""
    told: set[str] = set()
    runs = []
    for run in (run for folder in folders for run in read(folder / "summary.sarif").get("runs", [])):
        new = [result for result in run["results"] if result["partialFingerprints"]["cause/v1"] not in told]
        told |= {result["partialFingerprints"]["cause/v1"] for result in new}
        runs += [{**run, "results": new}] if new else []
    return {"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": runs}
