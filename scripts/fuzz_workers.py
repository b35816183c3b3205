# SPDX-License-Identifier: MIT
"""Fuzzing engines as scripts/fuzz_run.py sees them: threads that keep a process going until the time is over.

What an engine finds is what fuzz binaries write to findings/; what ends a process is kept in crashes/. So engines
differ in little: how they are called, where they put what they keep, and how they say how far they are."""
import collections
import math
import os
import re
import shutil
import signal
import subprocess
import threading
import time

HARNESS_BUG, SETUP_FAILED = 3, 5
# The thread sanitizer's runtime keeps some memory for each of its reports.
SECONDS_OF_A_WORKER = {"thread": 600}
SECONDS_OF_AN_INPUT = 10
BYTES_OF_AN_INPUT = 4096  # fuzz/limits.h


class Worker(threading.Thread):
    """One process after another until the deadline."""

    def __init__(self, run, number, deadline):
        super().__init__()
        self.run_of, self.number, self.deadline = run, number, deadline
        self.at_most = SECONDS_OF_A_WORKER.get(run.options.sanitizer, run.options.seconds)
        self.log = (run.work / f"worker-{number}.log").open("wb")
        self.executions = 0
        self.features = 0
        self.news = collections.deque()  # when something new was seen
        self.code = 0
        self.process = None
        self.stopped = False

    def run(self):
        while not self.stopped and (left := math.ceil(self.deadline - time.monotonic())) > 0:
            # In a session of its own: an interrupt typed at the terminal is passed on by stop().
            self.process = subprocess.Popen(
                self.command(min(left, self.at_most)), start_new_session=True, env=os.environ | self.environment(),
                cwd=self.run_of.work, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            harness_bug = False
            for line in self.process.stdout:
                self.log.write(line)
                self.read(line)
                if line.startswith(b"nofail: HARNESS BUG"):  # some engines would start the next process
                    harness_bug = True
                    self.process.send_signal(signal.SIGINT)
            self.log.flush()
            self.code = self.process.wait()
            self.ended()
            if harness_bug:
                self.code = HARNESS_BUG
            if self.code in (HARNESS_BUG, 2, SETUP_FAILED):
                return
        self.code = 0

    def stop(self):
        self.stopped = True
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)

    def new_in_last_minute(self):
        while self.news and self.news[0] < time.monotonic() - 60:
            self.news.popleft()
        return len(self.news)

    def target(self):
        """The fuzz binary and its options."""
        return [str(self.run_of.options.binary), f"--findings={self.run_of.findings}", *self.run_of.options.pass_on]

    def keep(self, folder, kind):
        """What the engine saved because it ended a process."""
        for path in sorted(folder.glob("*")):
            if path.is_file() and path.name != "README.txt":
                shutil.move(path, self.run_of.crashes / f"{kind}-{path.name}")

    # ---- What engines differ in --------------------------------------------------------------------------------------
    def command(self, seconds):
        raise NotImplementedError

    def environment(self):
        return {}

    def read(self, line):
        """A line of the engine's log."""

    def ended(self):
        """A process has."""


class LibFuzzer(Worker):
    """All workers share corpus/."""

    PULSE = re.compile(rb"^#(\d+)\s+\w+ .*\bft: (\d+)")
    DONE = re.compile(rb"^Done (\d+) runs")
    latest = 0

    def command(self, seconds):
        run = self.run_of
        return [*self.target(), "-reload=1", f"-dict={run.dictionary()}", f"-artifact_prefix={run.crashes}/",
                f"-max_total_time={seconds}", str(run.corpus), *map(str, run.seeds())]

    def read(self, line):
        if pulse := self.PULSE.match(line):
            self.latest, self.features = int(pulse[1]), int(pulse[2])
            if b"\tNEW " in line:
                self.news.append(time.monotonic())
        elif done := self.DONE.match(line):
            self.latest = int(done[1])

    def ended(self):
        self.executions += self.latest
        self.latest = 0


class Afl(Worker):
    """Workers share afl/, each with a folder of its own there; the first is the main one."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.folder = self.run_of.work / "afl" / f"worker-{self.number}"
        self.corpus = None  # how many inputs

    def command(self, seconds):
        run = self.run_of
        # Its stand-in for libFuzzer's main() takes a single option for a number of runs. Here are two, at least.
        target = [*self.target(), "--once"]
        return ["afl-fuzz", "-i", str(run.gather_seeds(run.work / "afl-seeds")), "-o", str(run.work / "afl"),
                "-M" if self.number == 1 else "-S", self.folder.name, "-x", str(run.dictionary()),
                "-G", str(BYTES_OF_AN_INPUT), "-t", str(1000 * SECONDS_OF_AN_INPUT), "-m", "none", "-V", str(seconds), "--", *target]

    def environment(self):
        mutator = self.run_of.options.afl_mutator
        return {"AFL_NO_UI": "1", "AFL_SKIP_CPUFREQ": "1", "AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES": "1",
                "AFL_NO_AFFINITY": "1", "AFL_AUTORESUME": "1", "AFL_DEBUG_CHILD": "1", "AFL_FAST_CAL": "1",
                **({"AFL_CUSTOM_MUTATOR_LIBRARY": str(mutator), "AFL_CUSTOM_MUTATOR_ONLY": "1"} if mutator else {})}

    def new_in_last_minute(self):
        """It says how far it is in a table, every few seconds."""
        table = self.folder / "plot_data"
        lines = table.read_text().splitlines() if table.exists() else []
        if len(lines) > 1:
            said = dict(zip(lines[0].lstrip("# ").split(", "), lines[-1].split(", ")))
            self.features, self.executions = int(said["edges_found"]), int(said["total_execs"])
            corpus = int(said["corpus_count"])
            if self.corpus is not None:
                self.news.extend([time.monotonic()] * (corpus - self.corpus))
            self.corpus = corpus
        return super().new_in_last_minute()

    def ended(self):
        self.new_in_last_minute()
        self.keep(self.folder / "crashes", "crash")
        self.keep(self.folder / "hangs", "timeout")
        if self.code != 0 and not self.stopped:
            self.code = SETUP_FAILED


class Honggfuzz(Worker):
    """One process with as many threads as there are jobs; it fills corpus/."""

    PULSE = re.compile(rb"^Sz:.* Cur:(?:\d+/){3}(\d+)/")
    DONE = re.compile(rb"^Summary iterations:(\d+) ")

    def command(self, seconds):
        run = self.run_of
        return ["honggfuzz", "--threads", str(run.options.jobs), "--persistent", "--verbose", "--keep_output",
                "--input", str(run.gather_seeds(run.corpus)), "--workspace", str(run.work / "honggfuzz"),
                "--crashdir", str(run.work / "honggfuzz/crashes"), "--dict", str(run.dictionary()),
                "--max_file_size", str(BYTES_OF_AN_INPUT),
                "--timeout", str(SECONDS_OF_AN_INPUT), "--tmout_sigvtalrm", "--run_time", str(seconds), "--",
                *self.target()]

    def environment(self):
        (self.run_of.work / "honggfuzz/crashes").mkdir(parents=True, exist_ok=True)
        return {}

    def read(self, line):
        if pulse := self.PULSE.match(line):
            self.features = int(pulse[1])
            self.news.append(time.monotonic())
        elif done := self.DONE.match(line):
            self.executions += int(done[1])

    def ended(self):
        self.keep(self.run_of.work / "honggfuzz/crashes", "crash")
        if self.code != 0 and not self.stopped:
            self.code = SETUP_FAILED


def workers(run, deadline):
    """Those of the engine that the options name."""
    engine = {"libfuzzer": LibFuzzer, "afl": Afl, "honggfuzz": Honggfuzz}[run.options.engine]
    count = 1 if engine is Honggfuzz else run.options.jobs
    return [engine(run, i + 1, deadline) for i in range(count)]
