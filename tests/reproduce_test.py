#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""scripts/reproduce without a kernel: gates in a source, a plan from a run, and what a console's text means. The runs
and consoles are made up here. tests/reproduce_boot_test.sh boots a kernel."""

import pathlib
import re
import sys
import unittest
from typing import Any

REPOSITORY = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(REPOSITORY / "scripts"))
from nofail_reproduce import console, instrument, machine, patch, plan  # noqa: E402

Json = dict[str, Any]

SOURCE = """\
/* refcount_dec(&x) in a comment has no gate. */
#define TAKE(x) refcount_inc_not_zero(x)
void bpf_local_storage_map_free(struct bpf_map *map, int cache)
{
\tstruct foo *foo = rcu_dereference_check(map->foo,
\t\t\t\t\t       held(map));

\tprintk("refcount_dec(");
\tfoo->refcount_dec(foo);
\tsynchronize_rcu();
\thlist_for_each_entry_rcu(pos, &foo->list, node)
\t\trefcount_dec(&pos->count);
}
"""


class Gates(unittest.TestCase):
    def test_stand_before_primitives_and_nowhere_else(self) -> None:
        text = instrument.with_gates(SOURCE, 2)
        gates = re.findall(r"(NOFAIL_\w+)\((0x\w+), (\w+)", text)
        self.assertEqual(
            gates,
            [
                ("NOFAIL_GATE", "0x20006", "rcu_dereference_check"),  # a call's line is that of its end
                ("NOFAIL_GATE", "0x2000a", "synchronize_rcu"),
                ("NOFAIL_WALK", "0x2000b", "hlist_for_each_entry_rcu"),
                ("NOFAIL_GATE", "0x2000c", "refcount_dec"),
            ],
        )

    def test_leave_all_lines_where_they_are(self) -> None:
        text = instrument.with_ops(instrument.with_gates(SOURCE, 0))
        without = re.sub(r"NOFAIL_(GATE|WALK)\(0x\w+, (\w+)(, )?", r"\2(", text)
        self.assertEqual(without.replace(" NOFAIL_OP(NOFAIL_MAP_FREE, map)", ""), SOURCE)

    def test_an_op_begins_where_its_function_does(self) -> None:
        self.assertIn("int cache)\n{ NOFAIL_OP(NOFAIL_MAP_FREE, map)\n", instrument.with_ops(SOURCE))


SCHEDULE = """\
nofail schedule 1
map   m0 type=sk value=8
owner o0 type=sk bucket=1
mode  locks=contended memory=sc rcu=non-preemptible cpus=2
setup: update m0 o0
task A: map_free m0
task B: destroy o0; update m0 o0
"""
FILE = "kernel/bpf/bpf_local_storage.c"


def event(task: str, op: int, kind: str, line: int = 0, text: str = "", **more: Any) -> Json:
    site = {"site": {"function": "f", "file": f"/tree/{FILE}", "line": line}} if line else {}
    return {"task": task, "op": op, "kind": kind, "text": text or kind, "object": "x", "detail": 0} | site | more


def run_of(*events: Json, schedule: str = SCHEDULE, violations: tuple[Json, ...] = (), **more: Any) -> Json:
    told = {"subject": "linux-7.2", "schedule": schedule, "locks_needed": "contended"}
    return told | {"events": list(events), "violations": list(violations)} | more


# A stops before line 202, B fails to get the lock and polls, A goes on and hands an object to RCU.
MEETING = (
    event("A", 0, "begin"),
    event("A", 0, "load", 187),
    event("A", 0, "rmw", 187),
    event("A", 0, "switch", text="preempted --> B"),
    event("B", 0, "begin"),
    event("B", 0, "lock", 393, "lock storage0+160 FAILS: -ETIMEDOUT"),
    event("B", 0, "cpu-relax", 751),
    event("B", 0, "switch", text="waits --> A"),
    event("A", 0, "rmw", 202),
    event("A", 0, "kfree-rcu", 118),
    event("A", 0, "end"),
    event("A", 0, "switch", text="done --> B"),
    event("A", 0, "free", 118, detail=1),
    event("B", 0, "load", 750),
    event("B", 0, "end"),
    event("B", 1, "skipped"),
)
GATED = {(0, line) for line in (118, 187, 202, 393, 750, 751)}


class Plans(unittest.TestCase):
    def test_a_task_stops_behind_its_last_step_and_waits_for_its_next_turn(self) -> None:
        made = plan.make(run_of(*MEETING), GATED)
        of_map_free = [gate for gate in made.gates if gate.op == 0 and not gate.at]
        self.assertEqual([(g.site, g.visit, g.reach, g.until) for g in of_map_free], [((0, 187), 1, 1, 2)])
        self.assertEqual(of_map_free[0].next, (0, 202))

    def test_a_task_that_waits_ends_its_turn_where_it_begins_to_wait(self) -> None:
        made = plan.make(run_of(*MEETING), GATED)
        at = [(gate.site, gate.reach) for gate in made.gates if gate.op == 1 and gate.at]
        self.assertEqual(at[0], ((0, 751), 2))

    def test_who_goes_on_after_memory_was_freed_waits_for_it(self) -> None:
        events = [*MEETING[:6], event("B", 0, "switch", text="preempted --> A"), event("A", 0, "rmw", 202)]
        events += [event("A", 0, "kfree-rcu", 118), event("A", 0, "switch", text="preempted --> B")]
        events += [event("A", 0, "free", 118, detail=1), event("B", 0, "load", 750)]
        made = plan.make(run_of(*events, violations=({"kind": "k", "signature": "s", "involved": ["x"]},)), GATED)
        self.assertEqual([line for line in made.lines if line.startswith("rcu")], ["rcu 3 begin 4 0", "rcu 4 end 5 0"])
        self.assertEqual([gate.until for gate in made.gates if gate.op == 1 and not gate.at], [5])

    def test_an_op_that_was_skipped_is_not_in_the_plan(self) -> None:
        made = plan.make(run_of(*MEETING), GATED)
        self.assertEqual([(op.kind, op.start) for op in made.ops], [("map_free", 0), ("destroy", 1)])

    def test_rescheduling_is_made_due_where_the_schedule_says_so(self) -> None:
        made = plan.make(run_of(event("A", 0, "begin"), event("A", 0, "need-resched", 750, "need_resched: 1")), GATED)
        self.assertEqual([gate.site for gate in made.gates if gate.resched], [(0, 750)])

    def test_what_no_kernel_does_is_refused_with_the_reason(self) -> None:
        weak = SCHEDULE.replace("memory=sc", "memory=weak")
        clone = SCHEDULE.replace("update m0 o0\n", "clone o0 o1\n")
        sleepable = SCHEDULE.replace("destroy o0;", "lookup m0 o0 sleepable;")
        anything = {"schedule": SCHEDULE.replace("contended", "any"), "locks_needed": "any"}
        deadlock = event("A", 0, "lock", 393, "lock storage0+160 FAILS: -EDEADLK")
        for run, reason in (
            (run_of(schedule=weak), "memory=weak"),
            (run_of(schedule=clone), "`clone`"),
            (run_of(schedule=sleepable), "task storage only"),
            (run_of() | anything, "nobody holds it"),
            (run_of(deadlock), "-EDEADLK"),
            (run_of(event("A", 0, "alloc", 79, object=None)), "allocation fails"),
        ):
            with self.subTest(reason), self.assertRaisesRegex(plan.NoCounterpart, reason):
                plan.make(run, GATED)


def violation(kind: str, function: str, known: bool = False, **more: Any) -> Json:
    told = {"signature": f"{kind}/{function}", "kind": kind, "functions": [function], "objects": ["selem"]}
    return told | {"known": known, "event": 0} | more


SATURATION = """\
[    2.1] refcount_t: decrement hit 0; leaking memory.
[    2.1] WARNING: lib/refcount.c:31 at refcount_warn_saturate+0x5/0x10, CPU#1: kworker/1:1/25
[    2.1] Call Trace:
[    2.1]  misc+0x10/0x20
[    2.1] ---[ end trace 0000000000000000 ]---
"""
LOCKUP = """\
[   15.0] watchdog: BUG: soft lockup - CPU#2 stuck for 7s! [init:1]
[   15.0]  <TASK>
[   15.0]  destroy+0x10/0x20
[   15.0]  </TASK>
"""
FREED = """\
[    3.0] BUG: KASAN: slab-use-after-free in {}+0x10/0x20
[    3.0] Read of size 8 at addr ffff888 by task init/1
[    3.0] Call Trace:
[    3.0] ==================================================================
"""


def judged(text: str, *violations: Json, end: str = "end") -> console.Outcome:
    run = run_of(event("A", 0, "alloc", 79, object="selem0"), violations=violations)
    return console.judge(console.sought(run), machine.Run(text.splitlines(), end))


class Consoles(unittest.TestCase):
    def test_it_is_reproduced_when_each_finding_shows(self) -> None:
        two = (violation("refcount-dec-to-zero", "misc"), violation("livelock", "destroy"))
        self.assertEqual(judged(SATURATION + LOCKUP, *two).verdict, "reproduced")
        self.assertEqual(judged(SATURATION, *two).verdict, "something else")
        self.assertEqual(judged(SATURATION, *two).unseen, ["livelock/destroy"])

    def test_the_same_words_about_another_function_are_something_else(self) -> None:
        sought = violation("use-after-free", "lookup")
        self.assertEqual(judged(FREED.format("lookup"), sought).verdict, "reproduced")
        self.assertEqual(judged(FREED.format("lookups"), sought).verdict, "something else")

    def test_reports_of_two_cpus_may_be_mixed(self) -> None:
        first, second = SATURATION.splitlines(), LOCKUP.splitlines()
        mixed = "\n".join([*first[:3], *second[:2], first[3], *second[2:], first[4]])
        two = (violation("refcount-dec-to-zero", "misc"), violation("livelock", "destroy"))
        self.assertEqual(judged(mixed, *two).verdict, "reproduced")

    def test_a_hang_of_the_machine_is_no_livelock(self) -> None:
        self.assertEqual(
            judged("nofail: step set up", violation("livelock", "destroy"), end="hang").verdict, "not reproduced"
        )

    def test_a_documented_warning_alone_is_not_the_finding(self) -> None:
        warns = violation("warning", "f", known=True)
        text = f"[ 1.0] WARNING: {FILE}:79 at f+0x1/0x2\n"
        self.assertEqual(judged(text, warns, violation("livelock", "destroy")).verdict, "something else")

    def test_what_was_never_given_back_is_told_by_where_it_was_allocated(self) -> None:
        leak = violation("leak.selem", "f")
        self.assertEqual(judged("nofail: left 80 0 79\n", leak).verdict, "reproduced")
        self.assertEqual(judged("nofail: left 184 0 491\n", leak).verdict, "something else")

    def test_what_a_console_cannot_say_is_not_sought(self) -> None:
        run = run_of(violations=(violation("data-race", "f"),))
        self.assertEqual(console.sought(run), [])
        self.assertIn("KCSAN", console.why_silent(run))

    def test_kinds_are_known(self) -> None:
        self.assertFalse(set(console.EXPECTED) & set(console.SILENT))


BODY = """\
#include <linux/types.h>
int f(struct foo *foo)
{
\tint x;

\tx = load(foo,
\t\t 1);
\tif (x)
\t\tstore(foo);
\treturn x;
}
"""


class Patches(unittest.TestCase):
    def test_a_line_stands_before_the_whole_statement(self) -> None:
        text = patch.insert(BODY, [patch.Insertion((0, 7), False, "here();")])
        self.assertIn("\n\there();\n\tx = load(foo,\n", text)

    def test_a_line_for_a_body_without_braces_stands_before_its_condition(self) -> None:
        text = patch.insert(BODY, [patch.Insertion((0, 9), False, "here();")])
        self.assertIn("\n\there();\n\tif (x)\n", text)

    def test_a_line_behind_a_statement_stands_behind_all_of_it(self) -> None:
        text = patch.insert(BODY, [patch.Insertion((0, 6), True, "here();")])
        self.assertIn("1);\n\there();\n\tif (x)\n", text)


if __name__ == "__main__":
    unittest.main()
