// SPDX-License-Identifier: MIT
//
// Marked accesses and barriers, in memory mode `sc`.
//
// Stands for: READ_ONCE, WRITE_ONCE, rcu_dereference, atomic_*, cmpxchg, smp_mb, as far as the machine sees them.
// Guarantees: interleaving semantics: a load sees the newest store. Orders are carried to here, and the thread
// sanitizer
//   is told exactly those (the subject's own atomics carry the rest).
// Requires: aligned addresses of 1, 2, 4 or 8 bytes.
// Choices: kPreempt before each.
// Emits: Load, Store, Rmw, RmwOld, Fence; fault RcuNotHeld (a dependency-ordered load outside every section and lock).
// Not modelled: reordering (errs towards silence; the thread sanitizer sees most of it as a race); tearing; load
//   buffering. TSan ignores fences, so a full fence acquires from what was loaded just before (the last 4 addresses).
#ifndef NOFAIL_CORE_KERNEL_SIM_MEMORY_H_
#define NOFAIL_CORE_KERNEL_SIM_MEMORY_H_

#include "core/kernel/kernel.h"

namespace nofail {

struct Machine;

class Memory {
 public:
  explicit Memory(Machine& machine) : machine_(machine) {}

  uint64_t Load(const volatile void* address, unsigned size, kernel_order order, kernel_site site);
  void Store(volatile void* address, unsigned size, uint64_t value, kernel_order order, kernel_site site);
  void Rmw(volatile void* address, unsigned size, kernel_order order, kernel_site site);
  void RmwDone(unsigned size, uint64_t old_value, uint64_t new_value, bool wrote);
  void Fence(kernel_order order, kernel_site site);

 private:
  Machine& machine_;
};

}  // namespace nofail
#endif  // NOFAIL_CORE_KERNEL_SIM_MEMORY_H_
