// SPDX-License-Identifier: MIT
//
// RCU and RCU Tasks Trace.
//
// Stands for: rcu_read_lock, rcu_read_lock_trace, call_rcu, call_rcu_tasks_trace, kfree_rcu, synchronize_rcu,
//   synchronize_rcu_tasks_trace, might_sleep, rcu_barrier, rcu_barrier_tasks_trace, start_poll_synchronize_rcu,
//   poll_state_synchronize_rcu.
//   (Documentation/RCU/Design/Requirements, Linux 7.2)
// Guarantees:
//   - A grace period ends no earlier than the last reader section that began before it. A grace period of RCU Tasks
//     Trace waits for the sections of both flavours.
//   - To RCU, a task that holds or waits for a lock is a reader, too, because interrupts or preemption are off. So is a
//     task that runs a callback, because bottom halves are off. (include/linux/rcupdate.h, rcu_read_lock)
//   - A callback runs in a task of its own, which can run from the end of its grace period on. A kfree_rcu frees its
//     object at the end of its grace period.
//   - A barrier returns when every callback of its flavour that was handed over before has run.
//   - A poll is true from the end of its grace period on, or from that of one that began later.
//   - A head that was handed over is overwritten: whoever takes it for something else and follows it faults.
// Requires: no task blocks inside an RCU section, with a lock held or in a callback; faults otherwise.
// Choices: kGracePeriod, once a grace period has no reader left to wait for. The grace period ends at once (answer 0),
//   after 1 to 3 task switches (answers 1 to 3), or as late as possible, which is when no task can run (answer 4).
// Emits: ReadLock, ReadUnlock, CallRcu, KfreeRcu, GpWait, GpEnd, GpDone, GpStart, GpPoll, BarrierWait, BarrierDone,
//   CallbackBegin, CallbackEnd; faults SleepInRcu, SleepInAtomic, RcuImbalance; the faults of Heap::HandOver.
// Bounds: kMaxFibers unfinished tasks and callbacks.
// Not modelled:
//   - rcu_read_lock as a scheduling point. In a kernel the following can happen:
//       1. task A takes its last step before its section;
//       2. task B begins a grace period, which does not wait for a section that A has yet to enter;
//       3. A enters its section.
//     Here A takes steps 1 and 3 at once. So the grace period of B either begins before step 1, or it waits for A's
//     section. Only a task that sees what step 1 did can tell the order above from a grace period that begins before
//     step 1. Errs towards silence. It saves a choice for every section.
//   - Differences between kernels without PREEMPT_RCU. `preemptible_rcu = false` allows what any such kernel does. In
//     some of them (PREEMPT_NONE, PREEMPT_VOLUNTARY) a task is rescheduled only at explicit points. In the others
//     (PREEMPT_LAZY without PREEMPT_DYNAMIC; in 7.2 the only ones on most architectures) a task may be preempted
//     anywhere outside a section. In a kernel of the first sort, code that does not give way is a reader outside of
//     sections, too. Here it is not: errs towards reporting.
//   - Batches of callbacks and their order. A kernel lets several callbacks wait for one grace period, and runs the
//     callbacks of one CPU in order. Here each call has a grace period of its own, and callbacks run in any order. This
//     allows more than the kernel does: errs towards reporting.
//   - Expedited grace periods. A grace period may end as soon as it has no reader anyway: errs towards neither.
//   - That interrupts must be on where a task begins a grace period to poll for. Here it may hold an rqspinlock: errs
//     towards silence.
//   - Stalls. A grace period that a reader holds up for long is no fault: errs towards silence.
//   - To the thread sanitizer and the race detector, separate contexts for kfree_rcu. They are told that one context
//     frees all the objects of a run, one after the other: errs towards silence.
#ifndef NOFAIL_CORE_KERNEL_SIM_RCU_H_
#define NOFAIL_CORE_KERNEL_SIM_RCU_H_

#include <vector>

#include "core/kernel/kernel.h"
#include "core/kernel/sim/fiber.h"
#include "core/kernel/sim/sanitizer.h"
#include "core/kernel/sim/task.h"

namespace nofail {

struct Machine;

class Rcu {
 public:
  explicit Rcu(Machine& machine);

  // Forgets all grace periods.
  void Reset();
  // The functions of core/kernel/kernel.h.
  void ReadLock(kernel_rcu_flavour flavour, kernel_site site);
  void ReadUnlock(kernel_rcu_flavour flavour, kernel_site site);
  void Call(kernel_rcu_flavour flavour, kernel_rcu_head* head, void (*callback)(kernel_rcu_head*), kernel_site site);
  void KfreeRcu(void* object, kernel_site site);
  void Synchronize(kernel_rcu_flavour flavour, kernel_site site);
  void Barrier(kernel_rcu_flavour flavour, kernel_site site);
  uint64_t StartPoll(kernel_site site);
  bool Poll(uint64_t number, kernel_site site);

  // Faults if the current task must not block.
  void CheckMaySleep(kernel_site site);
  // Called when the current task may have ceased to be a reader of RCU: after an unlock, a failed wait, a callback.
  void LeftAtomic() {
    if (!open_.empty() || kDetectsRaces) Left(KERNEL_RCU);
  }
  // Called at each task switch. Grace periods that end some switches late come one switch closer to their end.
  void Switched() {
    if (late_ != 0) [[unlikely]]
      CountDown();
  }
  // Called when no task can run. Ends the oldest late grace period. Returns false when there is none.
  bool EndOneLate();
  // Ends all sections that the current task is in. The caller reports the fault.
  void LeaveAll(kernel_site site);
  // Copies all grace periods (archive.h).
  template <typename Archive>
  void Copy(Archive& archive) {
    archive.Vector(periods_);
    archive.Vector(open_);
    archive.Vector(callbacks_[0]);
    archive.Vector(callbacks_[1]);
    archive.Value(late_);
    archive.Value(is_polled_);
  }

 private:
  enum class Kind : uint8_t { kSynchronize, kCallback, kKfree, kPolled };
  struct GracePeriod {
    Kind kind;
    kernel_rcu_flavour flavour;
    bool ended;
    uint8_t late;           // once no reader is left: task switches until the grace period ends, or kLatest; 0 before
    uint64_t readers[2];    // by flavour: a bit for the slot of each task that it waits for
    ObjectId object;        // what waits for it; 0 for kSynchronize and kPolled
    kernel_rcu_head* head;  // of a kCallback; null otherwise
    kernel_site site;       // where it was asked for
    OpRef op;               // by whom
  };

  // A wait for the callbacks among `callbacks` whose grace period has a number below `before`.
  struct BarrierWait {
    const std::vector<uint32_t>* callbacks;
    uint32_t before;
  };

  friend class StateReader;

  // Begins a grace period and returns its number. With no reader to wait for, the grace period may end in this call.
  uint32_t Begin(Kind kind, kernel_rcu_flavour flavour, ObjectId object, kernel_rcu_head* head, kernel_site site);
  // The grace period has no reader left: asks when it ends.
  void NoReaderLeft(uint32_t number);
  // Ends the grace period: wakes the task in synchronize_rcu, spawns the callback, or frees the object. Tasks that poll
  // may go on.
  void End(uint32_t number);
  void Kfree(GracePeriod& period);
  // The task that runs the callback of a kCallback.
  OpRef CallbackOf(const GracePeriod& period) const;
  void FollowEndedSections(GracePeriod& period);
  // Takes one task switch off each late grace period, and ends those that have none left.
  void CountDown();
  // Whether a grace period that waits for readers of this flavour waits for the task.
  static bool IsReader(const Task& task, kernel_rcu_flavour flavour) {
    return flavour == KERNEL_RCU ? task.IsRcuReader() : task.nesting[flavour] != 0;
  }
  // A bit for the slot of each task that is a reader of this flavour.
  uint64_t Readers(kernel_rcu_flavour flavour) const;
  // If the current task is no reader of this flavour any more, no grace period waits for it any longer.
  void Left(kernel_rcu_flavour flavour);
  // Conditions for Scheduler::Block: the grace period has ended; no callback is left that a barrier waits for.
  static bool HasEnded(const void* argument);
  static bool NoneBefore(const void* argument);
  // The body of a callback's task. `argument` is the GracePeriod.
  static void RunCallback(void* argument);

  Machine& machine_;
  std::vector<GracePeriod> periods_;  // the grace periods of this run, by number; memory is kept from run to run
  std::vector<uint32_t> open_;        // numbers of the grace periods that have not ended, oldest first
  uint32_t late_ = 0;                 // how many open grace periods have no reader left, but end late
  bool is_polled_ = false;            // a task of this run may poll for the end of a grace period
  // By flavour: numbers of the grace periods whose callback has not run to its end.
  std::vector<uint32_t> callbacks_[2];
  // Fibers that the thread sanitizer is told of, for what no task does: the bookkeeper knows which sections have ended,
  // the reclaimer frees the objects of kfree_rcu.
  Fiber bookkeeper_, reclaimer_;
  // Tokens for the thread sanitizer (SyncRelease, SyncAcquire), by flavour.
  char started_[2];  // a grace period began
  char left_[2];     // a section ended
  char barrier_[2];  // a callback ended
};

}  // namespace nofail
#endif  // NOFAIL_CORE_KERNEL_SIM_RCU_H_
