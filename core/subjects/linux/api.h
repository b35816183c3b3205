// SPDX-License-Identifier: MIT
//
// The headers that a tree's files find in place of the kernel's. When such a file includes a kernel header, it gets
// this one (CMakeLists.txt has the list of headers). Two headers are the tree's own: linux/bpf_local_storage.h and
// net/bpf_sk_storage.h; each of them comes after this one (cmake/shims.cmake).
//   language.h  the kernel's dialect of C; no behaviour
//   routed.h    interfaces whose behaviour is routed to core/kernel/kernel.h
//   bpf.h       maps and values: the structures are ours, the behaviour is routed
//   owners.h    sockets, tasks, cgroups, inodes: structures of ours
//   inert.h     interfaces that deliberately do nothing
#ifndef NOFAIL_CORE_SUBJECTS_LINUX_API_H_
#define NOFAIL_CORE_SUBJECTS_LINUX_API_H_

#include "core/subjects/linux/bpf.h"
#include "core/subjects/linux/inert.h"
#include "core/subjects/linux/language.h"
#include "core/subjects/linux/owners.h"
#include "core/subjects/linux/routed.h"

#endif  // NOFAIL_CORE_SUBJECTS_LINUX_API_H_
