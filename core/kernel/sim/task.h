// SPDX-License-Identifier: MIT
//
// A task: a simulated CPU. There is a task for the set-up, for each of A to D, for the end, and for each RCU callback.
#ifndef NOFAIL_CORE_KERNEL_SIM_TASK_H_
#define NOFAIL_CORE_KERNEL_SIM_TASK_H_

#include <cstdint>

#include "core/kernel/kernel.h"
#include "core/kernel/trace/ids.h"
#include "core/kernel/trace/trace.h"
#include "fuzz/base/limits.h"

namespace nofail {

// A hash of all that a task has done and seen since its op began (state.h).
struct History {
  uint64_t low, high;
};

// The state of one task. The object of a slot is reused for one task after the other.
struct Task {
  enum class State : uint8_t {
    kFree,      // the slot has no unfinished task
    kRunnable,  // the task runs, or could run
    kBlocked,   // the task waits until ready(ready_argument) is true
    kSpinning,  // the task called cpu_relax, and nothing has been stored since
  };

  State state = State::kFree;
  OpRef op;         // which task this is, and which op it performs
  ObjectId object;  // the object that a callback is about; 0 for other tasks
  void (*body)(void*) = nullptr;
  void* argument = nullptr;  // of body

  bool (*ready)(const void*) = nullptr;
  const void* ready_argument = nullptr;

  uint16_t ordinals[kChoiceKinds];  // by kind: how many choices the current op has come to so far
  // What the task's next scheduling point is:
  //   kPoint      an ordinary one;
  //   kFirst      the first of a task that was just picked to start. It is counted, but the chooser is not asked:
  //               another question here would only enumerate the same interleavings twice;
  //   kPoll       the first after cpu_relax, which belongs to the poll of a spin loop. It is not counted;
  //   kAfterPoll  the one after that. It is an ordinary one, unless the task calls cpu_relax again before it.
  enum class Next : uint8_t { kPoint, kFirst, kPoll, kAfterPoll } next;
  uint32_t stores_seen;  // Scheduler::stores_ at the task's last cpu_relax
  bool in_callback;      // the task runs an RCU callback, or a deferred function that may not sleep
  bool rcu_reported;     // RcuNotHeld was reported for the current op
  // need_resched has said yes inside an RCU section that cannot be preempted, so it goes on saying yes until the task
  // leaves the section.
  bool resched_due;
  uint32_t hash;  // of the hashed objects that the task allocates

  // Reader sections (rcu.cc): how deeply the task is nested in them, by flavour.
  uint8_t nesting[2];
  // A bit for each object that the task has got a pointer to with rcu_dereference in its current outermost section.
  // Only the first `touched_words` words are valid. An object that the task merely writes to as a neighbour on a list,
  // under the list's lock, is not among them.
  uint32_t touched_words;
  uint64_t touched[kMaxObjects / 64];

  // Locks (rqspinlock.cc).
  uint8_t held_count;
  void* held[kMaxHeldLocks];             // in the order taken
  const kernel_rqspinlock* waiting_for;  // null for none
  int lock_error;                        // a negative errno that ends the wait for `waiting_for`; 0 for none

  // The read-modify-write between kernel_rmw and kernel_rmw_done (memory.cc).
  ObjectId rmw_object;
  uint16_t rmw_offset;
  kernel_order rmw_order;
  kernel_site rmw_site;
  // Where the subject's code goes on after it has announced its last marked access (kernel_sim.cc). Only for the race
  // detector.
  uintptr_t marked_pc;

  // Addresses that the task loaded without order since its last acquire or full fence (memory.cc). Only for the thread
  // sanitizer.
  static constexpr uint32_t kRecentLoads = 4;
  const volatile void* recent_loads[kRecentLoads];
  uint32_t recent_load_count;  // may exceed kRecentLoads: the oldest are overwritten

  // For a search (state.h), which alone looks at these.
  History history;
  History polled;    // what `history` was after the last cpu_relax
  bool only_polled;  // since then, the task has only loaded
  bool knows_cpu;    // the task has asked which CPU it is on
  uint16_t picks;    // how many ordinals of kPreempt the current op took because the task could not go on

  // How many scheduling points the current op has come to while it could go on.
  uint16_t Position() const { return static_cast<uint16_t>(ordinals[static_cast<int>(ChoiceKind::kPreempt)] - picks); }
  // Whether the task runs with interrupts or preemption off, which it does while it holds or waits for a lock, or with
  // bottom halves off, which it does in a callback.
  bool InAtomic() const { return held_count != 0 || waiting_for != nullptr || in_callback; }
  // Whether a grace period of RCU that begins now has to wait for this task.
  bool IsRcuReader() const { return nesting[KERNEL_RCU] != 0 || InAtomic(); }
  // Whether the task is in a reader section of either flavour.
  bool InSection() const { return nesting[KERNEL_RCU] != 0 || nesting[KERNEL_RCU_TASKS_TRACE] != 0; }
  // Puts the object into `touched`.
  void Touch(ObjectId id) {
    while (touched_words <= id / 64u) touched[touched_words++] = 0;
    touched[id / 64u] |= uint64_t{1} << (id % 64u);
  }
  bool Touched(ObjectId id) const { return id / 64u < touched_words && (touched[id / 64u] >> (id % 64u) & 1) != 0; }
};

}  // namespace nofail
#endif  // NOFAIL_CORE_KERNEL_SIM_TASK_H_
