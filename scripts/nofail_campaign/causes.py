# SPDX-License-Identifier: MIT
"""Which violations belong together, so that news of one cause is told once, with its other faces below it.

Two violations do when the minimized schedule of one shows the other as well, or when they have the same cause (fuzz/
check/cause.h): the same function at fault and the same decisive event. Here they are only put together; `nofail replay
--json` says what the cause of each is."""

import pathlib
from typing import Any

from nofail_campaign.terminal import plural, say

Entry = dict[str, Any]  # of a violation in summary.json


def shown_by(entry: Entry) -> list[dict[str, Any]]:
    """The violations that the schedule of the entry shows."""
    run = entry.get("run")
    shown: list[dict[str, Any]] = run["violations"] if run else []
    return shown


def itself(entry: Entry) -> dict[str, Any]:
    """What its schedule shows of the entry; empty when the run ended its process, or does not show it."""
    return next((v for v in shown_by(entry) if v["signature"] == entry["signature"]), {})


def cause_of(entry: Entry) -> str:
    """In words; empty when it is not known."""
    return itself(entry).get("cause") or ""


def is_shown_by(entry: Entry, other: Entry) -> bool:
    """Whether the minimized schedule of the other one shows the entry. What is worse than listed must show after the
    same failures: with more of them it is no news. A schedule as it was found may show all sorts of things."""
    if pathlib.PurePath(other["schedule"]).parent.name != "minimized":
        return False
    same = [v for v in shown_by(other) if v["signature"] == entry["signature"]]
    return any(entry["listed"] != "worse" or v.get("need") == itself(entry).get("need") for v in same)


def belong_together(one: Entry, other: Entry) -> bool:
    has_same_cause = cause_of(one) != "" and cause_of(one) == cause_of(other)
    return has_same_cause or is_shown_by(one, other) or is_shown_by(other, one)


def group(entries: list[Entry]) -> list[list[Entry]]:
    """The faces of each cause, the one that was seen most often first. Causes are in the order of the entries."""
    groups: list[list[Entry]] = []
    for entry in entries:
        same = [faces for faces in groups if any(belong_together(entry, face) for face in faces)]
        joined = [face for faces in same for face in faces] + [entry]
        at = groups.index(same[0]) if same else len(groups)
        groups = [faces for faces in groups if faces not in same]
        groups.insert(at, joined)
    return [sorted(faces, key=lambda face: -int(face["count"])) for faces in groups]


def summary(entries: list[Entry]) -> list[dict[str, Any]]:
    """What summary.json says of the causes of what is new."""
    return [
        {"cause": cause_of(faces[0]) or None, "signatures": [face["signature"] for face in faces]}
        for faces in group(entries)
    ]


def seen(entry: Entry) -> str:
    """How often, for a table."""
    if entry.get("scenarios"):
        return plural(entry["scenarios"], "scenario")
    return plural(entry["count"], "time") if entry["count"] else "saved by a process that could not count it"


def show_faces(faces: list[Entry]) -> None:
    """Below the first face of a cause: what it is, and the other faces."""
    if cause := cause_of(faces[0]):
        say(f"     cause: {cause}")
    for face in faces[1:]:
        say(f"     also {face['listed']}: {face['signature']}\n          {seen(face)}, {face['schedule']}")


def count(told: dict[str, Any], violations: int) -> str:
    """Of the last line, for example "18 new violations of 2 causes". `told` is what summary.json says; each crash
    counts as a cause of its own."""
    groups = len(told["causes"]) + len(told["crashes"])
    return plural(violations, "new violation") + ("" if groups == violations else f" of {plural(groups, 'cause')}")
