// SPDX-License-Identifier: MIT
//
// A thread that stands for a CPU. Local is the state that only the thread itself sees. Slot is the state that other
// threads look at when they search for lock cycles: the locks that the thread holds and the lock that it wants.
//
// Slots are read and written without order, so that they give the thread sanitizer no happens-before edge that the
// kernel does not promise. So the search may see an old state of a slot; it is repeated until the lock's timeout.
#ifndef NOFAIL_CORE_KERNEL_NATIVE_TASK_H_
#define NOFAIL_CORE_KERNEL_NATIVE_TASK_H_

#include <atomic>
#include <chrono>
#include <cstdint>

#include "core/kernel/native/native.h"

namespace nofail::native {

inline constexpr unsigned kMaxThreads = 64;
inline constexpr unsigned kMaxHeld = 8;

struct Slot {
  std::atomic<bool> taken;                               // a thread has the slot
  std::atomic<uint32_t> depth;                           // how many rqspinlocks the thread holds
  std::atomic<const kernel_rqspinlock*> held[kMaxHeld];  // in the order taken
  std::atomic<const kernel_rqspinlock*> wanted;          // the rqspinlock that the thread waits for; null for none
};
extern Slot slots[kMaxThreads];

struct Local {
  // Takes a free slot; ends the process when there is none.
  Local();
  ~Local();
  unsigned slot;             // index into slots
  unsigned nesting[2] = {};  // by flavour: how deeply the thread is nested in reader sections
  uint32_t hash = 0;         // of SetHash
  uint64_t random;           // the state of the random numbers
  // When the thread began to poll with cpu_relax; zero while it does not poll.
  std::chrono::steady_clock::time_point polling_since{};
};
extern thread_local Local local;

extern Config config;

// The counts that Count returns.
struct Totals {
  std::atomic<int64_t> objects[kObjectKinds];
  std::atomic<int64_t> resources, records, warnings, refcount_warnings, timeouts, deadlocks;
};
extern Totals totals;
inline void Add(std::atomic<int64_t>& counter, int64_t n) {
  counter.fetch_add(n, std::memory_order_relaxed);
}

// Returns true at random, in `per_mille` of 1000 calls.
bool Chance(uint32_t per_mille);
// A scheduling point: yields to another thread at random (Config::yields).
void Point();
// Ends the process: the contract was broken at `site`.
[[noreturn]] void Panic(const char* what, kernel_site site);

}  // namespace nofail::native
#endif  // NOFAIL_CORE_KERNEL_NATIVE_TASK_H_
