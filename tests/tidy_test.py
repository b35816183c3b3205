#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Style as a test: python3 tidy_test.py REPOSITORY NOFAIL-BINARY

Each rule is a function that yields complaints, one line each: where, what is wrong, and how to mend it. Each rule but
`reuse` is tried on what breaks it, so that no rule is silent because it is broken itself. A rule whose tool is not
installed says so and is skipped.
"""

import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
from typing import Iterator

ROOT, NOFAIL = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
CODE = {".c", ".cc", ".h"}
COLUMNS = 120
Complaints = Iterator[str]


def tracked(root: pathlib.Path) -> list[pathlib.Path]:
    """The files of the repository, but for grown corpora; without git, as in an archive, every file of the folder."""
    listed = subprocess.run(["git", "-C", root, "ls-files", "-z"], capture_output=True, text=True, check=False)
    if listed.returncode == 0 and listed.stdout:
        paths = [root / name for name in listed.stdout.split("\0") if name]
    else:
        paths = [path for path in root.rglob("*") if not {"build", "linux", ".git"} & set(path.relative_to(root).parts)]
    grown = [root / "corpus" / target for target in ("codec", "lifecycle", "teardown")]
    return [p for p in paths if p.is_file() and not p.is_symlink() and not any(g in p.parents for g in grown)]


def has_shebang(path: pathlib.Path) -> bool:
    with path.open("rb") as file:
        return file.read(2) == b"#!"


def is_source(path: pathlib.Path) -> bool:
    suffixes = CODE | {".py", ".sh", ".cmake", ".def", ".yml", ".yaml"}
    return path.suffix in suffixes or path.name in ("CMakeLists.txt", "Dockerfile") or has_shebang(path)


def is_shell(path: pathlib.Path) -> bool:
    return path.suffix == ".sh" or has_shebang(path) and lines_of(path)[0].endswith(("bash", "/sh"))


def lines_of(path: pathlib.Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()


def whitespace(files: list[pathlib.Path]) -> Complaints:
    for path in files:
        if not (is_source(path) or path.suffix == ".md"):
            continue
        for number, line in enumerate(lines_of(path), 1):
            if line != line.rstrip():
                yield f"{path}:{number}: blanks at the end of the line; remove them"
            # What is compiled in a kernel is laid out as a kernel is.
            if "\t" in line and path.suffix != ".md" and "guest" not in path.parts:
                yield f"{path}:{number}: a tab; indent with blanks, and write \\t in strings"


def columns(files: list[pathlib.Path]) -> Complaints:
    """A table's row, a line of an example and a line of a script with a string may be as long as they must, and what
    services read."""
    for path in files:
        if not (is_source(path) or path.suffix == ".md") or path.suffix == ".yaml" or path.name == "Dockerfile":
            continue
        is_example = False
        for number, line in enumerate(lines_of(path), 1):
            is_example ^= line.startswith("```")
            is_example_line = is_example or line.startswith("    ")
            may_be_long = path.suffix == ".md" and (is_example_line or line.startswith("|") or "](http" in line)
            may_be_long |= is_shell(path) and bool(re.search("[\"']", line))
            may_be_long |= "http" in line and " " not in line.strip("/ ")
            if len(line) > COLUMNS and not may_be_long:
                yield f"{path}:{number}: {len(line)} columns; break it at {COLUMNS}"


def licences(files: list[pathlib.Path]) -> Complaints:
    for path in files:
        if is_source(path) and not any("SPDX-License-Identifier: " in line for line in lines_of(path)[:3]):
            yield f"{path}:1: no licence; begin with a comment SPDX-License-Identifier: MIT"


def anchors(path: pathlib.Path) -> set[str]:
    """Of a page's headings, as forges make them."""
    headings = re.findall(r"^#+ (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def links(files: list[pathlib.Path]) -> Complaints:
    for path in files:
        if path.suffix != ".md":
            continue
        text = re.sub(r"```.*?```|`[^`\n]*`", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        for link in re.findall(r"\]\(([^)\s]+)\)", text):
            if re.match(r"[a-z]+:", link):
                continue
            name, _, anchor = link.partition("#")
            target = path.parent / name if name else path
            if not target.exists():
                yield f"{path}: the link {link} leads nowhere; name a file that exists, from this folder"
            elif anchor and target.suffix == ".md" and anchor not in anchors(target):
                yield f"{path}: {target.name} has no heading for #{anchor}"


def tool_for(rule: str, name: str) -> str | None:
    """Where the tool is; None, said aloud, where it is not installed and the rule has to be skipped."""
    tool = shutil.which(name)
    if tool is None:
        print(f"SKIPPED {rule}: {name} is not installed; apt-get install {name}")
    return tool


def layout(files: list[pathlib.Path]) -> Complaints:
    tool, code = tool_for("layout", "clang-format-19"), [path for path in files if path.suffix in CODE]
    if tool is None or not code:
        return
    done = subprocess.run([tool, "--dry-run", "-Werror", *code], capture_output=True, text=True, check=False, cwd=ROOT)
    for name in sorted(set(re.findall(r"^(\S+?):\d+:\d+: error", done.stderr, re.MULTILINE))):
        yield f"{name}: not as .clang-format says; clang-format-19 -i {name}"


def shell(files: list[pathlib.Path]) -> Complaints:
    tool, scripts = tool_for("shell", "shellcheck"), [path for path in files if is_shell(path)]
    if tool is None or not scripts:
        return
    # Not 2034 and 2154, unused and unassigned: the conditions that tests give to `check` are strings to this tool.
    done = subprocess.run(
        [tool, "-x", "-S", "warning", "-e", "SC2034,SC2154", "-f", "gcc", *scripts],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    for line in (done.stdout + done.stderr).splitlines():
        yield f"{line}; mend it, or say above the line why not: # shellcheck disable=SC..."


def said_of_python(rule: str, files: list[pathlib.Path], *command: str) -> list[str]:
    """What a tool says of the Python files; nothing when it has nothing to say. pyproject.toml has options."""
    tool, code = tool_for(rule, command[0]), [path for path in files if path.suffix == ".py"]
    if tool is None or not code:
        return []
    done = subprocess.run([*command, *code], capture_output=True, text=True, check=False, cwd=ROOT)
    return (done.stdout + done.stderr).splitlines() if done.returncode != 0 else []


def python_layout(files: list[pathlib.Path]) -> Complaints:
    for line in said_of_python("python_layout", files, "black", "--check"):
        if line.startswith("would reformat "):
            yield f"{line.removeprefix('would reformat ')}: not as black lays it out; black FILE"


def python_types(files: list[pathlib.Path]) -> Complaints:
    yield from said_of_python("python_types", files, "mypy", "--no-error-summary")


def python_lint(files: list[pathlib.Path]) -> Complaints:
    # Not E203 and W503: black has blanks and breaks of its own there.
    options = ["--max-line-length", str(COLUMNS), "--extend-ignore", "E203,W503"]
    yield from said_of_python("python_lint", files, "flake8", *options)


def pins(files: list[pathlib.Path]) -> Complaints:
    """A tag of an action can be moved; a commit cannot."""
    for path in files:
        if path.suffix != ".yml" or "workflows" not in path.parts:
            continue
        for number, line in enumerate(lines_of(path), 1):
            if re.search(r"\buses: ", line) and not re.search(r"uses: \S+@[0-9a-f]{40}  # v\d", line):
                yield f"{path}:{number}: an action without its commit; write NAME@<40 digits>  # <the tag that it has>"


def reuse() -> Complaints:
    """From version 4 on the tool knows REUSE.toml."""
    tool = shutil.which("reuse")
    version = subprocess.run([tool, "--version"], capture_output=True, text=True, check=False).stdout if tool else ""
    number = re.search(r"(\d+)\.", version)
    if number is None or int(number[1]) < 4:
        print("SKIPPED reuse: the reuse tool, 4 or later, is not installed; Debian 13 has it: apt-get install reuse")
        return
    done = subprocess.run([str(tool), "lint", "--lines"], capture_output=True, text=True, check=False, cwd=ROOT)
    if done.returncode != 0:
        yield from (done.stdout or done.stderr).splitlines()


def helps() -> Complaints:
    scripts = [p for p in tracked(ROOT / "scripts") if p.stat().st_mode & 0o100 and not p.suffix]
    commands = [[str(script)] for script in scripts]
    commands += [[str(NOFAIL), name] for name in ("replay", "minimize", "show", "convert", "list", "summarize")] + [
        [str(NOFAIL)]
    ]
    return helps_of(commands)


def helps_of(commands: list[list[str]]) -> Complaints:
    for command in commands:
        done = subprocess.run([*command, "--help"], capture_output=True, text=True, check=False, timeout=60)
        if done.returncode != 0 or "usage:" not in done.stdout:
            yield f"{' '.join(command)} --help: exits {done.returncode}; print its usage on stdout and exit 0"


def readme() -> Complaints:
    """What the README shows of a finding is what the tool prints of it, and the schedule is the one it names."""
    return readme_of((ROOT / "README.md").read_text(encoding="utf-8"))


def readme_of(text: str) -> Complaints:
    [name] = re.findall(r"^What `build/asan/bin/nofail show (\S+)`", text, re.MULTILINE)
    blocks = re.findall(r"^```\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    [schedule] = [block for block in blocks if block.startswith("nofail schedule")]
    [shown] = [block for block in blocks if block.startswith("Violations")]
    if not (ROOT / name).read_text(encoding="utf-8").split("\nexpect ")[0].rstrip().endswith(schedule.rstrip()):
        yield f"README.md: the schedule is not that of {name}"
    printed = subprocess.run([NOFAIL, "show", name], capture_output=True, text=True, check=False, cwd=ROOT).stdout
    for part in shown.rstrip("\n").split("\n\n"):
        heading, _, rest = part.partition("\n")  # what stands between a table's heading and its rows may be left out
        if f"{heading}\n" not in printed or f"{rest}\n" not in printed:
            yield f"README.md: `nofail show {name}` no longer prints this; copy what it prints:\n{part}"


def interfaces() -> Complaints:
    """The table of interfaces in docs/linux.md is what the shims have."""
    done = subprocess.run([ROOT / "scripts/list_interfaces.py", "--check"], capture_output=True, text=True, check=False)
    yield from (done.stdout + done.stderr).splitlines()


BREAKS = {
    whitespace: ("a.cc", "int a; \n"),
    columns: ("a.md", "word " * 30 + "\n"),
    licences: ("a.cc", "int a;\n"),
    links: ("a.md", "[a page](nowhere.md)\n"),
    layout: ("a.cc", "int   a ;\n"),
    shell: ("a.sh", "#!/bin/bash\ncd /nowhere\n"),
    python_layout: ("a.py", "x = [ 1 ]\n"),
    python_types: ("a.py", "def f(x):\n    return x\n"),
    python_lint: ("a.py", "import os\n"),
    pins: ("workflows/a.yml", "      - uses: actions/checkout@v4\n"),
}
TOOLS = {
    layout: "clang-format-19",
    shell: "shellcheck",
    python_layout: "black",
    python_types: "mypy",
    python_lint: "flake8",
}


def bites() -> Complaints:
    """Each rule on a file that breaks it."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(ROOT / ".clang-format", folder)
        for rule, (name, text) in BREAKS.items():
            path = pathlib.Path(folder) / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
            if rule in TOOLS and shutil.which(TOOLS[rule]) is None:
                continue  # it said so when it was asked of the repository
            if not list(rule([path])):
                yield f"the rule {rule.__name__} does not see {text.strip()!r}; mend tests/tidy_test.py"
        script = pathlib.Path(folder) / "helpless"
        script.write_text("#!/bin/sh\nexit 2\n", encoding="utf-8")
        script.chmod(0o755)
        if not list(helps_of([[str(script)]])):
            yield "the rule helps does not see a script without --help; mend tests/tidy_test.py"
    shown = (ROOT / "README.md").read_text(encoding="utf-8")
    for part in ("task B: destroy o0", "FAULT refcount-dec-to-zero"):
        if not list(readme_of(shown.replace(part, part.upper()))):
            yield f"the rule readme does not see that {part!r} is written otherwise; mend tests/tidy_test.py"


def main() -> int:
    files = tracked(ROOT)
    complaints = [complaint for rule in BREAKS for complaint in rule(files)]
    for rule in (bites, reuse, helps, readme, interfaces):
        complaints += rule()
    print("\n".join(complaint.replace(f"{ROOT}/", "") for complaint in complaints) or "tidy")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
