# SPDX-License-Identifier: MIT
"""From options to a job: has everything built that the campaign needs (build.sh), and names its folder."""

import collections
import pathlib
import subprocess
import sys
from typing import Sequence

from nofail_campaign.job import Job
from nofail_campaign.options import Options

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


def built(options: Options) -> dict[str, list[str]]:
    """Calls build.sh; returns its values by key. Leaves with its code when it fails, for it has said why."""
    trees = [options.linux, options.baseline] if options.baseline else [options.linux] if options.linux else []
    command = [str(ROOT / "scripts/nofail_campaign/build.sh"), options.preset, options.engine, options.target, *trees]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        sys.exit(done.returncode)
    said: dict[str, list[str]] = collections.defaultdict(list)
    for line in done.stdout.splitlines():
        key, _, value = line.partition("=")
        said[key].append(value)
    return said


def only(said: dict[str, list[str]], key: str) -> str:
    """The value of a key that is there once or not at all."""
    return said[key][0] if said[key] else ""


def replay_command(options: Options, tool: pathlib.Path) -> str:
    """How a person replays a schedule of this campaign."""
    if options.linux:
        return f"{tool.relative_to(ROOT)} replay"
    return "./scripts/replay" + ("" if options.sanitizer == "address" else f" --sanitizer {options.sanitizer}")


def make_job(options: Options, pass_on: Sequence[str] = ()) -> Job:
    """Builds, and returns the job. `pass_on`: what the fuzz binary gets besides what the options say."""
    said = built(options)
    folder, subject = pathlib.Path(only(said, "bin")), only(said, "subject")
    tool = folder / "nofail"
    # Two trees may be of the same version.
    parts = [options.target, subject, only(said, "tree"), options.sanitizer]
    parts += [options.engine] if options.engine != "libfuzzer" else []
    mutator = only(said, "mutator")
    variables = [variable.partition("=") for variable in said["environment"]]
    return Job(
        root=ROOT,
        work=ROOT / "build/fuzz" / "-".join(filter(None, parts)),
        binary=folder / f"nofail_{options.target}_{'linux_' if options.linux else ''}fuzzer",
        tool=tool,
        replay=replay_command(options, tool),
        target=options.target,
        subject=subject,
        sanitizer=options.sanitizer,
        engine=options.engine,
        seconds=options.seconds,
        jobs=options.jobs,
        resume=options.resume,
        afl_mutator=pathlib.Path(mutator) if mutator else None,
        baseline=only(said, "other"),
        baseline_tree=options.baseline,
        pass_on=(*(["--no-failures"] if options.no_failures else []), *pass_on),
        environment=tuple((name, value) for name, _, value in variables),
    )
