# SPDX-License-Identifier: MIT
"""A kernel tree with gates: the tree's files, and in front of each primitive in those under test a call.

Nothing is copied but the files that change. All others are links into the tree, which is never written to. Lines keep
their numbers: what is inserted stands on the line that it belongs to, so warnings and gates name the lines of the
unmodified file.
"""

import pathlib
import re
import shutil
from typing import Collection

# What a schedule may name a line of, in the order of the numbers that gates know these files by.
FILES = (
    "kernel/bpf/bpf_local_storage.c",
    "include/linux/bpf_local_storage.h",
    "net/core/bpf_sk_storage.c",
    "kernel/bpf/bpf_task_storage.c",
    "kernel/bpf/bpf_cgrp_storage.c",
    "kernel/bpf/bpf_inode_storage.c",
)

# The primitives at which the simulator lets another task run, by what is made of a call.
GATED = """
    READ_ONCE WRITE_ONCE RCU_INIT_POINTER rcu_access_pointer rcu_assign_pointer rcu_dereference rcu_dereference_check
    rcu_read_lock rcu_read_unlock rcu_read_lock_dont_migrate rcu_read_unlock_migrate synchronize_rcu rcu_barrier
    rcu_barrier_tasks_trace synchronize_rcu_tasks_trace need_resched cpu_relax smp_mb
    raw_res_spin_lock_irqsave raw_res_spin_unlock_irqrestore spin_lock spin_unlock cmpxchg
    atomic_set atomic_or atomic_cmpxchg atomic_add atomic_sub atomic_read
    refcount_set refcount_inc_not_zero refcount_dec refcount_dec_and_test refcount_read
    hlist_del_init_rcu hlist_add_head_rcu hlist_unhashed_lockless bpf_obj_free_fields bpf_map_inc_not_zero
""".split()
FREES = "kfree kfree_rcu call_rcu_tasks_trace call_rcu".split()
ALLOCATIONS = "bpf_map_kmalloc_nolock bpf_map_kzalloc".split()
WALKS = ("hlist_for_each_entry_rcu",)
MACROS = {
    **dict.fromkeys(GATED, "NOFAIL_GATE"),
    **dict.fromkeys(FREES, "NOFAIL_FREE"),
    **dict.fromkeys(ALLOCATIONS, "NOFAIL_ALLOC"),
    **dict.fromkeys(WALKS, "NOFAIL_WALK"),
    "cond_resched_rcu": "NOFAIL_LEAVE",
}

# The functions whose run is an op that the kernel begins on its own account, and the object that tells which one.
OPS = {
    "bpf_local_storage_map_free": "NOFAIL_OP(NOFAIL_MAP_FREE, map)",
    "bpf_sk_storage_free": "NOFAIL_OP(NOFAIL_DESTROY, sk)",
    "bpf_task_storage_free": "NOFAIL_OP(NOFAIL_DESTROY, task)",
    "bpf_cgrp_storage_free": "NOFAIL_OP(NOFAIL_DESTROY, cgroup)",
    "bpf_inode_storage_free": "NOFAIL_OP(NOFAIL_DESTROY, inode)",
}

# So that a trace names each function, and a count's repair is a step of its own.
FLAGS = "-fno-inline -Drefcount_warn_saturate=nofail_refcount_warn_saturate"

GUEST = pathlib.Path(__file__).parent / "guest"
# Comments, strings and directives are left alone; a name is a primitive's only if a call follows and no member access
# goes before.
TOKEN = re.compile(
    r"""(?P<skip>/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\])*"|^[ \t]*\#(?:\\\n|[^\n])*)|(?<![\w.>])(?P<name>\w+)\(""",
    re.DOTALL | re.MULTILINE,
)


Site = tuple[int, int]  # a file's number, and a line


class NoGates(Exception):
    """The tree cannot be given gates; the text says why."""


def end_of_call(text: str, begin: int) -> int:
    """The position of the parenthesis that ends a call whose arguments begin at `begin`."""
    depth = 1
    for position in range(begin, len(text)):
        depth += {"(": 1, ")": -1}.get(text[position], 0)
        if depth == 0:
            return position
    raise NoGates("a call that does not end")


def with_gates(text: str, number: int) -> str:
    """The text of file `number` of FILES, with gates. A call's line is that of its end, as the simulator has it."""
    parts: list[str] = []
    done = 0
    for match in TOKEN.finditer(text):
        if (macro := MACROS.get(match["name"] or "")) is None:
            continue
        line = text.count("\n", 0, end_of_call(text, match.end())) + 1
        parts += [text[done : match.start()], f"{macro}({number << 16 | line:#x}, {match['name']}"]
        done = match.end()
        if text[done] != ")":
            parts.append(", ")
    return "".join(parts) + text[done:]


def with_ops(text: str) -> str:
    for function, declaration in OPS.items():
        definition = re.compile(rf"^(?:\w[\w *]*\b)?{function}\([^;{{)]*\)\s*\{{", re.MULTILINE)
        text = definition.sub(lambda match: f"{match[0]} {declaration}", text)
    return text


def sites(tree: pathlib.Path) -> set[Site]:
    """All gates of a tree: the number of the file and the line."""
    found = set()
    for number, name in enumerate(FILES):
        text = with_gates((tree / name).read_text(), number)
        found |= {(int(site, 16) >> 16, int(site, 16) & 0xFFFF) for site in re.findall(r"NOFAIL_\w+\((0x\w+),", text)}
    return found


def changed_files(under_test: pathlib.Path, tree: pathlib.Path) -> dict[str, str]:
    """The files that differ from the tree's, by name. The files under test may be of another folder, with patches."""
    files = {}
    for number, name in enumerate(FILES):
        text = with_ops(with_gates((under_test / name).read_text(), number))
        files[name] = f'#include <linux/nofail_gates.h>\n#line 1 "{name}"\n{text}'
    if not any("NOFAIL_OP(NOFAIL_MAP_FREE" in text for text in files.values()):
        raise NoGates("it has no bpf_local_storage_map_free()")
    for name in FILES:
        if name.endswith(".c"):
            makefile = str(pathlib.PurePath(name).parent / "Makefile")
            files.setdefault(makefile, (tree / makefile).read_text())
            files[makefile] += f"CFLAGS_{pathlib.PurePath(name).stem}.o += {FLAGS}\n"
    files["kernel/bpf/Makefile"] += "obj-y += nofail_gates.o\n"
    files["include/linux/nofail_gates.h"] = (GUEST / "nofail_gates.h").read_text()
    files["kernel/bpf/nofail_gates.c"] = (GUEST / "nofail_gates.c").read_text()
    return files


def link_tree(tree: pathlib.Path, to: pathlib.Path, names: Collection[str]) -> None:
    """Makes `to` a copy of the tree by links, but for the files of these names, which are not there yet."""
    shutil.rmtree(to, ignore_errors=True)
    folders = {str(parent) for name in names for parent in pathlib.PurePath(name).parents}
    for folder in sorted(folders):
        (to / folder).mkdir(parents=True, exist_ok=True)
        for child in (tree / folder).iterdir():
            name = str(pathlib.PurePath(folder, child.name))
            if name not in folders and name not in names and child.name != ".git":
                (to / name).symlink_to(child.resolve())


def make_copy(tree: pathlib.Path, to: pathlib.Path, changed: dict[str, str]) -> None:
    """Makes `to` a copy of the tree, in which `changed` are files of their own. What is so already is left alone, so
    that make builds only what is new."""
    names = to / "nofail-files"
    wanted = "\n".join([str(tree), *sorted(changed)])
    if not names.exists() or names.read_text() != wanted:
        link_tree(tree, to, changed)
    for name, text in changed.items():
        if not (to / name).exists() or (to / name).read_text() != text:
            (to / name).write_text(text)
    names.write_text(wanted)
