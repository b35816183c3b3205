#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""usage: crash_test.py FUZZ-BINARY

What services that collect crashes make of a bug that is not listed: the binary has one planted. They keep the input,
start the binary again on it, and file what it prints under the last sanitizer's header and the frames that follow it,
three at most.
docs/oss-fuzz.md says whose rules these are."""
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

BINARY = pathlib.Path(sys.argv.pop(1)).resolve()
HEADER = re.compile(r"==\d+==ERROR: (\w+Sanitizer): (\S+) on (?:unknown address |address )?0x[0-9a-f]+")
FRAME = re.compile(r"\s*#\d+ 0x[0-9a-f]+ in (\S+)")
# What is left out of stacks because it says nothing, in part.
IGNORED = re.compile(r"(abort|free|new|delete|malloc|main|raise|operator|__)|.*assert")
TIMES = 100
# A schedule that shows several violations, which are listed.
LISTED = (
    pathlib.Path(__file__).resolve().parent.parent
    / "corpus/findings/walked-again/use-after-free.MapFree+SelemFree.sched"
)
SIGNATURE = re.compile(r"^SUMMARY: NofailSanitizer: (\S+)$", re.M)


def filed_under(text: str) -> tuple[str | None, tuple[str, ...]]:
    """The header's kind, and the frames."""
    kind: str | None = None
    frames: list[str] = []
    for line in text.splitlines():
        if header := HEADER.match(line):
            kind, frames = header[2], []
        elif kind and (frame := FRAME.match(line)) and not IGNORED.match(frame[1]):
            frames.append(frame[1])
    return kind, tuple(frames[:3])


class Crash(unittest.TestCase):
    folder: tempfile.TemporaryDirectory[str]
    found: tuple[int, str]  # exit code and errors of the run that finds it
    crashes: list[pathlib.Path]

    @classmethod
    def setUpClass(cls) -> None:
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        cls.found = cls.run_binary("-seed=1", "-max_total_time=60")
        cls.crashes = list(pathlib.Path(cls.folder.name).glob("crash-*"))

    @classmethod
    def run_binary(cls, *arguments: str | pathlib.Path, **environment: str) -> tuple[int, str]:
        done = subprocess.run(
            [BINARY, *arguments],
            cwd=cls.folder.name,
            capture_output=True,
            text=True,
            errors="replace",
            env=os.environ | environment,
            check=False,
        )
        return done.returncode, done.stderr

    def test_the_input_is_kept(self) -> None:
        self.assertEqual(len(self.crashes), 1, self.found[1][-2000:])
        self.assertNotEqual(self.found[0], 0)

    def test_kind_and_function_come_first_and_signatures_are_kept_apart(self) -> None:
        kind, frames = filed_under(self.found[1])
        [signature] = SIGNATURE.findall(self.found[1])
        self.assertEqual(signature.split("/")[0], kind)
        self.assertEqual(frames[:2], (f"nofail::{kind}", "nofail::" + signature.split("/")[2]))
        self.assertRegex(frames[2], "^FuzzerHash=[a-z]{8,}$")

    def test_the_frame_it_is_filed_under_has_a_line_of_the_subject(self) -> None:
        """ClusterFuzzLite's SARIF is empty otherwise. It leaves out /src/ and the folder below it."""
        kind, _ = filed_under(self.found[1])
        [(file, line)] = re.findall(
            rf"#0 0x[0-9a-f]+ in nofail::{kind} /src/[^/ ]+/(core/[^ ]+):(\d+):\d+$", self.found[1], re.M
        )
        self.assertTrue((LISTED.parents[3] / file).is_file(), file)
        self.assertGreater(int(line), 1)

    def test_it_is_the_same_each_time(self) -> None:
        for _ in range(TIMES):
            code, text = self.run_binary(self.crashes[0])
            self.assertNotEqual(code, 0)
            self.assertEqual(filed_under(text), filed_under(self.found[1]))

    def test_it_is_the_same_whoever_catches_the_signal(self) -> None:
        for mode in (0, 1, 2):
            options = f"handle_abort={mode}"
            code, text = self.run_binary(self.crashes[0], "-runs=100", ASAN_OPTIONS=options, UBSAN_OPTIONS=options)
            self.assertNotEqual(code, 0)
            self.assertEqual(filed_under(text), filed_under(self.found[1]), options)

    def test_another_report_behind_it_would_be_seen(self) -> None:
        another = "==1==ERROR: AddressSanitizer: ABRT on unknown address 0x1\n    #0 0x1 in raise\n    #1 0x2 in Stop\n"
        self.assertEqual(filed_under(self.found[1] + another), ("ABRT", ("Stop",)))

    def test_with_one_signature_asked_for_no_other_one_stops_it(self) -> None:
        [signature] = SIGNATURE.findall(self.found[1])
        code, text = self.run_binary(f"--only-signature={signature}", self.crashes[0])
        self.assertNotEqual(code, 0)
        self.assertEqual(SIGNATURE.findall(text), [signature])
        code, text = self.run_binary("--only-signature=leak/selem/Nothing", self.crashes[0])
        self.assertEqual((code, SIGNATURE.findall(text)), (0, []))

    def test_the_signature_asked_for_stops_it_if_listed_and_is_the_headline_among_others(self) -> None:
        for signature in ("warning/-/SelemUnlinkNofail/lock=buckets", "freed-in-reader/selem/SelemFree/reader=late"):
            code, text = self.run_binary(f"--only-signature={signature}", LISTED)
            self.assertNotEqual(code, 0, signature)
            self.assertEqual(SIGNATURE.findall(text), [signature])

    def test_with_one_signature_saved_findings_are_of_that_one(self) -> None:
        with tempfile.TemporaryDirectory() as findings:
            signature = "freed-in-reader/selem/SelemFree/reader=late"
            code, text = self.run_binary(f"--findings={findings}", f"--only-signature={signature}", LISTED)
            self.assertEqual(code, 0, text)
            [kept] = pathlib.Path(findings).glob("*.sched")
            self.assertIn("freed-in-reader", kept.name)

    def test_a_minimizer_of_the_engine_keeps_the_bug(self) -> None:
        signature = "freed-in-reader/selem/SelemFree/reader=late"
        options = ["-minimize_crash=1", "-runs=2000", "-seed=1", "-exact_artifact_path=smaller"]
        _, text = self.run_binary(*options, f"--only-signature={signature}", LISTED)
        seen = SIGNATURE.findall(text)
        self.assertGreater(len(seen), 2, text[-2000:])  # it became smaller at least once
        self.assertEqual(set(seen), {signature})

    def test_no_signature_at_all_is_a_wrong_usage(self) -> None:
        code, text = self.run_binary("--only-signature=", self.crashes[0])
        self.assertEqual(code, 2)
        self.assertEqual(text, "nofail: --only-signature=: needs a signature, as `nofail replay FILE` prints it\n")


if __name__ == "__main__":
    unittest.main()
