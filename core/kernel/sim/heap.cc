// SPDX-License-Identifier: MIT
#include "core/kernel/sim/heap.h"

#include <sys/mman.h>

#include <cstring>

#include "core/kernel/sim/machine.h"
#include "core/kernel/sim/sanitizer.h"
#include "fuzz/base/harness_bug.h"
#include "fuzz/base/object_kind.h"

namespace nofail {

namespace {

constexpr uint64_t kPageBytes = 4096;

}  // namespace

Heap::Heap(Machine& machine)
    : machine_(machine),
      owner_(std::make_unique<ObjectId[]>(kArenaBytes / kArenaGranule)),
      start_(),
      hash_(),
      count_() {
  void* arena = mmap(nullptr, kArenaBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (arena == MAP_FAILED) HarnessBug("no memory for the heap's arena");
  base_ = reinterpret_cast<uint64_t>(arena);
  PoisonMemory(arena, kArenaBytes);
  SyncArena(base_, kArenaBytes);
}

void Heap::Reset() {
  PoisonMemory(reinterpret_cast<void*>(base_), used_);
  SyncEmpty(base_, used_);
  memset(owner_.get(), 0, used_ / kArenaGranule * sizeof(ObjectId));
  memset(count_, 0, sizeof(count_));
  used_ = 0;
}

void* Heap::Alloc(kernel_object_kind kind, size_t size, kernel_site site) {
  size_t granules = (size + kArenaGranule - 1) / kArenaGranule;
  uint64_t start = used_;
  if (start + (granules + 1) * kArenaGranule > kArenaBytes) HarnessBug("kArenaBytes is too small");
  // One granule more than the object needs: a redzone, in which an access past the object's end lands.
  used_ += (granules + 1) * kArenaGranule;

  ObjectId id = machine_.trace.AddObject({kind, count_[kind]++, static_cast<uint32_t>(size), machine_.trace.size(),
                                          ObjectInfo::kAlive, ObjectInfo::kAlive});
  for (size_t i = 0; i < granules; ++i) owner_[start / kArenaGranule + i] = id;
  start_[id] = static_cast<uint32_t>(start);
  hash_[id] = IsHashed(kind) ? machine_.scheduler.current().hash : id;

  void* object = reinterpret_cast<void*>(base_ + start);
  UnpoisonMemory(object, size);
  SyncAlloc(object, granules * kArenaGranule);
  memset(object, 0, size);
  machine_.Emit(EventKind::kAlloc, static_cast<uint8_t>(kind), id, 0, size, site);
  return object;
}

void Heap::Free(void* object, kernel_site site) {
  Location location = Find(object);
  if (location.object == 0 || location.offset != 0) {
    return machine_.Report(Fault::kInvalidFree, location.object, location.offset, site);
  }
  Retire(location.object, false, site);
  SyncRetire(location.object);
}

// To the thread sanitizer, a free writes all of the object. The free of an owner is left out. References decide who may
// still use an owner, and map_free's last store to it, which clears its storage pointer, is ordered before the free
// only because destroy has read what map_free stored. The sanitizer does not know this order (see heap.h).
void Heap::SyncRetire(ObjectId id) {
  const ObjectInfo& info = machine_.trace.object(id);
  if (info.kind != KERNEL_OWNER) SyncFree(Address(id), info.size);
}

void Heap::Retire(ObjectId id, bool by_rcu, kernel_site site) {
  ObjectInfo& info = machine_.trace.object(id);
  if (info.freed != ObjectInfo::kAlive) return machine_.Report(Fault::kDoubleFree, id, 0, site);
  CheckReaders(id, by_rcu, site);
  info.freed = machine_.trace.size();
  machine_.Emit(EventKind::kFree, by_rcu, id, 0, 0, site);
  PoisonMemory(Address(id), info.size);
}

Heap::Location Heap::Check(const volatile void* address, size_t size, kernel_site site) {
  Location location = Find(address);
  if (location.object == 0) {
    uint64_t value = reinterpret_cast<uint64_t>(address);
    // An address outside every object is one of the subject's own variables, unless it is nearly null or in the arena.
    if (value - base_ < kArenaBytes || value < kPageBytes) [[unlikely]]
      BadAccess(address, size, site);
    return location;
  }
  if (!IsAlive(location, size)) [[unlikely]]
    BadAccess(address, size, site);
  return location;
}

bool Heap::IsAlive(Location location, size_t size) const {
  const ObjectInfo& info = machine_.trace.object(location.object);
  return info.freed == ObjectInfo::kAlive && location.offset + size <= info.size;
}

void Heap::BadAccess(const volatile void* address, size_t, kernel_site site) {
  Location location = Find(address);
  if (reinterpret_cast<uint64_t>(address) < kPageBytes) {
    return machine_.Report(Fault::kNullDereference, 0, static_cast<uint16_t>(reinterpret_cast<uint64_t>(address)),
                           site);
  }
  bool freed = location.object != 0 && machine_.trace.object(location.object).freed != ObjectInfo::kAlive;
  machine_.Report(freed ? Fault::kUseAfterFree : Fault::kOutOfBounds, location.object, location.offset, site);
}

// The location of the fault is the first byte that must not be accessed.
void Heap::BadPlainAccess(Location location, size_t size, uintptr_t pc) {
  if (location.object == 0) return machine_.Report(Fault::kSanitizerReport, 0, 0, SiteOf(pc));
  const ObjectInfo& info = machine_.trace.object(location.object);
  const bool freed = info.freed != ObjectInfo::kAlive;
  // AddressSanitizer looks at up to 16 bytes at once, and then names the first of them.
  if (!freed && size > 16 && location.offset < info.size) location.offset = static_cast<uint16_t>(info.size);
  machine_.Report(freed ? Fault::kUseAfterFree : Fault::kOutOfBounds, location.object, location.offset, SiteOf(pc));
}

// Faults if another task, or any task when RCU frees the object, may still use it: a task that has followed a pointer
// to the object in its reader section and is still in that section. Owners are left out, because references protect
// them: an owner may be freed while the section in which it was used goes on without it.
void Heap::CheckReaders(ObjectId id, bool by_rcu, kernel_site site) {
  if (machine_.trace.object(id).kind == KERNEL_OWNER) return;
  for (const Task* task : machine_.scheduler.live()) {
    if ((by_rcu || task != &machine_.scheduler.current()) && task->InSection() && task->Touched(id)) {
      const OpRef reader = task->op.IsCallback() ? task->op : OpRef{task->op.task, 0};
      return machine_.Report(Fault::kFreedInReader, id, 0, site, PackTarget(reader));
    }
  }
}

ObjectId Heap::HandOver(const void* address, kernel_site site) {
  Location location = Check(address, 1, site);
  if (location.object == 0) {
    machine_.Report(Fault::kInvalidFree, 0, 0, site);
    return 0;
  }
  ObjectInfo& info = machine_.trace.object(location.object);
  Task& task = machine_.scheduler.current();
  // A callback may hand its own object over again, for another grace period.
  const bool given_back = task.op.IsCallback() && task.object == location.object;
  if (info.handed_over != ObjectInfo::kAlive && !given_back) {
    machine_.Report(Fault::kDoubleFree, location.object, 0, site);
  }
  info.handed_over = machine_.trace.size();
  // The task that hands an object over no longer counts as its reader, even if its section goes on.
  if (task.Touched(location.object)) task.touched[location.object / 64u] &= ~(uint64_t{1} << (location.object % 64u));
  return location.object;
}

uint64_t Heap::Normalize(uint64_t value) const {
  if (value < kPageBytes) return value;
  uint64_t offset = value - base_;
  if (offset < used_) {
    ObjectId id = owner_[offset / kArenaGranule];
    return PackPointer(id, static_cast<uint16_t>(offset - start_[id]));
  }
  // A value that looks like a pointer of this process but does not point into the heap, such as the address of a list
  // head on a task's stack. The address itself means nothing.
  return value >> 32 != 0 && value >> 47 == 0 ? kOtherPointer : value;
}

}  // namespace nofail
