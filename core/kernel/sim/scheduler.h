// SPDX-License-Identifier: MIT
//
// The scheduler: which task runs.
//
// Stands for: CPUs that run in parallel. Every interleaving of the steps between scheduling points can be had.
// Guarantees: without deviations the current task runs until it blocks or ends; then the oldest runnable callback runs,
//   else the runnable task declared first. A spinning task steps aside until somebody has stored something.
// Requires: everything below is called from a task, but for Spawn, Run and Reset.
// Choices: kPreempt at each scheduling point with more than one runnable task. Ordinals count scheduling points, asked
//   or not, so that they do not depend on who else is runnable. Polls of one spin loop count once.
// Emits: Switch; faults Deadlock (all blocked), Livelock (all blocked or spinning), Runaway (event limit).
// Bounds: kMaxFibers unfinished tasks and callbacks.
// Not modelled: priorities, migration, time. A spinlock holder can be preempted, as another CPU cannot stop it but can
//   overtake it: errs towards neither.
#ifndef NOFAIL_CORE_KERNEL_SIM_SCHEDULER_H_
#define NOFAIL_CORE_KERNEL_SIM_SCHEDULER_H_

#include <vector>

#include "core/kernel/sim/choice.h"
#include "core/kernel/sim/fiber.h"
#include "core/kernel/sim/task.h"

namespace nofail {

struct Machine;

class Scheduler {
 public:
  explicit Scheduler(Machine& machine);

  void Reset(Chooser* chooser);
  void set_chooser(Chooser* chooser) { chooser_ = chooser; }
  // Sim::RenewFibers.
  void RenewFibers();
  // A new runnable task. Returns its slot.
  uint32_t Spawn(OpRef id, ObjectId object, void (*body)(void*), void* argument);
  // Runs everything to its end; false when a fatal fault ended it.
  bool Run();

  Task& current() { return *current_; }
  // False on the thread that called Run, where current() stands for nobody.
  bool InTask() const { return current_ != &nobody_; }
  // Unfinished tasks, oldest first.
  const std::vector<Task*>& live() const { return live_; }
  uint32_t SlotOf(const Task& task) const { return static_cast<uint32_t>(&task - tasks_); }

  // A scheduling point.
  void Point() {
    Task& task = *current_;
    if (attention_ || task.next != Task::Next::kPoint) [[unlikely]] {
      if (SkipPoint()) return;
    }
    uint16_t ordinal = ++task.ordinals[static_cast<int>(ChoiceKind::kPreempt)];
    if (runnable_ > 1) MaybePreempt(ordinal);
  }
  // The next choice of this kind of the current task's op: 0 unasked when n < 2.
  uint16_t Choose(ChoiceKind kind, uint16_t n);

  // Blocks the current task until ready(argument).
  void Block(bool (*ready)(const void*), const void* argument);
  // Something a blocked task may be waiting for has changed.
  void Recheck();
  // cpu_relax.
  void Relax();
  // Somebody has stored: spinning tasks poll again.
  void Stored() {
    ++stores_;
    if (spinning_ != 0) [[unlikely]]
      WakeSpinning();
  }
  // Ends the run at the current task's next scheduling point (a sanitizer's report hook cannot switch fibers).
  void StopSoon() { attention_ = true; }
  // Ends the run. Does not return when called in a task.
  void Stop();

 private:
  static void Entry();
  // Handles the rare cases of Point; true when there is nothing to ask.
  bool SkipPoint();
  void MaybePreempt(uint16_t ordinal);
  // The current task cannot go on: runs another until it can. Does not return to one that ended.
  void SwitchAway(bool ask);
  // Who runs next when the current task does not; null when nobody can.
  Task* PickNext(bool ask);
  // Nobody can run: lets time pass. Does not return when nothing is left to happen.
  void PassTime();
  void SwitchTo(Task& next);
  void Finish();
  void WakeSpinning();
  Fiber& FiberOf(const Task& task) { return fibers_[SlotOf(task)]; }
  Task& FreeSlot();
  // After a fatal fault: forgets every unfinished task.
  void Abandon();
  void LeaveAbandoned(Task& task);

  Machine& machine_;
  Chooser* chooser_ = nullptr;
  FiberPool fibers_;
  Fiber thread_;
  Task nobody_;
  Task tasks_[kMaxFibers];
  std::vector<Task*> live_;
  Task* current_ = &nobody_;
  Task* stopped_ = nullptr;  // the task that a fatal fault stopped
  uint32_t runnable_ = 0;
  uint32_t spinning_ = 0;
  uint32_t next_slot_ = 0;
  uint32_t stores_ = 0;
  bool attention_ = false;
};

}  // namespace nofail
#endif  // NOFAIL_CORE_KERNEL_SIM_SCHEDULER_H_
