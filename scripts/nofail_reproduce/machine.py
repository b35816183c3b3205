# SPDX-License-Identifier: MIT
"""Boots a kernel with the driver as its only program, and takes down what the console says."""

import dataclasses
import os
import pathlib
import selectors
import subprocess
import time
from typing import Callable

from nofail_reproduce.instrument import GUEST
from nofail_reproduce.kernel import CannotBuild

BOOT_SECONDS = 90  # within which the driver must have begun; a boot takes 2 to 10
RUN_SECONDS = 180  # within which the driver must have ended
CPUS = 8  # of which the driver has 5, so that its tasks never wait behind a worker of the kernel's
COMMAND_LINE = (
    "console=ttyS0 quiet loglevel=7 panic=-1 oops=panic kasan_multi_shot watchdog_thresh=3 "
    "clocksource=hpet printk.devkmsg=on "
    "rcupdate.rcu_cpu_stall_timeout=10 nokaslr"
)


@dataclasses.dataclass
class Run:
    """What one boot showed."""

    console: list[str]
    end: str  # "end", "boot" (the driver did not begin), "hang" (it did not end) or "exit" (the machine stopped)


def build_driver(work: pathlib.Path) -> pathlib.Path:
    driver = work / "driver"
    source = GUEST / "driver.c"
    if not driver.exists() or driver.stat().st_mtime < source.stat().st_mtime:
        command = ["gcc", "-static", "-O1", "-Wall", "-Wextra", "-pthread", str(source), "-o", str(driver)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise CannotBuild(f"the driver cannot be compiled; install libc6-dev. gcc says: {done.stderr[:200]}")
    return driver


def make_image(kernel: pathlib.Path, driver: pathlib.Path, plan: pathlib.Path, to: pathlib.Path) -> None:
    """The machine's files: the driver, the plan, a console. gen_init_cpio is the kernel's own."""
    spec = to.with_suffix(".list")
    spec.write_text(
        "dir /dev 0755 0 0\nnod /dev/console 0600 0 0 c 5 1\n"
        f"file /init {driver} 0755 0 0\nfile /plan {plan} 0644 0 0\n"
    )
    with open(to, "wb") as out:
        subprocess.run([kernel / "usr/gen_init_cpio", spec], stdout=out, check=True)


def boot(kernel: pathlib.Path, image: pathlib.Path, is_open: bool, heard: Callable[[str], None]) -> Run:
    """Runs the machine to its end, but not longer than it may. `heard` is called with each line."""
    command = [
        "qemu-system-x86_64",
        "-accel",
        "tcg,thread=multi",
        "-cpu",
        "max",
        "-smp",
        f"{CPUS},sockets=1,cores={CPUS}",
        "-m",
        "768",
    ]
    command += ["-nodefaults", "-display", "none", "-serial", "stdio", "-no-reboot"]
    command += ["-kernel", str(kernel / "arch/x86/boot/bzImage"), "-initrd", str(image)]
    command += ["-append", COMMAND_LINE + (" nofail_open" if is_open else "")]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL
    ) as process:
        try:
            return listen(process, heard)
        finally:
            process.kill()


def listen(process: "subprocess.Popen[bytes]", heard: Callable[[str], None]) -> Run:
    run = Run([], "exit")
    started = time.monotonic()
    begun, rest = False, b""
    assert process.stdout is not None
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while True:
            limit = RUN_SECONDS if begun else BOOT_SECONDS
            left = started + limit - time.monotonic()
            if left <= 0:
                run.end = "hang" if begun else "boot"
                return run
            if not selector.select(left):
                continue
            data = os.read(process.stdout.fileno(), 1 << 16)
            if not data:
                return run
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                text = line.decode(errors="replace").rstrip("\r")
                run.console.append(text)
                heard(text)
                begun = begun or "nofail: step" in text
                if text.endswith("nofail: end"):
                    run.end = "end"
                    return run
