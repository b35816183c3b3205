# SPDX-License-Identifier: MIT
"""A campaign from its start to the table of what it found."""

import dataclasses
import json
import pathlib
import signal
import subprocess
import sys
import time
from typing import Any, Union

from nofail_campaign import engines, summary
from nofail_campaign.job import Job
from nofail_campaign.summary import Totals, Violation
from nofail_campaign.terminal import ExitCode, leave, note, plural

SECONDS_OF_A_MINIMIZATION = 60
SECONDS_BETWEEN_LINES = 10  # of progress, where there is no terminal


class Campaign:
    def __init__(self, job: Job) -> None:
        self.job = job
        self.interrupted = False
        self.minimizing: Union[subprocess.Popen[bytes], None] = None
        self.workers: list[engines.Worker] = []
        for folder in (job.findings, job.corpus, job.crashes):
            folder.mkdir(parents=True, exist_ok=True)
        if not job.resume:
            self.set_earlier_aside()
        self.executions_before = self.totals().executions
        self.started = time.monotonic()

    def run(self) -> int:
        """Fuzzes, writes and prints what was found; returns the exit code."""
        job = self.job
        engine = job.engine + (" with this suite's mutator" if job.afl_mutator else "")
        note(
            f"fuzzing {job.target}, subject {job.subject}, sanitizer {job.sanitizer}, engine {engine}, "
            f"{job.seconds} s, {plural(job.jobs, 'process', 'processes')}"
        )
        self.fuzz()
        found = self.summarize()
        summary.write(job, found)
        news = summary.show(job, found)
        if self.interrupted:
            return ExitCode.INTERRUPTED
        return ExitCode.SOMETHING_NEW if news else ExitCode.NOTHING_NEW

    # ---- Before ------------------------------------------------------------------------------------------------------
    def set_earlier_aside(self) -> None:
        """Moves what an earlier run found to old/. It may have been listed or mended since, so it is no news."""
        work = self.job.work
        for path in self.job.findings.glob(".status.*"):
            path.unlink()
        earlier = [*self.job.findings.glob("*.sched"), *self.job.crashes.glob("*-*")]
        # Engines still have what ended a process when the campaign itself was ended.
        for pattern in ("honggfuzz/crashes/*", "afl/*/crashes*/id:*", "afl/*/hangs*/id:*"):
            earlier += work.glob(pattern)
        if not earlier:
            return
        old = work / "old" / time.strftime("%Y-%m-%d-%H%M%S")
        old.mkdir(parents=True)
        for path in earlier:
            path.rename(old / path.name)
        note(f"moved what earlier runs found to {self.job.shown(old)} ({plural(len(earlier), 'file')})")

    # ---- While -------------------------------------------------------------------------------------------------------
    def fuzz(self) -> None:
        self.workers = engines.workers(self.job, self.started + self.job.seconds)
        for name in (signal.SIGINT, signal.SIGTERM):
            signal.signal(name, self.on_interrupt)
        for worker in self.workers:
            worker.start()
        terminal, last = sys.stdout.isatty(), self.started
        while any(worker.is_alive() for worker in self.workers):
            self.workers[0].join(1)
            if terminal:
                print("\r\033[K" + self.status_line(), end="", flush=True)
            elif time.monotonic() - last >= SECONDS_BETWEEN_LINES:
                last = time.monotonic()
                print(self.status_line(), flush=True)
        if terminal:
            print("\r\033[K", end="", flush=True)
        for worker in self.workers:
            worker.update()
            if worker.code != ExitCode.NOTHING_NEW:
                self.give_up(worker)

    def on_interrupt(self, *_: object) -> None:
        self.interrupted = True
        for worker in self.workers:
            worker.stop()
        if self.minimizing is not None:
            self.minimizing.send_signal(signal.SIGINT)  # nothing happens when it has ended

    def give_up(self, worker: engines.Worker) -> None:
        log = pathlib.Path(worker.log.name).read_text(encoding="utf-8", errors="replace")
        if worker.code == ExitCode.HARNESS_BUG:
            sys.stderr.write(log[log.find("nofail: HARNESS BUG") :][:4000])
            leave(ExitCode.HARNESS_BUG, "this is a bug of the suite, not of the subject")
        sys.stderr.write("\n".join(log.splitlines()[-5:]) + "\n")
        leave(ExitCode.SETUP_FAILED, "the fuzzer could not run")

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
            known, findings, new = (totals.count(listed) for listed in ("known", "finding", "new"))
            parts.append(f"known {known}, findings {findings}, new {new}")
        return "  ".join(parts)

    def totals(self) -> Totals:
        totals = summary.read_totals(self.job.tool, self.job.findings)
        if self.job.counts_runs:
            return totals
        return dataclasses.replace(totals, executions=sum(worker.executions for worker in self.workers))

    # ---- After -------------------------------------------------------------------------------------------------------
    def verdict(self, schedule: pathlib.Path, subject: str) -> Union[dict[str, Any], None]:
        """What `nofail replay` says of the schedule; None when it says nothing, because the run ended its process."""
        command = [str(self.job.tool), "replay", "--json", "--verbose", "--subject", subject, str(schedule)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if not done.stdout.startswith("{"):
            return None
        run: dict[str, Any] = json.loads(done.stdout)["runs"][0]
        return run

    def is_in_baseline(self, violation: Violation) -> bool:
        """Whether the baseline, run as the schedule says, does the same. It may merely not have been found there."""
        if violation.name == "baseline":  # the fuzz binary had it from the baseline's own campaign
            return True
        if violation.listed != "new":
            return False
        run = self.verdict(self.job.findings / f"{violation.name}.sched", self.job.baseline)
        return run is not None and any(v["signature"] == violation.signature for v in run["violations"])

    def minimize(self, violation: Violation) -> pathlib.Path:
        """The shortened schedule, or the one that was found when there was no time."""
        found = self.job.findings / f"{violation.name}.sched"
        if self.interrupted:
            return found
        shorter = self.job.work / "minimized" / found.name
        shorter.parent.mkdir(exist_ok=True)
        shorter.unlink(missing_ok=True)  # an earlier run's
        note(f"minimizing {violation.signature}")
        self.minimizing = subprocess.Popen(
            [self.job.tool, "minimize", "--signature", violation.signature, "--force", "-o", shorter, found],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            self.minimizing.wait(SECONDS_OF_A_MINIMIZATION)
        except subprocess.TimeoutExpired:
            self.minimizing.send_signal(signal.SIGINT)  # it leaves the best so far
            self.minimizing.wait()
        return shorter if shorter.exists() else found

    def entry(self, violation: Violation) -> dict[str, Any]:
        """What summary.json says of a violation."""
        job, entry = self.job, dataclasses.asdict(violation)
        if violation.listed == "new":
            schedule = self.minimize(violation)
            return entry | {"run": self.verdict(schedule, job.subject), "schedule": job.shown(schedule)}
        listed = next(job.root.glob(f"corpus/*/{violation.name}.sched"), None)
        return entry | {"schedule": None if listed is None else job.shown(listed)}

    def summarize(self) -> dict[str, Any]:
        job, totals = self.job, self.totals()
        seconds = time.monotonic() - self.started
        order = ["known", "finding", "new"]
        violations = sorted(totals.violations, key=lambda v: (order.index(v.listed), v.first))
        entries = [self.entry(v) for v in violations if not (job.baseline and self.is_in_baseline(v))]
        return {
            "format": 1,
            "target": job.target,
            "subject": job.subject,
            "sanitizer": job.sanitizer,
            "engine": job.engine,
            "seconds": round(seconds, 1),
            "executions": totals.executions,
            "interleavings": totals.interleavings,
            "features": max(worker.features for worker in self.workers),
            "baseline": job.baseline or None,
            "interrupted": self.interrupted,
            "violations": entries,
            "crashes": [job.shown(crash) for crash in sorted(job.crashes.glob("*-*"))],
        }
