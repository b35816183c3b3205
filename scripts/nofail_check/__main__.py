# SPDX-License-Identifier: MIT
"""`python3 -m nofail_check` is what `scripts/check` runs."""

import dataclasses
import json
import pathlib
import sys
from typing import Any, Union

from linux_tree.snapshot import Tree
from nofail_campaign import options as campaign_options, terminal
from nofail_campaign.build import ROOT, make_job, take_trees
from nofail_campaign.campaign import Campaign
from nofail_campaign.folder import replace
from nofail_campaign.job import Job
from nofail_campaign.terminal import ExitCode, Trouble, leave, note, say
from nofail_check import changes, page, report
from nofail_check.options import Options, parse

TARGETS = ("teardown", "lifecycle")
SANITIZERS = ("address", "thread")


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


def fuzz(options: Options, trees: list[Tree]) -> tuple[list[Job], int]:
    """Runs all campaigns, or as many as go well. Returns their jobs, and the gravest exit code."""
    jobs, codes = [], [int(ExitCode.NOTHING_NEW)]
    for sanitizer in SANITIZERS:
        for target in TARGETS:
            job = make_job(campaign_of(options, target, sanitizer), trees)
            campaign = Campaign(job)
            codes.append(campaign.run(tells=False))
            campaign.lock.close()
            jobs.append(job)
            if codes[-1] not in (ExitCode.NOTHING_NEW, ExitCode.SOMETHING_NEW):
                return jobs, codes[-1]
    return jobs, max(codes)


def coverage(options: Options, trees: list[Tree], jobs: list[Job]) -> Union[dict[str, Any], None]:
    """What was run of the lines that the patch changes; None: there is no patch to look at."""
    if len(trees) < 2:
        return None
    lines = list(changes.changed(*trees))
    note(f"measuring what was run of the {len(lines)} changed lines")
    lcov = changes.measure(options.linux, options.shim, [job.corpus for job in jobs])
    if lcov is None:
        return {"trouble": f"could not be measured; the log is {changes.COVERAGE_LOG.relative_to(ROOT)}"}
    return {"lines": [dataclasses.asdict(line) for line in changes.covered(lines, lcov, trees[0].folder)]}


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
            "campaigns": [{k: v for k, v in s.items() if k not in ("violations", "gone")} for s in summaries],
            "coverage": coverage(options, trees, jobs) if code in (0, 1) else None,
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
