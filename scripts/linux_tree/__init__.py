# SPDX-License-Identifier: MIT
"""From what a person writes after --linux to a folder that can be compiled: `take` (snapshot.py).

Modules, each using those before it only:
  files      the files of a tree that are under test, read from a folder
  git        the same, read from a revision, without touching the work tree
  patches    patches and mails, applied to those files
  version    what the tree's Makefile says of its version
  argument   the parts of a TREE argument
  snapshot   a folder that is named after the contents of the files in it
"""
