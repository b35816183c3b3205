// SPDX-License-Identifier: MIT
//
// The headers that a tree's files find in place of the kernel's. When such a file includes a kernel header, it gets
// this one (CMakeLists.txt has the list of headers). Two headers are the tree's own: linux/bpf_local_storage.h and
// net/bpf_sk_storage.h; each of them comes after this one (cmake/shims.cmake).
//
// language.h has the kernel's dialect of C; it has no behaviour.
//
// Interfaces whose behaviour matters are routed to core/kernel/kernel.h, so that a kernel source file gets the
// behaviour that the contract specifies. The findings rest on these headers: a mistake here leads to false findings, or
// hides bugs.
//   atomics.h     marked accesses, barriers, atomic operations, reference counts, bits
//   routed.h      RCU, locks, time, memory
//   lists.h       list_head, hlist, hlist_bl, llist
//   guards.h      guard, scoped_guard, __free
//   assertions.h  warnings, BUG, lockdep's assertions, might_sleep
//   deferred.h    work items, irq_work, timers
//   waiting.h     wait queues, completions, mutexes, sequence counters, SRCU, percpu_ref
//   percpu.h      per-CPU variables
//   bpf.h         maps and values: the structures are ours, the behaviour is routed
//   owners.h      sockets, tasks, cgroups, inodes: structures of ours
//
// inert.h has interfaces that deliberately do nothing.
//
// Interfaces are macros, so that the site of each call is the function and the line of the kernel's own file. A macro
// adds the site to a function with that additional last parameter.
#ifndef NOFAIL_CORE_SUBJECTS_LINUX_API_H_
#define NOFAIL_CORE_SUBJECTS_LINUX_API_H_

#include "core/subjects/linux/assertions.h"
#include "core/subjects/linux/atomics.h"
#include "core/subjects/linux/bpf.h"
#include "core/subjects/linux/deferred.h"
#include "core/subjects/linux/guards.h"
#include "core/subjects/linux/inert.h"
#include "core/subjects/linux/language.h"
#include "core/subjects/linux/lists.h"
#include "core/subjects/linux/owners.h"
#include "core/subjects/linux/percpu.h"
#include "core/subjects/linux/routed.h"
#include "core/subjects/linux/waiting.h"

#endif  // NOFAIL_CORE_SUBJECTS_LINUX_API_H_
