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
from one_minimal import parse, shorter, text_of  # noqa: E402

MAP, OWNER = "map   m0 type=sk value=8\n", "owner o0 type=sk bucket=0\n"
HEAD = "nofail schedule 1\n" + MAP + OWNER
TWO_MAPS = "nofail schedule 1\n" + MAP + "map   m1 type=sk value=16\n" + OWNER
TWO_OWNERS = "nofail schedule 1\n" + MAP + OWNER + "owner o1 type=sk bucket=1\n"
TOOL = """#!/usr/bin/env python3
import json, pathlib, sys
def violates(text): return all(word in text for word in %r)
paths = [pathlib.Path(name) for name in sys.argv[3:]]
files = [file for path in paths for file in (sorted(path.iterdir()) if path.is_dir() else [path])]
print(json.dumps({"runs": [{"violations": [{"signature": "leak"}] if violates(f.read_text()) else []} for f in files]}))
sys.exit(1)
"""


def without(text: str) -> dict[str, str]:
    """The schedules that are tried in place of this one, by what they are without."""
    return dict(shorter(parse(text)))


def tried(text: str) -> list[str]:
    return [less for _, less in shorter(parse(text))]


class Shorter(unittest.TestCase):
    def test_a_schedule_is_read_and_written(self) -> None:
        text = (
            TWO_OWNERS
            + "mode  locks=contended memory=sc rcu=preemptible cpus=2\nsetup: update m0 o0; update m0 o1\n"
            + "task A: dump o0; dump o1\ntask B: destroy o1\ndeviate A/dump#2: preempt 3 to B\n"
            + "deviate B/destroy: resched 1\ndeviate end/3: lock 1 timeout\ndeviate cb/selem0: preempt 2 to A\n"
        )
        self.assertEqual(text_of(parse(text)), text)

    def test_each_operation_and_each_deviation_goes(self) -> None:
        text = HEAD + "setup: update m0 o0\ntask A: dump o0; destroy o0\ndeviate A/dump: lock 3 timeout\n"
        less = without(text + "expect posted: pass\n")
        for what, left in {
            "`setup: update m0 o0`": "task A: dump o0; destroy o0\ndeviate A/dump: lock 3 timeout\n",
            "`task A: dump o0`": "setup: update m0 o0\ntask A: destroy o0\n",
            "`task A: destroy o0`": "setup: update m0 o0\ntask A: dump o0\ndeviate A/dump: lock 3 timeout\n",
            "`deviate A/dump: lock 3 timeout`": "setup: update m0 o0\ntask A: dump o0; destroy o0\n",
        }.items():
            self.assertEqual(less[what], HEAD + left)

    def test_what_comes_after_an_operation_keeps_its_deviations(self) -> None:
        text = HEAD + "task A: dump o0; dump o0\ntask B: dump o0\n"
        text += "deviate A/dump#2: lock 1 timeout\ndeviate B/dump: lock 2 timeout\n"
        kept = "task A: dump o0\ntask B: dump o0\ndeviate A/dump: lock 1 timeout\ndeviate B/dump: lock 2 timeout\n"
        self.assertIn(HEAD + kept, tried(text))

    def test_with_its_last_operation_a_task_goes(self) -> None:
        text = HEAD + "task A: map_free m0\ntask B: destroy o0\ndeviate A/map_free: preempt 3 to B\n"
        self.assertEqual(without(text)["`task B: destroy o0`"], HEAD + "task A: map_free m0\n")
        self.assertEqual(without(text)["`task A: map_free m0`"], HEAD + "task A: destroy o0\n")

    def test_two_operations_go_together(self) -> None:
        less = without(HEAD + "setup: update m0 o0\ntask A: delete m0 o0; dump o0\n")
        self.assertEqual(less["`setup: update m0 o0` and `task A: delete m0 o0`"], HEAD + "task A: dump o0\n")

    def test_a_map_goes_with_all_that_is_on_it_and_the_next_one_takes_its_name(self) -> None:
        text = TWO_MAPS + "setup: update m0 o0; update m1 o0\ntask A: map_free m1\ntask B: dump o0\n"
        text += "deviate B/dump: preempt 1 to A\ndeviate end/3: lock 1 timeout\ndeviate cb/m0: preempt 1 to B\n"
        self.assertEqual(
            without(text)["`m0`"],
            HEAD.replace("value=8", "value=16")
            + "setup: update m0 o0\ntask A: map_free m0\ntask B: dump o0\n"
            + "deviate B/dump: preempt 1 to A\ndeviate end/2: lock 1 timeout\n",
        )
        self.assertEqual(
            without(text)["`m1`"], HEAD + "setup: update m0 o0\ntask A: dump o0\ndeviate cb/m0: preempt 1 to A\n"
        )

    def test_an_operation_goes_over_to_another_map(self) -> None:
        less = tried(TWO_MAPS + "setup: update m0 o0; update m1 o0\ntask A: map_free m1\n")
        self.assertIn(HEAD + "setup: update m0 o0\ntask A: map_free m0\n", less)
        self.assertIn(HEAD + "setup: update m0 o0; update m0 o0\ntask A: map_free m0\n", less)

    def test_an_owner_is_not_cloned_to_itself(self) -> None:
        less = tried(TWO_OWNERS + "setup: update m0 o1\ntask A: clone o0 o1\n")
        self.assertFalse([text for text in less if "clone o0 o0" in text])

    def test_a_deviation_of_an_operation_that_goes_moves_to_another_one(self) -> None:
        less = tried(HEAD + "task A: dump o0; lookup m0 o0\ntask B: destroy o0\ndeviate A/dump: preempt 9 to B\n")
        for ordinal in (1, 8, 9):
            left = f"task A: lookup m0 o0\ntask B: destroy o0\ndeviate A/lookup: preempt {ordinal} to B\n"
            self.assertIn(HEAD + left, less)

    def test_a_task_that_a_deviation_moves_to_is_preempted_to_where_it_was(self) -> None:
        text = HEAD + "task A: dump o0; lookup m0 o0\ntask B: destroy o0\ndeviate A/dump: preempt 9 to B\n"
        left = "task A: lookup m0 o0\ntask B: destroy o0\ndeviate B/destroy: preempt 2 to A\n"
        self.assertIn(HEAD + left, tried(text))

    def test_a_deviation_moves_while_another_one_goes(self) -> None:
        text = HEAD + "task A: dump o0; lookup m0 o0\ntask B: destroy o0\n"
        deviations = "deviate A/dump: preempt 9 to B\ndeviate B/destroy: preempt 2 to A\n"
        self.assertIn(text + "deviate A/lookup: preempt 9 to B\n", tried(text + deviations))

    def test_where_there_are_many_deviations_none_is_moved(self) -> None:
        text = HEAD + "task A: dump o0; lookup m0 o0\ntask B: destroy o0\n"
        text += "".join(f"deviate A/dump: lock {ordinal} timeout\n" for ordinal in range(1, 6))
        self.assertFalse([left for left in tried(text) if "A/lookup:" in left])


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

    def test_what_is_enough_with_a_deviation_elsewhere_is_said(self) -> None:
        code, said = self.run_it(["destroy", "lock 1"])
        self.assertEqual(code, 1)
        self.assertIn(
            "without `task A: map_free m0`, with `deviate A/map_free: lock 1 timeout` as "
            "`deviate B/destroy: lock 1 timeout` as well",
            said,
        )

    def test_what_does_not_violate_is_said(self) -> None:
        code, said = self.run_it(["dump"])
        self.assertEqual(code, 2)
        self.assertIn("does not violate as leak", said)


if __name__ == "__main__":
    unittest.main()
