# SPDX-License-Identifier: MIT
"""What running the baseline beside the subject has shown (fuzz/engine/comparison.h): where a listed violation is news
because the baseline passes the same schedule, or because it shows clearly more often than on the baseline."""

import dataclasses
import os
import pathlib
import subprocess
from typing import Callable, Union

from nofail_campaign.job import Job
from nofail_campaign.summary import Totals, Violation

PER = 10_000  # schedules, in rates
LINES_OF_A_COMPARISON, COLUMNS_OF_A_COMPARISON = 16, 96  # that a table has room for

# Minimizes a violation from the schedule at this path; None when the baseline shows it, too.
Minimize = Callable[[Violation, pathlib.Path], Union[pathlib.Path, None]]


def candidates(job: Job, violation: Violation) -> list[pathlib.Path]:
    """The saved samples of a listed violation that the baseline passes, the first one first."""
    first = violation.name.partition("-differs")[0] + "-differs"
    return sorted(job.findings.glob(f"{first}*.sched"), key=lambda path: (len(path.name), path.name))


def rates(totals: Totals, signature: str) -> Union[dict[str, float], None]:
    """How often in 10,000 schedules the violation shows on the subject and on the baseline, on the same schedules."""
    for count in totals.pair_counts:
        if count.signature == signature and totals.pairs > 0:
            return {
                "subject": round(PER * (count.both + count.subject_alone) / totals.pairs, 2),
                "baseline": round(PER * (count.both + count.baseline_alone) / totals.pairs, 2),
            }
    return None


def worse_than_baseline(job: Job, totals: Totals, minimize: Minimize) -> list[tuple[Violation, pathlib.Path, str]]:
    """The listed violations that are news, each with its schedule and the reason: `baseline` (which passes that
    schedule) or `rate`."""
    news = []
    listed = {v.signature: v for v in totals.violations if v.listed in ("known", "finding")}
    worse = {v.signature for v in totals.violations if v.is_news} | job.told
    rising = {count.signature for count in totals.pair_counts if count.clear_rise}
    for violation in totals.violations:
        if violation.listed != "differs" or violation.signature in worse:
            continue
        as_worse = dataclasses.replace(listed[violation.signature], listed="worse", name=violation.name)
        found = candidates(job, violation)
        shorter = next((path for path in map(lambda path: minimize(as_worse, path), found) if path), None)
        if shorter is not None:
            news.append((as_worse, shorter, "baseline"))
        elif violation.signature in rising:
            news.append((as_worse, found[0], "rate"))
    return news


def side_by_side(job: Job, schedule: pathlib.Path) -> list[str]:
    """The two runs of a schedule, up to the first event that differs."""
    command = [str(job.tool), "compare", "--subject", job.subject, "--baseline", job.baseline, str(schedule)]
    environment = os.environ | {"COLUMNS": str(COLUMNS_OF_A_COMPARISON)}
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False, env=environment)
    return (
        [line.rstrip() for line in done.stdout.splitlines()][:LINES_OF_A_COMPARISON]
        if done.returncode in (0, 1)
        else []
    )
