#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What scripts/check makes of its campaigns: one report, in several forms. The campaigns are made up here."""

import contextlib
import html.parser
import io
import pathlib
import sys
import tempfile
import unittest
from typing import Any

REPOSITORY = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(REPOSITORY / "scripts"))
from linux_tree.snapshot import Tree  # noqa: E402
from nofail_check import changes, options, page, report  # noqa: E402

LOCAL = "kernel/bpf/bpf_local_storage.c"
LEAK, HANG, RACE = "leak.selem/selem/unlink", "livelock/storage/destroy", "data-race/selem/link+lookup"


def violation(signature: str, listed: str, count: int = 3, cause: str = "", **more: Any) -> dict[str, Any]:
    face = {"signature": signature, "detail": "A forgot <it>", "need": "nothing failed", "cause": cause}
    entry = {"signature": signature, "listed": listed, "count": count, "first": 1, "name": "x"}
    return entry | {"run": {"violations": [face]}, "schedule": f"build/{signature[:4]}.sched", "why": None} | more


def campaign(target: str, sanitizer: str, *violations: dict[str, Any], **more: Any) -> dict[str, Any]:
    told: dict[str, Any] = {"target": target, "sanitizer": sanitizer, "executions": 1000, "interleavings": 70}
    told |= {"replay": "build/nofail replay", "as_on": ""}
    told |= {"interrupted": False, "trouble": None, "gone": [], "crashes": []}
    return told | {"violations": list(violations)} | more


def report_of(*campaigns: dict[str, Any], coverage: Any = None) -> dict[str, Any]:
    return {
        "subject": "linux-7.2",
        "tree": "~/src/linux",
        "baseline": {"subject": "linux-7.2@2", "tree": "~/src/linux@HEAD~1"},
        "campaigns": list(campaigns),
        "coverage": coverage,
        **report.merge(list(campaigns)),
    }


class Reports(unittest.TestCase):
    def test_a_violation_of_several_campaigns_is_one_entry(self) -> None:
        told = report_of(
            campaign("teardown", "address", violation(LEAK, "new", 2)),
            campaign("lifecycle", "thread", violation(LEAK, "new", 5)),
        )
        self.assertEqual([(v["signature"], v["count"], v["target"]) for v in told["news"]], [(LEAK, 7, "teardown")])
        self.assertEqual(report.verdict(told), "1 new, 0 worse, 0 gone, 0 as listed")

    def test_faces_of_a_cause_are_below_the_first_one(self) -> None:
        seen = [violation(RACE, "new", 9, "plain store in link"), violation(LEAK, "new", 2, "plain store in link")]
        told = report_of(campaign("teardown", "thread", *seen))
        self.assertEqual([len(v["faces"]) for v in told["news"]], [1])
        self.assertIn(f"the same cause, also new: {LEAK} (2 times)", report.text(told, report.TERMINAL))

    def test_what_shows_so_much_more_often_than_on_the_baseline_is_told_first(self) -> None:
        little, much = {"subject": 130.0, "baseline": 120.0}, {"subject": 90.0, "baseline": 0.0}
        told = report_of(
            campaign(
                "teardown",
                "address",
                violation(LEAK, "new", 5),
                violation(HANG, "worse", 900, rates=little),
                violation(RACE, "worse", 60, rates=much),
            )
        )
        self.assertEqual([entry["signature"] for entry in told["news"]], [RACE, HANG, LEAK])

    def test_what_is_news_in_one_campaign_is_not_as_listed_because_of_another_one(self) -> None:
        told = report_of(
            campaign("teardown", "address", violation(LEAK, "worse", why="need")),
            campaign("lifecycle", "address", violation(LEAK, "finding")),
        )
        self.assertEqual(told["listed"], [])
        self.assertIn(
            f"WORSE  {LEAK}\n  Its name is listed, but only with more failures", report.text(told, report.TERMINAL)
        )

    def test_what_one_campaign_saw_is_not_gone(self) -> None:
        gone = [{"signature": s, "name": "n", "schedule": f"findings/{s[:4]}"} for s in (LEAK, HANG)]
        told = report_of(
            campaign("teardown", "address", gone=gone),
            campaign("lifecycle", "address", violation(LEAK, "finding"), gone=gone),
        )
        self.assertEqual([entry["signature"] for entry in told["gone"]], [HANG])
        self.assertEqual(report.verdict(told), "0 new, 0 worse, 1 gone, 1 as listed")
        said = "GONE  n: the baseline shows it, but this tree does not\n"
        said += f"  {HANG}\n    corpus/findings/live.sched\n"
        self.assertIn(said, report.text(told, report.TERMINAL))

    def test_a_tree_that_has_no_listing_of_its_own_says_whose_it_has(self) -> None:
        told = report_of(campaign("teardown", "address", violation(LEAK, "known"), as_on="linux-7.1"))
        self.assertIn("as listed, as on linux-7.1: 1 violation\n", report.text(told, report.TERMINAL))
        told = report_of(campaign("teardown", "address", violation(LEAK, "known"), as_on="linux-7.2"))
        self.assertIn("as listed: 1 violation\n", report.text(told, report.TERMINAL))

    def test_the_reason_and_the_rates_are_told(self) -> None:
        rates = {"subject": 400.0, "baseline": 100.0}
        told = report_of(
            campaign(
                "teardown", "address", violation(LEAK, "worse", why="baseline", rates=rates, side_by_side=["two runs"])
            )
        )
        text = report.text(told, report.TERMINAL)
        self.assertIn("but the baseline passes this schedule, and those close by.", text)
        self.assertIn("in 10,000 schedules 400 times here and 100 on the\n  baseline.", text)
        self.assertIn("\n  build/nofail replay build/leak.sched --verbose\n", text)
        self.assertIn("  A forgot <it>.\n  What failed before it: nothing failed.", text)
        self.assertIn("  | two runs\n", text)

    def test_a_mail_has_72_columns_but_for_names_to_copy(self) -> None:
        told = report_of(
            campaign("teardown", "address", violation(LEAK + "/lock=storage" * 9, "new"), violation(HANG, "finding"))
        )
        for line in report.text(told, report.MAIL).splitlines():
            self.assertTrue(len(line) <= 72 or " " not in line.strip(), line)

    def test_a_run_that_ended_early_and_a_crash_are_told(self) -> None:
        told = report_of(
            campaign("teardown", "address", crashes=["build/crash-1"], trouble="work: No space left on device")
        )
        text = report.text(told, report.TERMINAL)
        self.assertIn("build/crash-1", text)
        self.assertIn("work: No space left on device", text)
        self.assertIn("1 crash", report.verdict(told))

    def test_what_the_search_alone_shows_says_so_and_what_it_covered_is_told(self) -> None:
        covered = {"scenarios": 8, "complete": 7, "states": 900_000, "steps": 2_000_000, "bounds": {"restarts": 1}}
        covered["not_to_the_end"] = [{"name": "sk: map_free m0", "given_up": "about 3 %"}]
        covered["not_begun"] = 2
        alone = violation(LEAK, "new", 0, scenarios=8)
        both = violation(HANG, "new", 0, scenarios=2)
        gone = [{"signature": RACE, "name": RACE, "file": "build/gone/race.sched"}]
        told = report_of(
            campaign("teardown", "race", alone, both, search=covered, gone=gone),
            campaign("lifecycle", "address", violation(HANG, "new", 9)),
        )
        self.assertEqual([entry["signature"] for entry in told["news"]], [HANG, LEAK])
        text = report.text(told, report.TERMINAL)
        self.assertIn("The search shows it in 8 scenarios. Fuzzing has not seen it.", " ".join(text.split()))
        self.assertIn("The search shows it in 2 scenarios.\n  Seen 9 times, first in lifecycle, address build.", text)
        said = (
            "search of every schedule: 7 of 8 scenarios to the end, 900,000 states, 2,000,000 steps, everything allowed"
        )
        self.assertIn(said, " ".join(text.split()))
        self.assertIn("NOT searched to the end: sk: map_free m0: about 3 %", text)
        self.assertIn("NOT searched at all: 2 scenarios", text)
        self.assertIn(f"  {RACE}\n    build/gone/race.sched", text)
        self.assertNotIn("teardown  race", text)
        self.assertIn("7 of 8 scenarios to the end", page.page(told))
        self.assertIn("build/gone/race.sched", page.page(told))

    def test_what_the_search_shows_comes_first_and_is_counted_where_fuzzing_took_it_for_listed(self) -> None:
        much = {"subject": 90.0, "baseline": 0.0}
        told = report_of(
            campaign(
                "teardown",
                "race",
                violation(LEAK, "worse", 0, scenarios=8),
                search={"not_to_the_end": [], "not_begun": 0},
            ),
            campaign("lifecycle", "address", violation(HANG, "new", 9, rates=much), violation(LEAK, "finding", 70)),
        )
        self.assertEqual([entry["signature"] for entry in told["news"]], [LEAK, HANG])
        self.assertIn("Fuzzing has seen it 70 times.", list(report.details(told["news"][0])))

    def test_code_hosts_are_told_each_cause_once(self) -> None:
        def log(*causes: str) -> dict[str, Any]:
            return {"runs": [{"tool": 1, "results": [{"partialFingerprints": {"cause/v1": c}} for c in causes]}]}

        logs = {"a": log("leak"), "b": log("leak", "race"), "c": log("race"), "d": {"version": "2.1.0"}}
        told = report.sarif([pathlib.Path(name) for name in logs], lambda path: logs[path.parent.name])
        causes = [[r["partialFingerprints"]["cause/v1"] for r in run["results"]] for run in told["runs"]]
        self.assertEqual(causes, [["leak"], ["race"]])

    def test_the_page_is_well_formed_and_escapes(self) -> None:
        gone = [{"signature": HANG, "name": "n/x", "schedule": "findings/n/x"}]
        told = report_of(campaign("teardown", "address", violation(LEAK, "new", side_by_side=["a < b"]), gone=gone))
        opened: list[str] = []

        class Checker(html.parser.HTMLParser):
            def handle_starttag(self, tag: str, attrs: Any) -> None:
                if tag not in ("meta", "br"):
                    opened.append(tag)

            def handle_endtag(self, tag: str) -> None:
                assert opened.pop() == tag, tag

        text = page.page(told)
        Checker().feed(text)
        self.assertEqual(opened, [])
        self.assertIn("A forgot &lt;it&gt;", text)
        self.assertIn("a &lt; b", text)


class Orders(unittest.TestCase):
    """The tree has a changed function, `two`, whose store conflicts with a load of `one`."""

    def count(self, ab: int, ba: int, offset: int = 16) -> dict[str, Any]:
        first = {"access": "load", "file": LOCAL, "line": 3, "function": "one"}
        second = {"access": "store", "file": LOCAL, "line": 0, "function": "two"}
        counts = {"first_then_second": ab, "second_then_first": ba}
        return {"kind": "selem", "offset": offset, "first": first, "second": second} | counts

    def coverage(self, *counts: dict[str, Any], plain: bool = False) -> dict[str, Any]:
        told = {"orders": changes.orders(counts), "order_runs": 40, "orders_of_plain": plain}
        return told | {"trouble": "not measured", "sites": [], "attempt_runs": 40}

    def test_counts_of_several_campaigns_add_up(self) -> None:
        pairs = changes.orders([self.count(1, 0), self.count(5, 0, offset=24), self.count(2, 3)])
        told = [(p["offset"], p["first_then_second"], p["second_then_first"]) for p in pairs]
        self.assertEqual(told, [(16, 3, 3), (24, 5, 0)])

    def test_what_was_seen_in_one_order_only_is_told(self) -> None:
        coverage = self.coverage(self.count(3, 4), self.count(5, 0, offset=24), self.count(0, 0, offset=32))
        told = "\n".join(report.orders(coverage, 72))
        self.assertLessEqual(max(map(len, told.splitlines())), 72)
        self.assertIn("of 3 pairs 1 were seen in both orders, 1 in one, 1 in none", told.replace("\n", " "))
        self.assertNotIn("selem+16", told)
        lines = [
            "A before B 5, B before A NOT REACHED",
            f"    A load  {LOCAL}:3 in one",
            "    B store somewhere in two",
        ]
        self.assertIn("\n".join([f"  selem+24: {lines[0]}", *lines[1:]]), told)
        self.assertIn("selem+32: A before B NOT REACHED, B before A NOT REACHED", told)

    def test_which_accesses_were_seen_is_said(self) -> None:
        said = "marked accesses (only --sanitizer race sees plain ones)"
        marked, all_of_them = (" ".join(report.orders(self.coverage(plain=plain), 100)) for plain in (False, True))
        self.assertIn(said, marked)
        self.assertNotIn(said, all_of_them)

    def test_the_page_has_those_in_both_orders_too(self) -> None:
        told = report_of(campaign("teardown", "address"), coverage=self.coverage(self.count(3, 4)))
        self.assertIn("selem+16", page.page(told))


class OfTwoTrees(unittest.TestCase):
    def trees(self, before: str, after: str) -> tuple[Tree, Tree]:
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        trees = []
        for name, text in (("after", after), ("before", before)):
            path = pathlib.Path(scratch.name) / name / LOCAL
            path.parent.mkdir(parents=True)
            path.write_text(text)
            trees.append(Tree(pathlib.Path(scratch.name) / name, name, name))
        return trees[0], trees[1]


class Changes(OfTwoTrees):
    def test_lines_that_the_baseline_has_not(self) -> None:
        tree, baseline = self.trees("one\ntwo\nthree\n", "one\nzwei\nthree\nfour\n")
        self.assertEqual(list(changes.changed(tree, baseline)), [(LOCAL, 2, "zwei"), (LOCAL, 4, "four")])

    def test_what_was_run_of_them(self) -> None:
        tree, _ = self.trees("", "")
        lcov = f"SF:{tree.folder}/{LOCAL}\nDA:2,7\nBRDA:2,0,0,7\nBRDA:2,0,1,0\nDA:4,0\nend_of_record\n"
        lcov += "SF:/elsewhere.c\nDA:2,9\n"
        lines = [(LOCAL, 2, "zwei"), (LOCAL, 3, "/* no code */"), (LOCAL, 4, "four")]
        covered = changes.covered(lines, lcov, tree.folder)
        self.assertEqual([(c.number, c.runs, c.branches, c.taken) for c in covered], [(2, 7, 2, 1), (4, 0, 0, 0)])
        told = "\n".join(report.run_lines([vars(line) for line in covered], 100))
        self.assertIn("1 of 2 with code were run; branches: 1 of 2 were taken", told)
        self.assertIn(f"1 branch not taken: {LOCAL}:2", told)
        self.assertIn(f"not run: {LOCAL}:4: four", told)


class ChangedFunctions(OfTwoTrees):
    BEFORE = """/* a comment (of a sort) */
static int one(int x)
{
    return x;
}

BPF_CALL_2(two, struct sock *, sk,
       u64, flags)
{
    result = raw_res_spin_lock_irqsave(&one->lock, flags);
    atomic_sub(uncharge, &sk->sk_omem_alloc);
}

struct ops table = {
    .map_alloc = one,
};

int three(void)
{
    p = kzalloc(8,
                GFP_KERNEL);
    /* not kzalloc( here */
}
"""

    def names(self, after: str) -> list[str]:
        return [function.name for function in changes.changed_functions(*self.trees(self.BEFORE, after))]

    def test_a_function_is_changed_by_a_line_that_is_new_or_gone(self) -> None:
        self.assertEqual(self.names(self.BEFORE.replace("return x", "return -x")), ["one"])
        self.assertEqual(
            self.names(self.BEFORE.replace("    atomic_sub(uncharge, &sk->sk_omem_alloc);\n", "")), ["two"]
        )
        self.assertEqual(self.names(self.BEFORE.replace("u64, flags", "u32, flags")), ["two"])
        self.assertEqual(self.names(self.BEFORE.replace(".map_alloc = one", ".map_alloc = two")), [])
        self.assertEqual(
            self.names(self.BEFORE.replace("return x", "return 1").replace("8,\n", "9,\n")), ["one", "three"]
        )

    def sites(self, *counts: dict[str, Any]) -> list[changes.Site]:
        after = self.BEFORE.replace("sk_omem_alloc)", "sk_omem_free)").replace("8,\n", "9,\n")
        tree, baseline = self.trees(self.BEFORE, after)
        return changes.sites(tree, changes.changed_functions(tree, baseline), counts)

    def count(self, line: int, result: str, count: int) -> dict[str, Any]:
        return {"file": LOCAL, "line": line, "function": "f", "result": result, "count": count}

    def test_what_takes_a_lock_or_allocates_is_a_site_also_when_it_was_never_reached(self) -> None:
        self.assertEqual(
            [(s.number, s.function, s.results) for s in self.sites()], [(10, "two", {}), (20, "three", {})]
        )

    def test_counts_of_several_campaigns_add_up_at_their_site(self) -> None:
        self.assertEqual(
            [
                (s.number, s.results)
                for s in self.sites(
                    self.count(10, "taken", 5), self.count(10, "taken", 6), self.count(10, "timeout-held", 1)
                )
            ],
            [(10, {"taken": 11, "timeout-held": 1}), (20, {})],
        )

    def test_a_compiler_may_say_the_last_line_of_a_statement(self) -> None:
        sites = self.sites(self.count(21, "allocated", 5), self.count(20, "not-allocated", 1))
        self.assertEqual([s.results for s in sites if s.function == "three"], [{"allocated": 5, "not-allocated": 1}])

    def test_a_site_that_no_pattern_knows_is_told_if_it_was_reached(self) -> None:
        self.assertEqual(
            [s.number for s in self.sites(self.count(11, "taken", 1), self.count(4, "taken", 1))], [10, 11, 20]
        )

    def test_how_a_site_is_told(self) -> None:
        self.assertEqual(report.outcomes({}), "NEVER REACHED")
        self.assertEqual(report.outcomes({"taken": 1234}), "taken 1,234, NEVER FAILED")
        self.assertEqual(
            report.outcomes({"taken": 5, "timeout-held": 2, "deadlock-free": 3, "deadlock-own": 1}),
            "taken 5, -ETIMEDOUT 2 held 0 free, -EDEADLK 0 held 3 free, 1 by the task that held it",
        )
        self.assertEqual(report.outcomes({"allocated": 7}), "allocated 7, NEVER FAILED")
        self.assertEqual(report.outcomes({"allocated": 7, "not-allocated": 2}), "allocated 7, failed 2")


class CommandLine(unittest.TestCase):
    def test_what_is_wrong_is_one_line_and_code_2(self) -> None:
        for words, said in (
            (["--baseline", "x"], "name the other one with --linux"),
            (["--shim", __file__], "name the tree with --linux"),
            (["--linux", ""], "--linux: needs a value"),
            (["--seconds", "0"], "expected a number from 1 up"),
            (["--nosuch"], "there is no such option"),
            (["--out", __file__], "is no folder"),
        ):
            error = io.StringIO()
            with contextlib.redirect_stderr(error), self.assertRaises(SystemExit) as left:
                options.parse(words)
            self.assertEqual(left.exception.code, 2)
            self.assertIn(said, error.getvalue())
            self.assertEqual(error.getvalue().count("\n"), 1)


if __name__ == "__main__":
    unittest.main()
