# SPDX-License-Identifier: MIT
"""From options to a job: has everything built that the campaign needs (build.sh), and names its folder."""

import collections
import dataclasses
import pathlib
import subprocess
import sys
from typing import Sequence

from linux_tree.files import TreeError
from linux_tree.snapshot import Tree, check_different, take
from nofail_campaign import terminal
from nofail_campaign.job import Job
from nofail_campaign.options import Options
from nofail_campaign.terminal import leave

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


def take_trees(options: Options) -> list[Tree]:
    """Takes a snapshot of the tree and of its baseline, of those that are asked for. Leaves if one cannot be used. To
    be called once: what a person edits later is not what this campaign is about."""
    try:
        trees = [take(text) for text in (options.linux, options.baseline) if text]
        if len(trees) > 1:
            check_different(*trees)
    except TreeError as error:
        leave(error.code, str(error))
    return trees


# What build.sh says of what it has built: its values by key.
Built = dict[str, list[str]]


def build(options: Options, trees: Sequence[Tree], targets: Sequence[str]) -> Built:
    """Builds these targets, whatever target the options name. Leaves with the code of build.sh when that fails, for it
    has said why."""
    told = [word for tree in trees for word in (str(tree.folder), tree.origin, tree.shown)]
    command = [str(ROOT / "scripts/nofail_campaign/build.sh"), options.preset, options.engine, " ".join(targets)]
    command += [options.shim, terminal.name, *told]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        sys.exit(done.returncode)
    said: Built = collections.defaultdict(list)
    for line in done.stdout.splitlines():
        key, _, value = line.partition("=")
        said[key].append(value)
    return said


def only(said: Built, key: str) -> str:
    """The value of a key that is there once or not at all."""
    return said[key][0] if said[key] else ""


def replay_command(options: Options, tool: pathlib.Path) -> str:
    """How a person replays a schedule of this campaign."""
    if options.linux:
        return f"{tool.relative_to(ROOT)} replay"
    return "./scripts/replay" + ("" if options.sanitizer == "address" else f" --sanitizer {options.sanitizer}")


def make_search_job(options: Options, trees: Sequence[Tree]) -> Job:
    """Has the preset explore built, and returns the job of searching in it."""
    options = dataclasses.replace(options, target="teardown", sanitizer="race", engine="libfuzzer", resume=False)
    job = make_job(options, trees, build(options, trees, ()))
    parts = ["search", job.subject, trees[0].contents if trees else ""]
    return dataclasses.replace(
        job, work=ROOT / "build/fuzz" / "-".join(filter(None, parts)), binary=job.tool, engine="search"
    )


def make_job(options: Options, trees: Sequence[Tree], said: Built) -> Job:
    """The job for what was built. `trees`: the tree that is fuzzed, and its baseline."""
    folder, subject = pathlib.Path(only(said, "bin")), only(said, "subject")
    tool = folder / "nofail"
    # After the contents, too: what was found in a tree is not found in what it has become.
    parts = [options.target, subject, trees[0].contents if trees else "", options.sanitizer]
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
        baseline_tree=trees[1].shown if len(trees) > 1 else "",
        pass_on=("--no-failures",) if options.no_failures else (),
        environment=tuple((name, value) for name, _, value in variables),
    )
