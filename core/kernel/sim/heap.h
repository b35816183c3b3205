// SPDX-License-Identifier: MIT
//
// The heap: an arena from which all objects of a run are allocated.
//
// Stands for: kmalloc_nolock, bpf_map_kzalloc, kvcalloc, bpf_map_area_alloc and their frees.
// Guarantees:
//   - Memory is zeroed and aligned to 64 bytes.
//   - An object's memory is never given out again within a run, so a freed object stays poisoned to the end of the run
//     and every late access to it is seen. Check sees it at marked accesses, locks and RCU calls in every build. Plain
//     accesses are seen by AddressSanitizer, or by CheckPlain where the simulator sees them (kAccessesSeen).
//   - Addresses do not depend on earlier runs. Ids, hashes and names never depend on addresses.
// Requires: kernel_free gets the start of a live object; faults otherwise.
// Choices: kAlloc, which the caller of Alloc asks (kernel_sim.cc).
// Emits: Alloc, Free; faults UseAfterFree, OutOfBounds, NullDereference, DoubleFree, InvalidFree, FreedInReader.
// Bounds: kArenaBytes of memory; passing it is a harness bug. kMaxObjects objects, which no schedule can reach
//   (static_assert in fuzz/base/limits.h). kMaxObjectsPerKind: after that many objects of one kind, numbers start again
//   at 0.
// Not modelled:
//   - Reuse of freed memory. Where reuse would confuse two types, the run has a use after free instead, so the bug is
//     seen all the same. But no new object ever gets the address of a freed one, so a comparison of pointers is never
//     fooled by an address that came back: errs towards silence.
//   - Memory pressure: whether an allocation fails is a choice, and no failure depends on how much memory is used. This
//     allows more than the kernel does: errs towards reporting.
//   - NUMA. The contract names no node: errs towards neither.
//   - To the thread sanitizer and the race detector, freeing an owner races with nothing. Destroy frees an owner
//     because of what it read: for example, that map_free cleared the storage pointer, or that the pin is gone. The
//     kernel's memory model orders a write after a read that decides about it (a control dependency). Neither detector
//     knows such an order, so both would report these frees. Errs towards silence: it hides, for example, an uncharge
//     that nothing orders before the store that lets the owner go.
#ifndef NOFAIL_CORE_KERNEL_SIM_HEAP_H_
#define NOFAIL_CORE_KERNEL_SIM_HEAP_H_

#include <algorithm>
#include <memory>

#include "core/kernel/kernel.h"
#include "core/kernel/trace/trace.h"
#include "fuzz/base/limits.h"

namespace nofail {

struct Machine;

class Heap {
 public:
  explicit Heap(Machine& machine);

  // Forgets all objects.
  void Reset();
  // Allocates an object of `size` bytes. Never fails.
  void* Alloc(kernel_object_kind kind, size_t size, kernel_site site);
  // Retire and SyncRetire of the object that begins at `object`.
  void Free(void* object, kernel_site site);
  // Frees the object, but does not tell the thread sanitizer. `by_rcu` says that a grace period of kfree_rcu has ended,
  // so no task in particular frees it.
  void Retire(ObjectId id, bool by_rcu, kernel_site site);
  // Tells the thread sanitizer that the current task, or the fiber that is impersonated, frees the object.
  void SyncRetire(ObjectId id);

  struct Location {
    ObjectId object;  // 0: not on the heap
    uint16_t offset;  // bytes from the start of the object
  };
  // Returns where `address` lies. Never faults.
  Location Find(const volatile void* address) const {
    uint64_t offset = reinterpret_cast<uint64_t>(address) - base_;
    if (offset >= used_) return {0, 0};
    ObjectId id = owner_[offset / kArenaGranule];
    return {id, static_cast<uint16_t>(offset - start_[id])};
  }
  // The current task is about to use [address, address + size). Faults if `address` is nearly null, lies in a redzone
  // or in unused memory of the arena, or lies in an object that is freed or that ends before address + size. Memory
  // outside the heap, such as the subject's static variables, is never a fault. Returns where `address` lies.
  Location Check(const volatile void* address, size_t size, kernel_site site);

  // The same for a plain access, which the instruction before `pc` is about to make. Only an address in the arena may
  // be a fault: what goes through another bad pointer raises a signal. Faults are those that AddressSanitizer reports:
  // a redzone that belongs to no object is the fault SanitizerReport.
  Location CheckPlain(const volatile void* address, size_t size, uintptr_t pc) {
    const Location location = Find(address);
    if (location.object == 0) {
      if (reinterpret_cast<uint64_t>(address) - base_ < kArenaBytes) [[unlikely]]
        BadPlainAccess(location, size, pc);
      return location;
    }
    if (!IsAlive(location, size)) [[unlikely]]
      BadPlainAccess(location, size, pc);
    return location;
  }

  // The current task hands the object that contains `address` to RCU. Faults if that has happened before. Only the
  // object's own callback may hand the object over once more. Returns the object, or 0 when there is none.
  ObjectId HandOver(const void* address, kernel_site site);

  // Returns `value` as events hold it: a pointer into the heap becomes object and offset (PackPointer), any other value
  // that looks like a pointer becomes kOtherPointer, and every other value stays.
  uint64_t Normalize(uint64_t value) const;

  // The start of an object.
  void* Address(ObjectId id) const { return reinterpret_cast<void*>(base_ + start_[id]); }
  // The number that kernel_hash_ptr takes the bucket from.
  uint32_t Hash(const void* object) const { return hash_[Find(object).object]; }

  // Copies the memory of all objects (archive.h). What else is known of an object only grows with a run.
  template <typename Archive>
  void Copy(Archive& archive) {
    const uint64_t before = used_;
    archive.Value(used_);
    if (used_ < before) {
      std::fill(owner_.get() + used_ / kArenaGranule, owner_.get() + before / kArenaGranule, ObjectId{0});
    }
    archive.Value(count_);
    archive.Bytes(reinterpret_cast<void*>(base_), used_);
  }

 private:
  friend class StateReader;

  // Whether the `size` bytes from the location on belong to its object, which is not freed.
  bool IsAlive(Location location, size_t size) const;
  void BadAccess(const volatile void* address, size_t size, kernel_site site);
  void BadPlainAccess(Location location, size_t size, uintptr_t pc);
  void CheckReaders(ObjectId id, bool by_rcu, kernel_site site);

  Machine& machine_;
  uint64_t base_;                      // the address of the arena
  uint64_t used_ = 0;                  // bytes of the arena, redzones included
  std::unique_ptr<ObjectId[]> owner_;  // by granule: the object that it belongs to; 0 in redzones
  uint32_t start_[kMaxObjects];        // by object: bytes from base_
  uint32_t hash_[kMaxObjects];         // by object
  uint8_t count_[16];                  // by kind: objects so far
};

}  // namespace nofail
#endif  // NOFAIL_CORE_KERNEL_SIM_HEAP_H_
