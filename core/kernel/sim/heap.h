// SPDX-License-Identifier: MIT
//
// The heap.
//
// Stands for: kmalloc_nolock, bpf_map_kzalloc, kvcalloc, bpf_map_area_alloc and their frees.
// Guarantees: zeroed memory aligned to 64. An object's memory is never given out again within a run, so a freed object
//   stays poisoned to its end and every late access to it is seen: by ASan where the subject is instrumented, and at
//   marked accesses, locks and RCU calls by Check in every build. Addresses do not depend on history; ids, hashes and
//   names never depend on addresses.
// Requires: kernel_free gets the start of a live object.
// Choices: kAlloc, by the caller (kernel_sim.cc).
// Emits: Alloc, Free; faults UseAfterFree, OutOfBounds, NullDereference, DoubleFree, InvalidFree, FreedInReader.
// Bounds: kMaxObjects objects, kArenaBytes memory; passing one is a harness bug.
// Not modelled: to the thread sanitizer, freeing an owner races with nothing (errs towards silence: an unordered
//   uncharge before the store that lets the owner go). Destroy frees an owner because of what it read: that map_free
//   cleared the storage pointer, or that the pin is gone. The kernel's memory model orders a write after a read that
//   decides about it (a control dependency); the sanitizer knows no such order and would report these frees.
//   Reuse of freed memory (type confusion by reuse shows as
//   use-after-free instead), NUMA, memory pressure.
#ifndef NOFAIL_CORE_KERNEL_SIM_HEAP_H_
#define NOFAIL_CORE_KERNEL_SIM_HEAP_H_

#include <memory>

#include "core/kernel/kernel.h"
#include "core/kernel/trace/trace.h"
#include "fuzz/base/limits.h"

namespace nofail {

struct Machine;

class Heap {
 public:
  explicit Heap(Machine& machine);

  void Reset();
  void* Alloc(kernel_object_kind kind, size_t size, kernel_site site);
  void Free(void* object, kernel_site site);
  // Free, but that the thread sanitizer is not told who does it. `by_rcu`: at the end of kfree_rcu's grace period.
  void Retire(ObjectId id, bool by_rcu, kernel_site site);
  // Tells it, as the current task or whoever is impersonated.
  void SyncRetire(ObjectId id);

  struct Location {
    ObjectId object;  // 0: not on the heap
    uint16_t offset;
  };
  // Where `address` lies. Never faults.
  Location Find(const volatile void* address) const {
    uint64_t offset = reinterpret_cast<uint64_t>(address) - base_;
    if (offset >= used_) return {0, 0};
    ObjectId id = owner_[offset / kArenaGranule];
    return {id, static_cast<uint16_t>(offset - start_[id])};
  }
  // The current task is about to use [address, address + size): faults unless that is live memory.
  Location Check(const volatile void* address, size_t size, kernel_site site);

  // The object is handed to RCU; faults when it was before, unless its own callback does it.
  ObjectId HandOver(const void* address, kernel_site site);

  // A value as events hold it: a pointer into the heap as object and offset, other simulator pointers as one constant.
  uint64_t Normalize(uint64_t value) const;

  void* Address(ObjectId id) const { return reinterpret_cast<void*>(base_ + start_[id]); }
  uint32_t Hash(const void* object) const { return hash_[Find(object).object]; }

 private:
  void BadAccess(const volatile void* address, size_t size, kernel_site site);
  void CheckReaders(ObjectId id, bool by_rcu, kernel_site site);

  Machine& machine_;
  uint64_t base_;
  uint64_t used_ = 0;
  std::unique_ptr<ObjectId[]> owner_;  // by granule; 0 in redzones
  uint32_t start_[kMaxObjects];        // by object: bytes from base_
  uint32_t hash_[kMaxObjects];
  uint8_t count_[16];  // objects so far, by kind
};

}  // namespace nofail
#endif  // NOFAIL_CORE_KERNEL_SIM_HEAP_H_
