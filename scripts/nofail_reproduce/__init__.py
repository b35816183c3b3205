# SPDX-License-Identifier: MIT
"""From a schedule to a kernel that boots and shows it: scripts/reproduce. docs/reproduce.md says how it works.

Modules, each using those before it only:
  instrument   a copy of a tree in which each primitive of the files under test has a gate
  kernel       builds a kernel from it
  plan         who waits at which gate, from a run of the schedule in the simulator
  machine      boots the kernel with the driver and the plan
  console      what the kernel says of each kind of violation, and whether it did
  patch        the gates of one schedule as a patch for people
Beside them: guest/, the C that runs in the machine, and configs/, the parts of kernel configurations.
"""
