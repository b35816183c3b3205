#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What scripts/check_oss_fuzz asks of a build in $OUT, and the bad builds that each question must catch.

Takes the environment of the build. Prints a line for each check; exits with 1 if a check found something, or let a bad
build pass.
"""
import dataclasses
import json
import os
import pathlib
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import zipfile
from typing import Any, Callable, Iterator

OUT, WORK = pathlib.Path(os.environ["OUT"]), pathlib.Path(os.environ["WORK"]) / "nofail"
SANITIZER, ENGINE = os.environ["SANITIZER"], os.environ["FUZZING_ENGINE"]
SUBJECT = "core/subjects/CMakeFiles/nofail_subject_posted.dir"
CODEC = "fuzz/schedule/CMakeFiles/nofail_schedule_instrumented.dir"
NAME = re.compile(r"nofail_[A-Za-z0-9_-]+_fuzzer")
# What the base-runner image has. Where the system's libraries stand in for those of the image, they are not foreign.
LIBRARIES = re.compile(
    r"linux-vdso|ld-linux|lib(c|m|dl|rt|pthread|resolv|gcc_s)\.so"
    + (r"|libabsl_|libstdc\+\+" if os.environ["LIBRARIES"] == "system" else "")
)
# What objects are instrumented by: a section or an undefined symbol, of which one must be there.
COVERAGE = {
    "libfuzzer": ["__sancov_cntrs"],
    "afl": ["__sancov_guards", "__afl_area_ptr"],
    "honggfuzz": ["__sancov_guards"],
    "centipede": ["__sancov_guards"],
}[ENGINE]
SANITIZED = {"address": ["__asan_init"], "undefined": ["__ubsan_handle_"], "coverage": ["__llvm_covfun"], "none": [""]}[
    SANITIZER
]
# An engine's own lines: all that a run without findings may print.
ENGINES_OWN = re.compile(
    r"INFO: |#\d+\s|Done \d+ runs|Running: |Executed |\*\*\*|Reading \d+ bytes|"
    r"Execution successful|.*: Running \d+ inputs|WARNING: |\s*$"
)
os.environ.setdefault("LLVM_PROFILE_FILE", "/dev/null")  # the runner of coverage builds says where to
START_UP_SECONDS = 0.2
MIN_CODE_BYTES = 512  # UndefinedBehaviorSanitizer and AFL++ find nothing to watch in a table of calls
Complaints = Iterator[str]
BadBuild = Callable[[pathlib.Path], None]  # makes one in that folder
MIN_EDGES = 100  # as OSS-Fuzz's own check has it


def run(*command: object, **options: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(word) for word in command],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        timeout=120,
        check=False,
        **options,
    )


def fuzzers(out: pathlib.Path) -> list[pathlib.Path]:
    """As OSS-Fuzz finds them: executables that contain the entry's name."""
    return [
        path
        for path in sorted(out.iterdir())
        if path.is_file()
        and os.access(path, os.X_OK)
        and not path.name.startswith(("afl-", "llvm-", "honggfuzz", "centipede"))
        and b"LLVMFuzzerTestOneInput" in path.read_bytes()
    ]


def seeds_of(fuzzer: pathlib.Path, folder: str | pathlib.Path) -> list[pathlib.Path]:
    with zipfile.ZipFile(f"{fuzzer}_seed_corpus.zip") as archive:
        archive.extractall(folder)
    return sorted(pathlib.Path(folder).iterdir())


# ---- Checks: each yields what is wrong -------------------------------------------------------------------------------


def check_names(out: pathlib.Path) -> Complaints:
    found = fuzzers(out)
    if not found:
        yield "no fuzz target at all: OSS-Fuzz looks for LLVMFuzzerTestOneInput in executables"
    for path in found:
        if not NAME.fullmatch(path.name):
            yield f"{path.name}: expected a name like nofail_teardown_fuzzer"
    names = {path.name for path in found}
    for path in sorted(out.iterdir()):
        of = re.match(r"(.*?)(_seed_corpus\.zip|\.dict|\.options)$", path.name)
        if of and of[1] not in names:
            yield f"{path.name}: there is no fuzz target {of[1]}"
        if path.name.endswith("_fuzzer") and path.name not in names:
            yield f"{path.name}: is stripped, or not executable"
    for name in sorted(names):
        for companion in ("_seed_corpus.zip", ".options", ".dict"):
            if not (out / (name + companion)).is_file():
                yield f"{name}: has no {name}{companion}"


def objects(folder: pathlib.Path, *parts: str) -> list[pathlib.Path]:
    return [path for part in parts for path in sorted(folder.glob(f"{part}/**/*.o"))]


def traces(path: pathlib.Path, words: list[str]) -> bool:
    text = run("objdump", "-h", "-t", path).stdout
    return any(word in text for word in words)


def code_bytes(path: pathlib.Path) -> int:
    sections = run("objdump", "-h", path).stdout
    return sum(int(size, 16) for size in re.findall(r"^ *\d+ nofail_subject +(\w+)", sections, re.M))


def check_instrumented(work: pathlib.Path) -> Complaints:
    """The subject's objects are, for coverage and the sanitizer; the simulator's are not."""
    subject, codec = objects(work, SUBJECT), objects(work, CODEC)
    if not subject or not codec:
        yield f"there are no objects of the subject in {work}"
    for path in subject + codec:
        is_table = code_bytes(path) <= MIN_CODE_BYTES
        if SANITIZER != "coverage" and not traces(path, COVERAGE) and not (ENGINE == "afl" and is_table):
            yield f"{path.name}: without coverage instrumentation"
        if not traces(path, SANITIZED) and not (SANITIZER == "undefined" and is_table):
            yield f"{path.name}: not compiled for {SANITIZER}"
    for path in objects(work, "core/kernel/sim", "fuzz/exec", "fuzz/check"):
        if SANITIZER != "coverage" and (traces(path, COVERAGE) or SANITIZER != "none" and traces(path, SANITIZED)):
            yield f"{path.name}: of the suite, and instrumented"


def check_edges(out: pathlib.Path) -> Complaints:
    for path in fuzzers(out):
        text = run(path, "-seed=1337", "-runs=4", cwd="/tmp").stdout
        edges = re.search(r"INFO: Loaded \d+ module.*?\((\d+) (?:inline 8-bit counters|guards)\)", text)
        if SANITIZER != "coverage" and (not edges or int(edges[1]) < MIN_EDGES):
            yield f"{path.name}: {edges[1] if edges else 0} edges, fewer than {MIN_EDGES}"
        if "Done 4 runs" not in text:
            yield f"{path.name}: does not do 4 runs: {text[-200:]}"


# How OSS-Fuzz starts an engine, and the line by which it sees that fuzzing has begun.
ENGINES = {
    "afl": (
        ["afl-fuzz", "-i", "{seeds}", "-o", "{work}/out", "-m", "none", "-t", "5000+", "-V", "3", "--", "{fuzzer}"],
        r"All set and ready to roll",
    ),
    "honggfuzz": (
        [
            "honggfuzz",
            "-n",
            "1",
            "-v",
            "-z",
            "-P",
            "-f",
            "{seeds}",
            "-W",
            "{work}",
            "--run_time",
            "3",
            "--",
            "{fuzzer}",
        ],
        r"(?m)^Sz:\d+ Tm:\d+.* Cur:(\d+/){3}[1-9]",
    ),
    "centipede": (
        [
            "centipede",
            "--workdir={work}",
            "--corpus_dir={seeds}",
            "--fork_server=1",
            "--exit_on_crash=1",
            "--timeout=1200",
            "--rss_limit_mb=4096",
            "--address_space_limit_mb=5120",
            "--binary={fuzzer}",
            "--num_runs=1000",
        ],
        r"begin-fuzz: ft: 0(?s:.*)end-fuzz: ft: [1-9]",
    ),
}


def check_engine(out: pathlib.Path) -> Complaints:
    """It starts, and the target with it."""
    command, begins = ENGINES[ENGINE]
    for path in fuzzers(out):
        with tempfile.TemporaryDirectory() as folder:
            seeds, work = pathlib.Path(folder, "seeds"), pathlib.Path(folder, "work")
            work.mkdir()
            seeds_of(path, seeds)
            text = run(
                *(word.format(seeds=seeds, work=work, fuzzer=path) for word in command),
                cwd="/tmp",
                stdin=subprocess.DEVNULL,
            ).stdout
        if not re.search(begins, text):
            yield f"{path.name}: {ENGINE} does not begin: {text[-300:]}"


def check_seeds(out: pathlib.Path) -> Complaints:
    for path in fuzzers(out):
        with tempfile.TemporaryDirectory() as folder:
            seeds = seeds_of(path, folder)
            if len(seeds) < 10:
                yield f"{path.name}: {len(seeds)} seeds"
            ran = run(path, *seeds, cwd="/tmp")
            if ran.returncode != 0:
                yield f"{path.name}: a seed ends it with code {ran.returncode}: {ran.stdout[-300:]}"


def start_up(path: pathlib.Path) -> float:
    """In seconds of processor time, which other work on the machine does not change."""

    def used() -> float:
        children = resource.getrusage(resource.RUSAGE_CHILDREN)
        return children.ru_utime + children.ru_stime

    before = used()
    run(path, "-runs=0", cwd="/tmp")
    return used() - before


def check_output(out: pathlib.Path) -> Complaints:
    """Nothing is printed but by the engine, and a start takes little."""
    for path in fuzzers(out):
        with tempfile.TemporaryDirectory() as folder:
            text = run(path, *seeds_of(path, folder), cwd="/tmp").stdout
        foreign = [line for line in text.splitlines() if not ENGINES_OWN.match(line) and folder not in line]
        if foreign:
            yield f"{path.name}: prints {foreign[0]!r}"
        seconds = min(start_up(path) for _ in range(5))
        if seconds > START_UP_SECONDS:
            yield f"{path.name}: takes {seconds:.2f} s of processor time to start, more than {START_UP_SECONDS}"


def check_libraries(out: pathlib.Path) -> Complaints:
    for path in fuzzers(out):
        for line in run("ldd", path).stdout.splitlines():
            if not LIBRARIES.search(line):
                yield f"{path.name}: needs {line.strip()}"


def sandbox(out: pathlib.Path, seeds: str) -> list[str | pathlib.Path]:
    """As on the bots: all is read-only but /tmp, no network, somewhere else."""
    return [
        "bwrap",
        "--ro-bind",
        "/",
        "/",
        "--tmpfs",
        "/tmp",
        "--proc",
        "/proc",
        "--dev",
        "/dev",
        "--unshare-all",
        "--ro-bind",
        out,
        "/mnt",
        "--bind",
        seeds,
        "/tmp/seeds",
        "--chdir",
        "/usr",
    ]


def cannot_sandbox() -> str:
    """Why no sandbox can be made here, as bwrap says it; nothing where one can."""
    ran = run(
        "bwrap", "--ro-bind", "/", "/", "--tmpfs", "/tmp", "--proc", "/proc", "--dev", "/dev", "--unshare-all", "true"
    )
    return ran.stdout.strip() if ran.returncode else ""


def check_sandbox(out: pathlib.Path) -> Complaints:
    for path in fuzzers(out):
        with tempfile.TemporaryDirectory() as folder:
            seeds = [f"/tmp/seeds/{seed.name}" for seed in seeds_of(path, folder)]
            ran = run(*sandbox(out, folder), f"/mnt/{path.name}", *seeds)
            if ran.returncode != 0:
                yield f"{path.name}: fails read-only, without network, in another directory: {ran.stdout[-300:]}"


def check_litter(out: pathlib.Path) -> Complaints:
    for path in fuzzers(out):
        with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as cwd:
            run(path, *seeds_of(path, folder), cwd=cwd)
            if os.listdir(cwd):
                yield f"{path.name}: writes {os.listdir(cwd)[0]} to where it is started"


def check_order(out: pathlib.Path) -> Complaints:
    """The features of a corpus do not depend on what ran before."""
    for path in fuzzers(out):
        with tempfile.TemporaryDirectory() as folder:
            seeds_of(path, folder)
            seen = {
                seed: re.findall(
                    r"INITED cov: \d+ ft: \d+",
                    run(
                        path,
                        "-runs=0",
                        f"-seed={seed}",
                        "-shuffle=1",
                        "-prefer_small=0",
                        "-reduce_inputs=0",
                        folder,
                        cwd="/tmp",
                    ).stdout,
                )
                for seed in (1, 2, 3)
            }
        if not seen[1] or seen[1] != seen[2] or seen[1] != seen[3]:
            yield f"{path.name}: other features in another order: {list(seen.values())}"


# ---- Bad builds ------------------------------------------------------------------------------------------------------


def plant(folder: pathlib.Path, body: str, *flags: str | pathlib.Path) -> None:
    """A fuzz target with this body, and everything else as it should be."""
    name = folder / "nofail_planted_fuzzer"
    source = folder / "planted.cc"
    headers = (
        "cstdint",
        "cstdio",
        "cstdlib",
        "ctime",
        "unistd.h",
        "fcntl.h",
        "sys/socket.h",
        "netinet/in.h",
        "arpa/inet.h",
    )
    source.write_text(
        "".join(f"#include <{header}>\n" for header in headers) + "volatile int sink;\nstatic int runs;\n"
        'extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {\n'
        f"  (void)data; (void)runs;\n  {body}\n  return 0;\n}}\n"
    )
    built = run(
        os.environ["CXX"],
        *os.environ["CXXFLAGS"].split(),
        source,
        "-o",
        name,
        *os.environ["LIB_FUZZING_ENGINE"].split(";"),
        *flags,
    )
    if built.returncode != 0:
        sys.exit(f"a bad build does not build: {built.stdout}")
    source.unlink()
    (folder / f"{name.name}.options").write_text("[libfuzzer]\n")
    with zipfile.ZipFile(f"{name}_seed_corpus.zip", "w") as archive:
        for i in range(12):
            archive.writestr(f"seed{i}", "s" * (i + 1))


def leaves_at_once(folder: pathlib.Path) -> None:
    (folder / "leave.cc").write_text("#include <unistd.h>\n[[gnu::constructor]] static void Leave() { _exit(0); }\n")
    plant(folder, "sink = 1;", folder / "leave.cc")


def rename(folder: pathlib.Path) -> None:
    shutil.copy(fuzzers(OUT)[0], folder / "nofail.v1_fuzzer")


def strip(folder: pathlib.Path) -> None:
    run("strip", "-o", folder / "nofail_stripped_fuzzer", fuzzers(OUT)[0])


def link_foreign(folder: pathlib.Path) -> None:
    library = folder / "libforeign.so"
    run(os.environ["CC"], "-shared", "-fPIC", "-x", "c", "-", "-o", library, input="int foreign(void) { return 0; }\n")
    plant(folder, 'extern int foreign() __asm__("foreign"); sink = foreign();', library, f"-Wl,-rpath,{folder}")


def recompile(folder: pathlib.Path, unit: str, flags: str) -> None:
    """The objects of the real build, one of them compiled once more with other flags."""
    for part in (SUBJECT, CODEC):
        shutil.copytree(WORK / part, folder / part)
    commands = json.loads((WORK / "compile_commands.json").read_text())
    [entry] = [entry for entry in commands if entry["file"].endswith(unit) and "/core/" in entry["file"]]
    [output] = re.findall(r" -o (\S+)", entry["command"])
    command = entry["command"].replace(f" -o {output}", f" {flags} -o {folder / output}")
    if run("sh", "-c", command, cwd=entry["directory"]).returncode != 0:
        sys.exit(f"a bad build does not build: {command}")


def without_coverage(folder: pathlib.Path) -> None:
    recompile(folder, "storage_types.cc", "-fno-sanitize=fuzzer-no-link -fsanitize-coverage=0")


def without_sanitizer(folder: pathlib.Path) -> None:
    recompile(folder, "storage_types.cc", "-fno-sanitize=all -fno-profile-instr-generate -fno-coverage-mapping")


def simulator_instrumented(folder: pathlib.Path) -> None:
    recompile(folder, "storage_types.cc", "")
    there = folder / "core/kernel/sim"
    there.mkdir(parents=True)
    shutil.copy(next((folder / "core").glob("**/storage_types.cc.o")), there / "fiber.cc.o")


def plants(body: str, *flags: str) -> BadBuild:
    return lambda folder: plant(folder, body, *flags)


NETWORK = (
    "int s = socket(AF_INET, SOCK_DGRAM, 0); sockaddr_in to{}; to.sin_family = AF_INET; to.sin_port = 53; "
    'to.sin_addr.s_addr = inet_addr("192.0.2.1"); '
    "if (connect(s, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0) abort(); close(s);"
)
REMEMBERS = (
    "static size_t before; switch (before - size) {"
    + "".join(f'case {i}: asm volatile("nop # {i}"); break;' for i in range(1, 9))
    + "} before = size;"
)
IS_SLOW = "for (clock_t start = clock(); clock() - start < CLOCKS_PER_SEC / 4;) {}"
LITTERS = 'close(open("litter", O_CREAT | O_WRONLY, 0600));'
LIBFUZZER, OTHERS = {"libfuzzer"}, set(ENGINES)
ALL = LIBFUZZER | OTHERS


@dataclasses.dataclass(frozen=True)
class Check:
    asks: str
    problems: Callable[[pathlib.Path], Complaints]
    given: pathlib.Path
    bad_builds: list[BadBuild]  # which it must catch
    engines: set[str]


MISCOMPILED: list[BadBuild] = []
if SANITIZER != "none":
    MISCOMPILED += [without_sanitizer]
if SANITIZER != "coverage" and ENGINE != "afl":
    MISCOMPILED += [without_coverage, simulator_instrumented]
CHECKS = [
    Check("names, companions, symbols", check_names, OUT, [rename, strip], ALL),
    Check(
        "each object of the subject is instrumented, none of the simulator",
        check_instrumented,
        WORK,
        MISCOMPILED,
        ALL,
    ),
    Check(
        "enough edges, and a start",
        check_edges,
        OUT,
        [plants("if (size > 1) sink = 1;")] if SANITIZER != "coverage" else [plants("_exit(0);")],
        LIBFUZZER,
    ),
    Check("the engine begins", check_engine, OUT, [leaves_at_once], OTHERS),
    Check("seeds do not end it", check_seeds, OUT, [plants("if (size > 2) abort();")], ALL),
    Check(
        "no output, quick start",
        check_output,
        OUT,
        [plants('fprintf(stderr, "hello\\n");'), plants(IS_SLOW)],
        LIBFUZZER,
    ),
    Check("no foreign libraries", check_libraries, OUT, [link_foreign], ALL),
    Check("read-only, no network, any directory", check_sandbox, OUT, [plants(NETWORK)], ALL),
    Check("nothing is written to where it is started", check_litter, OUT, [plants(LITTERS)], ALL),
    Check("the same features in another order", check_order, OUT, [plants(REMEMBERS)], LIBFUZZER),
]


def reason_not_to_ask(check: Check) -> str:
    """Why a check cannot be asked here; empty where it can. Nothing is left out without a word."""
    if ENGINE not in check.engines or check.problems is check_order and SANITIZER == "coverage":
        return f"NOT ASKED, since {ENGINE} and {SANITIZER} do not report it"
    if check.problems is check_sandbox and (why := cannot_sandbox()):
        return f"SKIPPED: no sandbox can be made here, {why}"
    return ""


def bad_builds_that_pass(check: Check) -> Complaints:
    for number, bad_build in enumerate(check.bad_builds, 1):
        with tempfile.TemporaryDirectory() as folder:
            bad_build(pathlib.Path(folder))
            if not list(check.problems(pathlib.Path(folder))):
                yield f"lets a bad build pass: {check.problems.__name__}, bad build {number}"


def main() -> int:
    asked = failed = 0
    for check in CHECKS:
        if reason := reason_not_to_ask(check):
            if check.problems is not check_engine:  # of libFuzzer check_edges asks that, and more
                print(f"{reason}: {check.asks}")
            continue
        asked += 1
        problems = [*check.problems(check.given), *bad_builds_that_pass(check)]
        print(f"{'FAIL' if problems else 'ok  '} {check.asks} ({len(check.bad_builds)} bad builds)")
        for problem in problems:
            print(f"     {problem}")
        failed += bool(problems)
    print(f"{asked} checks, {failed} failed")
    return int(failed != 0)


if __name__ == "__main__":
    sys.exit(main())
