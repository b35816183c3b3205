// SPDX-License-Identifier: MIT
//
// A task: a simulated CPU context. The set-up, A to D, the end, and each RCU callback is one.
#ifndef NOFAIL_CORE_KERNEL_SIM_TASK_H_
#define NOFAIL_CORE_KERNEL_SIM_TASK_H_

#include <cstdint>

#include "core/kernel/kernel.h"
#include "core/kernel/trace/ids.h"
#include "core/kernel/trace/trace.h"
#include "fuzz/base/limits.h"

namespace nofail {

struct Task {
  enum class State : uint8_t {
    kFree,      // no task
    kRunnable,  // runs or could
    kBlocked,   // until ready(argument)
    kSpinning,  // polled, and nothing has been stored since
  };

  State state = State::kFree;
  OpRef op;         // who it is, and what it is doing
  ObjectId object;  // a callback: what it is about
  void (*body)(void*) = nullptr;
  void* argument = nullptr;

  bool (*ready)(const void*) = nullptr;
  const void* ready_argument = nullptr;

  uint16_t ordinals[kChoiceKinds];  // choices of the current op so far, by kind
  // What the task's next scheduling point is, if anything out of the ordinary: the first of a task that was just picked
  // to start (asking again would enumerate the same interleaving twice), or a poll of a spin loop, which is none.
  enum class Next : uint8_t { kPoint, kFirst, kPoll, kAfterPoll } next;
  uint32_t stores_seen;  // Scheduler::stores_ at its last cpu_relax
  bool in_callback;      // runs an RCU callback
  bool rcu_reported;     // RcuNotHeld was reported for this op
  bool resched_due;      // need_resched said yes, and the task cannot have been scheduled since
  uint32_t hash;         // of the hashed objects that it allocates

  // Reader sections (rcu.cc).
  uint8_t nesting[2];
  // Objects that the current outermost section has got a pointer to with rcu_dereference, one bit each; words above
  // `touched_words` are stale. (What is merely written as a list neighbour, under the list's lock, is not held.)
  uint32_t touched_words;
  uint64_t touched[kMaxObjects / 64];

  // Locks (rqspinlock.cc), in the order taken.
  uint8_t held_count;
  void* held[kMaxHeldLocks];
  const kernel_rqspinlock* waiting_for;
  int lock_error;  // set by a peer that lets this waiter fail

  // The read-modify-write between kernel_rmw and kernel_rmw_done (memory.cc).
  ObjectId rmw_object;
  uint16_t rmw_offset;
  kernel_order rmw_order;
  kernel_site rmw_site;

  // Thread sanitizer only: addresses loaded without order since the last fence (memory.cc).
  static constexpr uint32_t kRecentLoads = 4;
  const volatile void* recent_loads[kRecentLoads];
  uint32_t recent_load_count;

  // Interrupts off (from an attempt on a lock on), or inside a callback, which runs with bottom halves off.
  bool InAtomic() const { return held_count != 0 || waiting_for != nullptr || in_callback; }
  // Whether a grace period of RCU that begins now has to wait for this task.
  bool IsRcuReader() const { return nesting[KERNEL_RCU] != 0 || InAtomic(); }
  bool InSection() const { return nesting[KERNEL_RCU] != 0 || nesting[KERNEL_RCU_TASKS_TRACE] != 0; }
  void Touch(ObjectId id) {
    while (touched_words <= id / 64u) touched[touched_words++] = 0;
    touched[id / 64u] |= uint64_t{1} << (id % 64u);
  }
  bool Touched(ObjectId id) const { return id / 64u < touched_words && (touched[id / 64u] >> (id % 64u) & 1) != 0; }
};

}  // namespace nofail
#endif  // NOFAIL_CORE_KERNEL_SIM_TASK_H_
