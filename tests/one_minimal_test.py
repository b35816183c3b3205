#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What scripts/one_minimal.py takes out of a schedule, and what it says of one that is too long.

The tool is played by a script here: a schedule violates that has the sentences asked for."""

import pathlib
import subprocess
import sys
import tempfile
import unittest

SCRIPT = pathlib.Path(__file__).parent.parent / "scripts/one_minimal.py"
sys.path.insert(0, str(SCRIPT.parent))
from one_minimal import with_one_less  # noqa: E402

HEAD = "nofail schedule 1\nmap   m0 type=sk value=8\nowner o0 type=sk\n"
TOOL = """#!/usr/bin/env python3
import json, pathlib, sys
def violates(file): return all(word in pathlib.Path(file).read_text() for word in %r)
print(json.dumps({"runs": [{"violations": [{"signature": "leak"}] if violates(f) else []} for f in sys.argv[3:]]}))
sys.exit(1)
"""


class WithOneLess(unittest.TestCase):
    def test_each_operation_and_each_deviation_goes_once(self) -> None:
        text = (
            HEAD
            + "setup: update m0 o0\ntask A: dump o0; destroy o0\ndeviate A/dump: preempt 3 stay\nexpect posted: pass\n"
        )
        self.assertEqual(
            [(gone, less.removeprefix(HEAD)) for gone, less in with_one_less(text)],
            [
                ("setup: update m0 o0", "task A: dump o0; destroy o0\ndeviate A/dump: preempt 3 stay\n"),
                ("task A: dump o0", "setup: update m0 o0\ntask A: destroy o0\n"),
                ("task A: destroy o0", "setup: update m0 o0\ntask A: dump o0\ndeviate A/dump: preempt 3 stay\n"),
                ("deviate A/dump: preempt 3 stay", "setup: update m0 o0\ntask A: dump o0; destroy o0\n"),
            ],
        )

    def test_what_comes_after_an_operation_keeps_its_deviations(self) -> None:
        text = HEAD + "task A: dump o0; dump o0\ntask B: dump o0\n"
        text += "deviate A/dump#2: lock 1 timeout\ndeviate B/dump: lock 2 timeout\n"
        less = dict(with_one_less(text))
        self.assertIn("task A: dump o0\n", less["task A: dump o0"])
        self.assertEqual(len(list(with_one_less(text))), 5)
        first = next(with_one_less(text))[1]
        self.assertIn("deviate A/dump: lock 1 timeout\n", first)
        self.assertIn("deviate B/dump: lock 2 timeout\n", first)

    def test_with_its_last_operation_a_task_goes(self) -> None:
        text = HEAD + "task A: map_free m0\ntask B: destroy o0\ndeviate A/map_free: preempt 3 to B\n"
        self.assertEqual(dict(with_one_less(text))["task B: destroy o0"], HEAD + "task A: map_free m0\n")


class Script(unittest.TestCase):
    def run_it(self, needs: list[str]) -> tuple[int, str]:
        with tempfile.TemporaryDirectory() as folder:
            tool, file = pathlib.Path(folder, "tool"), pathlib.Path(folder, "it.sched")
            tool.write_text(TOOL % (needs,))
            tool.chmod(0o755)
            file.write_text(HEAD + "task A: map_free m0\ntask B: destroy o0\ndeviate A/map_free: lock 1 timeout\n")
            done = subprocess.run([SCRIPT, tool, file, "leak"], capture_output=True, text=True, check=False)
            return done.returncode, done.stdout

    def test_what_needs_every_sentence_is_1_minimal(self) -> None:
        self.assertEqual(self.run_it(["map_free", "destroy", "lock 1"]), (0, ""))

    def test_what_is_enough_is_said(self) -> None:
        code, said = self.run_it(["map_free", "lock 1"])
        self.assertEqual(code, 1)
        self.assertIn("violates as leak without `task B: destroy o0` as well", said)

    def test_what_does_not_violate_is_said(self) -> None:
        code, said = self.run_it(["dump"])
        self.assertEqual(code, 2)
        self.assertIn("does not violate as leak", said)


if __name__ == "__main__":
    unittest.main()
