# SPDX-License-Identifier: MIT
"""usage: python3 -P -m linux_tree take COMMAND TREE [BASELINE]
       python3 -P -m linux_tree name FOLDER

take: takes a snapshot of a TREE, and prints three lines: its folder, the number of the TREE's origin, and the TREE as
messages show it; then the same of the BASELINE, which must have other code. COMMAND is the name that an error message
begins with. For scripts/lib.sh.

name: prints the name of the subject that is compiled from FOLDER, such as linux-7.2. For CMake.

exit code: 0 done, 2 the tree cannot be used, 5 something is missing; one line says why
"""

import pathlib
import sys

from linux_tree.files import MAKEFILE, TreeError, check, from_folder, printable
from linux_tree.snapshot import check_different, take
from linux_tree.version import version_of


def name_of(folder: str) -> str:
    shown = printable(folder)
    if not pathlib.Path(folder).is_dir():
        raise TreeError(f"{shown}: there is no such directory; expected the top of a Linux source tree")
    files = from_folder(pathlib.Path(folder), shown)
    check(files, shown)
    return f"linux-{version_of(files[MAKEFILE], shown)}"


def main() -> int:
    begin = ""
    try:
        match sys.argv[1:]:
            case ["take", command, text, *others] if len(others) <= 1:
                begin = f"{command}: "
                trees = [take(name) for name in (text, *others)]
                if len(trees) > 1:
                    check_different(*trees)
                for tree in trees:
                    print(tree.folder, tree.origin, tree.shown, sep="\n")
            case ["name", folder]:
                print(name_of(folder))
            case _:
                print(__doc__, file=sys.stderr)
                return 2
    except TreeError as error:
        print(f"{begin}{error}", file=sys.stderr)
        return error.code
    return 0


if __name__ == "__main__":
    sys.exit(main())
