// SPDX-License-Identifier: MIT
//
// The scheduler: it decides which task runs.
//
// Stands for: CPUs that run in parallel. Every interleaving of the steps between scheduling points is possible.
// Guarantees: without deviations the current task runs until it blocks, ends or calls cpu_relax. Then the oldest
//   runnable callback runs, or, if there is none, the runnable task that was spawned first. A task that calls cpu_relax
//   lets other tasks run; if nothing was stored since its last cpu_relax, it does not run again before a store.
// Requires: all functions but Spawn, Run and Reset are called from a task.
// Choices: kPreempt at each scheduling point with more than one runnable task, and whenever the current task cannot go
//   on and more than one task could run next. Each scheduling point takes an ordinal, whether the question is asked or
//   not, so that ordinals do not depend on which other tasks are runnable. All polls of one spin loop count once.
// Emits: Switch; faults Deadlock (all tasks are blocked), Livelock (all tasks are blocked or spinning). Machine::Emit
//   reports Runaway at the event limit.
// Bounds: kMaxFibers unfinished tasks and callbacks; passing it is a harness bug.
// Not modelled:
//   - Priorities and time. A task may be overtaken by any other, any number of times, which allows more than the kernel
//     does: errs towards reporting.
//   - Migration. A task stays on its CPU, which no other task has at the same time. So two tasks never meet in a
//   per-CPU
//     variable: errs towards silence.
//   - That the holder of a spinlock cannot be preempted. Another CPU cannot stop a holder but can overtake it, which
//     looks the same: errs towards neither.
#ifndef NOFAIL_CORE_KERNEL_SIM_SCHEDULER_H_
#define NOFAIL_CORE_KERNEL_SIM_SCHEDULER_H_

#include <bit>
#include <vector>

#include "core/kernel/sim/choice.h"
#include "core/kernel/sim/fiber.h"
#include "core/kernel/sim/task.h"

namespace nofail {

struct Machine;

class Scheduler {
 public:
  explicit Scheduler(Machine& machine);

  // Forgets all tasks.
  void Reset(Chooser* chooser);
  void set_chooser(Chooser* chooser) { chooser_ = chooser; }
  // Sim::RenewFibers.
  void RenewFibers();
  // Makes a runnable task and returns its slot. `object` is what a callback is about, 0 for other tasks.
  uint32_t Spawn(OpRef id, ObjectId object, void (*body)(void*), void* argument);
  // Sim::Run.
  bool Run();

  // The task that runs. Outside of Run, this is a task that stands for nobody.
  Task& current() { return *current_; }
  // Whether a task runs: false on the thread that called Run.
  bool InTask() const { return current_ != &nobody_; }
  // Whether the address is on the stack of a task.
  bool IsOnStack(const volatile void* address) const {
    return fibers_.IsStackAddress(reinterpret_cast<uint64_t>(address));
  }
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
  // Asks the next choice of this kind in the current task's op. The answer is in [0, n). With n < 2 the answer is 0 and
  // the chooser is not asked; the ordinal counts nevertheless.
  uint16_t Choose(ChoiceKind kind, uint16_t n, std::span<const OpRef> targets = {});

  // Blocks the current task until ready(argument) is true. `argument` must live until then.
  void Block(bool (*ready)(const void*), const void* argument);
  // To be called when something that a blocked task may be waiting for has changed.
  void Recheck();
  // cpu_relax of the current task.
  void Relax();
  // To be called after each store to memory: spinning tasks become runnable, to poll again.
  void Stored() {
    ++stores_;
    if (spinning_ != 0) [[unlikely]]
      WakeSpinning();
  }
  // Ends the run at the current task's next scheduling point. It is for report hooks of sanitizers, which cannot switch
  // fibers.
  void StopSoon() { attention_ = true; }
  // Ends the run after a fatal fault. Does not return when called in a task.
  void Stop();

  // Leaves the current task at a question, and continues `to`. Returns when the task is continued.
  void Leave(Fiber& to) { Fiber::Switch(FiberOf(*current_), to); }
  // Continues the current task, which has left.
  void Continue(Fiber& from) { Fiber::Switch(from, FiberOf(*current_)); }
  bool IsStackAddress(uint64_t address) const { return fibers_.IsStackAddress(address); }
  uint64_t StackOffset(uint64_t address) const { return fibers_.StackOffset(address); }
  // From now on, Run is called on the stack of `host`.
  void SetHost(const Fiber& host) { thread_.Adopt(host); }
  // Copies the unfinished tasks with their stacks, and the stack of the host (archive.h). REQUIRES: the current task
  // has left.
  template <typename Archive>
  void Copy(Archive& archive);

 private:
  friend class StateReader;

  // What each fiber runs: the body of its task, and then that of the next task in its slot.
  static void Entry();
  // Handles the rare cases of Point. Returns true when no other task may run at this point.
  bool SkipPoint();
  // Asks which task runs on, and switches to it.
  void MaybePreempt(uint16_t ordinal);
  // For a task that blocks or spins: runs other tasks until the current task can go on. `ask` says whether it is a
  // choice which task runs next.
  void SwitchAway(bool ask);
  // Returns the task that runs next when the current one does not, or null when no other task can run. `ask` says
  // whether this is a choice; if it is not, the default is taken.
  Task* PickNext(bool ask);
  // Called when no task can run. Ends a late grace period or lets a lock attempt time out. When there is neither, it
  // reports Deadlock or Livelock and does not return.
  void PassTime();
  void SwitchTo(Task& next);
  // Ends the current task and switches to the next one, or to the thread that called Run.
  void Finish();
  void WakeSpinning();
  Fiber& FiberOf(const Task& task) { return fibers_[SlotOf(task)]; }
  // A bit for the slot of each unfinished task.
  uint64_t LiveSlots() const {
    uint64_t slots = 0;
    for (const Task* task : live_) slots |= uint64_t{1} << SlotOf(*task);
    return slots;
  }
  Task& FreeSlot();
  // Forgets every unfinished task after a fatal fault.
  void Abandon();
  void LeaveAbandoned(Task& task);

  Machine& machine_;
  Chooser* chooser_ = nullptr;
  FiberPool fibers_;         // by slot
  Fiber thread_;             // the thread that calls Run
  Task nobody_;              // the current task outside of Run
  Task tasks_[kMaxFibers];   // by slot
  std::vector<Task*> live_;  // unfinished, oldest first
  Task* current_ = &nobody_;
  Task* stopped_ = nullptr;  // the task that a fatal fault stopped
  uint32_t runnable_ = 0;    // how many tasks are in state kRunnable
  uint32_t spinning_ = 0;    // how many tasks are in state kSpinning
  uint32_t next_slot_ = 0;   // where FreeSlot looks first
  uint32_t stores_ = 0;      // how many stores have been made in this run
  bool attention_ = false;   // StopSoon was called
};

template <typename Archive>
void Scheduler::Copy(Archive& archive) {
  const uint64_t before = LiveSlots() | (InTask() ? uint64_t{1} << SlotOf(*current_) : 0);
  archive.Vector(live_);
  const uint64_t live = LiveSlots();
  if constexpr (Archive::kRestores) {
    // These fibers were left in the middle.
    for (uint64_t slots = before & ~live; slots != 0; slots &= slots - 1) {
      const int slot = std::countr_zero(slots);
      tasks_[slot].state = Task::State::kFree;
      fibers_[static_cast<uint32_t>(slot)].Recreate();
    }
  }
  for (Task* task : live_) {
    archive.Value(*task);
    FiberOf(*task).Copy(archive);
  }
  archive.Value(current_);
  // A task that has finished is the current one while it is asked which task runs next.
  bool has_finished = current_->state == Task::State::kFree;
  archive.Value(has_finished);
  if (has_finished) {
    archive.Value(*current_);
    FiberOf(*current_).Copy(archive);
  }
  archive.Value(stopped_);
  archive.Value(runnable_);
  archive.Value(spinning_);
  archive.Value(next_slot_);
  archive.Value(stores_);
  archive.Value(attention_);
  thread_.Copy(archive);
}

}  // namespace nofail
#endif  // NOFAIL_CORE_KERNEL_SIM_SCHEDULER_H_
