// SPDX-License-Identifier: MIT
//
// Every kernel header that the tree's files include is this one (CMakeLists.txt has the list), but for those that are
// taken from the tree themselves. By trust:
//   language.h  the kernel's dialect of C
//   routed.h    behaviour, routed to core/kernel/kernel.h
//   bpf.h       maps and values: structures of ours, behaviour routed
//   owners.h    sockets, tasks, cgroups, inodes: ours
//   inert.h     deliberately nothing
#ifndef NOFAIL_CORE_SUBJECTS_LINUX_API_H_
#define NOFAIL_CORE_SUBJECTS_LINUX_API_H_

#include "core/subjects/linux/bpf.h"
#include "core/subjects/linux/inert.h"
#include "core/subjects/linux/language.h"
#include "core/subjects/linux/owners.h"
#include "core/subjects/linux/routed.h"

#endif  // NOFAIL_CORE_SUBJECTS_LINUX_API_H_
