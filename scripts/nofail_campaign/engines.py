# SPDX-License-Identifier: MIT
"""Fuzzing engines: each is a kind of thread that keeps a process of the engine going until the time is over.

What an engine finds is what fuzz binaries write to findings/. What ends a process is kept in crashes/. So engines
differ in three things only: how they are called, where they put what they keep, and how they say how far they are."""

import collections
import contextlib
import hashlib
import math
import os
import pathlib
import re
import shutil
import signal
import subprocess
import threading
import time
from typing import Iterable, Union

from nofail_campaign import folder
from nofail_campaign.job import Job
from nofail_campaign.terminal import ExitCode

# The runtime of ThreadSanitizer keeps some memory for each of its reports, so its processes are renewed.
SECONDS_OF_A_WORKER = {"thread": 600}
SECONDS_OF_A_START = 1  # a process that ends sooner, with nothing to show, would do so again
SECONDS_OF_AN_INPUT = 10
BYTES_OF_AN_INPUT = 4096  # fuzz/base/limits.h
LINES_OF_THE_LOG = 2000  # that are kept at hand


class Worker(threading.Thread):
    """Starts one process after another until the deadline."""

    def __init__(self, job: Job, number: int, deadline: float, lock: int) -> None:
        super().__init__()
        self.job, self.number, self.deadline = job, number, deadline
        self.lock = lock  # of the work folder; the process gets it too, for it may outlive this one
        self.at_most = SECONDS_OF_A_WORKER.get(job.sanitizer, job.seconds)
        self.log = (job.work / f"worker-{number}.log").open("wb", buffering=0)
        self.lines: collections.deque[bytes] = collections.deque(maxlen=LINES_OF_THE_LOG)
        self.executions = 0
        self.features = 0
        self.news: collections.deque[float] = collections.deque()  # when something new was seen
        self.code = ExitCode.SETUP_FAILED  # until the thread comes to an end as it should
        self.process: Union[subprocess.Popen[bytes], None] = None
        self.killed: collections.Counter[str] = collections.Counter()  # names of signals from outside
        self.trouble = ""  # why it could not go on, if that is known
        self.stopped = False

    def run(self) -> None:
        try:
            self.go_on()
        except OSError as error:
            self.trouble = str(folder.trouble_of(self.job, error, self.job.work))

    def go_on(self) -> None:
        while not self.stopped and (left := math.ceil(self.deadline - time.monotonic())) > 0:
            started, kept, executions = time.monotonic(), self.kept(), self.executions
            code = self.one_process(min(left, self.at_most))
            if code in (ExitCode.HARNESS_BUG, ExitCode.USAGE, ExitCode.SETUP_FAILED):
                self.code = ExitCode(code)
                return
            lasted = time.monotonic() - started
            nothing = self.kept() == kept and self.executions == executions
            if lasted < SECONDS_OF_A_START and nothing and not self.stopped:
                # Either the same crash again, or a process that cannot start at all.
                self.code = ExitCode.NOTHING_NEW if kept else ExitCode.SETUP_FAILED
                return
        self.code = ExitCode.NOTHING_NEW

    def kept(self) -> list[str]:
        """The names of what has ended processes so far."""
        return sorted(path.name for path in self.job.crashes.iterdir())

    def one_process(self, seconds: int) -> int:
        # The process gets a session of its own, so that an interrupt typed at the terminal reaches it by stop() only.
        self.process = subprocess.Popen(
            self.command(seconds),
            start_new_session=True,
            cwd=self.job.work,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=os.environ | dict(self.job.environment) | self.environment(),
            pass_fds=(self.lock,),
        )
        if self.stopped:  # meanwhile
            self.stop()
        assert self.process.stdout is not None
        harness_bug = False
        for line in self.process.stdout:
            self.lines.append(line)
            with contextlib.suppress(OSError):  # when the disk is full, the campaign notices, and says so
                self.log.write(line)
            self.read(line)
            if b"nofail: HARNESS BUG" in line:  # some engines would start the next process
                harness_bug = True
                self.process.send_signal(signal.SIGINT)
        code = self.process.wait()
        if not self.stopped and not harness_bug and (code < 0 or code == ExitCode.INTERRUPTED):
            self.killed[signal.Signals(-code).name if code < 0 else "an interrupt"] += 1
        code = self.ended(code)
        return ExitCode.HARNESS_BUG if harness_bug else code

    def stop(self) -> None:
        self.stopped = True
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)

    def said_since(self, text: bytes) -> str:
        """The process's lines from the last one on that has this text; empty if there is none."""
        lines = list(self.lines)
        at = max((i for i, line in enumerate(lines) if text in line), default=len(lines))
        return b"".join(lines[at:]).decode(errors="replace")

    def new_in_last_minute(self) -> int:
        while self.news and self.news[0] < time.monotonic() - 60:
            self.news.popleft()
        return len(self.news)

    def target(self) -> list[str]:
        """The fuzz binary and its options."""
        return [str(self.job.binary), f"--findings={self.job.findings}", *self.job.pass_on]

    def failed(self, code: int) -> int:
        """The code of an engine whose processes end well with 0 alone. One that was killed is followed by another."""
        return ExitCode.SETUP_FAILED if code > 0 and not self.stopped else ExitCode.NOTHING_NEW

    # ---- What engines differ in --------------------------------------------------------------------------------------
    def command(self, seconds: int) -> list[str]:
        """The engine's command line, for a process that ends by itself after so many seconds."""
        raise NotImplementedError

    def environment(self) -> dict[str, str]:
        """Variables that the engine reads."""
        return {}

    def read(self, line: bytes) -> None:
        """Looks at a line of the engine's log."""

    def update(self) -> None:
        """Looks at whatever else the engine says of how far it is. Called by the campaign's thread."""

    def ended(self, code: int) -> int:
        """Called when a process has ended with this code; returns what `scripts/fuzz` would leave with."""
        return code


class LibFuzzer(Worker):
    """All workers share corpus/."""

    PULSE = re.compile(rb"^#(\d+)\s+\w+ .*\bft: (\d+)")
    DONE = re.compile(rb"^Done (\d+) runs")
    latest = 0

    def command(self, seconds: int) -> list[str]:
        job = self.job
        options = ["-reload=1", f"-dict={job.dictionary}", f"-artifact_prefix={job.crashes}/"]
        # A subject's memory is the simulator's, and an oracle finds what leaks there. What a run notes for later runs
        # would be taken for a leak, and each such input run twice.
        options += ["-detect_leaks=0"] if job.counts_runs else []
        return [*self.target(), *options, f"-max_total_time={seconds}", str(job.corpus), *map(str, job.seeds)]

    def read(self, line: bytes) -> None:
        if pulse := self.PULSE.match(line):
            self.latest, self.features = int(pulse[1]), int(pulse[2])
            if b"\tNEW " in line:
                self.news.append(time.monotonic())
        elif done := self.DONE.match(line):
            self.latest = int(done[1])

    def ended(self, code: int) -> int:
        self.executions += self.latest
        self.latest = 0
        return code


class Afl(Worker):
    """Workers start from corpus/ and share afl/, each with a folder of its own there. The first is the main one."""

    def __init__(self, job: Job, number: int, deadline: float, lock: int) -> None:
        super().__init__(job, number, deadline, lock)
        self.folder = job.work / "afl" / f"worker-{number}"
        self.inputs: Union[int, None] = None  # how many it has

    def command(self, seconds: int) -> list[str]:
        job = self.job
        engine = ["afl-fuzz", "-i", str(job.corpus), "-o", str(job.work / "afl")]
        engine += ["-M" if self.number == 1 else "-S", self.folder.name, "-x", str(job.dictionary)]
        engine += ["-G", str(BYTES_OF_AN_INPUT), "-t", str(1000 * SECONDS_OF_AN_INPUT), "-m", "none"]
        # AFL++'s stand-in for libFuzzer's main() takes a single option for a number of runs. So there are two.
        return [*engine, "-V", str(seconds), "--", *self.target(), "--once"]

    def environment(self) -> dict[str, str]:
        told = {"AFL_AUTORESUME": "1", "AFL_DEBUG_CHILD": "1"}
        if self.job.afl_mutator is not None:
            told |= {"AFL_CUSTOM_MUTATOR_LIBRARY": str(self.job.afl_mutator), "AFL_CUSTOM_MUTATOR_ONLY": "1"}
        return told

    def update(self) -> None:
        """It says so in a table: after a minute, then every few seconds, and in the end."""
        table = self.folder / "plot_data"
        head, *rows = table.read_text(encoding="utf-8").splitlines() if table.exists() else [""]
        row = rows[-1].split(", ") if rows else []
        keys = head.lstrip("# ").split(", ")
        if len(row) != len(keys):  # there is no row yet, or it is being written
            return
        said = dict(zip(keys, row))
        self.features, self.executions = int(said["edges_found"]), int(said["total_execs"])
        inputs = int(said["corpus_count"])
        self.news.extend([time.monotonic()] * (inputs - (self.inputs or inputs)))
        self.inputs = inputs

    def ended(self, code: int) -> int:
        keep_all_of_afl(self.job, self.folder)
        return self.failed(code)


class Honggfuzz(Worker):
    """One process with as many threads as there are jobs; it fills corpus/."""

    PULSE = re.compile(rb"^Sz:.* Cur:(?:\d+/){3}(\d+)/")
    DONE = re.compile(rb"^Summary iterations:(\d+) ")

    def command(self, seconds: int) -> list[str]:
        job, workspace = self.job, self.job.work / "honggfuzz"
        engine = ["honggfuzz", "--threads", str(job.jobs), "--persistent", "--verbose", "--keep_output"]
        engine += ["--input", str(job.corpus), "--workspace", str(workspace), "--crashdir", str(workspace / "crashes")]
        engine += ["--dict", str(job.dictionary), "--max_file_size", str(BYTES_OF_AN_INPUT)]
        engine += ["--timeout", str(SECONDS_OF_AN_INPUT), "--tmout_sigvtalrm", "--run_time", str(seconds)]
        return [*engine, "--", *self.target()]

    def read(self, line: bytes) -> None:
        if pulse := self.PULSE.match(line):
            self.features = int(pulse[1])
            self.news.append(time.monotonic())
        elif done := self.DONE.match(line):
            self.executions += int(done[1])

    def ended(self, code: int) -> int:
        keep(self.job, self.job.work / "honggfuzz/crashes", f"crash-{self.number}")
        return self.failed(code)


ENGINES: dict[str, type[Worker]] = {"libfuzzer": LibFuzzer, "afl": Afl, "honggfuzz": Honggfuzz}


def add_to(corpus: pathlib.Path, inputs: Iterable[pathlib.Path]) -> None:
    """Copies inputs under a name that their content decides, so that the same input is there once."""
    for path in inputs:
        there = corpus / hashlib.sha1(path.read_bytes()).hexdigest()
        if not there.exists():
            folder.replace(there, path.read_bytes())


def keep(job: Job, there: pathlib.Path, prefix: str) -> None:
    """Moves what an engine saved because it ended a process to crashes/."""
    for path in sorted(there.glob("*")):
        if path.name != "README.txt":
            folder.move(path, job.crashes / f"{prefix}-{path.name}")


def keep_all_of_afl(job: Job, worker: pathlib.Path) -> None:
    """Takes all that is worth keeping out of a worker's folder: worker-1 and so on."""
    number = worker.name.rpartition("-")[2]
    keep(job, worker / "crashes", f"crash-{number}")
    keep(job, worker / "hangs", f"timeout-{number}")
    add_to(job.corpus, (worker / "queue").glob("id:*"))


def workers(job: Job, deadline: float, lock: int) -> list[Worker]:
    """The workers of the job's engine, ready to start. An engine that reads one folder finds the seeds in corpus/."""
    engine = ENGINES[job.engine]
    for worker in (job.work / "afl").glob("worker-*"):  # of a campaign that was ended itself
        keep_all_of_afl(job, worker)
    shutil.rmtree(job.work / "afl", ignore_errors=True)
    if engine is Honggfuzz:
        (job.work / "honggfuzz/crashes").mkdir(parents=True, exist_ok=True)
    if engine is not LibFuzzer:
        for seeds in job.seeds:
            add_to(job.corpus, seeds.iterdir())
    count = 1 if engine is Honggfuzz else job.jobs
    return [engine(job, i + 1, deadline, lock) for i in range(count)]
