#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""usage: campaign_test.py NOFAIL-BINARY [TEST]...

What a campaign makes of fuzz binaries that find, crash, hang on and fail. They are played by scripts here, and so is
the nofail command where it would have to run a schedule."""

import json
import os
import pathlib
import pty
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import unittest.mock
from typing import Any

REPOSITORY = pathlib.Path(__file__).resolve().parent.parent
NOFAIL = pathlib.Path(sys.argv[1]).resolve()
# A campaign of its own process, of a job that is told in JSON.
RUN = """
import json, pathlib, sys
sys.path.insert(0, sys.argv[1])
from nofail_campaign.campaign import Campaign
from nofail_campaign.job import Job
told = json.loads(sys.argv[2])
for key in ("root", "work", "binary", "tool", "afl_mutator"):
    told[key] = pathlib.Path(told[key]) if told.get(key) else None
sys.exit(Campaign(Job(**told)).run())
"""
SIGNATURE = "use-after-free/selem/MapFree"

# A fuzz binary: keeps a file of counts, and then does what the test says.
FUZZER = """#!/usr/bin/env python3
import os, pathlib, signal, sys, time
options = dict(a.lstrip("-").split("=", 1) for a in sys.argv[1:] if "=" in a)
findings = pathlib.Path(options["findings"])
def status(*lines):
    (findings / f".status.{os.getpid()}").write_text("\\n".join(lines) + "\\n")
print("#1024\\tNEW    cov: 9 ft: 77 corp: 3/9b exec/s: 5 rss: 30Mb", file=sys.stderr, flush=True)
status("state running", "executions 1024")
%s
"""
NEW = f"""(findings / "new-1.sched").write_text("found")
known = "violation known 5 2 leak leak.storage/storage/Destroy"
status("executions 2000", "violation new 3 17 new-1 {SIGNATURE}", known)"""

# A listed violation that the baseline passes on two samples. Of 1,000 schedules that ran on both trees, 40 and 10 show
# it.
DIFFERS = f"""(findings / "uaf-differs.sched").write_text("also on the baseline")
(findings / "uaf-differs-2.sched").write_text("a difference")
finding = "violation finding 90 2 a-finding/uaf {SIGNATURE}"
differs = "violation differs 2 9 uaf-differs-2 {SIGNATURE}"
status("executions 64000", finding, differs, "pairs 1000", "pair 10 30 0 {SIGNATURE}")"""

# The nofail command, played where it would have to run a schedule. What says so is minimized to nothing.
TOOL = f"""#!/usr/bin/env python3
import json, os, sys
if sys.argv[1] == "minimize" and "--baseline" in sys.argv and "also" in open(sys.argv[-1]).read():
    sys.exit(4)
elif sys.argv[1] == "minimize":
    open(sys.argv[sys.argv.index("-o") + 1], "w").write("shorter")
elif sys.argv[1] == "compare":
    print("two runs")
    sys.exit(1)
elif sys.argv[1] == "summarize":
    os.execv({str(NOFAIL)!r}, sys.argv)
elif sys.argv[1] == "show":
    print(json.dumps({{"version": "2.1.0", "runs": [{{"results": sys.argv[2:]}}]}}))
elif sys.argv[1] == "list":
    print(json.dumps({{"subjects": [{{"as_on": "linux-7", "gone": []}}, {{"gone": []}}]}}))
elif "linux-1" in sys.argv:
    print(json.dumps({{"runs": [{{"violations": []}}]}}))
else:
    print(json.dumps({{"runs": [{{"headline": "{SIGNATURE}", "violations": [{{"signature": "{SIGNATURE}"}}]}}]}}))
"""

# Engines that mutate in a process of their own: each runs the target once, says what it has to say, and keeps a crash.
AFL_FUZZ = """#!/usr/bin/env python3
import os, pathlib, subprocess, sys
words = sys.argv[1:]
at = words.index("--")
option = lambda name: words[words.index(name) + 1]
assert os.listdir(option("-i")), "no seeds"
assert len(words) > at + 2, "one option is a number of runs"
assert os.environ["AFL_CUSTOM_MUTATOR_LIBRARY"].endswith("mutator.so")
worker = pathlib.Path(option("-o"), option("-M" if "-M" in words else "-S"))
(worker / "crashes").mkdir(parents=True)
(worker / "crashes/README.txt").write_text("how to")
(worker / "queue").mkdir()
(worker / "queue/id:000001").write_text("an input of " + worker.name)
code = 3
while code == 3:  # it only sees that a process ended, and starts the next one
    code = subprocess.run(words[at + 1:]).returncode
(worker / "plot_data").write_text("# relative_time, corpus_count, total_execs, edges_found\\n5, 12, 1024, 77\\n")
if code == 77:
    (worker / "crashes/id:000000,sig:06").write_text("input of " + str(os.getpid()))
if code == 127:
    sys.exit("PROGRAM ABORT")
"""
HONGGFUZZ = """#!/usr/bin/env python3
import os, pathlib, subprocess, sys
words = sys.argv[1:]
option = lambda name: words[words.index(name) + 1]
assert os.listdir(option("--input")), "no seeds"
code = 3
while code == 3:
    code = subprocess.run(words[words.index("--") + 1:]).returncode
print("Sz:7 Tm:97us (i/b/h/e/p/c) New:0/0/0/1/0/0, Cur:0/0/0/77/3/900", file=sys.stderr)
print("Summary iterations:1024 time:1 speed:1024 crashes_count:0", file=sys.stderr)
if code == 77:
    pathlib.Path(option("--crashdir"), "SIGABRT.PC.1.fuzz").write_text("input")
"""


# What `nofail explore --json` says: a violation that is new, one that is listed, and a scenario that took too long.
SEARCH_RUN = RUN.replace("campaign.campaign import Campaign", "campaign.search import Search as Campaign")
LEAK = "leak.storage/storage/Destroy"


def searched(**more: Any) -> dict[str, Any]:
    row = {"name": "sk: map_free m0 | destroy o0", "ended": "complete", "states": 70, "steps": 200}
    rows = [
        row | {"runs": {"ends": 7, "merges": 3}},
        row | {"ended": "stopped", "given_up": "about 3 %", "runs": {"ends": 1, "merges": 1}},
    ]
    found = {"signature": SIGNATURE, "news": "new", "listed": None, "known": False, "scenarios": 2, "schedule": "found"}
    listed = {"signature": LEAK, "news": "none", "listed": "leak.storage", "known": True, "scenarios": 1}
    told = {"scenarios": 3, "bounds": {"locks": None, "restarts": 1}, "results": rows}
    return told | {"violations": [found, listed | {"schedule": "also"}]} | more


class FuzzRun(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        self.work = self.root / "work"
        self.script("build/bin/tool", TOOL)

    def script(self, name: str, text: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o755)

    def command(self, behaviour: str, **more: Any) -> list[str]:
        self.script("build/bin/fuzzer", FUZZER % behaviour)
        build = self.root / "build/bin"
        told = {"root": self.root, "work": self.work, "binary": build / "fuzzer", "tool": build / "tool", "seconds": 1}
        told |= {"replay": "replay", "target": "teardown", "subject": "posted", "sanitizer": "address"} | more
        return [sys.executable, "-c", RUN, str(REPOSITORY / "scripts"), json.dumps(told, default=str)]

    def fuzz(self, behaviour: str, path: str = "", **more: Any) -> tuple[int, str, str]:
        """Exit code, output and errors of a campaign whose fuzz binary ends with its time, as libFuzzer does."""
        environment = os.environ | ({"PATH": f"{path}:{os.environ['PATH']}"} if path else {})
        command = self.command(behaviour + "\ntime.sleep(1.1)", **more)
        done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=60, check=False)
        return done.returncode, done.stdout, done.stderr

    def summary(self) -> Any:
        return json.loads((self.work / "summary.json").read_text())

    def test_nothing_new(self) -> None:
        code, out, _ = self.fuzz("")
        self.assertEqual(code, 0)
        self.assertIn("nothing new", out)
        self.assertEqual(self.summary()["executions"], 1024)
        self.assertEqual(self.summary()["features"], 77)

    def test_something_new_is_minimized_and_told_in_three_ways(self) -> None:
        code, out, _ = self.fuzz(NEW)
        self.assertEqual(code, 1)
        self.assertIn(f"NEW  {SIGNATURE}", out)
        self.assertIn("replay work/minimized/new-1.sched", out)
        self.assertEqual((self.work / "minimized/new-1.sched").read_text(), "shorter")
        new = [v for v in self.summary()["violations"] if v["listed"] == "new"]
        self.assertEqual(
            [(v["count"], v["first"], v["schedule"]) for v in new], [(3, 17, "work/minimized/new-1.sched")]
        )
        sarif = json.loads((self.work / "summary.sarif").read_text())
        shown = str(self.work / "minimized/new-1.sched")
        self.assertEqual(sarif["runs"][0]["results"], ["--sarif", "--subject", "posted", shown])

    def test_what_ended_its_process_is_left_out_for_code_hosts(self) -> None:
        self.script("build/bin/tool", TOOL.replace('elif "linux-1"', 'elif True:\n    sys.exit(1)\nelif "linux-1"'))
        code, _, error = self.fuzz(NEW)
        self.assertEqual(code, 1, error)
        self.assertEqual(json.loads((self.work / "summary.sarif").read_text())["runs"], [])

    def test_a_listed_violation_is_no_news_for_code_hosts(self) -> None:
        known = REPOSITORY / "corpus/known/map_free-bucket-timeout.sched"
        shown = subprocess.run([NOFAIL, "show", "--sarif", known], capture_output=True, text=True, check=True).stdout
        results = json.loads(shown)["runs"][0]["results"]
        self.assertTrue(results)
        for result in results:
            self.assertEqual(result["suppressions"][0]["kind"], "external")

    # ---- The search --------------------------------------------------------------------------------------------------
    def search(self, told: dict[str, Any], code: int = 1, **more: Any) -> tuple[int, str, str]:
        """Exit code, output and errors of a search that says this, and ends with the code."""
        (self.root / "told.json").write_text(json.dumps(told))
        explore = f"""sys.argv[1] == "explore":
    print(open({str(self.root / "told.json")!r}).read())
    sys.exit({code})
elif sys.argv[1] == "minimize" and"""
        self.script("build/bin/tool", TOOL.replace('sys.argv[1] == "minimize" and', explore, 1))
        command = self.command("", engine="search", sanitizer="race", **more)
        command[2] = SEARCH_RUN
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        return done.returncode, done.stdout, done.stderr

    def test_what_a_search_finds_is_minimized_and_told_as_what_fuzzing_finds(self) -> None:
        code, out, error = self.search(searched())
        self.assertEqual(code, 1, error)
        self.assertIn("1 of 3 scenarios to the end, 140 states, 400 steps, everything allowed but restarts 1", out)
        self.assertIn("NOT searched to the end: sk: map_free m0 | destroy o0: about 3 %", out)
        self.assertIn("NOT searched at all: 1 scenario\n", out)
        self.assertIn(f"NEW  {SIGNATURE}\n     2 scenarios\n", out)
        self.assertIn(f"1 scenario  {LEAK}", out)
        saved = {path.name: path.read_text() for path in self.work.glob("minimized/*.sched")}
        self.assertEqual(saved, {"use-after-free_selem_MapFree.sched": "shorter"})
        self.assertEqual(len(list(self.work.glob("findings/*.sched"))), 1)
        self.assertEqual([v["scenarios"] for v in self.summary()["violations"]], [1, 2])
        self.assertEqual(len(json.loads((self.work / "summary.sarif").read_text())["runs"]), 1)

    def test_a_search_that_finds_what_is_listed_is_quiet(self) -> None:
        told = searched()
        del told["violations"][0]
        self.assertEqual(self.search(told, code=6)[0], 0)

    def test_a_search_tells_what_is_listed_but_not_so_on_the_baseline(self) -> None:
        told = searched()
        del told["violations"][0]
        told["violations"][0]["signature"] = SIGNATURE
        worse = {"signature": SIGNATURE, "scenarios": 1, "schedule": "a difference"}
        gone = {"signature": LEAK, "scenarios": 2, "schedule": "of the baseline"}
        told["comparison"] = {"complete": True, "new": [], "worse": [worse], "gone": [gone], "both": []}
        code, out, error = self.search(told, subject="linux-2", baseline="linux-1")
        self.assertEqual(code, 1, out + error)
        self.assertIn(f"WORSE  {SIGNATURE}\n     has a listed name, but linux-1 passes this schedule", out)
        self.assertIn(f"GONE  {LEAK}\n      linux-1 shows it on work/gone/leak.storage_storage_Destroy-gone.sched", out)
        told["comparison"] |= {"complete": False, "worse": [worse | {"schedule": "also on the baseline"}]}
        code, out, error = self.search(told, subject="linux-2", baseline="linux-1")
        self.assertEqual(code, 0, out + error)
        self.assertNotIn("GONE", out)

    def test_a_search_that_cannot_run_says_so(self) -> None:
        (self.root / "told.json").write_text("")
        self.script("build/bin/tool", "#!/bin/sh\nexit 5\n")
        command = self.command("", engine="search")
        command[2] = SEARCH_RUN
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, 5, done.stderr)
        self.assertIn("the search ended with exit code 5", done.stderr)

    # ---- Causes ------------------------------------------------------------------------------------------------------
    def finds(self, runs: dict[str, list[dict[str, str]]], standing: str = "new") -> str:
        """The output of a campaign that finds the first of each of these violations, which its schedule then shows."""
        shows = f"""name = os.path.basename(sys.argv[-1]).removesuffix(".sched")
    print(json.dumps({{"runs": [{{"headline": "x", "violations": {runs!r}[name]}}]}}))"""
        head, _, _ = TOOL.rpartition("    print(")
        self.script("build/bin/tool", head + "    " + shows)
        found = "".join(
            f"(findings / '{name}.sched').write_text('found')\n"
            f"found.append('violation {standing} {i + 1} {10 - i} {name} {shown[0]['signature']}')\n"
            for i, (name, shown) in enumerate(runs.items())
        )
        code, out, error = self.fuzz(f"found = ['executions 9']\n{found}status(*found)")
        self.assertEqual(code, 1, out + error)
        return out

    def test_faces_of_one_cause_are_one_entry(self) -> None:
        cause = "plain store in Link"
        races = {f"race-{n}": [{"signature": f"data-race/selem/Alloc+{n}", "cause": cause}] for n in ("Dump", "Walk")}
        other = {"leak": [{"signature": "leak.map/map/Free", "cause": "map given up in Free"}]}
        out = self.finds(races | other)
        self.assertIn("NEW  data-race/selem/Alloc+Walk\n     2 times", out)
        self.assertIn(f"     cause: {cause}\n     also new: data-race/selem/Alloc+Dump\n          1 time", out)
        self.assertNotIn("NEW  data-race/selem/Alloc+Dump", out)
        self.assertIn("NEW  leak.map/map/Free", out)
        self.assertIn("3 new violations of 2 causes: see above", out)
        # One schedule for each cause is minimized.
        self.assertEqual(sorted(p.stem for p in self.work.glob("minimized/*")), ["leak", "race-Walk"])
        told = [(c["cause"], c["signatures"]) for c in self.summary()["causes"]]
        faces = ["data-race/selem/Alloc+Walk", "data-race/selem/Alloc+Dump"]
        self.assertEqual(sorted(told), [("map given up in Free", ["leak.map/map/Free"]), (cause, faces)])

    def test_what_one_minimized_schedule_shows_belongs_together(self) -> None:
        warning, leak = {"signature": "warning/-/F", "cause": "1"}, {"signature": "leak/selem/F", "cause": "2"}
        out = self.finds({"leak": [leak, warning], "warning": [warning]})
        self.assertIn("also new: leak/selem/F", out)
        self.assertIn("2 new violations of 1 cause: see above", out)

    def test_what_a_schedule_shows_that_is_not_minimized_may_be_anything(self) -> None:
        warning, leak = {"signature": "warning/-/F", "cause": "1"}, {"signature": "leak/selem/F", "cause": "2"}
        refuses = 'sys.argv[1] == "minimize":\n    sys.exit(2)\nelif sys.argv[1] == "minimize"'
        with unittest.mock.patch(f"{__name__}.TOOL", TOOL.replace('sys.argv[1] == "minimize"', refuses)):
            out = self.finds({"leak": [leak, warning], "warning": [warning]})
        self.assertIn("2 new violations: see above", out)

    def test_what_is_worse_belongs_to_what_shows_it_as_early(self) -> None:
        early, late = ({"signature": "leak/selem/F", "cause": "1", "need": need} for need in ("nothing failed", "2"))
        uaf = {"signature": "uaf/selem/G", "cause": "2", "need": "2"}
        for shown, causes in ((late, 2), (early, 1)):
            with self.subTest(causes):
                self.setUp()
                out = self.finds({"uaf": [uaf, shown], "leak-worse": [early]}, "worse")
                self.assertIn(f"2 new violations{' of 1 cause' if causes == 1 else ''}: see above", out)

    def test_what_is_worse_than_listed_is_news_and_its_need_is_told(self) -> None:
        worse = NEW.replace("new-1", "uaf-worse-2").replace("violation new", "violation worse")
        self.script("build/bin/tool", TOOL.replace('[{"sig', '[{"need": "nothing failed", "sig'))
        code, out, error = self.fuzz(worse + '\n(findings / "uaf-worse.sched").write_text("before")')
        self.assertEqual(code, 1, out + error)
        self.assertIn(f"WORSE  {SIGNATURE}\n     has a listed name, but shows after: nothing failed", out)
        self.assertNotIn("NEW  ", out)
        self.assertEqual((self.work / "minimized/uaf-worse-2.sched").read_text(), "shorter")
        sarif = json.loads((self.work / "summary.sarif").read_text())
        self.assertEqual(sarif["runs"][0]["results"][:2], ["--sarif", "--worse"])

    def test_what_a_patch_mends_is_told(self) -> None:
        gone = {"signature": "leak/selem/MapFree", "name": "left/leak", "schedule": "findings/left/leak"}
        always = gone | {"schedule": "findings/old/leak"}
        said = json.dumps({"subjects": [{"as_on": "linux-2", "gone": [gone, always]}, {"gone": [always]}]})
        tool = TOOL.replace(
            'elif sys.argv[1] == "show"',
            f"elif sys.argv[1] == 'list':\n    print({said!r})\nelif sys.argv[1] == 'show'",
        )
        self.script("build/bin/tool", tool)
        code, out, error = self.fuzz("", subject="linux-2", baseline="linux-1", baseline_tree="tree")
        self.assertEqual(code, 0, out + error)
        self.assertIn("GONE  leak/selem/MapFree\n      linux-1 shows it on corpus/findings/left/leak.sched", out)
        self.assertNotIn("findings/old/leak", out)
        self.assertEqual(self.summary()["gone"], [gone])

    def test_a_tree_that_has_no_listing_of_its_own_says_whose_it_has(self) -> None:
        seen = f'status("executions 64000", "violation finding 90 2 a-finding/uaf {SIGNATURE}")'
        code, out, error = self.fuzz(seen, subject="linux-2")
        self.assertEqual(code, 0, out + error)
        self.assertIn("listed in corpus/, as on linux-7; for more: ", out)

    def test_what_the_baseline_does_too_is_no_news(self) -> None:
        code, out, _ = self.fuzz(NEW, baseline="linux-0", baseline_tree="tree")
        self.assertEqual(code, 0)
        self.assertNotIn(SIGNATURE, out)

    def test_what_the_baseline_does_not_do_is_news(self) -> None:
        code, out, _ = self.fuzz(NEW, baseline="linux-1", baseline_tree="tree")
        self.assertEqual(code, 1)
        self.assertIn(f"NEW  {SIGNATURE}", out)

    def test_a_listed_violation_that_the_baseline_passes_is_worse(self) -> None:
        code, out, error = self.fuzz(DIFFERS, subject="linux-2", baseline="linux-1", baseline_tree="tree")
        self.assertEqual(code, 1, out + error)
        self.assertIn(f"WORSE  {SIGNATURE}\n     has a listed name, but linux-1 passes this schedule", out)
        self.assertIn("in 10,000 schedules: 400.0 here, 100.0 on linux-1", out)
        self.assertIn("     | two runs\n", out)
        listed, worse = self.summary()["violations"]
        self.assertEqual((listed["listed"], worse["listed"], worse["why"]), ("finding", "worse", "baseline"))
        self.assertEqual(worse["schedule"], "work/minimized/uaf-differs-2.sched")

    def test_a_clear_rise_is_worse_where_no_schedule_tells_the_difference(self) -> None:
        same = DIFFERS.replace("a difference", "also")
        code, out, error = self.fuzz(same, subject="linux-2", baseline="linux-1", baseline_tree="tree")
        self.assertEqual(code, 1, out + error)
        self.assertIn("has a listed name, but shows clearly more often than on linux-1", out)
        self.assertEqual(self.summary()["violations"][1]["schedule"], "work/findings/uaf-differs.sched")

    def test_a_difference_that_is_only_one_of_ordinals_is_no_news(self) -> None:
        same = DIFFERS.replace("a difference", "also").replace("pair 10 30 0", "pair 10 30 25")
        code, out, error = self.fuzz(same, subject="linux-2", baseline="linux-1", baseline_tree="tree")
        self.assertEqual(code, 0, out + error)
        self.assertIn("nothing new", out)

    def test_interleavings_that_several_processes_saw_count_once(self) -> None:
        code, _, _ = self.fuzz(
            """half = "0" * 512
(findings / ".status.1").write_text("interleavings " + "1" * 512 + half)
(findings / ".status.2").write_text("interleavings " + "1" * 512 + half)"""
        )
        self.assertEqual(code, 0)
        self.assertEqual(self.summary()["interleavings"], 710)  # 1024 ln 2

    def test_a_process_that_dies_is_followed_by_another(self) -> None:
        once = self.root / "once"
        code, out, _ = self.fuzz(
            f"""if not os.path.exists({str(once)!r}):
    open({str(once)!r}, "w")
    open(options["artifact_prefix"] + "crash-1", "w")
    sys.exit(77)"""
        )
        self.assertEqual(code, 1)
        self.assertIn("work/crashes/crash-1", out)
        self.assertEqual(self.summary()["executions"], 2048)

    def test_a_bug_of_the_suite_ends_it(self) -> None:
        code, _, error = self.fuzz('print("nofail: HARNESS BUG: two traces", file=sys.stderr)\nsys.exit(3)')
        self.assertEqual(code, 3)
        self.assertIn("HARNESS BUG: two traces", error)

    def test_a_fuzzer_that_cannot_run_is_not_tried_for_ever(self) -> None:
        code, _, error = self.fuzz('print("no such flag", file=sys.stderr)\nsys.exit(2)')
        self.assertEqual(code, 5)
        self.assertIn("no such flag", error)

    def with_engine(self, name: str, behaviour: str, **more: Any) -> tuple[int, str, str]:
        self.script(
            f"engines/{name if name == 'honggfuzz' else 'afl-fuzz'}", HONGGFUZZ if name == "honggfuzz" else AFL_FUZZ
        )
        seeds = self.root / "corpus/teardown"
        seeds.mkdir(parents=True, exist_ok=True)
        (seeds / "seed").write_text("seed")
        return self.fuzz(behaviour, path=str(self.root / "engines"), engine=name, afl_mutator="mutator.so", **more)

    def test_other_engines_count_and_find_the_same(self) -> None:
        for name in ("afl", "honggfuzz"):
            with self.subTest(name):
                self.setUp()
                code, out, error = self.with_engine(name, NEW)
                self.assertEqual(code, 1, out + error)
                self.assertIn(f"NEW  {SIGNATURE}", out)
                self.assertEqual(self.summary()["features"], 77)
                self.assertEqual(self.summary()["crashes"], [])

    def test_what_other_engines_keep_is_a_crash(self) -> None:
        for name, kept in (("afl", "crash-1-id:000000,sig:06"), ("honggfuzz", "crash-1-SIGABRT.PC.1.fuzz")):
            with self.subTest(name):
                self.setUp()
                code, out, error = self.with_engine(name, "time.sleep(1.1)\nsys.exit(77)")
                self.assertEqual(code, 1, out + error)
                self.assertIn(f"work/crashes/{kept}", out)

    def test_workers_of_afl_are_told_apart_and_leave_what_they_have_for_the_next_run(self) -> None:
        code, out, error = self.with_engine("afl", "time.sleep(1.1)\nsys.exit(77)", jobs=2)
        self.assertEqual(code, 1, out + error)
        self.assertEqual(len(self.summary()["crashes"]), 2)
        self.assertEqual(
            sorted(path.read_text() for path in (self.work / "corpus").iterdir()),
            ["an input of worker-1", "an input of worker-2", "seed"],
        )

    def test_an_engine_that_cannot_run_is_no_success(self) -> None:
        code, _, error = self.with_engine("afl", "sys.exit(127)")
        self.assertEqual(code, 5)
        self.assertIn("PROGRAM ABORT", error)

    def starts(self, behaviour: str) -> tuple[int, str, int]:
        """What comes of a process that does nothing else, and how often it is started."""
        count = self.root / "starts"
        command = self.command("")
        self.script(
            "build/bin/fuzzer",
            f"#!/usr/bin/env python3\nimport os, sys\nopen({str(count)!r}, 'a').write('.')\n"
            f"options = dict(a.lstrip('-').split('=', 1) for a in sys.argv[1:] if '=' in a)\n{behaviour}\n",
        )
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        return done.returncode, done.stdout, len(count.read_text())

    def test_a_process_that_ends_at_once_is_not_started_for_ever(self) -> None:
        code, _, starts = self.starts("sys.exit(127)")
        self.assertEqual((code, starts <= 2), (5, True), starts)

    def test_a_crash_at_the_start_is_told_once(self) -> None:
        code, out, starts = self.starts('open(options["artifact_prefix"] + "crash-1", "w")\nsys.exit(77)')
        self.assertEqual((code, starts <= 3), (1, True), starts)
        self.assertIn("work/crashes/crash-1", out)

    def test_a_binary_that_is_not_there_is_no_success(self) -> None:
        command = self.command("")
        (self.root / "build/bin/fuzzer").unlink()
        self.assertEqual(subprocess.run(command, capture_output=True).returncode, 5)

    def test_a_bug_of_the_suite_is_told_by_engines_that_go_on_after_it(self) -> None:
        for name in ("afl", "honggfuzz"):
            with self.subTest(name):
                self.setUp()
                code, _, error = self.with_engine(
                    name, 'print("nofail: HARNESS BUG: two traces", flush=True)\nsys.exit(3)'
                )
                self.assertEqual(code, 3)
                self.assertIn("HARNESS BUG: two traces", error)

    def test_the_next_run_sets_aside_or_goes_on(self) -> None:
        self.fuzz(NEW)
        self.assertEqual(self.fuzz("", resume=True)[0], 1)
        self.assertEqual(self.summary()["executions"], 3024)
        self.assertEqual(self.fuzz("")[0], 0)
        self.assertEqual(self.summary()["executions"], 1024)
        (kept,) = self.work.glob("old/*/findings/new-1.sched")
        self.assertEqual(kept.read_text(), "found")

    def test_an_interrupt_ends_it_with_the_table(self) -> None:
        command = self.command(NEW + "\nsignal.pause()", seconds=60)
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        while not list(self.work.glob("findings/new-1.sched")):
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=30)
        self.assertEqual(process.returncode, 130)
        self.assertIn(SIGNATURE, out)
        self.assertTrue(self.summary()["interrupted"])

    def test_an_interrupt_makes_no_news_of_samples_that_were_not_minimized(self) -> None:
        same_rate = DIFFERS.replace("pair 10 30 0", "pair 10 30 25")
        process = self.start(same_rate, subject="linux-2", baseline="linux-1", baseline_tree="tree")
        while "pairs 1000" not in self.wait_for("findings/.status.*").read_text():
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=30)
        self.assertEqual(process.returncode, 130)
        self.assertIn("interrupted", out)
        self.assertNotIn("WORSE", out)

    # ---- Two runs, and one after the other ---------------------------------------------------------------------------
    def start(self, behaviour: str, **more: Any) -> subprocess.Popen[str]:
        """A campaign that fuzzes until it is told to end, and has found something."""
        command = self.command(f"{NEW}\n{behaviour}\nsignal.pause()", **{"seconds": 60} | more)
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
        )
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        self.wait_for("findings/new-1.sched")
        return process

    def wait_for(self, pattern: str) -> pathlib.Path:
        while not (found := list(self.work.glob(pattern))):
            time.sleep(0.05)
        return found[0]

    def test_a_second_run_is_refused_and_leaves_the_first_alone(self) -> None:
        first = self.start("")
        code, out, error = self.fuzz("")
        self.assertEqual((code, out), (5, ""))
        self.assertEqual(error, "fuzz: work: another run fuzzes there; wait until it ends, or end it\n")
        self.assertTrue((self.work / "findings/new-1.sched").exists())
        first.send_signal(signal.SIGINT)
        out, _ = first.communicate(timeout=30)
        self.assertIn(f"NEW  {SIGNATURE}", out)
        self.assertEqual(self.summary()["executions"], 2000)
        self.assertEqual(self.fuzz("")[0], 0)  # the first one has ended, and its lock with it

    def test_the_lock_outlives_a_campaign_whose_fuzz_binary_goes_on(self) -> None:
        started = self.root / "started"
        campaign = self.start(f"open({str(started)!r}, 'w').write(str(os.getpid()))")
        while not started.exists() or not started.read_text():
            time.sleep(0.05)
        campaign.kill()
        campaign.wait()
        self.assertEqual(self.fuzz("")[0], 5)
        os.kill(int(started.read_text()), signal.SIGKILL)
        deadline = time.monotonic() + 30
        while (code := self.fuzz("")[0]) == 5 and time.monotonic() < deadline:
            pass
        self.assertEqual(code, 0)
        self.assertEqual(len(list(self.work.glob("old/*/findings/new-1.sched"))), 1)

    def test_two_runs_within_a_second_set_aside_to_two_folders(self) -> None:
        run = self.command("")
        run[2] = run[2].replace("sys.exit(Campaign(Job(**told)).run())", "Campaign(Job(**told))")
        findings = self.work / "findings"
        findings.mkdir(parents=True)
        run[2] = "import time\ntime.strftime = lambda _: 'now'\n" + run[2]
        for number in ("1", "2", "3"):
            (findings / "new-1.sched").write_text(number)
            (findings / ".status.1").write_text(f"executions {number}\n")
            subprocess.run(run, check=True, capture_output=True)
        kept = sorted(path.read_text() for path in self.work.glob("old/*/findings/new-1.sched"))
        self.assertEqual(kept, ["1", "2", "3"])
        counts = sorted(path.read_text() for path in self.work.glob("old/*/findings/.status.1"))
        self.assertEqual(counts, ["executions 1\n", "executions 2\n", "executions 3\n"])

    def test_crashes_of_two_workers_that_have_the_same_name_are_both_set_aside(self) -> None:
        for worker in ("worker-1", "worker-2"):
            crashes = self.work / "afl" / worker / "crashes"
            crashes.mkdir(parents=True)
            (crashes / "id:000000,sig:06").write_text(worker)
        self.assertEqual(self.fuzz("")[0], 0)
        kept = sorted(path.read_text() for path in self.work.glob("old/**/id:000000,sig:06"))
        self.assertEqual(kept, ["worker-1", "worker-2"])

    def test_what_afl_has_when_the_campaign_itself_is_killed_is_there_when_it_goes_on(self) -> None:
        worker = self.work / "afl/worker-1"
        for name, text in (("crashes/id:000000,sig:06", "a crash"), ("queue/id:000007", "worth keeping")):
            (worker / name).parent.mkdir(parents=True)
            (worker / name).write_text(text)
        code, out, error = self.with_engine("afl", "", resume=True)
        self.assertEqual(code, 1, out + error)
        self.assertEqual([path.read_text() for path in (self.work / "crashes").iterdir()], ["a crash"])
        self.assertIn("worth keeping", [path.read_text() for path in (self.work / "corpus").iterdir()])

    def test_crashes_of_two_runs_that_have_the_same_name_are_both_kept(self) -> None:
        for _ in range(2):
            code, out, error = self.with_engine("afl", "time.sleep(1.1)\nsys.exit(77)", resume=True)
            self.assertEqual(code, 1, out + error)
        self.assertEqual(len({path.read_text() for path in (self.work / "crashes").iterdir()}), 2)

    # ---- What happens to a run ---------------------------------------------------------------------------------------
    def test_a_process_that_is_killed_is_told(self) -> None:
        once = self.root / "once"
        code, out, _ = self.fuzz(
            f"""if not os.path.exists({str(once)!r}):
    open({str(once)!r}, "w")
    os.kill(os.getpid(), signal.SIGKILL)""",
            seconds=2,
        )
        self.assertEqual(code, 0)
        self.assertIn("SIGKILL ended 1 process from outside, and another followed", out)
        self.assertEqual(self.summary()["killed"], {"SIGKILL": 1})

    def test_a_finding_is_told_whose_process_was_killed_before_it_counted_it(self) -> None:
        code, out, _ = self.fuzz('(findings / "new-1.sched").write_text("found")')
        self.assertEqual(code, 1)
        self.assertIn(f"NEW  {SIGNATURE}\n     saved by a process that could not count it", out)
        self.assertEqual(self.summary()["violations"][0]["schedule"], "work/minimized/new-1.sched")

    def test_a_hang_up_is_an_interrupt(self) -> None:
        process = self.start("")
        process.send_signal(signal.SIGHUP)
        out, _ = process.communicate(timeout=30)
        self.assertEqual(process.returncode, 130)
        self.assertIn(SIGNATURE, out)
        self.assertTrue(self.summary()["interrupted"])

    def test_a_terminal_that_is_gone_costs_the_table_on_it_alone(self) -> None:
        try:
            ours, theirs = pty.openpty()
        except OSError:
            self.skipTest("SKIPPED: no pseudo terminal can be opened here; it needs /dev/ptmx and /dev/pts")
        command = self.command(f"{NEW}\nsignal.pause()", seconds=60)
        process = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True)
        os.close(theirs)
        self.wait_for("findings/new-1.sched")
        os.close(ours)
        process.send_signal(signal.SIGHUP)
        self.assertEqual(process.wait(30), 130)
        self.assertEqual([v["signature"] for v in self.summary()["violations"] if v["listed"] == "new"], [SIGNATURE])

    def test_under_nohup_it_goes_on(self) -> None:
        command = ["nohup", *self.command(f"{NEW}\ntime.sleep(2.1)", seconds=2)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)
        self.wait_for("findings/new-1.sched")
        process.send_signal(signal.SIGHUP)
        process.communicate(timeout=30)
        self.assertEqual(process.returncode, 1)
        self.assertFalse(self.summary()["interrupted"])

    def test_output_that_cannot_be_written_ends_nothing(self) -> None:
        command = self.command(f"{NEW}\ntime.sleep(1.1)")
        with open("/dev/full", "w", encoding="utf-8") as full:
            done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, 2)
        self.assertIn("fuzz: the standard output cannot be written", done.stderr)
        self.assertNotIn("Traceback", done.stderr)
        self.assertEqual(self.summary()["executions"], 2000)

    def ends_early(self, behaviour: str, said: str) -> None:
        """A run during which this happens says it in one line, ends at once, and has a table."""
        process = self.start(behaviour)
        out, error = process.communicate(timeout=30)
        self.assertEqual(process.returncode, 5, out + error)
        told = [line for line in error.splitlines() if not line.startswith("fuzz: fuzzing")]
        self.assertEqual(told, [f"fuzz: {said}; the run ends here, and what it found before stays"])
        self.assertIn("before the run ended early", out)

    def test_a_corpus_that_is_gone_ends_it(self) -> None:
        self.ends_early(f"os.rmdir({str(self.work / 'corpus')!r})", "work/corpus: No such file or directory")
        self.assertEqual((self.work / "findings/new-1.sched").read_text(), "found")
        self.assertEqual(self.summary()["executions"], 2000)

    def test_findings_that_are_gone_end_it(self) -> None:
        self.ends_early(
            f"time.sleep(3)\nos.system('rm -r {self.work}/findings')", "work/findings: No such file or directory"
        )
        self.assertEqual(self.summary()["executions"], 2000)  # as of the last second

    def test_findings_that_can_no_longer_be_written_end_it(self) -> None:
        if os.getuid() == 0:
            self.skipTest("SKIPPED: root may write everywhere")
        self.ends_early(f"os.chmod({str(self.work / 'findings')!r}, 0o555)", "work/findings: Permission denied")
        self.assertEqual((self.work / "findings/new-1.sched").read_text(), "found")

    def test_a_finding_that_a_process_could_not_save_is_printed(self) -> None:
        refusal = "nofail: findings/leak.sched: cannot be written: No space left on device"
        text = refusal + "\n# Found after 7 executions\nnofail schedule 1\n"
        code, _, error = self.fuzz(f"sys.stderr.write({text!r})\nsys.exit(5)")
        self.assertEqual(code, 5)
        self.assertIn("nofail schedule 1", error)
        self.assertIn(f"fuzz: {refusal.removeprefix('nofail: ')}; the run ends here", error)

    def test_a_full_disk_ends_it_and_damages_nothing(self) -> None:
        mount = ["unshare", "-m"] if os.getuid() == 0 else ["unshare", "-rm"]
        script = """mount -t tmpfs -o size=200k none "$0" || exit 77
        "$@"
        code=$?
        cat "$0/findings/new-1.sched"
        find "$0" -name '.new-*'
        exit $code"""
        self.work.mkdir()
        fill = "(findings.parent / 'corpus/large').write_bytes(bytes(100000))\nfor i in range(99):\n    "
        fill += "open(findings.parent / f'corpus/{i}', 'wb', 0).write(bytes(4096))"
        command = self.command(
            f"{NEW}\ntry:\n    {fill.replace(chr(10), chr(10) + '    ')}\nexcept OSError: pass\ntime.sleep(9)"
        )
        done = subprocess.run(
            [*mount, "sh", "-c", script, self.work, *command], capture_output=True, text=True, check=False
        )
        if done.returncode in (1, 77) and ("unshare" in done.stderr or "mount" in done.stderr):
            self.skipTest(f"SKIPPED: no small file system can be made here: {done.stderr}")
        self.assertEqual(done.returncode, 5, done.stdout + done.stderr)
        self.assertNotIn("Traceback", done.stderr)
        self.assertIn("No space left on device; the run ends here", done.stderr)
        self.assertIn(f"NEW  {SIGNATURE}", done.stdout)
        self.assertTrue(done.stdout.endswith("\nfound"), done.stdout)

    def test_a_work_folder_that_cannot_be_made_is_one_line(self) -> None:
        self.work.write_text("a file")
        code, out, error = self.fuzz("")
        self.assertEqual((code, out, error), (5, "", "fuzz: work: File exists\n"))


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[2:]], verbosity=2)  # so that scripts/test can tell what was skipped
