// SPDX-License-Identifier: MIT
//
// How schedules, traces and reports name tasks, operations, objects and choices. Names depend on the schedule alone,
// never on addresses, so that they mean the same in every run, build and process.
#ifndef NOFAIL_CORE_KERNEL_TRACE_IDS_H_
#define NOFAIL_CORE_KERNEL_TRACE_IDS_H_

#include <compare>
#include <cstdint>
#include <string>

#include "core/kernel/kernel.h"

namespace nofail {

// Which task: the set-up, A to D, the end (which tears down what still lives), or, from kFirstCallback on, the RCU
// callback of an object: kFirstCallback + its kind.
enum TaskId : uint8_t { kSetup = 0, kTaskA = 1, kTaskD = 4, kEnd = 5, kFirstCallback = 8, kNoTask = 255 };

// An operation: the n-th op of a task, counted from 0. For a callback, `op` is the number of the object among those of
// its kind, in order of allocation: {kFirstCallback + KERNEL_SELEM, 3} is cb/selem3.
struct OpRef {
  uint8_t task = kNoTask;
  uint8_t op = 0;
  auto operator<=>(const OpRef&) const = default;
  bool IsCallback() const { return task >= kFirstCallback && task != kNoTask; }
};

// What may go either way. Each answer is in [0, n), 0 is the default. The text word stands in schedule/text.cc.
enum class ChoiceKind : uint8_t {
  kPreempt,      // which task runs on; the default stays, or at a forced switch takes the first runnable one
  kLock,         // what an rqspinlock attempt returns: LockAnswer
  kAlloc,        // 1: the allocation fails
  kGracePeriod,  // 1 to 3: the grace period ends so many task switches later than it could; 4: as late as can be
  kLoadAge,      // k: a marked load sees the k-th older store (memory mode weak)
  kNmi,          // k: an NMI runs the k-th nested op here
  kResched,      // 1: rescheduling is due
};
inline constexpr int kChoiceKinds = 7;

// A mode of the scenario: when an attempt to take an rqspinlock may fail.
enum class LockMode : uint8_t {
  kContended,  // an attempt fails only for the reasons a real one does: another holder, a held lock, a cycle
  kAny,        // every attempt may fail
};

// Answers of a kLock choice. kGranted covers waiting for a holder.
enum LockAnswer : uint16_t { kGranted = 0, kTimeout = 1, kDeadlock = 2, kPeerDeadlock = 3, kBothDeadlock = 4 };

// A deviation's answer to a kPreempt choice names the task to run: an OpRef (op 0 unless it is a callback) as
// (task + 1) << 8 | op, so that 0 names nobody.
inline uint16_t PackTarget(OpRef target) {
  return static_cast<uint16_t>((target.task + 1) << 8 | target.op);
}
inline OpRef UnpackTarget(uint16_t answer) {
  return {static_cast<uint8_t>((answer >> 8) - 1), static_cast<uint8_t>(answer & 0xff)};
}

// "m0", "o1", "selem3", "storage0", "buckets0". `number` counts allocations of the kind.
std::string ObjectName(kernel_object_kind kind, uint32_t number);
// "A", "setup", "end", "cb/selem3".
std::string TaskName(OpRef ref);

}  // namespace nofail
#endif  // NOFAIL_CORE_KERNEL_TRACE_IDS_H_
