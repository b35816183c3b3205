// SPDX-License-Identifier: MIT
#include "core/kernel/sim/work.h"

#include <algorithm>

#include "core/kernel/sim/machine.h"
#include "core/kernel/sim/sanitizer.h"

namespace nofail {

namespace {

// An item that queues itself for ever is no harness bug, so the bound leaves room for the other objects of a run.
constexpr size_t kMaxWorks = 256;

// The rest of kMaxFibers is for the tasks of the schedule and for RCU callbacks.
constexpr uint32_t kMaxStarted = kMaxFibers / 4;

}  // namespace

Work::Work(Machine& machine) : machine_(machine) {
  runs_.reserve(kMaxWorks);
}

bool Work::Queue(kernel_work* work, kernel_work_context context, kernel_site site) {
  machine_.scheduler.Point();
  Heap::Location location = machine_.heap.Check(work, sizeof(*work), site);
  const bool was_pending = work->pending != 0;
  machine_.Emit(EventKind::kQueueWork, context, location.object, location.offset, was_pending, site);
  SyncRelease(work);
  if (was_pending) return false;
  if (runs_.size() == kMaxWorks) machine_.Report(Fault::kRunaway, location.object, location.offset, site);
  work->pending = 1;
  machine_.scheduler.Stored();
  void* memory = machine_.heap.Alloc(KERNEL_OTHER, 1, site);
  const ObjectId object = machine_.heap.Find(memory).object;
  runs_.push_back({Run::State::kPending, false, context, work, object, site});
  Start();
  return true;
}

void Work::Start() {
  for (Run& run : runs_) {
    if (started_ == kMaxStarted) return;
    if (run.started || run.state != Run::State::kPending) continue;
    run.started = true;
    ++started_;
    const uint8_t task = static_cast<uint8_t>(int{kFirstCallback} + int{KERNEL_OTHER});
    const uint8_t number = static_cast<uint8_t>(machine_.trace.object(run.object).number);
    machine_.scheduler.Spawn({task, number}, run.object, &Work::Perform, &run);
  }
}

bool Work::MayBegin(const void* argument) {
  const Run& run = *static_cast<const Run*>(argument);
  if (run.state == Run::State::kOver) return true;
  const auto& runs = nofail::machine().work.runs_;
  return std::none_of(runs.begin(), runs.end(),
                      [&](const Run& other) { return other.work == run.work && other.state == Run::State::kRunning; });
}

void Work::Perform(void* argument) {
  Run& run = *static_cast<Run*>(argument);
  Machine& machine = nofail::machine();
  machine.scheduler.Block(&Work::MayBegin, &run);
  if (run.state != Run::State::kOver) Call(run);  // otherwise it was cancelled
  --machine.work.started_;
  machine.work.Start();
}

void Work::Call(Run& run) {
  Machine& machine = nofail::machine();
  Task& task = machine.scheduler.current();
  run.state = Run::State::kRunning;
  machine.Emit(EventKind::kCallbackBegin, KERNEL_RCU, run.object, 0, 0, run.site);
  machine.heap.Check(run.work, sizeof(*run.work), run.site);
  SyncAcquire(run.work);
  run.work->pending = 0;
  task.in_callback = run.context == KERNEL_IN_INTERRUPT;
  run.work->function(run.work);
  CheckLeftNothing(machine, run.site);
  task.in_callback = false;
  machine.rcu.LeftAtomic();
  machine.Emit(EventKind::kCallbackEnd, KERNEL_RCU, run.object, 0, 0, run.site);
  SyncRelease(&run);
  machine.work.End(run);
}

void Work::End(Run& run) {
  run.state = Run::State::kOver;
  machine_.heap.Free(machine_.heap.Address(run.object), run.site);
  machine_.scheduler.Recheck();
}

bool Work::Cancel(kernel_work* work, kernel_site site) {
  machine_.scheduler.Point();
  Heap::Location location = machine_.heap.Check(work, sizeof(*work), site);
  const bool was_pending = work->pending != 0;
  machine_.Emit(EventKind::kRmw, KERNEL_FULL, location.object, location.offset, 0, site);
  machine_.Emit(EventKind::kRmwOld, true, location.object, location.offset, was_pending, site);
  if (!was_pending) return false;
  work->pending = 0;
  for (Run& run : runs_) {
    if (run.work == work && run.state == Run::State::kPending) End(run);
  }
  machine_.scheduler.Stored();
  return true;
}

bool Work::NoneLeft(const void* argument) {
  const Wait& wait = *static_cast<const Wait*>(argument);
  const auto& runs = wait.all->runs_;
  return std::all_of(runs.begin(), runs.begin() + static_cast<ptrdiff_t>(wait.before), [&](const Run& run) {
    const bool is_meant = wait.work == nullptr ? run.context == KERNEL_IN_PROCESS : run.work == wait.work;
    return !is_meant || run.state == Run::State::kOver;
  });
}

void Work::Flush(kernel_work* work, kernel_work_context context, kernel_site site) {
  machine_.scheduler.Point();
  if (work != nullptr) machine_.heap.Check(work, sizeof(*work), site);
  if (context == KERNEL_IN_PROCESS) machine_.rcu.CheckMaySleep(site);
  machine_.Emit(EventKind::kBarrierWait, KERNEL_RCU, 0, 0, 1, site);
  const Wait wait = {this, work, runs_.size()};
  machine_.scheduler.Block(&Work::NoneLeft, &wait);
  for (size_t i = 0; i < wait.before; ++i) {
    if (work == nullptr || runs_[i].work == work) SyncAcquire(&runs_[i]);
  }
  machine_.Emit(EventKind::kBarrierDone, KERNEL_RCU, 0, 0, 0, site);
}

}  // namespace nofail
