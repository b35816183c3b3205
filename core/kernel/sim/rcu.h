// SPDX-License-Identifier: MIT
//
// RCU and RCU Tasks Trace.
//
// Stands for: rcu_read_lock, rcu_read_lock_trace, call_rcu, call_rcu_tasks_trace, kfree_rcu, synchronize_rcu,
// rcu_barrier,
//   rcu_barrier_tasks_trace. (Documentation/RCU/Design/Requirements, Linux 7.2)
// Guarantees: a grace period ends no earlier than the last reader section that began before it; a tasks-trace grace
//   period waits for both flavours. To RCU, whoever holds or waits for a lock (interrupts or preemption are off) and
//   whoever runs a callback (bottom halves are off) is a reader, too (include/linux/rcupdate.h, rcu_read_lock).
//   Callbacks run in tasks of their own, from the end of their grace period on; kfree_rcu memory goes at that end. A
//   barrier returns when every callback handed over before has run.
// Requires: no blocking inside an RCU section, nor with a lock held: faults otherwise.
// Choices: kGracePeriod, when a grace period could end: it ends then, 1 to 3 task switches later, or (4) as late as can
// be:
//   when nobody else can run.
// Emits: ReadLock, ReadUnlock, CallRcu, KfreeRcu, GpWait, GpEnd, GpDone, BarrierWait, BarrierDone, CallbackBegin,
//   CallbackEnd; faults SleepInRcu, SleepInAtomic, RcuImbalance.
// Bounds: kMaxCallbacks callbacks in a run.
// Not modelled:
//   rcu_read_lock is no scheduling point, so that no grace period begins between a task's last step and its section,
//   where it would not wait for it. Only who sees that step can tell it from one that begins before the step: errs
//   towards silence, and spares a choice for every section. `preemptible_rcu = false` is every kernel without
//   PREEMPT_RCU and allows what any of them does: those in which only explicit points reschedule (PREEMPT_NONE,
//   PREEMPT_VOLUNTARY), and those in which everything outside a section may be preempted (PREEMPT_LAZY without
//   PREEMPT_DYNAMIC; in 7.2 the only ones on most architectures). In the former, code that does not give way is a
//   reader outside sections, too: errs towards reporting. Each call has a grace period of its own and callbacks run in
//   any order (kernels batch them and keep the order of one CPU): allows more than the kernel does, errs towards
//   reporting. Expedited grace periods, stalls. To the thread sanitizer all kfree_rcu of a run happen on one context,
//   each after those before: errs towards silence.
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

  void Reset();
  void ReadLock(kernel_rcu_flavour flavour, kernel_site site);
  void ReadUnlock(kernel_rcu_flavour flavour, kernel_site site);
  void Call(kernel_rcu_flavour flavour, kernel_rcu_head* head, void (*callback)(kernel_rcu_head*), kernel_site site);
  void KfreeRcu(void* object, kernel_site site);
  void Synchronize(kernel_site site);
  void Barrier(kernel_rcu_flavour flavour, kernel_site site);

  // The current task may just have ceased to be a reader of RCU.
  void LeftAtomic() {
    if (!open_.empty() || kThreadSanitizer) Left(KERNEL_RCU);
  }
  // A task switch took place: late grace periods come closer.
  void Switched() {
    if (late_ != 0) [[unlikely]]
      CountDown();
  }
  // Nobody can run: ends one late grace period. False when there is none.
  bool EndOneLate();
  // Ends the sections that the current task is still in (the fault is reported elsewhere).
  void LeaveAll(kernel_site site);

 private:
  enum class Kind : uint8_t { kSynchronize, kCallback, kKfree };
  struct GracePeriod {
    Kind kind;
    kernel_rcu_flavour flavour;
    bool ended;
    uint8_t late;         // task switches until it ends; counts once no reader is left
    uint64_t readers[2];  // by flavour: task slots whose section began before it and has not ended
    ObjectId object;
    kernel_rcu_head* head;
    kernel_site site;
  };

  // Returns its number. Ends it at once when nobody reads.
  uint32_t Begin(Kind kind, kernel_rcu_flavour flavour, ObjectId object, kernel_rcu_head* head, kernel_site site);
  void NoReaderLeft(uint32_t number);
  void End(uint32_t number);
  void Kfree(GracePeriod& period);
  void FollowEndedSections(GracePeriod& period);
  void CountDown();
  void CheckMaySleep(kernel_site site);
  static bool IsReader(const Task& task, kernel_rcu_flavour flavour) {
    return flavour == KERNEL_RCU ? task.IsRcuReader() : task.nesting[flavour] != 0;
  }
  uint64_t Readers(kernel_rcu_flavour flavour) const;
  // Grace periods that waited for the current task need not any more, if it no longer reads.
  void Left(kernel_rcu_flavour flavour);
  static bool HasEnded(const void* argument);
  static bool NoneBefore(const void* argument);
  static void RunCallback(void* argument);

  Machine& machine_;
  std::vector<GracePeriod> periods_;    // this run's, by number; storage kept from run to run
  std::vector<uint32_t> open_;          // numbers of those not ended, oldest first
  uint32_t late_ = 0;                   // how many only wait for switches
  std::vector<uint32_t> callbacks_[2];  // numbers of those whose callback has not run to its end, by flavour
  // To the thread sanitizer, what no task does: knowing which sections have ended; kfree_rcu.
  Fiber bookkeeper_, reclaimer_;
  char started_[2];  // tokens: a grace period of that flavour began
  char left_[2];     // a section of that flavour ended
  char barrier_[2];  // a callback of that flavour ended
};

}  // namespace nofail
#endif  // NOFAIL_CORE_KERNEL_SIM_RCU_H_
