# SPDX-License-Identifier: MIT
"""A fuzzing campaign: what `scripts/fuzz` does after its options have been read, and how it says what it found.

Modules, each using those before it only:
  terminal   what a person reads while it runs, and the exit codes
  job        what was asked for and what was built for it
  folder     the work folder: locked, what earlier runs found set aside, watched for a full disk
  engines    libFuzzer, AFL++ and honggfuzz, each as threads that keep its processes going
  summary    the counts of all processes, and the table, summary.json and summary.sarif in the end
  campaign   the run from start to end: fuzz, minimize, tell
  search     instead of fuzzing: every schedule of what is small
  build      has the fuzz binary built, by bash (build.sh)
  options    the command line
"""
