# SPDX-License-Identifier: MIT
"""Patches, as `git diff`, `diff -u`, `git format-patch` and `b4 am` write them: one or many in a file, with or without
mail around them. They are applied in a folder of their own, as `git am` would: a hunk may have moved, but its lines
must be there as they are."""

import dataclasses
import email
import email.header
import pathlib
import re
import tempfile

from linux_tree.files import NEEDED, UNDER_TEST, Files, TreeError, from_folder, printable
from linux_tree.git import git

LARGEST = 32 << 20  # bytes of a file of patches
# What separates mails in a mailbox; a commit message may have a line that merely begins with "From ".
SEPARATOR = re.compile(rb"^From \S+ .*\d\d:\d\d:\d\d.*\d{4}.*\n", re.MULTILINE)
MAIL = re.compile(rb"(?:From|Subject|Date|Message-I[Dd]|Received|Return-Path|Delivered-To|MIME-Version|X-[\w-]+):")
HAS_DIFF = re.compile(rb"^--- .*\n\+\+\+ .*\n@@ |^diff --git ", re.MULTILINE)


@dataclasses.dataclass(frozen=True)
class Patch:
    subject: str  # of the mail that it came in; else empty
    text: bytes  # the diff, and anything around it

    @property
    def number(self) -> int:
        """Its place in a series: 2 for [PATCH bpf-next v3 2/5]; 0 if the subject says none."""
        found = re.match(r"\[[^]]*?\b(\d+)/\d+\]", self.subject)
        return int(found[1]) if found else 0

    @property
    def series(self) -> int:
        """The version of its series: 3 for [PATCH bpf-next v3 2/5]."""
        found = re.match(r"\[[^]]*?\bv(\d+)\b[^]]*\]", self.subject)
        return int(found[1]) if found else 1


def in_mail(mail: bytes) -> Patch:
    """What a mail says, decoded; attachments that are text follow."""
    message = email.message_from_bytes(mail)
    text = b""
    for part in message.walk():
        if part.get_content_maintype() != "text":
            continue
        content = part.get_payload(decode=True)
        assert isinstance(content, bytes)
        charset = part.get_content_charset("utf-8")
        try:
            content = content.decode(charset).encode()
        except (LookupError, UnicodeDecodeError):
            pass  # the bytes are as good as anything
        text += content.replace(b"\r\n", b"\n") + b"\n"
    subject = str(email.header.make_header(email.header.decode_header(message.get("Subject", ""))))
    return Patch(" ".join(subject.split()), text)


def patches_in(content: bytes, shown: str) -> list[Patch]:
    """The patches of a file, in the order in which they are to be applied. Of a thread of mails, cover letter and
    replies are left out."""
    separators = list(SEPARATOR.finditer(content))
    if separators and separators[0].start() == 0:
        ends = [separator.start() for separator in separators[1:]] + [len(content)]
        patches = [in_mail(content[start.end() : end]) for start, end in zip(separators, ends)]
    elif MAIL.match(content):
        patches = [in_mail(content)]
    else:
        patches = [Patch("", content)]
    patches = [p for p in patches if HAS_DIFF.search(p.text) and not re.match(r"(?i)(re|aw|fwd?):", p.subject)]
    if not patches:
        raise TreeError(f"{shown}: holds no patch; expected a diff, a mail with one, or a mailbox of such mails")
    versions = sorted({p.series for p in patches})
    if len(versions) > 1:
        raise TreeError(
            f"{shown}: holds versions {', '.join(map(str, versions))} of a series; keep one, for example with `b4 am`"
        )
    numbers = [p.number for p in patches]
    return sorted(patches, key=lambda p: p.number) if len(set(numbers)) == len(numbers) else patches


def read(path: pathlib.Path, shown: str) -> list[Patch]:
    try:
        with path.open("rb") as file:  # it may be a pipe: ../linux+<(git diff)
            content = file.read(LARGEST + 1)
    except OSError as error:
        raise TreeError(f"{shown}: cannot be read: {error.strerror}") from error
    if len(content) > LARGEST:
        raise TreeError(f"{shown}: is larger than {LARGEST >> 20} MiB; expected a patch")
    return patches_in(content, shown)


def why_not(error: str) -> str:
    """What git apply complains of, as the end of a sentence that begins with the patch."""
    hunk = re.search(r"^error: patch failed: (.*:\d+)$", error, re.MULTILINE)
    if hunk:
        return f"its hunk for {printable(hunk[1])} does not apply"
    first = re.search(r"^(?:error|fatal): (.*)$", error, re.MULTILINE)
    return f"does not apply: {printable(first[1] if first else error.strip() or 'git did not say why')}"


def apply(files: Files, path: pathlib.Path, shown: str) -> Files:
    """The files with all patches of the file `path` applied. Other files that the patches change are left out."""
    patches = read(path, shown)
    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(scratch).resolve()
        for name, content in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content)
        only = [f"--include={name}" for name in NEEDED]
        # In a repository, git would look for the files from its top, and pass over what is not there. What a person's
        # configuration says of white space must not matter.
        alone = {
            "GIT_CEILING_DIRECTORIES": str(folder.parent),
            "GIT_CONFIG_GLOBAL": "/dev/null",
            "GIT_CONFIG_NOSYSTEM": "1",
        }
        for i, patch in enumerate(patches):
            words = ["apply", "--whitespace=nowarn", *only, "-"]
            done = git(folder, *words, standard_input=patch.text, **alone)
            if done.returncode != 0:
                which = f"patch {i + 1} of {len(patches)}: " if len(patches) > 1 else ""
                raise TreeError(f"{shown}: {which}{why_not(done.stderr.decode('utf-8', 'replace'))}")
        for name in NEEDED:
            if (folder / name).is_symlink():
                raise TreeError(f"{shown}: makes {name} a link; expected a file")
        patched = from_folder(folder, shown)
    if all(patched.get(name) == files.get(name) for name in UNDER_TEST):
        raise TreeError(f"{shown}: changes nothing that is under test; docs/linux.md lists the files that are")
    return patched
