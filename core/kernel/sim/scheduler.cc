// SPDX-License-Identifier: MIT
#include "core/kernel/sim/scheduler.h"

#include <algorithm>

#include "core/kernel/sim/machine.h"
#include "core/kernel/sim/sanitizer.h"
#include "fuzz/base/harness_bug.h"

namespace nofail {

namespace {

constexpr int kPreemptIndex = static_cast<int>(ChoiceKind::kPreempt);

}  // namespace

Scheduler::Scheduler(Machine& machine) : machine_(machine), fibers_(&Scheduler::Entry), nobody_(), tasks_() {
  live_.reserve(kMaxFibers);
  thread_.AdoptThread();
}

void Scheduler::Reset(Chooser* chooser) {
  chooser_ = chooser;
  // The last run may have been left in the middle (rewind.h).
  if (InTask()) FiberOf(*current_).Recreate();
  for (Task* task : live_) {
    task->state = Task::State::kFree;
    FiberOf(*task).Recreate();
  }
  live_.clear();
  current_ = &nobody_;
  stopped_ = nullptr;
  runnable_ = spinning_ = next_slot_ = stores_ = 0;
  attention_ = false;
}

void Scheduler::RenewFibers() {
  if constexpr (!kThreadSanitizer) return;
  for (uint32_t i = 0; i < kMaxFibers; ++i) fibers_[i].Recreate();
}

// Slots are taken in turn, so that each task of a run has a fiber that no other task of the run has used, as long as
// there is such a fiber. To the thread sanitizer, two tasks on one fiber are ordered.
Task& Scheduler::FreeSlot() {
  for (uint32_t tries = 0; tries < kMaxFibers; ++tries) {
    Task& task = tasks_[next_slot_];
    next_slot_ = (next_slot_ + 1) % kMaxFibers;
    if (task.state == Task::State::kFree && &task != current_) return task;
  }
  HarnessBug("more unfinished tasks and callbacks than kMaxFibers");
}

uint32_t Scheduler::Spawn(OpRef id, ObjectId object, void (*body)(void*), void* argument) {
  Task& task = FreeSlot();
  task.state = Task::State::kRunnable;
  task.op = id;
  task.object = object;
  task.body = body;
  task.argument = argument;
  std::fill(std::begin(task.ordinals), std::end(task.ordinals), uint16_t{0});
  task.next = Task::Next::kFirst;
  task.stores_seen = UINT32_MAX;
  task.in_callback = task.rcu_reported = task.resched_due = false;
  task.nesting[0] = task.nesting[1] = 0;
  task.touched_words = 0;
  task.held_count = 0;
  task.waiting_for = nullptr;
  task.lock_error = 0;
  task.recent_load_count = 0;
  task.hash = 0;
  task.history = {};
  task.only_polled = task.knows_cpu = false;
  task.picks = 0;
  live_.push_back(&task);
  ++runnable_;
  // A callback is spawned by the task that happened to notice the end of the grace period. That task does not order the
  // callback; only the grace period does.
  if (!InTask()) SyncRelease(&task);
  return SlotOf(task);
}

bool Scheduler::Run() {
  while (Task* next = PickNext(false)) {
    current_ = next;
    // No choice was made about which task starts, so the task's first scheduling point is an ordinary one, which asks.
    next->next = Task::Next::kPoint;
    Fiber::Switch(thread_, FiberOf(*next));
    SyncAcquire(this);
    current_ = &nobody_;
    if (machine_.fatal) {
      Abandon();
      return false;
    }
  }
  return true;
}

void Scheduler::Entry() {
  Scheduler& scheduler = machine().scheduler;
  for (;;) {
    Task& task = *scheduler.current_;
    if (scheduler.stopped_ != nullptr) [[unlikely]]
      scheduler.LeaveAbandoned(task);
    SyncAcquire(&task);
    task.body(task.argument);
    scheduler.Finish();
  }
}

bool Scheduler::SkipPoint() {
  if (attention_) Stop();
  Task::Next was = current_->next;
  current_->next = was == Task::Next::kPoll ? Task::Next::kAfterPoll : Task::Next::kPoint;
  if (was == Task::Next::kFirst) ++current_->ordinals[kPreemptIndex];
  return was == Task::Next::kFirst || was == Task::Next::kPoll;
}

void Scheduler::MaybePreempt(uint16_t ordinal) {
  Task* tasks[kMaxFibers];
  OpRef targets[kMaxFibers];
  uint16_t n = 0;
  auto add = [&](Task* task) {
    tasks[n] = task;
    targets[n++] = task->op.IsCallback() ? task->op : OpRef{task->op.task, 0};
  };
  add(current_);
  for (Task* task : live_) {
    if (task != current_ && task->state == Task::State::kRunnable) add(task);
  }
  uint16_t answer = chooser_->Choose({ChoiceKind::kPreempt, current_->op, ordinal, n, {targets, n}});
  if (answer != 0) SwitchTo(*tasks[answer]);
}

uint16_t Scheduler::Choose(ChoiceKind kind, uint16_t n, std::span<const OpRef> targets) {
  uint16_t ordinal = ++current_->ordinals[static_cast<int>(kind)];
  if (n < 2) return 0;
  return chooser_->Choose({kind, current_->op, ordinal, n, targets});
}

Task* Scheduler::PickNext(bool ask) {
  Task* tasks[kMaxFibers];
  OpRef targets[kMaxFibers];
  uint16_t n = 0;
  for (bool callbacks : {true, false}) {
    for (Task* task : live_) {
      if (task == current_ || task->state != Task::State::kRunnable || task->op.IsCallback() != callbacks) continue;
      tasks[n] = task;
      targets[n++] = callbacks ? task->op : OpRef{task->op.task, 0};
    }
  }
  if (n == 0) return nullptr;
  if (!ask) return tasks[0];
  uint16_t ordinal = ++current_->ordinals[kPreemptIndex];
  ++current_->picks;
  if (n == 1) return tasks[0];
  return tasks[chooser_->Choose({ChoiceKind::kPreempt, current_->op, ordinal, n, {targets, n}})];
}

void Scheduler::SwitchAway(bool ask) {
  for (;;) {
    if (Task* next = PickNext(ask)) return SwitchTo(*next);
    if (current_->state == Task::State::kRunnable) return;
    PassTime();
  }
}

void Scheduler::PassTime() {
  if (machine_.rcu.EndOneLate() || machine_.locks.TimeOutOldest()) return;
  // The fault is reported of a task that is stuck, not of the task that happened to run last.
  Fault fault = spinning_ != 0 ? Fault::kLivelock : Fault::kDeadlock;
  Task::State stuck = spinning_ != 0 ? Task::State::kSpinning : Task::State::kBlocked;
  auto task = std::find_if(live_.begin(), live_.end(), [stuck](Task* task) { return task->state == stuck; });
  machine_.trace.Append({EventKind::kFault, static_cast<uint8_t>(fault), (*task)->op});
  Stop();
}

void Scheduler::SwitchTo(Task& next) {
  Task& from = *current_;
  const uint16_t target = PackTarget(next.op.IsCallback() ? next.op : OpRef{next.op.task, 0});
  machine_.trace.NoteSwitch(target);
  machine_.Emit(EventKind::kSwitch, 0, 0, 0, target, {});
  machine_.rcu.Switched();
  current_ = &next;
  Fiber::Switch(FiberOf(from), FiberOf(next));
  if (stopped_ != nullptr) [[unlikely]]
    LeaveAbandoned(from);
}

void Scheduler::Block(bool (*ready)(const void*), const void* argument) {
  Task& task = *current_;
  task.next = Task::Next::kPoint;
  if (ready(argument)) return;
  task.state = Task::State::kBlocked;
  task.ready = ready;
  task.ready_argument = argument;
  --runnable_;
  SwitchAway(true);
}

void Scheduler::Recheck() {
  if (runnable_ + spinning_ == live_.size()) return;
  for (Task* task : live_) {
    if (task->state == Task::State::kBlocked && task->ready(task->ready_argument)) {
      task->state = Task::State::kRunnable;
      ++runnable_;
    }
  }
}

void Scheduler::Relax() {
  Task& task = *current_;
  if (attention_) Stop();
  bool first = task.next != Task::Next::kAfterPoll;
  // If something was stored since the task's last cpu_relax, the task stays runnable and polls again after the other
  // tasks had a turn. If nothing was stored, another poll cannot see anything new, so the task spins until a store.
  if (task.stores_seen == stores_) {
    task.state = Task::State::kSpinning;
    --runnable_;
    ++spinning_;
  }
  task.stores_seen = stores_;
  SwitchAway(first);
  task.next = Task::Next::kPoll;
}

void Scheduler::WakeSpinning() {
  for (Task* task : live_) {
    if (task->state == Task::State::kSpinning) {
      task->state = Task::State::kRunnable;
      ++runnable_;
    }
  }
  spinning_ = 0;
}

void Scheduler::Finish() {
  Task& task = *current_;
  SyncRelease(this);
  live_.erase(std::find(live_.begin(), live_.end(), &task));
  task.state = Task::State::kFree;
  --runnable_;
  Recheck();
  for (;;) {
    if (Task* next = PickNext(true)) return SwitchTo(*next);
    if (!live_.empty()) {
      PassTime();
    } else if (!machine_.rcu.EndOneLate()) {
      break;
    }
  }
  Fiber::Switch(FiberOf(task), thread_);  // everything has ended; this returns when the slot gets its next task
}

void Scheduler::Stop() {
  machine_.fatal = true;
  if (!InTask()) return;
  stopped_ = current_;
  SyncRelease(this);
  Fiber::Switch(FiberOf(*current_), thread_);
  HarnessBug("a stopped task ran on");
}

// To the thread sanitizer, what the abandoned tasks did must come before the next run. So Abandon continues each of
// them once more, and the task says so on its own fiber.
void Scheduler::LeaveAbandoned(Task& task) {
  SyncRelease(this);
  Fiber::Switch(FiberOf(task), thread_);
}

void Scheduler::Abandon() {
  if constexpr (kThreadSanitizer) {
    for (Task* task : live_) {
      if (task == stopped_) continue;
      current_ = task;
      Fiber::Switch(thread_, FiberOf(*task));
      SyncAcquire(this);
    }
    current_ = &nobody_;
  }
  FiberOf(*stopped_).Recreate();
  for (Task* task : live_) {
    if (task != stopped_) FiberOf(*task).Recreate();
    task->state = Task::State::kFree;
  }
  live_.clear();
  stopped_->state = Task::State::kFree;
}

}  // namespace nofail
