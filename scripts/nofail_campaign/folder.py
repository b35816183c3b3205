# SPDX-License-Identifier: MIT
"""The work folder of a campaign: one run at a time has it, and nothing that was found there is overwritten."""

import fcntl
import filecmp
import itertools
import os
import pathlib
import shutil
import tempfile
import time
from typing import BinaryIO

from nofail_campaign.job import Job
from nofail_campaign.terminal import Trouble, note, plural

BYTES_OF_A_PROBE = 4096


def trouble_of(job: Job, error: OSError, path: pathlib.Path) -> Trouble:
    """What an error of the operating system says, in one line. `path`: what it is about, unless it says so."""
    return Trouble(f"{job.shown(error.filename or path)}: {error.strerror}")


def prepare(job: Job) -> BinaryIO:
    """Makes the folder and locks it. The lock lasts as long as a process has this file open."""
    try:
        job.work.mkdir(parents=True, exist_ok=True)
        lock = (job.work / ".lock").open("ab", buffering=0)
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        for folder in (job.findings, job.corpus, job.crashes):
            folder.mkdir(exist_ok=True)
        if not job.resume:
            set_earlier_aside(job)
    except BlockingIOError:
        raise Trouble(f"{job.shown(job.work)}: another run fuzzes there; wait until it ends, or end it") from None
    except OSError as error:
        raise trouble_of(job, error, job.work) from None
    return lock


def set_earlier_aside(job: Job) -> None:
    """Moves what an earlier run found to old/. It may have been listed or mended since, so it is no news."""
    work, counts = job.work, list(job.findings.glob(".status.*"))
    earlier = [*job.findings.glob("*.sched"), *job.crashes.glob("*-*")]
    # Engines still have what ended a process when the campaign itself was ended.
    for pattern in ("honggfuzz/crashes/*", "afl/*/crashes*/id:*", "afl/*/hangs*/id:*"):
        earlier += work.glob(pattern)
    if not earlier:
        for path in counts:
            path.unlink()
        return
    old = new_folder(work / "old" / time.strftime("%Y-%m-%d-%H%M%S"))
    # The counts go last: when this fails halfway, they are still those of the findings that are left.
    for path in [*earlier, *work.glob("worker-*.log"), *counts]:
        there = old / path.relative_to(work)
        there.parent.mkdir(parents=True, exist_ok=True)
        path.rename(there)
    note(f"moved what earlier runs found to {job.shown(old)} ({plural(len(earlier), 'file')})")


def new_folder(path: pathlib.Path) -> pathlib.Path:
    """Makes a folder of this name, or of one with a number behind it."""
    for number in itertools.count(2):
        try:
            path.mkdir(parents=True)
            return path
        except FileExistsError:
            path = path.with_name(f"{path.name.partition('.')[0]}.{number}")
    raise AssertionError("counting has no end")


def check(job: Job) -> None:
    """Raises Trouble when something can no longer be written here: a folder is gone, the disk is full."""
    for folder in (job.findings, job.corpus, job.crashes):
        try:
            with tempfile.TemporaryFile(dir=folder, buffering=0) as probe:
                probe.write(bytes(BYTES_OF_A_PROBE))
        except OSError as error:
            raise Trouble(f"{job.shown(folder)}: {error.strerror}") from None


def move(path: pathlib.Path, there: pathlib.Path) -> None:
    """Moves a file to this name. If another file has the name, the new one gets a number behind it."""
    free = there
    for number in itertools.count(2):
        if not free.exists():
            shutil.move(path, free)
            return
        if filecmp.cmp(path, free, shallow=False):
            path.unlink()
            return
        free = there.with_name(f"{there.name}.{number}")


def replace(path: pathlib.Path, content: bytes) -> None:
    """Writes a file such that every reader sees the old content or the new one, also when the disk is full."""
    new = path.with_name(f".new-{path.name}")
    try:
        new.write_bytes(content)
        os.replace(new, path)
    except OSError:
        new.unlink(missing_ok=True)
        raise
