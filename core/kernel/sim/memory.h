// SPDX-License-Identifier: MIT
//
// Accesses and barriers, in memory mode `sc`.
//
// Stands for: READ_ONCE, WRITE_ONCE, rcu_dereference, atomic_*, cmpxchg and smp_mb, which subjects announce here; and,
//   in builds that see them (kAccessesSeen), plain loads and stores, which the compiler announces.
// Guarantees: interleaving semantics: a load sees the newest store. The events record the order of each access. The
//   thread sanitizer learns the order of an access from the real atomic that the subject makes (core/kernel/access.h);
//   this part tells it the order of fences, as far as that can be told (see below). The race detector learns both here.
// Requires: accesses of 1, 2, 4 or 8 bytes, at addresses that are aligned to the size.
// Choices: kPreempt before each access and each fence.
// Emits: Load, Store, Rmw, RmwOld, Fence; fault RcuNotHeld, once per op, for a dependency-ordered load outside every
//   reader section, lock and callback; the faults of Heap::Check and, for plain accesses, of Heap::CheckPlain.
// Not modelled:
//   - Reordering, load buffering included: errs towards silence. The thread sanitizer sees most of it as a data race.
//   - Tearing: errs towards silence.
//   - Fences, to the thread sanitizer, which ignores them. A full or acquire fence acquires from the last 4 addresses
//     that the task loaded without order since its last such fence. The order of earlier loads is lost: errs towards
//     reporting. A store that came between the load and the fence counts as seen: errs towards silence. A release
//     fence, and the release half of a full fence, tells the sanitizer nothing: errs towards reporting.
#ifndef NOFAIL_CORE_KERNEL_SIM_MEMORY_H_
#define NOFAIL_CORE_KERNEL_SIM_MEMORY_H_

#include "core/kernel/kernel.h"
#include "core/kernel/sim/access_observer.h"

namespace nofail {

struct Machine;

// Whether the address is in the memory of the program's variables.
bool IsStaticVariable(uint64_t address);

class Memory {
 public:
  explicit Memory(Machine& machine) : machine_(machine) {}

  // The marked accesses of core/kernel/kernel.h. Each but RmwDone begins with a scheduling point.
  uint64_t Load(const volatile void* address, unsigned size, kernel_order order, kernel_site site);
  void Store(volatile void* address, unsigned size, uint64_t value, kernel_order order, kernel_site site);
  void Rmw(volatile void* address, unsigned size, kernel_order order, kernel_site site);
  void RmwDone(const volatile void* address, unsigned size, uint64_t old_value, uint64_t new_value, bool wrote);
  void Fence(kernel_order order, kernel_site site);

  // The subject is about to make a plain access. It is no scheduling point. A bad access is a fault and does not
  // return. `pc` as in Heap::CheckPlain. Accesses outside of tasks are ignored.
  void Plain(const volatile void* address, size_t size, bool is_write, uintptr_t pc);
  // Tells the observer of an access by a primitive, of which no event tells.
  void Tell(const void* address, size_t size, bool is_write) {
    if (observer_ != nullptr) observer_->OnPlainAccess({address, size, is_write, 0, 0, 0});
  }
  // Sim::SetAccessObserver.
  void set_observer(AccessObserver* observer) { observer_ = observer; }

 private:
  Machine& machine_;
  AccessObserver* observer_ = nullptr;
};

}  // namespace nofail
#endif  // NOFAIL_CORE_KERNEL_SIM_MEMORY_H_
