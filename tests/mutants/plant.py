#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""usage: plant.py EDIT TREE COPY

Copies what is needed of a Linux tree and plants a bug in the copy. An edit holds no text of the kernel. It names a
file, a function, and for each change a regular expression of short identifiers, which must match once in that
function's body (a blank stands for any white space), and the text that replaces the match. An edit that does not apply
is an error.

    One sentence that says what the bug is.

    target: teardown
    sanitizer: address
    found as: leak.buckets

    file: kernel/bpf/bpf_local_storage.c
    in: some_function
    replace: kvfree\\(.*\\);
    by: ;
"""

import pathlib
import re
import shutil
import sys
from typing import NoReturn

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent.parent / "scripts"))
from linux_tree.files import NEEDED  # noqa: E402


def leave(edit: pathlib.Path, text: str) -> NoReturn:
    sys.exit(f"{edit}: no longer applies: {text}")


def body_of(text: str, function: str) -> tuple[int, int] | None:
    """Where the function's definition stands, from its name to its closing brace."""
    for found in re.finditer(rf"\b{function}\([^;{{()]*\)\n\{{", text):
        return found.start(), text.index("\n}\n", found.end()) + 1
    return None


def main() -> None:
    edit, tree, copy = map(pathlib.Path, sys.argv[1:])
    for name in NEEDED:
        if (tree / name).exists():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(tree / name, copy / name)
    path, function, pattern = copy, "", re.compile("")
    changes = 0
    for line in edit.read_text().splitlines():
        key, _, value = line.partition(": ")
        if key == "file":
            path = copy / value
        elif key == "in":
            function = value
        elif key == "replace":
            pattern = re.compile(value.replace(" ", r"\s+"))
        elif key == "by":
            text = path.read_text()
            place = body_of(text, function) or leave(edit, f"there is no function {function}")
            body = text[slice(*place)]
            count = len(pattern.findall(body))
            if count != 1:
                leave(edit, f"{pattern.pattern!r} matches {count} times in {function}")
            path.write_text(text[: place[0]] + pattern.sub(lambda _: value, body) + text[place[1] :])
            changes += 1
    if changes == 0:
        leave(edit, "it changes nothing")


if __name__ == "__main__":
    main()
