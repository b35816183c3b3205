#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""usage: check_all.py [--linux TREE] [--seconds N] [--sanitizer address|thread] [NAME]...

Plants each bug of tests/mutants/linux/ (or those named) in a copy of a Linux tree, runs `scripts/check` on it with the
unmodified tree as the baseline, and prints a table: what check left with, how long it took, how many entries its report
has, and the first of them. "story" says how that entry tells what was planted: "no", not at all; else its kind, or that
of another face of its cause, is one that the edit names (found as), and a function that the edit changes is "said", in
a signature, the cause or the sentence, or "shown", where the two trees differ side by side; "kind" if no such function
is in it. The reports are kept in build/mutants/NAME/.

  --linux TREE    a directory, such as linux/7.2, which is the default and what the bugs are written for
  --seconds N     how long each campaign of a check fuzzes (20)
  --sanitizer S   only the campaigns under this one, of the bugs that show there

exit code: 0 each report begins with what was planted, 1 one is masked or begins with something else, 2 wrong usage
"""

import argparse
import dataclasses
import json
import pathlib
import re
import shutil
import subprocess
import sys
import time
from typing import Any, Union

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "scripts"))
from nofail_campaign import causes  # noqa: E402

EDITS = ROOT / "tests/mutants/linux"
WORK = ROOT / "build/mutants"
# The copy is at the same path for each, so that only the subject is built anew.
COPY = WORK / "tree"


@dataclasses.dataclass(frozen=True)
class Edit:
    name: str
    functions: list[str]  # that it changes
    kinds: list[str]  # of violations that it may show as
    sanitizer: str  # under which it shows


def read(name: str) -> Edit:
    text = (EDITS / f"{name}.edit").read_text()

    def head(key: str) -> list[str]:
        return re.findall(rf"^{key}: (.*)$", text, re.MULTILINE)

    return Edit(name, head("in"), head("found as")[0].split(), head("sanitizer")[0])


def story(edit: Edit, entry: dict[str, Any]) -> str:
    """How an entry of a report tells what was planted: one of the words of the table."""
    signatures = [face["signature"] for face in (entry, *entry["faces"])]
    kinds = [signature.partition("/")[0] for signature in signatures]
    if not any(kind == known or kind.startswith(known + ".") for kind in kinds for known in edit.kinds):
        return "no"
    itself = causes.itself(entry)
    said = [*signatures, itself.get("cause", ""), itself.get("detail", "")]
    names = re.compile(rf"\b({'|'.join(edit.functions)})\b")
    if names.search("\n".join(said)):
        return "said"
    return "shown" if names.search("\n".join(entry.get("side_by_side", []))) else "kind"


def check(edit: Edit, options: argparse.Namespace) -> tuple[int, Union[dict[str, Any], None]]:
    """Exit code and report of a check of the tree with the bug."""
    shutil.rmtree(COPY, ignore_errors=True)
    subprocess.run([EDITS.parent / "plant.py", EDITS / f"{edit.name}.edit", options.linux, COPY], check=True)
    out = WORK / edit.name
    shutil.rmtree(out, ignore_errors=True)
    command = [ROOT / "scripts/check", "--linux", COPY, "--baseline", options.linux, "--out", out]
    command += ["--seconds", str(options.seconds)] + (["--sanitizer", options.sanitizer] if options.sanitizer else [])
    with (WORK / f"{edit.name}.log").open("w") as log:
        code = subprocess.run(command, stdout=log, stderr=log, check=False).returncode
    report = out / "report.json"
    return code, json.loads(report.read_text()) if report.exists() else None


def row(edit: Edit, options: argparse.Namespace) -> bool:
    """Checks one mutant and prints its row; returns whether its report begins with what was planted."""
    started = time.monotonic()
    code, report = check(edit, options)
    news = report["news"] if report else []
    told = story(edit, news[0]) if news else "no"
    first = f"{news[0]['listed'].upper()} {news[0]['signature']}" if news else "-"
    print(f"{edit.name:32} {code:4} {time.monotonic() - started:7.0f} {len(news):5} {told:5}  {first}", flush=True)
    return told != "no"


def main() -> int:
    parser = argparse.ArgumentParser(usage=__doc__, add_help=False, allow_abbrev=False)
    parser.add_argument("--linux", default=str(ROOT / "linux/7.2"))
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--sanitizer", choices=("address", "thread"))
    parser.add_argument("names", nargs="*")
    parser.add_argument("-h", "--help", action="store_true")
    options = parser.parse_args()
    if options.help:
        print(__doc__, end="")
        return 0
    for name in options.names:
        if not (EDITS / f"{name}.edit").exists():
            parser.error(f"{name}: there is no tests/mutants/linux/{name}.edit")
    edits = [read(name) for name in options.names or sorted(path.stem for path in EDITS.glob("*.edit"))]
    edits = [edit for edit in edits if options.sanitizer in (None, edit.sanitizer)]
    WORK.mkdir(parents=True, exist_ok=True)
    print(f"{'mutant':32} {'exit':>4} {'seconds':>7} {'news':>5} {'story':5}  first entry")
    told = [row(edit, options) for edit in edits]
    print(f"{sum(told)} of {len(told)} reports begin with what was planted")
    return 0 if all(told) else 1


if __name__ == "__main__":
    sys.exit(main())
