# SPDX-License-Identifier: MIT
"""The search of the small (`nofail explore`): every schedule of two tasks that tear down one map and one owner. What it
finds goes the way of what fuzzing finds: it is saved, minimized, compared with the baseline, and told."""

import json
import pathlib
import re
import signal
import subprocess
from typing import Any, Union

from nofail_campaign.campaign import Campaign
from nofail_campaign.folder import replace
from nofail_campaign.job import Job
from nofail_campaign.summary import Listed, Totals, Violation
from nofail_campaign.terminal import ExitCode, Trouble, note

MEBIBYTES = 2048  # for states


def file_name(signature: str) -> str:
    """A name for the file of a violation's schedule, without .sched."""
    return re.sub(r"[^A-Za-z0-9.+=-]+", "_", signature)[:120]


class Search(Campaign):
    """A search instead of fuzzing, in a work folder of its own. It has `job.seconds`."""

    def __init__(self, job: Job) -> None:
        self.process: Union[subprocess.Popen[str], None] = None
        self.told: dict[str, Any] = {}  # what `nofail explore --json` has printed
        super().__init__(job)

    def announce(self) -> None:
        job = self.job
        beside = f" and of {job.baseline}" if job.baseline else ""
        note(f"searching every schedule of two tasks that tear down one map and one owner, of {job.subject}{beside}")

    def fuzz(self) -> None:
        try:
            self.search()
            self.save()
        except OSError as error:
            self.trouble = f"{self.job.shown(error.filename or self.job.work)}: {error.strerror}"
        except Trouble as trouble:
            self.trouble = str(trouble)
        if self.trouble:
            note(f"{self.trouble}; what was found before stays")

    def search(self) -> None:
        job = self.job
        command = [str(job.tool), "explore", "--json", "--subject", job.subject, "--jobs", str(job.jobs)]
        command += ["--seconds", str(job.seconds), "--memory", str(MEBIBYTES)]
        command += ["-o", str(job.work / "certificate.json"), "--force"]
        command += ["--baseline", job.baseline] if job.baseline else []
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)
        said, _ = self.process.communicate()
        if self.process.returncode == ExitCode.HARNESS_BUG:
            self.has_harness_bug = True
            raise Trouble("this is a bug of the suite, not of the subject")
        if not said.startswith("{"):
            raise Trouble(f"the search ended with exit code {self.process.returncode}")
        self.told = json.loads(said)

    def on_interrupt(self, *arguments: object) -> None:
        super().on_interrupt(*arguments)
        if self.process is not None:
            self.process.send_signal(signal.SIGINT)  # it tells what it has so far

    def save(self) -> None:
        """Writes the schedules of what may be news to findings/."""
        for violation in self.told["violations"]:
            if violation["news"] != "none":
                self.write(file_name(violation["signature"]), violation["schedule"])
        for entry in self.beyond_baseline():
            self.write(file_name(entry["signature"]) + "-differs", entry["schedule"])
        for entry in self.gone():
            self.write(file_name(entry["signature"]) + "-gone", entry["schedule"], self.job.work / "gone")

    def write(self, name: str, schedule: str, folder: Union[pathlib.Path, None] = None) -> None:
        folder = folder or self.job.findings
        folder.mkdir(exist_ok=True)
        replace(folder / f"{name}.sched", schedule.encode())

    def comparison(self, key: str) -> list[dict[str, Any]]:
        entries: list[dict[str, Any]] = self.told.get("comparison", {}).get(key, [])
        return entries

    def beyond_baseline(self) -> list[dict[str, Any]]:
        """What is listed as it shows here, but new or worse to somebody who knows the baseline."""
        listed = {v["signature"] for v in self.told["violations"] if v["news"] == "none"}
        return [e for e in self.comparison("new") + self.comparison("worse") if e["signature"] in listed]

    def gone(self) -> list[dict[str, Any]]:
        """What the baseline alone shows. Of a search that did not come to its end nothing is gone."""
        return self.comparison("gone") if self.told.get("comparison", {}).get("complete") else []

    def totals(self) -> Totals:
        rows = self.told.get("results", [])
        runs = sum(row["runs"]["ends"] + row["runs"]["merges"] for row in rows)
        found = [self.violation(told) for told in self.told.get("violations", [])]
        for entry in self.beyond_baseline() if found else []:
            name = file_name(entry["signature"]) + "-differs"
            found.append(Violation("differs", 0, 0, name, entry["signature"], entry["scenarios"]))
        return Totals(runs, 0, found)

    def violation(self, told: dict[str, Any]) -> Violation:
        if told["news"] == "none":
            listed, name = "known" if told["known"] else "finding", told["listed"]
        else:
            listed, name = told["news"], file_name(told["signature"])
        return Violation(listed, 0, 0, name, told["signature"], told["scenarios"])

    def uncounted(self, counted: list[Violation]) -> list[Violation]:
        return []  # what is saved is counted: one process does both

    def listed(self, totals: Totals) -> Listed:
        gone = []
        for entry in self.gone():
            path = self.job.work / "gone" / (file_name(entry["signature"]) + "-gone.sched")
            gone.append({"signature": entry["signature"], "name": entry["signature"], "file": self.job.shown(path)})
        return Listed(gone=gone)

    def summarize(self) -> dict[str, Any]:
        return super().summarize() | {"search": self.covered()}

    def covered(self) -> dict[str, Any]:
        """What was searched."""
        rows = self.told.get("results", [])
        early = [row for row in rows if row["ended"] != "complete"]
        return {
            "scenarios": self.told.get("scenarios", 0),
            "complete": sum(row["ended"] == "complete" for row in rows),
            "states": sum(row["states"] for row in rows),
            "steps": sum(row["steps"] for row in rows),
            "bounds": self.told.get("bounds", {}),
            "not_to_the_end": [{"name": row["name"], "given_up": row["given_up"]} for row in early],
            "not_begun": self.told.get("scenarios", 0) - len(rows),
            "certificate": self.job.shown(self.job.work / "certificate.json") if rows else None,
        }
