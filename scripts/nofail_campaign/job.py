# SPDX-License-Identifier: MIT
"""What a campaign has to do, and the folders that it works in."""

import dataclasses
import pathlib
from typing import Union


@dataclasses.dataclass(frozen=True)
class Job:
    """What was asked for, and what was built for it. Nothing in it changes while a campaign runs."""

    root: pathlib.Path  # the repository
    work: pathlib.Path  # the folder for everything that this campaign keeps
    binary: pathlib.Path  # the fuzz binary
    tool: pathlib.Path  # the `nofail` command, of the same build
    replay: str  # the command that replays a schedule whose name follows, as a person types it
    target: str
    subject: str
    sanitizer: str
    engine: str = "libfuzzer"
    seconds: int = 60
    jobs: int = 1
    resume: bool = False  # add to what the last run counted
    afl_mutator: Union[pathlib.Path, None] = None  # the library that AFL++ mutates with
    baseline: str = ""  # another subject of the tool: what it does too is no news
    baseline_tree: str = ""  # where that subject's sources are
    # Where several campaigns make one report, each says only what the others have not said.
    finds_gone: bool = True  # says what of the crash corpus the tree no longer shows
    compares_listed: bool = True  # says which listed violations are worse because the baseline passes their schedules
    told: frozenset[str] = frozenset()  # signatures of news that are minimized already
    pass_on: tuple[str, ...] = ()  # options for the fuzz binary
    environment: tuple[tuple[str, str], ...] = ()  # variables for the engine

    @property
    def findings(self) -> pathlib.Path:
        """Where fuzz binaries put schedules that violate, and their counts."""
        return self.work / "findings"

    @property
    def corpus(self) -> pathlib.Path:
        """Inputs that are worth keeping; the next run starts from them."""
        return self.work / "corpus"

    @property
    def crashes(self) -> pathlib.Path:
        """Inputs that ended a process."""
        return self.work / "crashes"

    @property
    def seeds(self) -> list[pathlib.Path]:
        """Folders of inputs to start from, besides what earlier runs kept."""
        folders = [self.binary.parent.parent / "seeds", self.root / "corpus" / self.target]
        return [folder for folder in folders if folder.is_dir()]

    @property
    def dictionary(self) -> pathlib.Path:
        return self.root / "dict" / f"nofail_{'text' if self.target == 'codec' else 'schedule'}.dict"

    @property
    def counts_runs(self) -> bool:
        """The codec target runs no schedule, and keeps no counts."""
        return self.target != "codec"

    def shown(self, path: Union[str, pathlib.Path]) -> str:
        """A path as it is printed: from the repository, if it is in there."""
        path = pathlib.Path(path)
        return str(path.relative_to(self.root) if path.is_relative_to(self.root) else path)
