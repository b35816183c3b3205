#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs fuzz binaries until the time is over and says what they found. scripts/fuzz builds what this needs and calls it.

A worker is one process of an engine (fuzz_workers.py). Each process of a fuzz binary keeps a file of counts in the
findings' folder (fuzz/engine/run_status.h has the format), and those files are all that is read, so one that dies costs
nothing."""

import argparse
import dataclasses
import json
import math
import pathlib
import signal
import subprocess
import sys
import time

import fuzz_workers
from fuzz_workers import HARNESS_BUG, SETUP_FAILED

NOTHING_NEW, SOMETHING_NEW, INTERRUPTED = 0, 1, 130
SECONDS_OF_A_MINIMIZATION = 60


@dataclasses.dataclass
class Violation:
    listed: str  # known, finding or new
    count: int
    first: int  # execution, of the worker that was first
    name: str  # of the file that has it, without .sched
    signature: str


@dataclasses.dataclass
class Totals:
    executions: int = 0
    interleavings: int = 0
    violations: dict = dataclasses.field(default_factory=dict)  # by signature

    def of(self, listed):
        return [v for v in self.violations.values() if v.listed == listed]


def read_totals(findings):
    totals = Totals()
    registers = [0] * 1024
    for path in findings.glob(".status.*[0-9]"):
        for line in path.read_text().splitlines():
            key, *words = line.split()
            if key == "executions":
                totals.executions += int(words[0])
            elif key == "interleavings":
                registers = [max(pair) for pair in zip(registers, (ord(c) - ord("0") for c in words[0]))]
            elif key == "violation":
                seen = Violation(words[0], int(words[1]), int(words[2]), words[3], words[4])
                other = totals.violations.setdefault(seen.signature, seen)
                if other is not seen:
                    other.count += seen.count
                    other.first = min(other.first, seen.first)
    totals.interleavings = estimate(registers)
    return totals


def estimate(registers):
    """Of fuzz/engine/hyperloglog.h: how many different values were seen."""
    m = len(registers)
    raw = 0.7213 / (1 + 1.079 / m) * m * m / sum(2.0**-longest for longest in registers)
    empty = registers.count(0)
    return round(m * math.log(m / empty) if raw <= 2.5 * m and empty else raw)


def plural(count, one, many=None):
    return f"{count:,} {one if count == 1 else many or one + 's'}"


class Run:
    def __init__(self, options):
        self.options = options
        self.work = options.work
        self.findings = self.work / "findings"
        self.corpus = self.work / "corpus"
        self.crashes = self.work / "crashes"
        self.interrupted = False
        self.minimizing = None
        for folder in (self.findings, self.corpus, self.crashes):
            folder.mkdir(parents=True, exist_ok=True)

    def shown(self, path):
        path = pathlib.Path(path)
        return str(path.relative_to(self.options.root) if path.is_relative_to(self.options.root) else path)

    # ---- Before ------------------------------------------------------------------------------------------------------
    def set_earlier_aside(self):
        """What an earlier run found may have been listed or mended since: it is no news."""
        for path in self.findings.glob(".status.*"):
            path.unlink()
        earlier = [*self.findings.glob("*.sched"), *self.crashes.glob("*-*"),
                   # what was not told of, because the run itself was ended
                   *self.work.glob("honggfuzz/crashes/*"), *self.work.glob("afl/*/crashes*/id:*"),
                   *self.work.glob("afl/*/hangs*/id:*")]
        if not earlier:
            return
        old = self.work / "old" / time.strftime("%Y-%m-%d-%H%M%S")
        old.mkdir(parents=True)
        for path in earlier:
            path.rename(old / path.name)
        note(f"moved what earlier runs found to {self.shown(old)} ({plural(len(earlier), 'file')})")

    # ---- While -------------------------------------------------------------------------------------------------------
    def fuzz(self):
        self.workers = fuzz_workers.workers(self, self.started + self.options.seconds)
        for name in (signal.SIGINT, signal.SIGTERM):
            signal.signal(name, self.on_interrupt)
        for worker in self.workers:
            worker.start()
        terminal, last = sys.stdout.isatty(), self.started
        while any(worker.is_alive() for worker in self.workers):
            self.workers[0].join(0.5)
            if terminal:
                print("\r\033[K" + self.status_line(), end="", flush=True)
            elif time.monotonic() - last >= 10:
                last = time.monotonic()
                print(self.status_line(), flush=True)
        if terminal:
            print("\r\033[K", end="", flush=True)
        for worker in self.workers:
            worker.update()
            if worker.code != 0:
                self.give_up(worker)

    def seeds(self):
        """Folders to start from, besides what earlier runs found."""
        folders = [self.options.binary.parent.parent / "seeds", self.options.root / "corpus" / self.options.target]
        return [folder for folder in folders if folder.is_dir()]

    def dictionary(self):
        return self.options.root / "dict" / f"nofail_{'text' if self.options.target == 'codec' else 'schedule'}.dict"

    def on_interrupt(self, *_):
        self.interrupted = True
        for worker in self.workers:
            worker.stop()
        if self.minimizing is not None:
            self.minimizing.send_signal(signal.SIGINT)  # nothing when it has ended

    def give_up(self, worker):
        log = pathlib.Path(worker.log.name).read_text(errors="replace")
        if worker.code == HARNESS_BUG:
            sys.stderr.write(log[log.find("nofail: HARNESS BUG"):][:4000])
            leave(HARNESS_BUG, "this is a bug of the suite, not of the subject")
        sys.stderr.write("\n".join(log.splitlines()[-5:]) + "\n")
        leave(SETUP_FAILED, "the fuzzer could not run")

    def status_line(self):
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
        if not self.options.keeps_no_counts:
            parts.append(f"known {len(totals.of('known'))}, findings {len(totals.of('finding'))}, "
                         f"new {len(totals.of('new'))}")
        return "  ".join(parts)

    def totals(self):
        totals = read_totals(self.findings)
        if self.options.keeps_no_counts:
            totals.executions = sum(worker.executions for worker in self.workers)
        return totals

    # ---- After -------------------------------------------------------------------------------------------------------
    def nofail(self, *arguments):
        return subprocess.run([self.options.tool, *map(str, arguments)], capture_output=True, text=True, check=False)

    def verdict(self, schedule, subject):
        """What `nofail replay` says of the only schedule; None when it says nothing."""
        done = self.nofail("replay", "--json", "--verbose", "--subject", subject, schedule)
        return json.loads(done.stdout)["runs"][0] if done.stdout.startswith("{") else None

    def is_in_baseline(self, violation):
        """Whether the other tree, run as the schedule says, does the same: it may merely not have been found there."""
        run = self.verdict(self.findings / f"{violation.name}.sched", self.options.baseline)
        return run is not None and any(v["signature"] == violation.signature for v in run["violations"])

    def minimize(self, violation):
        """The shortened schedule, or the one that was found when there was no time."""
        found = self.findings / f"{violation.name}.sched"
        shorter = self.work / "minimized" / found.name
        shorter.parent.mkdir(exist_ok=True)
        shorter.unlink(missing_ok=True)  # an earlier run's
        note(f"minimizing {violation.signature}")
        self.minimizing = process = subprocess.Popen(
            [self.options.tool, "minimize", "--signature", violation.signature, "--force", "-o", shorter, found],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        try:
            process.wait(SECONDS_OF_A_MINIMIZATION)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGINT)  # it leaves the best so far
            process.wait()
        return shorter if shorter.exists() else found

    def summarize(self):
        o, totals = self.options, self.totals()
        seconds = time.monotonic() - self.started
        crashes = sorted(self.crashes.glob("*-*"))
        entries = []
        for v in sorted(totals.violations.values(), key=lambda v: (["known", "finding", "new"].index(v.listed), v.first)):
            if o.baseline and (v.name == "baseline" or v.listed == "new" and self.is_in_baseline(v)):
                continue
            entry = dataclasses.asdict(v)
            if v.listed == "new":
                schedule = self.findings / f"{v.name}.sched" if self.interrupted else self.minimize(v)
                entry["run"] = self.verdict(schedule, o.subject)
            else:
                schedule = next(o.root.glob(f"corpus/*/{v.name}.sched"), None)
            entry["schedule"] = schedule and self.shown(schedule)
            entries.append(entry)
        return {"format": 1, "target": o.target, "subject": o.subject, "sanitizer": o.sanitizer, "engine": o.engine,
                "seconds": round(seconds, 1), "executions": totals.executions, "interleavings": totals.interleavings,
                "features": max(worker.features for worker in self.workers), "baseline": o.baseline,
                "interrupted": self.interrupted, "violations": entries, "crashes": [self.shown(c) for c in crashes]}

    def write(self, summary):
        (self.work / "summary.json").write_text(json.dumps(summary, indent=2) + "\n")
        (self.work / "summary.sarif").write_text(json.dumps(sarif(summary), indent=2) + "\n")

    def show(self, summary):
        o = self.options
        interleavings = f", about {summary['interleavings']:,} interleavings" if summary["interleavings"] else ""
        print(f"\n{o.target}, subject {o.subject}, sanitizer {o.sanitizer}, engine {o.engine}: "
              f"{summary['executions']:,} executions{interleavings}, in {summary['seconds']:.0f} s{', interrupted' if self.interrupted else ''}")
        if o.baseline:
            print(f"what {o.baseline} ({o.baseline_tree}) has as well is left out")
        listed = [v for v in summary["violations"] if v["listed"] != "new"]
        if listed:
            print(f"\nlisted in corpus/; for more: {o.replay} FILE --verbose")
        for v in listed:
            print(f"  {v['count']:>11,} times  {v['signature']}\n{'':20} {v['schedule']}")
        news = [v for v in summary["violations"] if v["listed"] == "new"]
        for v in news:
            print(f"\nNEW  {v['signature']}\n     {plural(v['count'], 'time')}, first at execution {v['first']:,}")
            print(f"     {o.replay} {v['schedule']} --verbose")
        if news:
            tool = self.shown(o.tool)
            print(f"\nthe timeline as a page, and what to do with one that is real (FILE: the schedule's name above):\n"
                  f"     {tool} show --html FILE -o timeline.html\n     {tool} minimize --as finding/CAUSE FILE")
        for crash in summary["crashes"]:
            print(f"\nNEW  a crash, hang or lack of memory that ended the process; logs are in {self.shown(self.work)}")
            print(f"     {self.shown(o.binary)} {crash}")
        count = len(news) + len(summary["crashes"])
        print(f"\n{plural(count, 'new violation') + ': see above' if count else 'nothing new'}; as data: "
              f"{self.shown(self.work)}/summary.json and .sarif")
        return INTERRUPTED if self.interrupted else SOMETHING_NEW if count else NOTHING_NEW

    def main(self):
        o = self.options
        if not o.resume:
            self.set_earlier_aside()
        self.executions_before = read_totals(self.findings).executions
        self.started = time.monotonic()
        engine = o.engine + " with this suite's mutator" * bool(o.afl_mutator)
        note(f"fuzzing {o.target}, subject {o.subject}, sanitizer {o.sanitizer}, engine {engine}, {o.seconds} s, "
             f"{plural(o.jobs, 'process', 'processes')}")
        self.fuzz()
        summary = self.summarize()
        self.write(summary)
        return self.show(summary)


def sarif(summary):
    """What code hosts show next to a line (SARIF 2.1.0): one result for each violation that is not listed."""
    rules, results = {}, []
    for v in summary["violations"]:
        if v["listed"] != "new" or not v["run"]:
            continue
        said = next((w for w in v["run"]["violations"] if w["signature"] == v["signature"]), None)
        if said is None:  # a data race that the thread sanitizer did not see again
            continue
        rules[said["kind"]] = {"id": said["kind"]}
        result = {"ruleId": said["kind"], "level": "error", "message": {"text": f"{v['signature']}: {said['detail']}"},
                  "partialFingerprints": {"signature/v1": v["signature"]}}
        # Where it shows, or the last place of the subject before that.
        sites = [e["site"] for e in v["run"]["events"][:said["event"] + 1] if "site" in e]
        if sites:
            result["locations"] = [{"physicalLocation": {"artifactLocation": {"uri": sites[-1]["file"]},
                                                         "region": {"startLine": sites[-1]["line"]}}}]
        results.append(result)
    return {"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0",
            "runs": [{"tool": {"driver": {"name": "nofail", "rules": list(rules.values())}}, "results": results}]}


def note(text):
    print(f"fuzz: {text}", file=sys.stderr, flush=True)


def leave(code, text):
    note(text)
    sys.exit(code)


def main():
    parser = argparse.ArgumentParser(description="Internal to scripts/fuzz, whose --help says what can be asked for.")
    path = lambda text: pathlib.Path(text).absolute()
    parser.add_argument("--root", type=path, required=True)
    parser.add_argument("--work", type=path, required=True)
    parser.add_argument("--binary", type=path, required=True)
    parser.add_argument("--tool", type=path, required=True)
    parser.add_argument("--replay", required=True, help="what to print before a schedule's name")
    parser.add_argument("--target", required=True)
    parser.add_argument("--subject", required=True)
    parser.add_argument("--sanitizer", required=True)
    parser.add_argument("--engine", default="libfuzzer")
    parser.add_argument("--afl-mutator", type=path, help="the library that AFL++ mutates with")
    parser.add_argument("--seconds", type=int, required=True)
    parser.add_argument("--jobs", type=int, required=True)
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("--keeps-no-counts", action="store_true", help="the binary writes no .status file")
    parser.add_argument("--baseline", help="a subject of the tool: what it does too is no news")
    parser.add_argument("--baseline-tree")
    parser.add_argument("pass_on", nargs="*", help="for the fuzz binary, after --")
    sys.exit(Run(parser.parse_args()).main())


if __name__ == "__main__":
    main()
