#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""usage: list_interfaces.py [--check]

Writes the table of docs/linux.md that says which kernel interfaces the shims have, and what becomes of each. The table
is made from the headers of core/subjects/linux/. With --check it writes nothing, and exits with 1 if the table is out
of date.

A header has sections, each of which begins with a line `// ---- title ---`. The comment right below that line says what
is special about the section; a section of inert.h needs one, because it has to say why nothing has to happen.

exit code: 0 the table is up to date, 1 it is not (--check), 2 wrong usage, or a section without a reason
"""

import dataclasses
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
SHIMS = ROOT / "core/subjects/linux"
PAGE = ROOT / "docs/linux.md"
BEGIN, END = "<!-- written by scripts/list_interfaces.py -->\n", "<!-- end -->\n"
# The headers by trust, and what they do with an interface.
ROUTED = "atomics routed lists guards assertions deferred waiting percpu bpf owners".split()
HEADERS = {**dict.fromkeys(ROUTED, "routed"), "inert": "inert"}


@dataclasses.dataclass
class Section:
    title: str
    header: str
    about: str  # the first paragraph of the comment below the title
    names: list[str]


def names_in(code: str) -> list[str]:
    """The interfaces that this code defines: macros and functions. What begins with nofail or ends with H_ is ours."""
    macros = re.findall(r"^#define (\w+)(?:\(|\s+\S)", code, re.MULTILINE)
    functions = re.findall(r"^(?:static inline|NOFAIL_INLINE) [\w \*]*?\b(\w+)\(", code, re.MULTILINE)
    objects = re.findall(
        r"^(?:static )?DEFINE_(?:FREE|CLASS)\((\w+)|^NOFAIL_(?:RCU|SPIN)_GUARD\((\w+)", code, re.MULTILINE
    )
    guards = [f"{'guard' if guard else 'class'} {plain or guard}" for plain, guard in objects]
    found = [name for name in macros + functions if not re.match(r"nofail|NOFAIL|class_|access_", name)]
    return list(dict.fromkeys(found + [name for name in guards if " " in name]))


def atomic_names() -> list[str]:
    """The names of atomic_names.text, with atomic for all types and a star for all orders."""
    rows = (SHIMS / "atomic_names.text").read_text(encoding="utf-8").splitlines()
    return [row.partition("(")[0].replace("TYPE", "atomic").replace("SUFFIX", "*") for row in rows if row[:1] != "#"]


def sections_of(header: str) -> list[Section]:
    text = (SHIMS / f"{header}.h").read_text(encoding="utf-8")
    parts = re.split(r"^// ---- (.*?) -+\n", text, flags=re.MULTILINE)[1:]
    sections = []
    for title, code in zip(parts[::2], parts[1::2]):
        comment = re.match(r"(?://.*\n)*", code)
        about = " ".join(re.findall(r"^// ?(.*)$", comment[0] if comment else "", re.MULTILINE)).partition("  ")[0]
        names = names_in(code)
        if '#include "nofail/atomic_names.h"' in code:
            names = atomic_names() + names
        sections.append(Section(title, header, about, names))
    return sections


def row(section: Section) -> str:
    becomes = HEADERS[section.header]
    if becomes == "inert" and not section.about:
        sys.exit(
            f"{SHIMS}/inert.h: the section {section.title!r} does not say why nothing has to happen; add a comment"
        )
    about = f"{becomes}. {section.about}" if section.about else becomes
    names = " ".join(f"`{name}`" for name in section.names)
    return f"| {section.title} | `{section.header}.h` | {about} | {names} |\n".replace("||", "\\|\\|")


def table() -> str:
    rows = [row(section) for header in HEADERS for section in sections_of(header) if section.names]
    return "| family | header | what becomes of it | interfaces |\n|---|---|---|---|\n" + "".join(rows)


def main() -> int:
    if sys.argv[1:] not in ([], ["--check"]):
        print(__doc__, end="")
        return 0 if "--help" in sys.argv else 2
    page = PAGE.read_text(encoding="utf-8")
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    new = before + BEGIN + table() + END + after
    if new == page:
        return 0
    if sys.argv[1:]:
        print(f"{PAGE}: the table of interfaces is out of date; scripts/list_interfaces.py writes it")
        return 1
    PAGE.write_text(new, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
