#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""usage: sarif_test.py NOFAIL-BINARY REPOSITORY

The logs for code hosts are valid, and about lines that exist. What the standard requires of each object is written
down here, because its schema is not part of any system (SARIF 2.1.0, OASIS, 2020, section 3)."""
import json
import pathlib
import subprocess
import sys
import unittest
from typing import Any

BINARY, REPOSITORY = (pathlib.Path(argument).resolve() for argument in sys.argv[1:3])
del sys.argv[1:3]

# The properties that an object of each type may have in our logs, with their own types: "[x]" is a list of x, "{x}" an
# object with any names and values of x. Those that the standard requires have a "!".
TYPES: dict[str, dict[str, str]] = {
    "sarifLog": {"$schema": "str", "version!": "str", "runs!": "[run]"},
    "run": {"tool!": "tool", "originalUriBaseIds": "{artifactLocation}", "results": "[result]"},
    "tool": {"driver!": "toolComponent"},
    "toolComponent": {"name!": "str", "rules": "[reportingDescriptor]"},
    "reportingDescriptor": {"id!": "str"},
    "result": {
        "ruleId": "str",
        "level": "str",
        "message!": "message",
        "partialFingerprints": "{str}",
        "locations": "[location]",
        "relatedLocations": "[location]",
        "codeFlows": "[codeFlow]",
        "stacks": "[stack]",
        "suppressions": "[suppression]",
    },
    "message": {"text!": "str"},  # or an id; our messages have texts
    "suppression": {"kind!": "str", "justification": "str"},
    "location": {
        "id": "int",
        "physicalLocation": "physicalLocation",
        "logicalLocations": "[logicalLocation]",
        "message": "message",
    },
    "physicalLocation": {"artifactLocation!": "artifactLocation", "region": "region"},  # or an address
    "artifactLocation": {"uri": "str", "uriBaseId": "str", "description": "message"},
    "region": {"startLine!": "int"},  # or an offset
    "logicalLocation": {"name": "str", "kind": "str"},
    "codeFlow": {"threadFlows!": "[threadFlow]"},
    "threadFlow": {"id": "str", "locations!": "[threadFlowLocation]"},
    "threadFlowLocation": {"location": "location", "executionOrder": "int"},
    "stack": {"message": "message", "frames!": "[stackFrame]"},
    "stackFrame": {"location": "location"},
}
# Lists that must not be empty.
FILLED = {"threadFlows", "locations"}


def problems(value: Any, kind: str, where: str) -> list[str]:
    """What is wrong with a value of this type."""
    if kind in ("str", "int"):
        right = isinstance(value, str if kind == "str" else int) and value != ""
        return [] if right else [f"{where}: {value!r} is no {kind}"]
    if kind[0] == "[":
        if not isinstance(value, list) or (not value and where.rsplit(".", 1)[-1] in FILLED):
            return [f"{where}: {value!r} is no list of {kind[1:-1]}"]
        return [wrong for i, one in enumerate(value) for wrong in problems(one, kind[1:-1], f"{where}[{i}]")]
    if not isinstance(value, dict):
        return [f"{where}: {value!r} is no object"]
    if kind[0] == "{":
        return [wrong for name, one in value.items() for wrong in problems(one, kind[1:-1], f"{where}.{name}")]
    members = {name.rstrip("!"): of for name, of in TYPES[kind].items()}
    wrong = [f"{where}: no {name[:-1]}" for name in TYPES[kind] if name[-1] == "!" and name[:-1] not in value]
    wrong += [f"{where}: {name} is no property of a {kind}" for name in value if name not in members]
    return wrong + [
        each
        for name, one in value.items()
        if name in members
        for each in problems(one, members[name], f"{where}.{name}")
    ]


def show(*arguments: str | pathlib.Path) -> Any:
    command: list[str | pathlib.Path] = [BINARY, "show", "--sarif", *arguments]
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def subjects() -> list[str]:
    said = subprocess.run([BINARY, "--list"], capture_output=True, text=True, check=True).stdout
    return said.split("subjects\n")[1].split("\nlisted")[0].split()


def locations_of(value: Any) -> list[dict[str, Any]]:
    """Every physical location inside."""
    if isinstance(value, list):
        return [found for one in value for found in locations_of(one)]
    if not isinstance(value, dict):
        return []
    own = [value["physicalLocation"]] if "physicalLocation" in value else []
    return own + [found for one in value.values() for found in locations_of(one)]


class Sarif(unittest.TestCase):
    logs: dict[str, Any]  # by subject: all that the crash corpus shows on it

    @classmethod
    def setUpClass(cls) -> None:
        schedules = sorted((REPOSITORY / "corpus/findings").glob("*/*.sched"))
        cls.logs = {name: show("--subject", name, *schedules) for name in subjects()}

    def results(self) -> list[tuple[str, dict[str, Any]]]:
        return [(name, result) for name, log in self.logs.items() for result in log["runs"][0]["results"]]

    def test_the_logs_are_as_the_standard_says(self) -> None:
        for name, log in self.logs.items():
            self.assertEqual(problems(log, "sarifLog", name), [])
            self.assertEqual(log["version"], "2.1.0")
        self.assertGreater(len(self.results()), 10)

    def test_what_is_not_as_the_standard_says_is_seen(self) -> None:
        result = {"message": {}, "codeFlows": [{"threadFlows": []}], "suppressions": [{"kind": 1}], "lines": 1}
        self.assertEqual(
            problems(result, "result", "r"),
            [
                "r: lines is no property of a result",
                "r.message: no text",
                "r.codeFlows[0].threadFlows: [] is no list of threadFlow",
                "r.suppressions[0].kind: 1 is no str",
            ],
        )

    def test_every_result_has_a_line_of_the_subjects_tree(self) -> None:
        fetched = [f"linux-{tree.name}" for tree in (REPOSITORY / "linux").glob("*")]
        for name, result in self.results():
            self.assertTrue(locations_of(result["locations"]), result["message"])
            for place in locations_of(result):
                file = pathlib.PurePath(place["artifactLocation"]["uri"])
                self.assertFalse(file.is_absolute())
                for tree in (REPOSITORY, REPOSITORY / "linux" / name.removeprefix("linux-")):
                    if (tree / file).is_file():
                        lines = (tree / file).read_text(encoding="utf-8").splitlines()
                        self.assertLessEqual(place["region"]["startLine"], len(lines))
                        break
                else:
                    self.assertNotIn(name, ("posted", *fetched), file)

    def test_the_steps_of_all_tasks_have_one_order(self) -> None:
        for name, result in self.results():
            [flow] = result["codeFlows"]
            threads = {
                thread["id"]: [step["executionOrder"] for step in thread["locations"]] for thread in flow["threadFlows"]
            }
            self.assertEqual(len(threads), len(flow["threadFlows"]), "each task is one thread")
            for orders in threads.values():
                self.assertEqual(orders, sorted(orders))
            every = sorted(order for orders in threads.values() for order in orders)
            self.assertEqual(every, list(range(1, len(every) + 1)), f"{name}: {result['message']['text']}")

    def test_the_last_step_is_the_violation_at_its_line(self) -> None:
        for _, result in self.results():
            steps = [step for thread in result["codeFlows"][0]["threadFlows"] for step in thread["locations"]]
            last = max(steps, key=lambda step: int(step["executionOrder"]))["location"]
            self.assertIn(last["message"]["text"], result["message"]["text"])
            self.assertEqual(last["physicalLocation"], result["locations"][0]["physicalLocation"])


if __name__ == "__main__":
    unittest.main()
