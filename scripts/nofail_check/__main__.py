# SPDX-License-Identifier: MIT
"""`python3 -m nofail_check` is what `scripts/check` runs."""

import dataclasses
import json
import pathlib
import sys
from typing import Any, Iterator

from linux_tree.snapshot import Tree
from nofail_campaign import options as campaign_options, terminal
from nofail_campaign.build import ROOT, build, make_job, make_search_job, take_trees
from nofail_campaign.campaign import Campaign
from nofail_campaign.folder import replace
from nofail_campaign.job import Job
from nofail_campaign.search import Search
from nofail_campaign.terminal import ExitCode, Trouble, leave, note, plural, say
from nofail_check import changes, page, report
from nofail_check.options import Options, parse

TARGETS = ("teardown", "lifecycle")
TOLD_ONCE = ("violations", "gone", "attempts", "orders")  # of all campaigns together


def campaign_of(options: Options, target: str, sanitizer: str) -> campaign_options.Options:
    return campaign_options.Options(
        target=target,
        subject="posted",
        linux=options.linux,
        baseline=options.baseline,
        shim=options.shim,
        sanitizer=sanitizer,
        engine="libfuzzer",
        seconds=options.seconds,
        jobs=options.jobs,
        no_failures=False,
        resume=False,
    )


def jobs_of(options: Options, trees: list[Tree]) -> Iterator[Job]:
    """What is to be done, in order, built when it is asked for. What is gone, and how listed violations compare with
    the baseline, does not depend on the sanitizer; the address build is the faster one."""
    yield dataclasses.replace(make_search_job(campaign_of(options, TARGETS[0], "race"), trees), finds_gone=False)
    names = {function.name for function in changes.changed_functions(*trees)} if len(trees) > 1 else set()
    asks = (f"--orders={','.join(sorted(names))}",) if names else ()
    for sanitizer in options.sanitizers:
        said = build(campaign_of(options, TARGETS[0], sanitizer), trees, TARGETS)
        for target in TARGETS:
            job = make_job(campaign_of(options, target, sanitizer), trees, said)
            job = dataclasses.replace(job, pass_on=(*job.pass_on, *asks))
            first = sanitizer == options.sanitizers[0]
            yield dataclasses.replace(job, finds_gone=first and target == TARGETS[0], compares_listed=first)


def fuzz(options: Options, trees: list[Tree]) -> tuple[list[Job], int]:
    """Runs all campaigns, or as many as go well. Returns their jobs, and the gravest exit code."""
    jobs: list[Job] = []
    codes, told = [int(ExitCode.NOTHING_NEW)], frozenset[str]()
    try:
        for job in jobs_of(options, trees):
            kind = Search if job.engine == "search" else Campaign
            campaign = kind(dataclasses.replace(job, told=told))
            codes.append(campaign.run(tells=False))
            campaign.lock.close()
            jobs.append(job)
            if codes[-1] not in (ExitCode.NOTHING_NEW, ExitCode.SOMETHING_NEW):
                return jobs, codes[-1]
            told |= campaign.news_told
    except KeyboardInterrupt:  # while it builds
        if not jobs:
            raise
        return jobs, ExitCode.INTERRUPTED
    return jobs, max(codes)


def coverage(options: Options, trees: list[Tree], jobs: list[Job], summaries: list[dict[str, Any]]) -> dict[str, Any]:
    """What was run of the lines that the patch changes, and what was tried in the functions that it changes."""
    tree, baseline = trees
    lines = list(changes.changed(tree, baseline))
    counts = [count for summary in summaries for count in summary["attempts"]]
    sites = changes.sites(tree, changes.changed_functions(tree, baseline), counts)
    told: dict[str, Any] = {
        "attempt_runs": sum(summary["attempt_runs"] for summary in summaries),
        "sites": [dataclasses.asdict(site) for site in sites],
        "order_runs": sum(summary["order_runs"] for summary in summaries),
        "orders": changes.orders([count for summary in summaries for count in summary["orders"]]),
        "orders_of_plain": any(s["sanitizer"] == "race" for s in summaries if s["engine"] != "search"),
    }
    note(f"measuring what was run of the {plural(len(lines), 'changed line')}")
    lcov = changes.measure(tree, options.shim, [job.corpus for job in jobs if job.engine != "search"])
    if lcov is None:
        return told | {"trouble": f"could not be measured; the log is {changes.COVERAGE_LOG.relative_to(ROOT)}"}
    return told | {"lines": [dataclasses.asdict(line) for line in changes.covered(lines, lcov, tree.folder)]}


def read(path: pathlib.Path) -> dict[str, Any]:
    """JSON; {} if the file is not there, because a campaign could not write it."""
    value: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    return value


def write(folder: pathlib.Path, told: dict[str, Any], jobs: list[Job]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    files = {
        "report.txt": report.text(told, report.TERMINAL),
        "report.mail": report.text(told, report.MAIL),
        "report.html": page.page(told),
        "report.json": json.dumps(told, indent=2) + "\n",
        "report.sarif": json.dumps(report.sarif([job.work for job in jobs], read), indent=2) + "\n",
    }
    for name, content in files.items():
        replace(folder / name, content.encode())


def main() -> int:
    terminal.name = "check"
    options = parse(sys.argv[1:])
    try:
        trees = take_trees(campaign_of(options, "teardown", "address"))
        jobs, code = fuzz(options, trees)
        summaries = [summary for job in jobs if (summary := read(job.work / "summary.json"))]
        told = {
            "format": 1,
            "subject": jobs[0].subject,
            "tree": trees[0].shown if trees else None,
            "baseline": {"subject": jobs[0].baseline, "tree": trees[1].shown} if len(trees) > 1 else None,
            "campaigns": [{k: v for k, v in s.items() if k not in TOLD_ONCE} for s in summaries],
            "coverage": coverage(options, trees, jobs, summaries) if code in (0, 1) and len(trees) > 1 else None,
            **report.merge(summaries),
        }
        parts = [jobs[0].subject] + ([trees[0].contents] if trees else [])
        folder = pathlib.Path(options.out).resolve() if options.out else ROOT / "build/check" / "-".join(parts)
        write(folder, told, jobs)
        say("\n" + report.text(told, report.TERMINAL), end="")
        say(f"\nthe report: {jobs[0].shown(folder)}/report.html, .json, .sarif, .mail and .txt")
        return code
    except KeyboardInterrupt:
        leave(ExitCode.INTERRUPTED, "interrupted")
    except (OSError, Trouble) as error:
        leave(ExitCode.SETUP_FAILED, str(error))


if __name__ == "__main__":
    sys.exit(main())
