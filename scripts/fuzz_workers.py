# SPDX-License-Identifier: MIT
"""Fuzzing engines as scripts/fuzz_run.py sees them: threads that keep a process going until the time is over.

What an engine finds is what fuzz binaries write to findings/; what ends a process is kept in crashes/. So engines
differ in little: how they are called, where they put what they keep, and how they say how far they are."""
import collections
import hashlib
import math
import re
import shutil
import signal
import subprocess
import threading
import time

HARNESS_BUG, SETUP_FAILED = 3, 5
# The thread sanitizer's runtime keeps some memory for each of its reports.
SECONDS_OF_A_WORKER = {"thread": 600}
SECONDS_OF_A_START = 1  # a process that ends sooner, with nothing to show, would do so again
SECONDS_OF_AN_INPUT = 10
BYTES_OF_AN_INPUT = 4096  # fuzz/base/limits.h


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
        self.code = SETUP_FAILED  # unless it comes to an end as it should
        self.process = None
        self.stopped = False

    def run(self):
        while not self.stopped and (left := math.ceil(self.deadline - time.monotonic())) > 0:
            started, kept, executions = time.monotonic(), self.kept(), self.executions
            code = self.one_process(min(left, self.at_most))
            if code in (HARNESS_BUG, 2, SETUP_FAILED):
                self.code = code
                return
            lasted = time.monotonic() - started
            nothing = self.kept() == kept and self.executions == executions
            if lasted < SECONDS_OF_A_START and nothing and not self.stopped:
                self.code = 0 if kept else SETUP_FAILED  # the same crash again, or no start at all
                return
        self.code = 0

    def kept(self):
        """What has ended processes so far."""
        return sorted(path.name for path in self.run_of.crashes.iterdir())

    def one_process(self, seconds):
        # In a session of its own: an interrupt typed at the terminal is passed on by stop().
        self.process = subprocess.Popen(
            self.command(seconds), start_new_session=True, cwd=self.run_of.work, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        harness_bug = False
        for line in self.process.stdout:
            self.log.write(line)
            self.read(line)
            if b"nofail: HARNESS BUG" in line:  # some engines would start the next process
                harness_bug = True
                self.process.send_signal(signal.SIGINT)
        self.log.flush()
        code = self.ended(self.process.wait())
        return HARNESS_BUG if harness_bug else code

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
            if path.name != "README.txt":
                shutil.move(path, self.run_of.crashes / f"{kind}-{self.number}-{path.name}")

    # ---- What engines differ in --------------------------------------------------------------------------------------
    def command(self, seconds):
        raise NotImplementedError

    def read(self, line):
        """A line of the engine's log."""

    def update(self):
        """Whatever else it says of how far it is. Not called by the worker's own thread."""

    def ended(self, code):
        """A process has, with this code; returns what scripts/fuzz would leave with."""
        return code


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

    def ended(self, code):
        self.executions += self.latest
        self.latest = 0
        return code


class Afl(Worker):
    """Workers start from corpus/ and share afl/, each with a folder of its own there; the first is the main one."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.folder = self.run_of.work / "afl" / f"worker-{self.number}"
        self.inputs = None  # how many it has

    def command(self, seconds):
        run = self.run_of
        # Its stand-in for libFuzzer's main() takes a single option for a number of runs. Here are two, at least.
        target = [*self.target(), "--once"]
        mutator = run.options.afl_mutator
        told = ["AFL_AUTORESUME=1", "AFL_DEBUG_CHILD=1"]
        if mutator:
            told += [f"AFL_CUSTOM_MUTATOR_LIBRARY={mutator}", "AFL_CUSTOM_MUTATOR_ONLY=1"]
        return ["env", *told, "afl-fuzz", "-i", str(run.corpus), "-o", str(run.work / "afl"),
                "-M" if self.number == 1 else "-S", self.folder.name, "-x", str(run.dictionary()),
                "-G", str(BYTES_OF_AN_INPUT), "-t", str(1000 * SECONDS_OF_AN_INPUT), "-m", "none", "-V", str(seconds), "--",
                *target]

    def update(self):
        """It says so in a table, after a minute and then every few seconds, and in the end."""
        table = self.folder / "plot_data"
        head, *rows = table.read_text().splitlines() if table.exists() else [""]
        row = rows[-1].split(", ") if rows else []
        keys = head.lstrip("# ").split(", ")
        if len(row) != len(keys):  # none yet, or it is being written
            return
        said = dict(zip(keys, row))
        self.features, self.executions = int(said["edges_found"]), int(said["total_execs"])
        inputs = int(said["corpus_count"])
        self.news.extend([time.monotonic()] * (inputs - (self.inputs or inputs)))
        self.inputs = inputs

    def ended(self, code):
        self.keep(self.folder / "crashes", "crash")
        self.keep(self.folder / "hangs", "timeout")
        add_to(self.run_of.corpus, (self.folder / "queue").glob("id:*"))
        return SETUP_FAILED if code != 0 and not self.stopped else 0


class Honggfuzz(Worker):
    """One process with as many threads as there are jobs; it fills corpus/."""

    PULSE = re.compile(rb"^Sz:.* Cur:(?:\d+/){3}(\d+)/")
    DONE = re.compile(rb"^Summary iterations:(\d+) ")

    def command(self, seconds):
        run = self.run_of
        return ["honggfuzz", "--threads", str(run.options.jobs), "--persistent", "--verbose", "--keep_output",
                "--input", str(run.corpus), "--workspace", str(run.work / "honggfuzz"),
                "--crashdir", str(run.work / "honggfuzz/crashes"), "--dict", str(run.dictionary()),
                "--max_file_size", str(BYTES_OF_AN_INPUT),
                "--timeout", str(SECONDS_OF_AN_INPUT), "--tmout_sigvtalrm", "--run_time", str(seconds), "--",
                *self.target()]

    def read(self, line):
        if pulse := self.PULSE.match(line):
            self.features = int(pulse[1])
            self.news.append(time.monotonic())
        elif done := self.DONE.match(line):
            self.executions += int(done[1])

    def ended(self, code):
        self.keep(self.run_of.work / "honggfuzz/crashes", "crash")
        return SETUP_FAILED if code != 0 and not self.stopped else 0


def add_to(corpus, inputs):
    """Under names by which the same input is there once."""
    for path in inputs:
        there = corpus / hashlib.sha1(path.read_bytes()).hexdigest()
        if not there.exists():
            shutil.copyfile(path, there)


def workers(run, deadline):
    """Those of the engine that the options name, ready to start. Engines that know one folder find the seeds in corpus/."""
    engine = {"libfuzzer": LibFuzzer, "afl": Afl, "honggfuzz": Honggfuzz}[run.options.engine]
    shutil.rmtree(run.work / "afl", ignore_errors=True)
    if engine is Honggfuzz:
        (run.work / "honggfuzz/crashes").mkdir(parents=True, exist_ok=True)
    if engine is not LibFuzzer:
        for folder in run.seeds():
            add_to(run.corpus, folder.iterdir())
    count = 1 if engine is Honggfuzz else run.options.jobs
    return [engine(run, i + 1, deadline) for i in range(count)]
