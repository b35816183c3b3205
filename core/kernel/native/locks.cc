// SPDX-License-Identifier: MIT
//
// rqspinlocks and spinlocks, both as test-and-set locks. A lock's word is 0 while the lock is free, else 1 + the slot
// of the thread that holds the lock.
#include <atomic>
#include <cerrno>
#include <chrono>
#include <thread>

#include "core/kernel/native/task.h"

using namespace nofail::native;
using std::memory_order_relaxed;

namespace {

bool TryLock(uint32_t* word) {
  uint32_t free = 0;
  return std::atomic_ref(*word).compare_exchange_strong(free, local.slot + 1, std::memory_order_acquire,
                                                        memory_order_relaxed);
}

// Whether the thread of `slot` holds the lock.
bool Holds(const Slot& slot, const kernel_rqspinlock* lock) {
  const uint32_t depth = slot.depth.load(memory_order_relaxed);
  for (uint32_t i = 0; i < depth; ++i) {
    if (slot.held[i].load(memory_order_relaxed) == lock) return true;
  }
  return false;
}

// Whether waiting for `lock` would close a cycle of two locks: its holder waits for a lock that this thread holds.
bool InCycle(kernel_rqspinlock* lock) {
  const uint32_t holder = std::atomic_ref(lock->word).load(memory_order_relaxed);
  if (holder == 0) return false;
  const kernel_rqspinlock* wanted = slots[holder - 1].wanted.load(memory_order_relaxed);
  return wanted != nullptr && Holds(slots[local.slot], wanted);
}

// Enters the lock, which the thread has just taken, into the thread's slot. Returns 0.
int Acquired(kernel_rqspinlock* lock, kernel_site site) {
  Slot& slot = slots[local.slot];
  const uint32_t depth = slot.depth.load(memory_order_relaxed);
  if (depth == kMaxHeld) Panic("more locks held than kMaxHeld (core/kernel/native/task.h)", site);
  slot.held[depth].store(lock, memory_order_relaxed);
  slot.depth.store(depth + 1, memory_order_relaxed);
  return 0;
}

// Counts the failed attempt and returns `error`.
int Fail(int error) {
  Add(error == -ETIMEDOUT ? totals.timeouts : totals.deadlocks, 1);
  return error;
}

int WaitFor(kernel_rqspinlock* lock, kernel_site site) {
  const auto begin = std::chrono::steady_clock::now();
  while (!TryLock(&lock->word)) {
    const auto waited = std::chrono::steady_clock::now() - begin;
    if (waited > config.lock_timeout) return Fail(-ETIMEDOUT);
    if (waited > config.deadlock_check && InCycle(lock)) return Fail(-EDEADLK);
    std::this_thread::yield();
  }
  return Acquired(lock, site);
}

}  // namespace

int kernel_rqspin_lock(kernel_rqspinlock* lock, kernel_site site) {
  Point();
  local.polling_since = {};
  if (Chance(config.lock_failures)) return Fail(local.random >> 32 & 1 ? -ETIMEDOUT : -EDEADLK);
  if (TryLock(&lock->word)) return Acquired(lock, site);
  Slot& slot = slots[local.slot];
  if (Holds(slot, lock)) return Fail(-EDEADLK);
  slot.wanted.store(lock, memory_order_relaxed);
  const int error = WaitFor(lock, site);
  slot.wanted.store(nullptr, memory_order_relaxed);
  return error;
}

void kernel_rqspin_unlock(kernel_rqspinlock* lock, kernel_site site) {
  Point();
  Slot& slot = slots[local.slot];
  const uint32_t depth = slot.depth.load(memory_order_relaxed);
  if (depth == 0 || slot.held[depth - 1].load(memory_order_relaxed) != lock) {
    Panic("an rqspinlock is released that is not the last one its task took", site);
  }
  slot.depth.store(depth - 1, memory_order_relaxed);
  std::atomic_ref(lock->word).store(0, std::memory_order_release);
}

void kernel_spin_lock(kernel_spinlock* lock, kernel_site site) {
  Point();
  while (!TryLock(&lock->word)) {
    if (std::atomic_ref(lock->word).load(memory_order_relaxed) == local.slot + 1) {
      Panic("deadlock: a task takes a spinlock that it holds", site);
    }
    std::this_thread::yield();
  }
}

bool kernel_spin_trylock(kernel_spinlock* lock, kernel_site) {
  Point();
  return TryLock(&lock->word);
}

bool kernel_lock_held(const volatile void* lock) {
  auto* word = static_cast<uint32_t*>(const_cast<void*>(lock));  // of either kind of lock
  return std::atomic_ref(*word).load(memory_order_relaxed) == local.slot + 1;
}

void kernel_spin_unlock(kernel_spinlock* lock, kernel_site site) {
  Point();
  if (std::atomic_ref(lock->word).load(memory_order_relaxed) != local.slot + 1) {
    Panic("a spinlock is released by a task that does not hold it", site);
  }
  std::atomic_ref(lock->word).store(0, std::memory_order_release);
}
