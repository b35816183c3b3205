// SPDX-License-Identifier: MIT
//
// Deferred functions.
//
// Stands for: queue_work, flush_work, cancel_work_sync; irq_work_queue, irq_work_sync; mod_timer, timer_delete_sync.
//   (kernel/workqueue.c, kernel/irq_work.c, kernel/time/timer.c, Linux 7.2)
// Guarantees:
//   - The function of an item runs once for each time that the item was queued and not cancelled, in a task of its own.
//     By default that task runs before other tasks, as RCU callbacks do. A choice may let any other task run first.
//   - Two runs of one item never overlap.
//   - The item may be freed by its function, and queued again as soon as its function has begun.
// Requires: memory of a pending item stays. The task's first step reads the item, and faults if it was freed.
// Choices: none of its own; kPreempt.
// Emits: QueueWork; CallbackBegin and CallbackEnd around the function, with an object that stands for this run; Alloc
// and
//   Free of that object; the faults of Heap::Check and of CheckLeftNothing.
// Bounds (work.cc): kMaxWorks runs of items in a run; the fault Runaway beyond. kMaxStarted of them have a task at a
//   time, and others wait, as for a worker.
// Not modelled:
//   - Delays. A timer may expire at once, or after everything else. This allows more than the kernel does: errs towards
//     reporting.
//   - Queues: ordered ones, and how many items of one run at a time. Items run in any order: errs towards reporting.
//     kernel_flush_work(NULL) waits for the items of all queues: errs towards silence.
//   - That an irq_work or a timer interrupts the code that queued it, on the same CPU. It runs on a CPU of its own:
//   errs
//     towards silence.
#ifndef NOFAIL_CORE_KERNEL_SIM_WORK_H_
#define NOFAIL_CORE_KERNEL_SIM_WORK_H_

#include <vector>

#include "core/kernel/kernel.h"
#include "core/kernel/trace/trace.h"

namespace nofail {

struct Machine;

class Work {
 public:
  explicit Work(Machine& machine);

  // Forgets all items.
  void Reset() {
    runs_.clear();
    started_ = 0;
  }
  // The functions of core/kernel/kernel.h.
  bool Queue(kernel_work* work, kernel_work_context context, kernel_site site);
  bool Cancel(kernel_work* work, kernel_site site);
  void Flush(kernel_work* work, kernel_work_context context, kernel_site site);
  // Copies all runs of items (archive.h).
  template <typename Archive>
  void Copy(Archive& archive) {
    archive.Vector(runs_);
    archive.Value(started_);
  }

 private:
  friend class StateReader;

  // One run of an item, from the call that queues the item on.
  struct Run {
    enum class State : uint8_t { kPending, kRunning, kOver } state;
    bool started;  // it has a task
    kernel_work_context context;
    kernel_work* work;
    ObjectId object;   // stands for this run: its task is named after it
    kernel_site site;  // where the item was queued
  };
  // A wait for the runs before the number `before`, of one item or (null) of all that run in a process.
  struct Wait {
    const Work* all;
    const kernel_work* work;
    size_t before;
  };
  // Conditions for Scheduler::Block.
  static bool NoneLeft(const void* argument);
  static bool MayBegin(const void* argument);
  // The body of a run's task. `argument` is the Run.
  static void Perform(void* argument);
  // Calls the function of a pending run, in the run's task.
  static void Call(Run& run);
  void End(Run& run);
  // Gives tasks to the oldest pending runs that have none, as long as there are fewer than kMaxStarted of them.
  void Start();

  Machine& machine_;
  std::vector<Run> runs_;  // of this run of the machine, oldest first; its memory is kept and never moves
  uint32_t started_ = 0;   // how many tasks of runs have not ended
};

}  // namespace nofail
#endif  // NOFAIL_CORE_KERNEL_SIM_WORK_H_
