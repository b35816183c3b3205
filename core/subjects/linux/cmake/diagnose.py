#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""usage: diagnose.py TREE ERRORS COMPILER [OPTION]...

Says why a file of a Linux tree does not compile against the shims, given the file with the compiler's ERRORS and the
command that the file was compiled with. The first line of the output is one of these:

    header NAME        the file includes a header that the shims do not stand for yet
    taken NAME FILE    an inline function or a macro of the tree's FILE is unknown; its text follows, and means here
                       what it means in the kernel
    unknown NAME FILE  the shims do not know a name; the tree's FILE has it, but there is nothing to take: a function of
                       another source file, a type, assembler
    unknown NAME       the same, and the tree does not have all of its headers, so nobody knows what has the name
    broken             the file is at fault: its syntax, or a name that the whole tree does not have
"""

import difflib
import pathlib
import re
import subprocess
import sys
from typing import Iterator

# A tree that has these headers has the others, too.
WHOLE = ("include/linux/kernel.h", "include/linux/sched.h")
# What a text that is taken must not have: it depends on the machine, or on what another source file defines.
BOUND = re.compile(r"\b(asm|__asm__|extern|current|EXPORT_\w+|DECLARE_\w+)\b")
KEYWORDS = (
    "auto break case char const continue default do double else enum extern float for goto if inline int long register"
    " return short signed sizeof static struct switch typedef union unsigned void volatile while bool"
).split()
ERROR = re.compile(r"^(.*?):(\d+):\d+: (?:fatal )?error: (.*)$", re.MULTILINE)
UNKNOWN = re.compile(
    r"(?:undeclared function|undeclared identifier|unknown type name|definition of type|incomplete type|has type"
    r"|no member named) '(?:struct |union |enum )?(\w+)'"
)


def headers(tree: pathlib.Path) -> Iterator[pathlib.Path]:
    for folder in ("include", "kernel/bpf", "arch/x86/include"):
        yield from sorted((tree / folder).rglob("*.h"))


def is_whole(tree: pathlib.Path) -> bool:
    return all((tree / header).exists() for header in WHOLE)


def unknown_call(source: pathlib.Path, line: int, command: list[str]) -> str:
    """What looks like a call in this line, and is neither known to the shims nor defined in the file. A macro that is
    unknown makes the compiler stumble over what comes after it, as in `with_something(x) {`."""
    shims = subprocess.run([*command, "-E", "-dD", "-"], input='#include "core/subjects/linux/api.h"', text=True,
                           capture_output=True, check=False)  # fmt: skip
    known = set(re.findall(r"\w+", shims.stdout)) | set(KEYWORDS)
    text = source.read_text(encoding="utf-8", errors="replace")
    for name in re.findall(r"\b([A-Za-z_]\w*)\s*\(", text.splitlines()[line - 1]):
        is_defined = re.search(rf"^(#\s*define\s+{name}\b|\w[^\n;(]*\b{name}\([^;{{]*\{{)", text, re.MULTILINE)
        if name not in known and not is_defined:
            return str(name)
    return ""


def unknown_name(errors: str, command: list[str]) -> str:
    """The name that the first error is about; empty if the file is at fault."""
    found: list[tuple[str, str, str]] = ERROR.findall(errors)
    if not found:
        return ""
    file, line, said = found[0]
    if (missing := re.match(r"'([^']+)' file not found", said)) is not None:
        return str(missing[1])
    if (meant := re.search(r"did you mean '(\w+)'", said)) is not None and meant[1] in KEYWORDS:
        return ""
    stumbles = any(error[:2] == (file, line) and error[2].startswith("expected ") for error in found)
    name = UNKNOWN.search(said)
    if stumbles or name is None:
        return unknown_call(pathlib.Path(file), int(line), command)
    return str(name[1])


def inline_function(name: str, text: str) -> tuple[int, int] | None:
    """Where the definition of the inline function is, from `static` to the brace that ends it."""
    head = rf"^static\s+(?:__always_)?inline\b[^;{{}}#]*?\b{name}\s*\([^;{{}}]*\)\s*\{{"
    if (found := re.search(head, text, re.MULTILINE)) is None:
        return None
    rest = re.search(r"\}$" if "}" in text[found.end() :].partition("\n")[0] else r"^\}", text[found.end() :], re.M)
    return (found.start(), found.end() + rest.end()) if rest else None


def macro(name: str, text: str) -> tuple[int, int] | None:
    found = re.search(rf"^#[ \t]*define[ \t]+{name}\b(?:[^\n]*\\\n)*[^\n]*", text, re.MULTILINE)
    return found.span() if found else None


def look_up(tree: pathlib.Path, name: str) -> str:
    """What the tree's headers say of the name."""
    place = ""
    for header in headers(tree):
        text = header.read_text(encoding="utf-8", errors="replace")
        if not re.search(rf"\b{name}\b", text):
            continue
        place = place or str(header.relative_to(tree))
        span = inline_function(name, text) or macro(name, text)
        if span is not None and not BOUND.search(text[slice(*span)]):
            line = text.count("\n", 0, span[0]) + 1
            quoted = str(header).replace("\\", "\\\\").replace('"', '\\"')
            return f'taken {name} {header.relative_to(tree)}\n#line {line} "{quoted}"\n{text[slice(*span)]}'
    if place:
        return f"unknown {name} {place}"
    if is_whole(tree) or difflib.get_close_matches(name, KEYWORDS, cutoff=0.8):
        return "broken"
    return f"unknown {name}"


def main() -> None:
    tree, errors = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]).read_text(encoding="utf-8")
    name = unknown_name(errors, sys.argv[3:])
    if name.endswith(".h"):
        print("broken" if is_whole(tree) and not (tree / "include" / name).exists() else f"header {name}")
    else:
        print(look_up(tree, name) if name else "broken")


if __name__ == "__main__":
    main()
