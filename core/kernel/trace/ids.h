// SPDX-License-Identifier: MIT
//
// How schedules, traces and reports name tasks, ops, objects and choices. A name depends on the schedule alone, never
// on an address, so that it means the same in every run, build and process.
#ifndef NOFAIL_CORE_KERNEL_TRACE_IDS_H_
#define NOFAIL_CORE_KERNEL_TRACE_IDS_H_

#include <compare>
#include <cstdint>
#include <string>

#include "core/kernel/kernel.h"

namespace nofail {

// A task: the set-up, A to D, the end (which tears down what still lives), or an RCU callback. The id of a callback is
// kFirstCallback + the kind of the object that the callback is about. B and C, between kTaskA and kTaskD, have no
// enumerator.
enum TaskId : uint8_t { kSetup = 0, kTaskA = 1, kTaskD = 4, kEnd = 5, kFirstCallback = 8, kNoTask = 255 };

// An op: which task performs it, and its number among the ops of that task, from 0. For a callback, `op` is the number
// of the object among those of its kind, in order of allocation. For example, {kFirstCallback + KERNEL_SELEM, 3} is
// cb/selem3.
struct OpRef {
  uint8_t task = kNoTask;  // a TaskId, or kFirstCallback + a kernel_object_kind
  uint8_t op = 0;
  auto operator<=>(const OpRef&) const = default;
  bool IsCallback() const { return task >= kFirstCallback && task != kNoTask; }
};

// What a choice is about, and what its answers mean. Each answer is in [0, n), and 0 is the default. The keywords of
// the text form are in fuzz/schedule/keywords.h.
enum class ChoiceKind : uint8_t {
  kPreempt,      // which task runs on. By default the current one does, or, if it cannot, the first runnable task
  kLock,         // what an attempt on an rqspinlock gets: a LockAnswer
  kAlloc,        // 1: the allocation fails
  kGracePeriod,  // 1 to 3: the grace period ends this many task switches later than it could; 4: as late as possible
  kLoadAge,      // k: a marked load sees the k-th older store (memory mode weak). The simulator never asks this
  kNmi,          // k: an NMI runs the k-th nested op here. The simulator never asks this
  kResched,      // 1: rescheduling is due (kernel_need_resched)
};
inline constexpr int kChoiceKinds = 7;

// A mode of the schedule: when an attempt to take an rqspinlock may fail.
enum class LockMode : uint8_t {
  kContended,  // an attempt fails only for the kernel's reasons: another holder, a lock that its CPU holds, a cycle
  kAny,        // every attempt may fail
};

// Answers of a kLock choice. core/kernel/sim/rqspinlock.h says when each is possible.
enum LockAnswer : uint16_t {
  kGranted = 0,       // the attempt takes the lock, after waiting for its holder if there is one
  kTimeout = 1,       // the attempt gets -ETIMEDOUT
  kDeadlock = 2,      // the attempt gets -EDEADLK
  kPeerDeadlock = 3,  // the other waiter of a cycle gets -EDEADLK, and this attempt waits
  kBothDeadlock = 4   // both waiters of a cycle get -EDEADLK
};

// How 16 bits name the task that runs next: (task + 1) << 8 | op, where op is 0 unless the task is a callback. So 0
// names no task. A deviation answers a kPreempt choice in this form.
inline uint16_t PackTarget(OpRef target) {
  return static_cast<uint16_t>((target.task + 1) << 8 | target.op);
}
inline OpRef UnpackTarget(uint16_t answer) {
  return {static_cast<uint8_t>((answer >> 8) - 1), static_cast<uint8_t>(answer & 0xff)};
}

// The name of an object, such as "m0", "o1", "selem3", "storage0" or "buckets0". `number` is the object's number among
// those of its kind, in order of allocation.
std::string ObjectName(kernel_object_kind kind, uint32_t number);
// The name of a task, such as "A", "setup", "end" or "cb/selem3"; "none" for kNoTask.
std::string TaskName(OpRef ref);

}  // namespace nofail
#endif  // NOFAIL_CORE_KERNEL_TRACE_IDS_H_
