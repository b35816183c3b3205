# SPDX-License-Identifier: MIT
"""Builds a kernel with gates. One tree has one copy and one kernel for each configuration, for all schedules."""

import contextlib
import fcntl
import pathlib
import shutil
import subprocess
import time
from typing import Iterator

from nofail_campaign.terminal import note
from nofail_reproduce import instrument

CONFIGS = pathlib.Path(__file__).parent / "configs"
TOOLS = {
    "make": "make",
    "gcc": "gcc",
    "flex": "flex",
    "bison": "bison",
    "bc": "bc",
    "qemu-system-x86_64": "qemu-system-x86",
}
HEADERS = {"libelf.h": "libelf-dev"}  # objtool's


class CannotBuild(Exception):
    """One line: what is missing, or where the log is."""


def check_tools() -> None:
    missing = [package for tool, package in TOOLS.items() if shutil.which(tool) is None]
    include = pathlib.Path("/usr/include")
    missing += [package for header, package in HEADERS.items() if not (include / header).exists()]
    if missing:
        raise CannotBuild(f"packages are missing; install them with: apt-get install -y {' '.join(missing)}")


def check_tree(tree: pathlib.Path, shown: str) -> None:
    if not (tree / "arch/x86/Kconfig").exists():
        raise CannotBuild(f"{shown}: these are not the full sources of a kernel; ./scripts/get-linux --full has them")
    if (tree / ".config").exists() or (tree / "include/config").exists():
        raise CannotBuild(
            f"{shown}: a kernel was built in this tree, so none can be built from it elsewhere; "
            f"use a fresh checkout, for example: git -C {shown} worktree add ../linux-clean"
        )


@contextlib.contextmanager
def locked(folder: pathlib.Path) -> Iterator[None]:
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / ".lock", "w", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            note("waiting for another build of this kernel")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def run(command: list[str], log: pathlib.Path) -> None:
    """Runs a step of the build. Every half minute it says that it goes on."""
    started = time.monotonic()
    with open(log, "a", encoding="utf-8") as out:
        print("+", *command, file=out, flush=True)
        with subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL) as process:
            while True:
                try:
                    code = process.wait(30)
                    break
                except subprocess.TimeoutExpired:
                    note(f"still building: {time.monotonic() - started:.0f} s")
                except BaseException:
                    process.terminate()
                    raise
    if code != 0:
        raise CannotBuild(f"the kernel's build failed; all of it is in {log}")


def make(source: pathlib.Path, to: pathlib.Path, *words: str) -> list[str]:
    return ["make", "-s", "-C", str(source), f"O={to}", *words]


def configure(source: pathlib.Path, to: pathlib.Path, parts: tuple[str, ...], log: pathlib.Path) -> None:
    """tinyconfig and our parts. Raises CannotBuild if the tree does not take what the parts ask for."""
    wanted = "".join((CONFIGS / f"{part}.config").read_text() for part in parts)
    asked = to / "nofail.config"
    if asked.exists() and asked.read_text() == wanted:
        return
    run(make(source, to, "tinyconfig"), log)
    with open(to / ".config", "a", encoding="utf-8") as config:
        config.write(wanted)
    run(make(source, to, "olddefconfig"), log)
    config_lines = set((to / ".config").read_text().splitlines())
    lost = [line for line in wanted.splitlines() if line.startswith("CONFIG_") and line not in config_lines]
    if lost:
        raise CannotBuild(f"this tree cannot be configured with {', '.join(lost)}")
    asked.write_text(wanted)


def build(
    tree: pathlib.Path, changed: dict[str, str], work: pathlib.Path, parts: tuple[str, ...], jobs: int
) -> pathlib.Path:
    """Returns the folder of the kernel that is built from the tree with the changed files, in a folder of `work`."""
    source, to, log = work / "source", work / "-".join(parts), work / f"{'-'.join(parts)}.log"
    with locked(work):
        instrument.make_copy(tree, source, changed)
        to.mkdir(exist_ok=True)
        log.write_text("")
        image = to / "arch/x86/boot/bzImage"
        if not image.exists():
            note(f"building a kernel with {', '.join(parts)}: 5 to 15 minutes (log: {log})")
        configure(source, to, parts, log)
        run(make(source, to, f"-j{jobs}", "bzImage"), log)
    return to
