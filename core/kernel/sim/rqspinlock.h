// SPDX-License-Identifier: MIT
//
// Locks: rqspinlock_t and spinlock_t.
//
// Stands for: raw_res_spin_lock_irqsave and spin_lock. (kernel/bpf/rqspinlock.c, Linux 7.2)
// Guarantees: mutual exclusion; acquire and release order, and no more; the kernel's return codes for the kernel's
//   reasons:
//   - The CPU already holds the lock (AA): -EDEADLK, always.
//   - Another task holds the lock: the attempt waits by default. By choice it counts as having waited too long and gets
//     -ETIMEDOUT.
//   - Waiting would close a cycle of two locks (ABBA): by default this attempt gets -EDEADLK. By choice it gets
//     -ETIMEDOUT instead, or the other waiter gets -EDEADLK and this attempt waits (kPeerDeadlock), or both get
//     -EDEADLK (kBothDeadlock).
//   - No task can run and no grace period is late, as in a longer cycle: of the tasks that wait for an rqspinlock, the
//     one that was started first gets -ETIMEDOUT.
//   - In mode kAny every attempt on a lock that the CPU does not hold may also get -ETIMEDOUT or -EDEADLK by choice,
//     whether the lock is free or not.
// Requires: a lock is released by its holder, in LIFO order; faults otherwise.
// Choices: kLock. Each attempt on an rqspinlock takes one ordinal, whether the chooser is asked or not.
// Emits: LockWait, Lock, Unlock, SpinLock, SpinUnlock; faults LockImbalance, UnlockOrder, UnlockForeign, Deadlock (a
//   task takes a spinlock that it holds, or a lock whose holder has ended); the faults of Heap::Check.
// Bounds: kMaxHeldLocks locks that one task holds; passing it is a harness bug.
// Not modelled:
//   - The time before a timeout. -ETIMEDOUT is returned at the attempt and not after a wait. Nothing is lost, because
//     other tasks can run before the attempt: errs towards neither.
//   - The queue of waiters. They are not served in FIFO order, and when the waiter at its head times out, those behind
//     it do not fail. With three or more contenders both allow more than the kernel does: errs towards reporting.
//   - NMIs, which may try to take a lock that the code they interrupt holds: errs towards silence.
#ifndef NOFAIL_CORE_KERNEL_SIM_RQSPINLOCK_H_
#define NOFAIL_CORE_KERNEL_SIM_RQSPINLOCK_H_

#include "core/kernel/kernel.h"
#include "core/kernel/sim/task.h"

namespace nofail {

struct Machine;

class Locks {
 public:
  explicit Locks(Machine& machine) : machine_(machine) {}

  // The functions of core/kernel/kernel.h: rqspinlocks, then spinlocks.
  int Acquire(kernel_rqspinlock* lock, kernel_site site);
  void Release(kernel_rqspinlock* lock, kernel_site site);
  void AcquireSpin(kernel_spinlock* lock, kernel_site site);
  // Takes the lock if it is free; returns whether it did.
  bool TryAcquireSpin(kernel_spinlock* lock, kernel_site site);
  void ReleaseSpin(kernel_spinlock* lock, kernel_site site);
  // Called when no task can run. Lets the oldest task that waits for an rqspinlock time out. Returns false when no task
  // waits for one.
  bool TimeOutOldest();

 private:
  // The unfinished task that holds the lock with this word; null when the lock is free or its holder has ended.
  Task* Holder(uint32_t word) const;
  uint16_t Answer(Task& task, Task* holder);
  // Whether the holder waits for a lock that `task` holds.
  bool ClosesCycle(const Task& task, const Task* holder) const;
  // Waits for the lock. Returns 0 when it is free, or the error with which the attempt fails.
  int Wait(Task& task, kernel_rqspinlock* lock, Task* holder, ObjectId object, uint16_t offset, kernel_site site);
  // Makes the task the holder of a free lock.
  void Take(Task& task, void* lock, uint32_t* word);
  // Frees the lock. Returns false, after a fault, when the task does not hold it.
  bool Drop(Task& task, void* lock, uint32_t* word, kernel_site site);

  Machine& machine_;
};

}  // namespace nofail
#endif  // NOFAIL_CORE_KERNEL_SIM_RQSPINLOCK_H_
