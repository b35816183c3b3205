#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What a TREE argument may be, what its snapshot is then, and what is said of one that cannot be used. Trees,
repositories and patches are made here, and are tiny; nothing is compiled."""

import contextlib
import difflib
import io
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest
from typing import Iterator

REPOSITORY = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(REPOSITORY / "scripts"))
from linux_tree.files import EXPECTED, LARGEST, TreeError  # noqa: E402
from linux_tree.snapshot import Tree, check_different, take  # noqa: E402
from linux_tree.version import makefile_of, version_of  # noqa: E402

LOCAL = "kernel/bpf/bpf_local_storage.c"
CGROUP = "kernel/bpf/bpf_cgrp_storage.c"
ODD = "a;b \"c\" \\ ${X} $<1:x> @X@ + 'd'\n*"
LINES = [f"line {i}\n" for i in range(1, 21)]
for role in ("AUTHOR", "COMMITTER"):  # git asks for a person, and knows none on a fresh machine
    os.environ |= {f"GIT_{role}_NAME": "a", f"GIT_{role}_EMAIL": "a@example.org"}


def content_of(name: str) -> str:
    return f"of {name}\n" + "".join(LINES)


def diff(name: str, old: str, new: str, text: str = "") -> str:
    """A patch that replaces one line of a file."""
    before = (text or content_of(name)).splitlines(keepends=True)
    after = [new + "\n" if line == old + "\n" else line for line in before]
    return "".join(difflib.unified_diff(before, after, f"a/{name}", f"b/{name}"))


def mail(subject: str, text: str, *headers: str) -> str:
    head = "\n".join(
        ["From: A <a@example.org>", f"Subject: {subject}", "Date: Mon, 1 Jan 2024 00:00:00 +0000", *headers]
    )
    return f"From mboxrd@z Thu Jan  1 00:00:00 1970\n{head}\n\n{text}\n-- \n2.39\n\n"


class Trees(unittest.TestCase):
    """Each test has a folder of its own, with a tree in it."""

    def setUp(self) -> None:
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = pathlib.Path(scratch.name).resolve()
        self.tree = self.make_tree(self.folder / "linux")

    def make_tree(self, folder: pathlib.Path) -> pathlib.Path:
        for name in EXPECTED:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(content_of(name))
        (folder / "Makefile").write_text("VERSION = 9\nPATCHLEVEL = 1\nSUBLEVEL = 4\nEXTRAVERSION =\n\nall:\n\tmake\n")
        return folder

    def take(self, tree: object) -> Tree:
        return take(str(tree), self.folder / "snapshots")

    def local(self, tree: object) -> str:
        """What the snapshot has as the file that most patches here change."""
        return (self.take(tree).folder / LOCAL).read_text()

    def patch(self, text: str, name: str = "fix.patch") -> str:
        """The tree's name, with a patch."""
        (self.folder / name).write_text(text)
        return f"{self.tree}+{self.folder / name}"

    def refuses(self, tree: object, *texts: str) -> None:
        """Takes no snapshot, and says why in one line that has the texts in it."""
        with self.assertRaises(TreeError) as caught:
            self.take(tree)
        said = str(caught.exception)
        self.assertEqual(caught.exception.code, 2)
        self.assertTrue(said.isprintable(), said)
        for text in texts:
            self.assertIn(text, said)
        self.assertFalse((self.folder / "snapshots").exists())

    def git(self, *words: str, folder: pathlib.Path | None = None) -> None:
        command = ["git", "-C", str(folder or self.tree), "-c", "commit.gpgsign=false", *words]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)

    def commit(self, message: str = "a commit") -> None:
        self.git("add", "-A")
        self.git("commit", "-q", "-m", message)

    @contextlib.contextmanager
    def inside(self, folder: pathlib.Path) -> Iterator[None]:
        before = os.getcwd()
        os.chdir(folder)
        try:
            yield
        finally:
            os.chdir(before)


class Folders(Trees):
    def test_the_snapshot_has_the_files_that_are_under_test_and_nothing_else(self) -> None:
        (self.tree / "kernel/bpf/verifier.c").write_text("not under test")
        snapshot = self.take(self.tree).folder
        there = sorted(str(path.relative_to(snapshot)) for path in snapshot.rglob("*") if path.is_file())
        self.assertEqual(there, sorted(["Makefile", *EXPECTED]))
        self.assertEqual((snapshot / LOCAL).read_bytes(), (self.tree / LOCAL).read_bytes())

    def test_contents_decide_and_time_stamps_do_not(self) -> None:
        before = self.take(self.tree)
        backup = self.folder / "backup"
        shutil.copy2(self.tree / LOCAL, backup)
        (self.tree / LOCAL).write_text(content_of(LOCAL).replace("line 3", "a bug."))  # as long as before
        planted = self.take(self.tree)
        os.utime(backup, (1, 1))
        backup.rename(self.tree / LOCAL)
        after = self.take(self.tree)
        self.assertNotEqual(before.contents, planted.contents)
        self.assertEqual(before.contents, after.contents)
        self.assertEqual({before.origin}, {planted.origin, after.origin})

    def test_a_link_leads_to_the_headers_that_the_snapshot_does_not_have(self) -> None:
        for folder in (self.tree, self.make_tree(self.folder / ODD)):
            taken = self.take(folder)
            self.assertEqual((taken.folder.parent / f"of-{taken.origin}").resolve(), folder)
        link = taken.folder.parent / f"of-{taken.origin}"
        link.unlink()
        link.symlink_to(self.folder)
        self.take(folder)
        self.assertEqual(link.resolve(), folder)

    def test_no_link_leads_to_headers_that_a_revision_or_a_patch_may_have_changed(self) -> None:
        self.git("init", "-q")
        self.commit()
        for tree in (f"{self.tree}@HEAD", self.patch(diff(LOCAL, "line 3", "patched"))):
            taken = self.take(tree)
            self.assertEqual([path for path in taken.folder.parent.iterdir() if path.is_symlink()], [])

    def test_a_file_more_is_another_tree(self) -> None:
        before = self.take(self.tree).contents
        (self.tree / CGROUP).write_text("new")
        self.assertNotEqual(self.take(self.tree).contents, before)

    def test_what_is_not_under_test_makes_no_other_snapshot(self) -> None:
        before = self.take(self.tree).contents
        with (self.tree / "Makefile").open("a") as file:
            file.write("\nclean:\n")
        self.assertEqual(self.take(self.tree).contents, before)

    def test_a_snapshot_that_somebody_has_changed_is_made_again(self) -> None:
        snapshot = self.take(self.tree).folder
        (snapshot / LOCAL).chmod(0o644)
        (snapshot / LOCAL).write_text("changed")
        (snapshot / "more").write_text("added")
        self.assertEqual(self.local(self.tree), content_of(LOCAL))
        self.assertFalse((snapshot / "more").exists())

    def test_any_name_of_a_folder_goes(self) -> None:
        tree = self.make_tree(self.folder / ODD)
        taken = self.take(tree)
        self.assertEqual(taken.contents, self.take(self.tree).contents)
        self.assertTrue(taken.shown.isprintable(), taken.shown)
        self.assertEqual(set(taken.folder.name) - set("0123456789abcdef"), set())

    def test_the_folder_may_be_a_link_and_so_may_its_files(self) -> None:
        (self.folder / "link").symlink_to(self.tree)
        (self.tree / LOCAL).rename(self.folder / "elsewhere.c")
        (self.tree / LOCAL).symlink_to(self.folder / "elsewhere.c")
        self.assertEqual(self.local(self.folder / "link"), content_of(LOCAL))

    def test_one_that_is_not_there(self) -> None:
        self.refuses(self.folder / "no", f"{self.folder}/no: there is no such directory", "DIR@REV")
        self.refuses(self.folder / "no\n;${X}", "no\\n;${X}: there is no such directory")

    def test_one_that_is_no_tree(self) -> None:
        (self.tree / LOCAL).unlink()
        self.refuses(self.tree, f"{self.tree}: has no {LOCAL}; expected the top of a Linux source tree, 6.1 or later")

    def test_an_empty_file(self) -> None:
        for name in (LOCAL, "Makefile"):
            before = (self.tree / name).read_text()
            for text in ("", " \n"):
                (self.tree / name).write_text(text)
                self.refuses(self.tree, f"its {name} is empty")
            (self.tree / name).write_text(before)

    def test_what_is_no_file_is_never_opened(self) -> None:
        (self.tree / "Makefile").unlink()
        (self.tree / "Makefile").symlink_to("/dev/zero")
        self.refuses(self.tree, "its Makefile is not a file")
        (self.tree / "Makefile").unlink()
        os.mkfifo(self.tree / "Makefile")
        self.refuses(self.tree, "its Makefile is not a file")

    def test_a_file_that_no_tree_has(self) -> None:
        with (self.tree / LOCAL).open("wb") as file:
            file.truncate(LARGEST + 1)
        self.refuses(self.tree, f"its {LOCAL} is larger than 4 MiB")

    def test_two_trees_that_are_the_same(self) -> None:
        other = self.make_tree(self.folder / "other")
        (other / "Makefile").write_text("VERSION = 9\nPATCHLEVEL = 2\n")
        with self.assertRaisesRegex(TreeError, "linux and the baseline .*other are the same in all files"):
            check_different(self.take(self.tree), self.take(other))
        (other / CGROUP).write_text("new")
        check_different(self.take(self.tree), self.take(other))
        check_different(self.take(other), self.take(self.tree))


class Versions(unittest.TestCase):
    def says(self, makefile: str) -> str:
        version = version_of(makefile.encode(), "tree")
        self.assertEqual(version_of(makefile_of(version), "tree"), version)  # a snapshot says the same
        return version

    def test_what_trees_say(self) -> None:
        head = "# A comment.\nVERSION = 7\nPATCHLEVEL = 3\nSUBLEVEL = 2\n"
        self.assertEqual(self.says(head + "EXTRAVERSION =\nNAME = A B\n"), "7.3")
        self.assertEqual(self.says(head + "EXTRAVERSION = -rc1\n"), "7.3-rc1")
        self.assertEqual(self.says(head + "EXTRAVERSION = -rc1+ # mine\n"), "7.3-rc1+")
        self.assertEqual(self.says(head), "7.3")

    def test_what_cannot_be_part_of_a_name_is_left_out(self) -> None:
        head = "VERSION = 9\nPATCHLEVEL = 1\nEXTRAVERSION = "
        self.assertEqual(self.says(head + "/../../../../X\n"), "9.1-..-..-..-..-X")
        self.assertEqual(self.says(head + '-a"b;c$(shell id)@2:,\n'), "9.1-a-b-c-shell-id-2-")
        self.assertEqual(self.says(head + "1\n"), "9.1-1")
        self.assertEqual(len(self.says(head + "x" * 1000 + "\n")), len("9.1") + 40)

    def test_one_without_a_version(self) -> None:
        for makefile in ("all:\n", "VERSION =\nPATCHLEVEL = 1\n", "VERSION = ../9\nPATCHLEVEL = 1\n", "VERSION = ٣\n"):
            with self.assertRaisesRegex(TreeError, "^tree: its Makefile has no line `VERSION = NUMBER`"):
                self.says(makefile)
        with self.assertRaisesRegex(TreeError, "no line `PATCHLEVEL = NUMBER`"):
            self.says("VERSION = 9\n")


class Revisions(Trees):
    def setUp(self) -> None:
        super().setUp()
        self.git("init", "-q", "-b", "main")
        self.commit()
        (self.tree / LOCAL).write_text("second\n")
        self.commit()
        self.git("tag", "v9.1+second@x")
        (self.tree / LOCAL).write_text("work\n")

    def test_the_files_are_those_of_the_revision(self) -> None:
        self.assertEqual(self.local(f"{self.tree}@HEAD~1"), content_of(LOCAL))
        self.assertEqual(self.local(f"{self.tree}@HEAD"), "second\n")
        self.assertEqual(self.local(self.tree), "work\n")

    def test_the_work_tree_and_the_index_stay_as_they_are(self) -> None:
        (self.tree / CGROUP).write_text("staged")
        self.git("add", CGROUP)
        status = ["git", "-C", str(self.tree), "status", "--porcelain"]
        before = subprocess.run(status, capture_output=True, check=True).stdout
        self.take(f"{self.tree}@HEAD~1")
        self.assertEqual(subprocess.run(status, capture_output=True, check=True).stdout, before)
        self.assertEqual((self.tree / LOCAL).read_text(), "work\n")

    def test_any_way_to_name_a_revision_goes(self) -> None:
        for revision in ("main", "v9.1+second@x", "main@{0}", "HEAD^{tree}"):
            self.assertEqual(self.local(f"{self.tree}@{revision}"), "second\n")

    def test_the_folder_may_be_deep_in_a_repository_or_bare_or_have_an_odd_name(self) -> None:
        outer = self.folder / ODD
        self.make_tree(outer / "a@b/linux")
        (outer / "Makefile").write_text("not this one")
        self.git("init", "-q", folder=outer)
        self.git("add", "-A", folder=outer)
        self.git("commit", "-q", "-m", "a commit", folder=outer)
        self.assertEqual(self.local(f"{outer / 'a@b/linux'}@HEAD"), content_of(LOCAL))
        bare = self.folder / "bare.git"
        self.git("clone", "-q", "--bare", ".", str(bare))
        self.assertEqual(self.local(f"{bare}@HEAD~1"), content_of(LOCAL))

    def test_a_hook_of_another_repository_is_no_matter(self) -> None:
        other = self.folder / "other"
        self.git("init", "-q", str(other))
        os.environ["GIT_DIR"] = str(other / ".git")
        self.addCleanup(os.environ.pop, "GIT_DIR")
        self.assertEqual(self.local(f"{self.tree}@HEAD"), "second\n")

    def test_a_revision_that_does_not_exist(self) -> None:
        self.refuses(f"{self.tree}@no", "the git repository has no revision 'no'")
        self.refuses(f"{self.tree}@--all", "the git repository has no revision '--all'")
        self.refuses(f"{self.tree}@", "the git repository has no revision ''")

    def test_a_folder_without_git(self) -> None:
        plain = self.make_tree(self.folder / "plain")
        self.refuses(f"{plain}@HEAD", f"{plain} is in no git repository")

    def test_a_revision_without_the_files(self) -> None:
        (self.tree / LOCAL).unlink()
        self.commit()
        self.refuses(f"{self.tree}@HEAD", f"@HEAD: has no {LOCAL}")

    def test_a_revision_that_has_a_link(self) -> None:
        (self.tree / LOCAL).unlink()
        (self.tree / LOCAL).symlink_to("/etc/passwd")
        self.commit()
        self.refuses(f"{self.tree}@HEAD", f"its {LOCAL} is not a file in that revision")

    def test_a_revision_of_which_something_is_missing(self) -> None:
        name = subprocess.run(
            ["git", "-C", self.tree, "rev-parse", f"HEAD:{LOCAL}"], capture_output=True, text=True, check=True
        ).stdout.strip()
        (self.tree / ".git/objects" / name[:2] / name[2:]).unlink()
        self.refuses(f"{self.tree}@HEAD", f"git cannot read {LOCAL} of that revision")

    def test_a_revision_may_be_patched(self) -> None:
        patch = self.patch(diff(LOCAL, "line 3", "patched")).partition("+")[2]
        self.assertIn("patched\n", self.local(f"{self.tree}@HEAD~1+{patch}"))


class Patches(Trees):
    def test_the_copy_is_patched_and_the_tree_is_not(self) -> None:
        self.assertEqual(
            self.local(self.patch(diff(LOCAL, "line 3", "patched"))), content_of(LOCAL).replace("line 3", "patched")
        )
        self.assertEqual((self.tree / LOCAL).read_text(), content_of(LOCAL))

    def test_where_the_command_is_called_does_not_matter(self) -> None:
        # Below a repository's top, git passes over files that it does not find from there.
        subprocess.run(["git", "init", "-q", self.folder], check=True)
        (self.folder / "fix.patch").write_text(diff(LOCAL, "line 3", "patched"))
        os.environ["TMPDIR"], tempfile.tempdir = str(self.folder), None
        self.addCleanup(setattr, tempfile, "tempdir", None)
        self.addCleanup(os.environ.pop, "TMPDIR")
        with self.inside(self.folder / "linux/kernel"):
            self.assertIn("patched\n", self.local("..+../../fix.patch"))

    def test_what_a_person_has_configured_does_not_matter(self) -> None:
        config = self.folder / "gitconfig"
        config.write_text("[core]\n\tautocrlf = true\n[apply]\n\twhitespace = fix\n")
        os.environ["GIT_CONFIG_GLOBAL"] = str(config)
        self.addCleanup(os.environ.pop, "GIT_CONFIG_GLOBAL")
        taken = self.take(self.patch(diff(LOCAL, "line 3", "patched  "))).folder / LOCAL
        self.assertEqual(taken.read_bytes(), content_of(LOCAL).replace("line 3", "patched  ").encode())

    def test_a_patch_may_be_in_the_home_folder(self) -> None:
        self.patch(diff(LOCAL, "line 3", "patched"))
        before = os.environ["HOME"]
        os.environ["HOME"] = str(self.folder)
        self.addCleanup(os.environ.__setitem__, "HOME", before)
        self.assertIn("patched\n", self.local(f"{self.tree}+~/fix.patch"))

    def test_several_patches_are_applied_in_order(self) -> None:
        second = self.folder / "second+more.patch"
        second.write_text(diff(LOCAL, "line 3", "4").replace("-line 3", "-patched"))
        self.assertIn("\n4\n", self.local(f"{self.patch(diff(LOCAL, 'line 3', 'patched'))}+{second}"))

    def test_only_files_under_test_are_patched(self) -> None:
        # The other hunk would not apply: there is no such file.
        patched = self.local(
            self.patch(diff(LOCAL, "line 3", "patched") + "--- a/x.c\n+++ b/x.c\n@@ -7 +7 @@\n-a\n+b\n")
        )
        self.assertIn("patched\n", patched)

    def test_a_patch_may_bring_a_file(self) -> None:
        tree = self.patch(f"--- /dev/null\n+++ b/{CGROUP}\n@@ -0,0 +1 @@\n+new\n")
        self.assertEqual((self.take(tree).folder / CGROUP).read_text(), "new\n")

    def test_a_hunk_that_has_moved_applies(self) -> None:
        (self.tree / LOCAL).write_text("more\n" * 5 + content_of(LOCAL))
        self.assertIn("patched\n", self.local(self.patch(diff(LOCAL, "line 9", "patched"))))

    def test_a_hunk_that_does_not_apply_is_named(self) -> None:
        tree = self.patch(diff(LOCAL, "line 1", "1") + "@@ -12,3 +12,3 @@\n line 11\n-nowhere\n+b\n line 13\n")
        self.refuses(tree, f"{tree}: its hunk for {LOCAL}:12 does not apply")

    def test_lines_around_a_hunk_must_be_there(self) -> None:
        tree = self.patch(diff(LOCAL, "line 9", "patched").replace(" line 8", " another"))
        self.refuses(tree, f"its hunk for {LOCAL}:7 does not apply")

    def test_a_patch_of_other_files(self) -> None:
        self.refuses(self.patch("--- a/x.c\n+++ b/x.c\n@@ -7 +7 @@\n-a\n+b\n"), "changes nothing that is under test")
        makefile = diff("Makefile", "VERSION = 9", "VERSION = 8", (self.tree / "Makefile").read_text())
        self.refuses(self.patch(makefile), "changes nothing that is under test")

    def test_what_is_no_patch(self) -> None:
        self.refuses(self.patch("Hello.\n"), "holds no patch")
        self.refuses(self.patch(""), "holds no patch")
        self.refuses(self.patch(f"--- a/{LOCAL}\n+++ b/{LOCAL}\n@@ -1,9 +1 @@\n-a\n"), "does not apply: corrupt patch")
        self.refuses(f"{self.tree}+/dev/zero", "is larger than 32 MiB")

    def test_a_patch_that_is_not_there(self) -> None:
        self.refuses(f"{self.tree}+no.patch", "there is no patch no.patch")
        self.refuses(f"{self.tree}+{self.folder}", f"there is no patch {self.folder}")
        patched = self.patch(diff(LOCAL, "line 3", "3"))
        self.refuses(f"{patched}+no.patch", "there is no patch no.patch")
        self.refuses(f"{self.folder}/no+{self.folder / 'fix.patch'}", "there is no such directory")

    def test_what_is_wrong_with_the_tree_is_not_said_of_the_patch(self) -> None:
        (self.tree / LOCAL).unlink()
        self.refuses(self.patch(diff(LOCAL, "line 3", "3")), f"{self.tree}: has no {LOCAL}")

    def test_a_patch_that_removes_a_file(self) -> None:
        lines = content_of(LOCAL).splitlines()
        whole = "".join(f"-{line}\n" for line in lines)
        self.refuses(
            self.patch(f"--- a/{LOCAL}\n+++ /dev/null\n@@ -1,{len(lines)} +0,0 @@\n{whole}"), f"has no {LOCAL}"
        )

    def test_a_patch_cannot_leave_the_copy(self) -> None:
        outside = self.folder / "outside"
        outside.write_text("outside")
        head = f"diff --git a/{CGROUP} b/{CGROUP}\nnew file mode 120000\n--- /dev/null\n+++ b/{CGROUP}\n"
        link = f"{head}@@ -0,0 +1 @@\n+{outside}\n\\ No newline at end of file\n"
        self.refuses(self.patch(link), f"makes {CGROUP} a link")
        self.refuses(self.patch("--- a/../outside\n+++ b/../outside\n@@ -1 +1 @@\n-outside\n+x\n"), "fix.patch")
        self.assertEqual(outside.read_text(), "outside")


class Mails(Trees):
    ONE, TWO = diff(LOCAL, "line 3", "one"), diff(LOCAL, "line 3", "two").replace("-line 3", "-one")

    def test_one_mail_with_a_patch(self) -> None:
        for text in (
            mail("[PATCH] fix", f"Why.\n---\n file | 2 +-\n\n{self.ONE}"),
            mail("[PATCH] fix", self.ONE).partition("\n")[2],
        ):
            self.assertIn("one\n", self.local(self.patch(text)))

    def test_what_git_writes(self) -> None:
        self.git("init", "-q")
        self.commit()
        for i in range(3):
            with (self.tree / LOCAL).open("a") as file:
                file.write(f"\u00fcber {i}\n")
            (self.tree / "x.c").write_text(f"{i}\n")
            self.commit(f"bpf: \u00e4ndere etwas\n\nFrom me, and\n\nFrom the other side.\n---\n--- a/x\n{i}")
        series = self.folder / "series.mbox"
        with series.open("wb") as file:
            command = ["git", "-C", str(self.tree), "format-patch", "--stdout", "--thread", "--attach=|", "HEAD~3"]
            for words in (command, [word for word in command if not word.startswith("--attach")]):
                file.seek(0)
                file.truncate()
                subprocess.run(words, stdout=file, check=True)
                self.assertEqual(self.local(f"{self.tree}@HEAD~3+{series}"), (self.tree / LOCAL).read_text())

    def test_a_pipe(self) -> None:
        reader, writer = os.pipe()
        self.addCleanup(os.close, reader)
        os.write(writer, self.ONE.encode())
        os.close(writer)
        self.assertIn("one\n", self.local(f"{self.tree}+/dev/fd/{reader}"))

    def test_a_thread_in_any_order_with_its_cover_letter_and_replies(self) -> None:
        quoted = "".join(f"> {line}\n" for line in self.ONE.splitlines())
        thread = [
            mail("[PATCH bpf-next v3 0/2] series", "From here on, this is better.\nFrom me.\n"),
            mail("Re: [PATCH bpf-next v3 1/2] one", f"{quoted}\nrather:\n{diff(LOCAL, 'line 9', 'a reply')}"),
            mail("[PATCH bpf-next v3 2/2] two", self.TWO),
            mail("[PATCH bpf-next v3 1/2] one", self.ONE),
        ]
        self.assertEqual(self.local(self.patch("".join(thread))), content_of(LOCAL).replace("line 3", "two"))

    def test_without_numbers_the_order_is_that_of_the_file(self) -> None:
        self.assertIn("two\n", self.local(self.patch(mail("[PATCH] one", self.ONE) + mail("[PATCH] two", self.TWO))))

    def test_mails_are_decoded(self) -> None:
        printable = self.ONE.replace("+one", "+=6Fne =\n=3D 1").replace("\n", "\r\n")
        quoted = mail("=?utf-8?q?=5BPATCH=5D_fix?=", printable, "Content-Transfer-Encoding: quoted-printable")
        self.assertIn("\none = 1\n", self.local(self.patch(quoted)))

    def test_a_line_that_begins_with_from_ends_no_mail(self) -> None:
        text = mail("[PATCH] fix", f"From now on it works.\n---\n{self.ONE}")
        self.assertIn("one\n", self.local(self.patch(text)))

    def test_the_patch_that_does_not_apply_is_named(self) -> None:
        thread = mail("[PATCH 1/2] one", self.ONE) + mail("[PATCH 2/2] two", diff(LOCAL, "line 3", "two"))
        self.refuses(self.patch(thread), f"patch 2 of 2: its hunk for {LOCAL}:1 does not apply")

    def test_two_versions_of_a_series(self) -> None:
        thread = mail("[PATCH v2 1/1] one", self.ONE) + mail("[PATCH v10 1/1] one", self.ONE)
        self.refuses(self.patch(thread), "holds versions 2, 10 of a series; keep one")

    def test_a_cover_letter_alone(self) -> None:
        self.refuses(self.patch(mail("[PATCH 0/2] series", "Hello.\n")), "holds no patch")


class Command(Trees):
    """python3 -m linux_tree, as scripts and CMake call it."""

    def run_it(self, *words: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-m", "linux_tree", *words]
        environment = {**os.environ, "PYTHONPATH": str(REPOSITORY / "scripts"), "PYTHONDONTWRITEBYTECODE": "1"}
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    def test_an_error_is_one_line_that_begins_with_the_command(self) -> None:
        done = self.run_it("take", "fuzz", str(self.folder / "n\no"))
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertRegex(done.stderr, r"\Afuzz: .*n\\no: there is no such directory.*\n\Z")

    def test_the_name_of_the_subject(self) -> None:
        done = self.run_it("name", str(self.tree))
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "linux-9.1\n", ""))

    def test_a_version_is_what_get_linux_says(self) -> None:
        with contextlib.redirect_stderr(io.StringIO()):
            scripts = self.folder / "checkout/scripts"
            shutil.copytree(REPOSITORY / "scripts/linux_tree", scripts / "linux_tree")
            fetch = scripts / "get-linux"
            environment = {**os.environ, "PYTHONPATH": str(scripts), "PYTHONDONTWRITEBYTECODE": "1"}
            command = [sys.executable, "-m", "linux_tree", "take", "fuzz", f"9.1+{self.folder / 'fix.patch'}"]
            self.patch(diff(LOCAL, "line 3", "patched"))
            fetch.write_text(f"#!/bin/sh\n[ $1 = 9.1 ] && echo '{self.tree}'\n")
            fetch.chmod(0o755)
            done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
            folder, origin, shown = done.stdout.splitlines()
            self.assertEqual(pathlib.Path(folder).parent, self.folder / "checkout/build/trees")
            self.assertIn("patched\n", (pathlib.Path(folder) / LOCAL).read_text())
            fetch.write_text("#!/bin/sh\necho 'get-linux: Debian has none' >&2\nexit 5\n")
            done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
            self.assertEqual((done.returncode, done.stderr), (5, "get-linux: Debian has none\n"))


if __name__ == "__main__":
    unittest.main()
