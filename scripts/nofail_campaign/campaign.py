# SPDX-License-Identifier: MIT
"""A campaign from its start to the table of what it found."""

import collections
import contextlib
import dataclasses
import json
import pathlib
import re
import signal
import subprocess
import sys
import time
from typing import Any, Union

from nofail_campaign import causes, comparison, engines, folder, summary, terminal
from nofail_campaign.job import Job
from nofail_campaign.summary import Totals, Violation
from nofail_campaign.terminal import ExitCode, Trouble, leave, note, plural, say

# How a violation may stand to what is listed (fuzz/engine/run_status.h), as the live line calls it. Two are news.
STANDINGS = {"known": "known", "finding": "findings", "worse": "worse", "new": "new"}
SAMPLES = "differs"  # of listed violations; they are counted beside the violations themselves
SECONDS_OF_A_MINIMIZATION = 60
SECONDS_BETWEEN_LINES = 10  # of progress, where there is no terminal


def interrupts() -> list[signal.Signals]:
    """The signals that end a campaign early. Under nohup, a terminal that hangs up does not."""
    names = [signal.SIGINT, signal.SIGTERM]
    return names if signal.getsignal(signal.SIGHUP) == signal.SIG_IGN else [*names, signal.SIGHUP]


def without_number(name: str) -> str:
    """The name of a finding that has several files: NAME-worse, NAME-worse-2, ..., or NAME-differs, ..."""
    return re.sub(r"-(worse|differs)-\d+$", r"-\1", name)


class Campaign:
    """One run in a work folder, which is this run's alone until `lock` is closed."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.interrupted = False
        self.trouble = ""  # what ended it before its time, in one line
        self.has_harness_bug = False
        self.minimizing: Union[subprocess.Popen[bytes], None] = None
        self.workers: list[engines.Worker] = []
        self.causes_told: set[str] = set()  # of violations whose schedule was minimized
        self.news_told: set[str] = set()  # signatures of what the run has told as news
        self.noted: set[str] = set()  # signatures that were said to be minimized
        self.last = Totals(0, 0, [])  # the last counts that could be read
        try:
            self.lock = folder.prepare(job)
            self.executions_before = self.totals().executions
        except Trouble as trouble:
            leave(ExitCode.SETUP_FAILED, str(trouble))
        self.started = time.monotonic()

    def run(self, tells: bool = True) -> int:
        """Fuzzes, writes what was found, and prints it if it `tells`; returns the exit code."""
        job = self.job
        self.announce()
        before = {name: signal.signal(name, self.on_interrupt) for name in interrupts()}
        self.fuzz()
        found = self.summarize()
        self.news_told = {entry["signature"] for entry in found["violations"] if summary.is_news(entry)}
        written = summary.write(job, found)
        news = summary.show(job, found, written) if tells else summary.count_news(found)
        for name, handler in before.items():
            signal.signal(name, handler)
        if self.has_harness_bug:
            return ExitCode.HARNESS_BUG
        if self.trouble or not written:
            return ExitCode.SETUP_FAILED
        if self.interrupted:
            return ExitCode.INTERRUPTED
        if terminal.nobody_reads():
            return ExitCode.USAGE
        return ExitCode.SOMETHING_NEW if news else ExitCode.NOTHING_NEW

    def announce(self) -> None:
        job = self.job
        engine = job.engine + (" with this suite's mutator" if job.afl_mutator else "")
        note(
            f"fuzzing {job.target}, subject {job.subject}, sanitizer {job.sanitizer}, engine {engine}, "
            f"{job.seconds} s, {plural(job.jobs, 'process', 'processes')}"
        )

    # ---- While -------------------------------------------------------------------------------------------------------
    def fuzz(self) -> None:
        """Returns when the time is over, or when something ended it; then it has been said."""
        try:
            self.workers = engines.workers(self.job, self.started + self.job.seconds, self.lock.fileno())
            for worker in self.workers:
                worker.start()
            self.watch()
            self.look_back()
        except OSError as error:
            self.trouble = str(folder.trouble_of(self.job, error, self.job.work))
        except Trouble as trouble:
            self.trouble = str(trouble)
        finally:
            self.stop()
        self.show_unsaved()
        if self.trouble:
            note(f"{self.trouble}; the run ends here, and what it found before stays")

    def watch(self) -> None:
        on_terminal, last = sys.stdout.isatty(), self.started
        while alive := [worker for worker in self.workers if worker.is_alive()]:
            alive[0].join(1)
            folder.check(self.job)
            line = self.status_line()
            if on_terminal:
                say("\r\033[K" + line, end="")
            elif time.monotonic() - last >= SECONDS_BETWEEN_LINES:
                last = time.monotonic()
                say(line)
        if on_terminal:
            say("\r\033[K", end="")

    def look_back(self) -> None:
        """Raises Trouble when a worker did not come to an end as it should."""
        for worker in self.workers:
            worker.update()
            if worker.code == ExitCode.HARNESS_BUG:
                self.has_harness_bug = True
                terminal.write(sys.stderr, worker.said_since(b"nofail: HARNESS BUG"))
                raise Trouble("this is a bug of the suite, not of the subject")
        folder.check(self.job)
        for worker in self.workers:
            if worker.code != ExitCode.NOTHING_NEW:
                raise Trouble(worker.trouble or self.why(worker))

    def why(self, worker: engines.Worker) -> str:
        """Why a process could not run, as far as it said so itself."""
        reason = worker.said_since(b"nofail: ").partition("\n")[0]
        if reason and not reason.startswith("nofail: new: "):
            return reason.removeprefix("nofail: ")
        terminal.write(sys.stderr, b"".join(list(worker.lines)[-5:]).decode(errors="replace"))
        return "the fuzzer could not run"

    def show_unsaved(self) -> None:
        """A process that cannot save a finding says so, prints the schedule, and ends."""
        for worker in self.workers:
            reason, _, schedule = worker.said_since(b"cannot be written").partition("\n")
            if "nofail schedule" in schedule:
                terminal.write(sys.stderr, f"{reason}\n{schedule}")

    def stop(self) -> None:
        for worker in self.workers:
            worker.stop()
        for worker in self.workers:
            if worker.ident is not None:
                worker.join()

    def on_interrupt(self, *_: object) -> None:
        self.interrupted = True
        for worker in self.workers:
            worker.stop()
        if self.minimizing is not None:
            self.minimizing.send_signal(signal.SIGINT)  # nothing happens when it has ended

    def status_line(self) -> str:
        for worker in self.workers:
            worker.update()
        elapsed = time.monotonic() - self.started
        totals = self.totals()
        features = max(worker.features for worker in self.workers)
        news = sum(worker.new_in_last_minute() for worker in self.workers)
        parts = [f"{elapsed:3.0f} s", f"{(totals.executions - self.executions_before) / max(elapsed, 1):,.0f}/s"]
        if totals.interleavings:
            parts.append(f"{totals.interleavings:,} interleavings")
        if features:  # some engines are slow to say
            parts += [f"{features:,} features", f"+{news} inputs in a minute"]
        if self.job.counts_runs:
            counts = (f"{text} {totals.count(listed)}" for listed, text in STANDINGS.items())
            parts.append(", ".join(counts))
        return "  ".join(parts)

    def totals(self) -> Totals:
        self.last = totals = summary.read_totals(self.job.tool, self.job.findings)
        if self.job.counts_runs:
            return totals
        return dataclasses.replace(totals, executions=sum(worker.executions for worker in self.workers))

    def last_totals(self) -> Totals:
        """The counts now, or when they could last be read."""
        with contextlib.suppress(Trouble):
            return self.totals()
        return self.last

    # ---- After -------------------------------------------------------------------------------------------------------
    def verdict(self, schedule: pathlib.Path, subject: str) -> Union[dict[str, Any], None]:
        """What `nofail replay` says of the schedule; None when it says nothing, because the run ended its process."""
        command = [str(self.job.tool), "replay", "--json", "--verbose", "--subject", subject, str(schedule)]
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
        if not done.stdout.startswith("{"):
            return None
        run: dict[str, Any] = json.loads(done.stdout)["runs"][0]
        return run

    def is_in_baseline(self, violation: Violation) -> bool:
        """Whether the baseline, run as the schedule says, does the same. It may merely not have been found there."""
        if not violation.is_news:
            return False
        run = self.verdict(self.job.findings / f"{violation.name}.sched", self.job.baseline)
        return run is not None and any(v["signature"] == violation.signature for v in run["violations"])

    def minimize(self, violation: Violation, found: pathlib.Path) -> Union[pathlib.Path, None]:
        """The shortened schedule, or the one that was found when there was no time. None: the baseline shows the
        violation, too, on this schedule or on one close by."""
        if self.interrupted or self.trouble:
            return found
        shorter = self.job.work / "minimized" / found.name
        with contextlib.suppress(OSError):  # then the command cannot write either, and what was found is good enough
            shorter.parent.mkdir(exist_ok=True)
        if violation.signature not in self.noted:  # of some, several schedules are tried
            note(f"minimizing {violation.signature}")
            self.noted.add(violation.signature)
        self.minimizing = subprocess.Popen(
            [
                *(self.job.tool, "minimize", "--signature", violation.signature),
                *(["--worse"] if violation.listed == "worse" else []),
                *(["--baseline", self.job.baseline] if self.job.baseline else []),
                *("--subject", self.job.subject, "--force", "-o", shorter, found),
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            self.minimizing.wait(SECONDS_OF_A_MINIMIZATION)
        except subprocess.TimeoutExpired:
            self.minimizing.send_signal(signal.SIGINT)  # it leaves the best so far
            self.minimizing.wait()
        if self.job.baseline and self.minimizing.returncode == ExitCode.NOTHING_TO_MINIMIZE:
            return None
        return shorter if self.minimizing.returncode in (0, ExitCode.INTERRUPTED) else found

    def minimize_sample(self, violation: Violation, found: pathlib.Path) -> Union[pathlib.Path, None]:
        """The same for a sample of a listed violation. It is no news before it has been minimized: as it was found, its
        ordinals may just be others on the baseline."""
        return None if self.interrupted or self.trouble else self.minimize(violation, found)

    def entry(self, violation: Violation) -> Union[dict[str, Any], None]:
        """What summary.json says of a violation. None: it is no news after all, because the baseline shows it."""
        if violation.is_news:
            if self.job.baseline and self.is_in_baseline(violation):
                return None
            found = self.job.findings / f"{violation.name}.sched"
            is_told = violation.signature in self.job.told or self.is_face(violation, found)
            schedule = found if is_told else self.minimize(violation, found)
            return None if schedule is None else self.news(violation, schedule, "need")
        listed = next(self.job.root.glob(f"corpus/*/{violation.name}.sched"), None)
        return dataclasses.asdict(violation) | {"schedule": None if listed is None else self.job.shown(listed)}

    def is_face(self, violation: Violation, found: pathlib.Path) -> bool:
        """Whether a violation with the same cause was minimized before. Then that schedule is enough."""
        run = self.verdict(found, self.job.subject)
        cause = causes.cause_of({"signature": violation.signature, "run": run})
        return violation.listed == "new" and cause in self.causes_told

    def news(self, violation: Violation, schedule: pathlib.Path, why: str) -> dict[str, Any]:
        """What summary.json says of a violation that is news. `why` it is, although its name is listed: `need`,
        `baseline` or `rate`."""
        job = self.job
        entry = dataclasses.asdict(violation) | {
            "run": self.verdict(schedule, job.subject),
            "schedule": job.shown(schedule),
            "why": why if violation.listed == "worse" else None,
        }
        if cause := causes.cause_of(entry):
            self.causes_told.add(cause)
        return entry | ({"side_by_side": comparison.side_by_side(job, schedule)} if job.baseline else {})

    def entries(self, totals: Totals) -> list[dict[str, Any]]:
        """What summary.json says of all violations, the news last."""
        found = [v for v in totals.violations if v.listed != SAMPLES]
        found += self.uncounted(totals.violations)
        entries = []
        for violation in sorted(found, key=lambda v: (list(STANDINGS).index(v.listed), v.first)):
            entries.append(self.entry(violation))
        if self.job.compares_listed:
            for violation, schedule, why in comparison.worse_than_baseline(self.job, totals, self.minimize_sample):
                entries.append(self.news(violation, schedule, why))
        kept = [entry for entry in entries if entry is not None]
        for entry in kept if self.job.baseline else []:
            entry["rates"] = comparison.rates(totals, entry["signature"])
        return kept

    def uncounted(self, counted: list[Violation]) -> list[Violation]:
        """Findings whose process was killed, or had no space left, between saving and counting them."""
        names, found = {without_number(v.name) for v in counted}, []
        for path in sorted(self.job.findings.glob("*.sched")):
            if without_number(path.stem) not in names:
                run = self.verdict(path, self.job.subject) or {}
                found.append(Violation("new", 0, 0, path.stem, run.get("headline") or path.stem))
        return found

    def listed(self, totals: Totals) -> summary.Listed:
        """What is listed and does not show. A campaign that has ended early does not fail for want of this."""
        if not self.job.finds_gone:
            return summary.Listed()
        try:
            return summary.read_listed(self.job, {v.signature for v in totals.violations})
        except Trouble as trouble:
            note(str(trouble))
            return summary.Listed()

    def summarize(self) -> dict[str, Any]:
        job, totals = self.job, self.last_totals()
        seconds = time.monotonic() - self.started
        entries, listed = self.entries(totals), self.listed(totals)
        return {
            "format": 1,
            "target": job.target,
            "subject": job.subject,
            "sanitizer": job.sanitizer,
            "engine": job.engine,
            "replay": job.replay,
            "seconds": round(seconds, 1),
            "executions": totals.executions,
            "interleavings": totals.interleavings,
            "pairs": totals.pairs,
            "attempt_runs": totals.attempt_runs,
            "attempts": totals.attempts,
            "order_runs": totals.order_runs,
            "orders": totals.orders,
            "features": max((worker.features for worker in self.workers), default=0),
            "baseline": job.baseline or None,
            "interrupted": self.interrupted,
            "trouble": self.trouble or None,
            "killed": dict(sum((worker.killed for worker in self.workers), collections.Counter[str]())),
            "violations": entries,
            "causes": causes.summary([entry for entry in entries if summary.is_news(entry)]),
            "as_on": listed.as_on,
            "gone": listed.gone,
            "crashes": [job.shown(crash) for crash in sorted(job.crashes.glob("*-*"))],
        }
