// SPDX-License-Identifier: MIT
//
// A thread as a CPU: what only it sees (Local), and what others look at (Slot: locks held and wanted, for the search
// for lock cycles).
//
// Slots are read and written without order, so that they give the thread sanitizer no edge that the kernel does not
// promise. A reader may see an old state; the search repeats until the lock's timeout.
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
  std::atomic<bool> taken;
  std::atomic<uint32_t> depth;
  std::atomic<const kernel_rqspinlock*> held[kMaxHeld];  // in the order taken
  std::atomic<const kernel_rqspinlock*> wanted;
};
extern Slot slots[kMaxThreads];

struct Local {
  Local();
  ~Local();
  unsigned slot;
  unsigned nesting[2] = {};  // reader sections, by flavour
  uint32_t hash = 0;
  uint64_t random;
  std::chrono::steady_clock::time_point polling_since{};  // of cpu_relax; zero: not polling
};
extern thread_local Local local;

extern Config config;

struct Totals {
  std::atomic<int64_t> objects[kObjectKinds];
  std::atomic<int64_t> resources, records, warnings, refcount_warnings, timeouts, deadlocks;
};
extern Totals totals;
inline void Add(std::atomic<int64_t>& counter, int64_t n) {
  counter.fetch_add(n, std::memory_order_relaxed);
}

// True `per_mille` times in a thousand.
bool Chance(uint32_t per_mille);
// A scheduling point.
void Point();
// Ends the process: the contract was broken at `site`.
[[noreturn]] void Panic(const char* what, kernel_site site);

}  // namespace nofail::native
#endif  // NOFAIL_CORE_KERNEL_NATIVE_TASK_H_
