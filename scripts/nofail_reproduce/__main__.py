# SPDX-License-Identifier: MIT
"""`python3 -m nofail_reproduce` is what `scripts/reproduce` runs."""

import argparse
import hashlib
import os
import pathlib
import subprocess
import sys
from typing import NoReturn

from linux_tree import argument
from linux_tree.files import TreeError
from linux_tree.snapshot import ROOT, Tree, fetched, take
from nofail_campaign import terminal
from nofail_campaign.terminal import leave, note, say
from nofail_reproduce import console, instrument, kernel, machine, patch, plan

USAGE = """usage: ./scripts/reproduce FILE.sched [--linux TREE] [--config C] [--times N]
       ./scripts/reproduce FILE.sched [--linux TREE] --open [--times N]
       ./scripts/reproduce FILE.sched [--linux TREE] --patch

Does it happen on a kernel that boots? Builds a kernel in which tasks can be
made to wait at the primitives of the files under test, boots it in QEMU, runs
the schedule's operations there as system calls, and reads the console. Locks
really time out, and grace periods are the kernel's own.

  --linux TREE   the full sources of a kernel, or a version, which
                 ./scripts/get-linux --full fetches (7.2); +FILE.patch as usual
  --config C     minimal; kasan (the default): sees a use of freed memory;
                 debug: KASAN, PROVE_RCU, DEBUG_ATOMIC_SLEEP, kmemleak. RCU is
                 preemptible or not as the schedule says
  --times N      boot N times; all must show the same
  --open         no task waits at any gate: the same operations, left alone
  --patch        print the gates and the driver as one patch for this schedule,
                 to be read, and attached to a mail; builds and boots nothing
  --plan         print who waits where; builds and boots no kernel
  --jobs N       processes of the kernel's build (as many as processors)
  --verbose      print the whole console while the kernel runs

The first run builds a kernel: 5 to 15 minutes on 2 processors. Kernels are kept
in build/reproduce/ and shared by all schedules; later runs take half a minute.

examples:
  ./scripts/reproduce corpus/findings/refcount-dec-to-zero/livelock.StorageDestroy.sched
  ./scripts/reproduce crash.sched --linux ~/src/linux --times 5
  ./scripts/reproduce crash.sched --patch > to-attach.patch

exit code: 0 reproduced (with --open: nothing happened); 1 something else
happened; 2 wrong usage, or a schedule that no kernel can be made to follow; 5 a
tool is missing, or a build failed; 6 not reproduced
"""
BOOTS = 3  # a boot under emulation fails now and then, which says nothing about the schedule
CODES = {"reproduced": 0, "something else": 1, "not reproduced": 6}
CONFIGS = {"minimal": (), "kasan": ("kasan",), "debug": ("debug",)}


class Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        leave(2, f"{message}; --help tells more")


def parse() -> argparse.Namespace:
    parser = Parser(add_help=False, allow_abbrev=False)
    parser.add_argument("file")
    parser.add_argument("--linux", default="7.2")
    parser.add_argument("--config", choices=sorted(CONFIGS), default="kasan")
    parser.add_argument("--times", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    for flag in ("--open", "--patch", "--plan", "--verbose"):
        parser.add_argument(flag, action="store_true")
    if {"-h", "--help"} & set(sys.argv[1:]):
        say(USAGE, end="")
        sys.exit(0)
    options = parser.parse_args()
    if options.times < 1 or options.jobs < 1:
        leave(2, "--times and --jobs take a number from 1")
    if not os.path.isfile(options.file):
        leave(2, f"{options.file}: there is no such file; expected a schedule")
    return options


def full_sources(text: str, tree: Tree) -> pathlib.Path:
    """The folder with the sources that are not under test. Leaves if there is none."""
    parts = argument.parse(text)
    if parts.revision is not None:
        leave(
            2, f"{tree.shown}: a kernel is built from a folder: git -C {parts.folder} worktree add DIR {parts.revision}"
        )
    if not parts.version:
        return pathlib.Path(parts.folder).resolve()
    return fetched(parts.version, "--full")


def simulate(options: argparse.Namespace, tree: Tree) -> dict[str, object]:
    """Runs the schedule on the tree's files in the simulator."""
    told = [str(tree.folder), tree.origin, tree.shown]
    command = [str(ROOT / "scripts/nofail_campaign/build.sh"), "release", "libfuzzer", "", "", terminal.name, *told]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        sys.exit(done.returncode)
    built = dict(line.split("=", 1) for line in done.stdout.splitlines())
    return plan.run_schedule(f"{built['bin']}/nofail", options.file, built["subject"])


def config_parts(made: plan.Plan, config: str) -> tuple[str, ...]:
    inode = ("inode",) if "inode" in made.types else ()
    programs = ("programs",) if made.programs else ()
    return ("base", made.rcu, *CONFIGS[config], *inode, *programs)


def print_outcome(outcome: console.Outcome, run: machine.Run) -> None:
    if run.end == "hang":
        note("the machine did not come to the end of the driver within its time")
    for line in run.console:
        if "nofail: cannot" in line or "in another bucket" in line or "waited in vain" in line:
            note(line.split("nofail: ", 1)[1])
    for report in outcome.excerpt:
        say("")
        for line in report.lines:
            say(f"    {console.readable(line)}")
    if outcome.excerpt:
        say("")
    for signature in outcome.seen:
        say(f"  seen      {signature}")
    for signature in outcome.unseen:
        say(f"  not seen  {signature}")


def boot_once(options: argparse.Namespace, built: pathlib.Path, image: pathlib.Path, log: pathlib.Path) -> machine.Run:
    def heard(line: str) -> None:
        if options.verbose:
            say(line)

    for attempt in range(BOOTS):
        run = machine.boot(built, image, options.open, heard)
        log.write_text("\n".join(run.console) + "\n")
        if run.end != "boot":
            return run
        note(f"no driver within {machine.BOOT_SECONDS} s of the kernel's start, at attempt {attempt + 1} of {BOOTS}")
    leave(5, f"the kernel does not boot; its console is in {log}")


def boot_all(options: argparse.Namespace, built: pathlib.Path, run: dict[str, object], made: plan.Plan) -> int:
    work = built.parent
    name = pathlib.Path(options.file).stem + ("-open" if options.open else "")
    folder = work / "runs" / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "plan").write_text("\n".join(made.lines) + "\n")
    image = folder / "image.cpio"
    machine.make_image(built, machine.build_driver(work), folder / "plan", image)
    wanted = console.sought(run)
    verdicts: list[str] = []
    for number in range(options.times):
        log = folder / f"console-{number + 1}.txt"
        one = boot_once(options, built, image, log)
        outcome = console.judge(wanted, one)
        verdicts.append(outcome.verdict)
        if number == 0 or outcome.verdict != verdicts[0]:
            print_outcome(outcome, one)
        of_times = f" ({number + 1} of {options.times})" if options.times > 1 else ""
        shown = {"not reproduced": "nothing happened"}.get(outcome.verdict) if options.open else None
        say(f"{shown or outcome.verdict}{of_times}; console: {log.relative_to(ROOT)}")
    if options.open:
        return 0 if set(verdicts) == {"not reproduced"} else 1
    return next(CODES[v] for v in ("something else", "not reproduced", "reproduced") if v in verdicts)


def work_folder(tree: Tree, sources: pathlib.Path) -> pathlib.Path:
    """After the files under test, and where the others are."""
    return ROOT / "build/reproduce" / f"{tree.folder.name}-{hashlib.sha256(str(sources).encode()).hexdigest()[:8]}"


def reproduce(options: argparse.Namespace) -> int:
    tree = take(options.linux)
    run = simulate(options, tree)
    made = plan.make(run, instrument.sites(tree.folder))
    if options.plan:
        say("\n".join(made.lines))
        return 0
    wanted = console.sought(run)
    if not wanted:
        if not run["violations"]:
            leave(2, f"{options.file}: the schedule violates nothing on {run['subject']}")
        leave(2, f"{options.file}: a console cannot show this: {console.why_silent(run)}")
    sources = full_sources(options.linux, tree)
    if options.patch:
        say(patch.make(tree.folder, sources, made), end="")
        return 0
    kernel.check_tools()
    kernel.check_tree(sources, tree.shown)
    changed = instrument.changed_files(tree.folder, sources)
    parts = config_parts(made, options.config)
    built = kernel.build(sources, changed, work_folder(tree, sources), parts, options.jobs)
    return boot_all(options, built, run, made)


def main() -> int:
    terminal.name = "reproduce"
    options = parse()
    try:
        return reproduce(options)
    except TreeError as error:
        leave(error.code, str(error))
    except plan.NoCounterpart as error:
        leave(2, f"{options.file}: {error}")
    except instrument.NoGates as error:
        leave(2, f"{options.linux} cannot be given gates: {error}")
    except kernel.CannotBuild as error:
        leave(5, str(error))
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
