// SPDX-License-Identifier: MIT
//
// Locks: rqspinlock_t and spinlock_t.
//
// Stands for: raw_res_spin_lock_irqsave and spin_lock. (kernel/bpf/rqspinlock.c, Linux 7.2)
// Guarantees: mutual exclusion; acquire and release ordering and no more; the real return codes for the real reasons:
//   - the CPU holds the lock already (AA): -EDEADLK, always;
//   - another task holds it: the attempt waits, or, by choice, has waited too long: -ETIMEDOUT;
//   - waiting would close a cycle of two locks (ABBA): by default this attempt gets -EDEADLK; by choice it times out,
//     or the other waiter gets -EDEADLK (kPeerDeadlock) and this one waits, or both fail (kBothDeadlock);
//   - everybody waits (longer cycles): the waiter that was started first times out;
//   - in mode kAny, a free lock may also answer -ETIMEDOUT or -EDEADLK.
// Requires: unlock by the holder, in LIFO order; faults otherwise.
// Choices: kLock, one ordinal per rqspinlock attempt, asked or not.
// Emits: LockWait, Lock, Unlock, SpinLock, SpinUnlock; faults LockImbalance, UnlockOrder, UnlockForeign, Deadlock.
// Bounds: kMaxHeldLocks.
// Not modelled: a timeout is reported at the attempt and not after the wait (others can run before it, so nothing is
//   lost); waiters are not served in FIFO order, and a head's timeout does not fail those behind it: both allow more
//   than the kernel does with three or more contenders, and err towards reporting. NMI: see Task.
#ifndef NOFAIL_CORE_KERNEL_SIM_RQSPINLOCK_H_
#define NOFAIL_CORE_KERNEL_SIM_RQSPINLOCK_H_

#include "core/kernel/kernel.h"
#include "core/kernel/sim/task.h"

namespace nofail {

struct Machine;

class Locks {
 public:
  explicit Locks(Machine& machine) : machine_(machine) {}

  int Acquire(kernel_rqspinlock* lock, kernel_site site);
  void Release(kernel_rqspinlock* lock, kernel_site site);
  void AcquireSpin(kernel_spinlock* lock, kernel_site site);
  void ReleaseSpin(kernel_spinlock* lock, kernel_site site);
  // Everybody waits: lets the oldest waiter for an rqspinlock time out. False when nobody waits for one.
  bool TimeOutOldest();

 private:
  Task* Holder(uint32_t word) const;
  uint16_t Answer(Task& task, Task* holder);
  bool ClosesCycle(const Task& task, const Task* holder) const;
  int Wait(Task& task, kernel_rqspinlock* lock, Task* holder, ObjectId object, uint16_t offset, kernel_site site);
  void Take(Task& task, void* lock, uint32_t* word);
  bool Drop(Task& task, void* lock, uint32_t* word, kernel_site site);

  Machine& machine_;
};

}  // namespace nofail
#endif  // NOFAIL_CORE_KERNEL_SIM_RQSPINLOCK_H_
