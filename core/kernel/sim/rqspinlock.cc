// SPDX-License-Identifier: MIT
#include "core/kernel/sim/rqspinlock.h"

#include <cerrno>

#include "core/kernel/sim/machine.h"
#include "core/kernel/sim/sanitizer.h"
#include "fuzz/base/harness_bug.h"

namespace nofail {

namespace {

// Whether the task's wait for a lock is over: the lock is free, or the attempt has been made to fail.
bool WaitIsOver(const void* argument) {
  const Task& task = *static_cast<const Task*>(argument);
  return task.waiting_for->word == 0 || task.lock_error != 0;
}

bool IsFree(const void* argument) {
  return static_cast<const kernel_spinlock*>(argument)->word == 0;
}

}  // namespace

// A lock's word is 0 while the lock is free, else 1 + the slot of the task that holds it.
Task* Locks::Holder(uint32_t word) const {
  if (word == 0) return nullptr;
  for (Task* task : machine_.scheduler.live()) {
    if (machine_.scheduler.SlotOf(*task) + 1 == word) return task;
  }
  return nullptr;
}

bool Locks::ClosesCycle(const Task& task, const Task* holder) const {
  return holder != nullptr && holder->waiting_for != nullptr && Holder(holder->waiting_for->word) == &task;
}

// Asks what an attempt on a lock gets that `holder` holds (null for a free lock). Returns a LockAnswer; kGranted with a
// holder means that the attempt waits.
uint16_t Locks::Answer(Task& task, Task* holder) {
  Scheduler& scheduler = machine_.scheduler;
  if (holder == nullptr) {
    return scheduler.Choose(ChoiceKind::kLock, machine_.config.locks == LockMode::kAny ? 3 : 1);
  }
  if (ClosesCycle(task, holder)) {
    uint16_t answer = scheduler.Choose(ChoiceKind::kLock, 5);
    return answer == kGranted ? uint16_t{kDeadlock} : answer;
  }
  return scheduler.Choose(ChoiceKind::kLock, machine_.config.locks == LockMode::kAny ? 3 : 2);
}

int Locks::Acquire(kernel_rqspinlock* lock, kernel_site site) {
  Scheduler& scheduler = machine_.scheduler;
  scheduler.Point();
  Heap::Location location = machine_.heap.Check(lock, sizeof(*lock), site);
  Task& task = scheduler.current();
  Task* holder = Holder(lock->word);
  if (lock->word != 0 && holder == nullptr) {
    machine_.Report(Fault::kDeadlock, location.object, location.offset, site);  // held by a task that has ended
  }
  uint16_t answer = kDeadlock;
  if (holder == &task) {
    scheduler.Choose(ChoiceKind::kLock, 1);
  } else {
    answer = Answer(task, holder);
  }
  int error = 0;
  if (answer == kPeerDeadlock || answer == kBothDeadlock) holder->lock_error = -EDEADLK;
  if (answer == kTimeout) {
    error = -ETIMEDOUT;
  } else if (answer == kDeadlock || answer == kBothDeadlock) {
    error = -EDEADLK;
  } else if (holder != nullptr) {
    error = Wait(task, lock, holder, location.object, location.offset, site);
  }
  scheduler.Recheck();
  machine_.Emit(EventKind::kLock, static_cast<uint8_t>(answer), location.object, location.offset,
                static_cast<uint64_t>(int64_t{error}), site);
  if (error == 0) Take(task, lock, &lock->word);
  return error;
}

int Locks::Wait(Task& task, kernel_rqspinlock* lock, Task* holder, ObjectId object, uint16_t offset, kernel_site site) {
  machine_.Emit(EventKind::kLockWait, 0, object, offset, PackTarget({holder->op.task, 0}), site);
  task.waiting_for = lock;
  task.lock_error = 0;
  machine_.scheduler.Recheck();
  while (lock->word != 0 && task.lock_error == 0) machine_.scheduler.Block(&WaitIsOver, &task);
  task.waiting_for = nullptr;
  // The object that the lock lies in may have been freed while the task waited.
  machine_.heap.Check(lock, sizeof(*lock), site);
  int error = lock->word != 0 ? task.lock_error : 0;
  task.lock_error = 0;
  if (error != 0) machine_.rcu.LeftAtomic();
  return error;
}

bool Locks::TimeOutOldest() {
  for (Task* task : machine_.scheduler.live()) {
    if (task->state == Task::State::kBlocked && task->waiting_for != nullptr) {
      task->lock_error = -ETIMEDOUT;
      machine_.scheduler.Recheck();
      return true;
    }
  }
  return false;
}

void Locks::Take(Task& task, void* lock, uint32_t* word) {
  if (task.held_count == kMaxHeldLocks) HarnessBug("a task holds more than kMaxHeldLocks locks");
  *word = machine_.scheduler.SlotOf(task) + 1;
  task.held[task.held_count++] = lock;
  SyncAcquire(lock);
}

bool Locks::Drop(Task& task, void* lock, uint32_t* word, kernel_site site) {
  Heap::Location location = machine_.heap.Check(lock, sizeof(*word), site);
  if (*word != machine_.scheduler.SlotOf(task) + 1) {
    machine_.Report(*word == 0 ? Fault::kLockImbalance : Fault::kUnlockForeign, location.object, location.offset, site);
    return false;
  }
  uint8_t at = task.held_count;
  while (task.held[--at] != lock) {
  }
  if (at + 1 != task.held_count) machine_.Report(Fault::kUnlockOrder, location.object, location.offset, site);
  for (; at + 1 < task.held_count; ++at) task.held[at] = task.held[at + 1];
  --task.held_count;
  *word = 0;
  SyncRelease(lock);
  machine_.rcu.LeftAtomic();
  return true;
}

void Locks::Release(kernel_rqspinlock* lock, kernel_site site) {
  Scheduler& scheduler = machine_.scheduler;
  scheduler.Point();
  Heap::Location location = machine_.heap.Find(lock);
  if (!Drop(scheduler.current(), lock, &lock->word, site)) return;
  machine_.Emit(EventKind::kUnlock, 0, location.object, location.offset, 0, site);
  scheduler.Recheck();
  scheduler.Stored();
}

void Locks::AcquireSpin(kernel_spinlock* lock, kernel_site site) {
  Scheduler& scheduler = machine_.scheduler;
  scheduler.Point();
  Heap::Location location = machine_.heap.Check(lock, sizeof(*lock), site);
  Task& task = scheduler.current();
  if (lock->word == scheduler.SlotOf(task) + 1)
    machine_.Report(Fault::kDeadlock, location.object, location.offset, site);
  while (lock->word != 0) {
    const Task* holder = Holder(lock->word);
    if (holder == nullptr) machine_.Report(Fault::kDeadlock, location.object, location.offset, site);  // it has ended
    machine_.Emit(EventKind::kLockWait, 0, location.object, location.offset, PackTarget({holder->op.task, 0}), site);
    scheduler.Block(&IsFree, lock);
  }
  machine_.Emit(EventKind::kSpinLock, 0, location.object, location.offset, 0, site);
  Take(task, lock, &lock->word);
}

bool Locks::TryAcquireSpin(kernel_spinlock* lock, kernel_site site) {
  Scheduler& scheduler = machine_.scheduler;
  scheduler.Point();
  Heap::Location location = machine_.heap.Check(lock, sizeof(*lock), site);
  if (lock->word != 0) {
    machine_.Emit(EventKind::kLoad, KERNEL_ONCE, location.object, location.offset, 1, site);
    return false;
  }
  machine_.Emit(EventKind::kSpinLock, 0, location.object, location.offset, 0, site);
  Take(scheduler.current(), lock, &lock->word);
  return true;
}

void Locks::ReleaseSpin(kernel_spinlock* lock, kernel_site site) {
  Scheduler& scheduler = machine_.scheduler;
  scheduler.Point();
  Heap::Location location = machine_.heap.Find(lock);
  if (!Drop(scheduler.current(), lock, &lock->word, site)) return;
  machine_.Emit(EventKind::kSpinUnlock, 0, location.object, location.offset, 0, site);
  scheduler.Recheck();
  scheduler.Stored();
}

}  // namespace nofail
