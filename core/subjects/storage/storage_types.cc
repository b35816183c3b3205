// SPDX-License-Identifier: MIT
#include "core/subjects/storage/storage_types.h"

#include <errno.h>

namespace nofail {
namespace {

// ---- sk: the only type that charges ------------------------------------------------------------------------------

// Checks and adds in two steps, so two tasks may both find room where only one fits. The kernel charges so, too.
int SkCharge(Owner* sk, uint32_t size) {
  if (size <= sk->optmem_max && static_cast<uint32_t>(sk->omem.Read()) + size < sk->optmem_max) {
    sk->omem.Add(static_cast<int32_t>(size));
    return 0;
  }
  return -ENOMEM;
}

void SkUncharge(Owner* sk, uint32_t size) {
  sk->omem.Sub(static_cast<int32_t>(size));
}

CacheIndexes cache_indexes[STORAGE_TYPES];

constexpr StorageType kTypes[STORAGE_TYPES] = {
    // indexes, use_kmalloc_nolock, has_uptrs, charge, uncharge
    {&cache_indexes[STORAGE_SK], false, false, SkCharge, SkUncharge},
    {&cache_indexes[STORAGE_TASK], true, true, nullptr, nullptr},
    {&cache_indexes[STORAGE_CGROUP], true, false, nullptr, nullptr},
    {&cache_indexes[STORAGE_INODE], false, false, nullptr, nullptr},
};

}  // namespace

const StorageType* TypeOf(storage_type type) {
  return &kTypes[type];
}

int Charge(const Map* map, Owner* owner, uint32_t size) {
  return map->type->charge ? map->type->charge(owner, size) : 0;
}

void Uncharge(const Map* map, Owner* owner, uint32_t size) {
  if (map->type->uncharge) map->type->uncharge(owner, size);
}

uint16_t CacheIndexGet(CacheIndexes* indexes) {
  SpinGuard guard(&indexes->lock);
  uint16_t least = 0;
  for (uint16_t i = 1; i < kCacheSlots; ++i) {
    if (indexes->usage[i] < indexes->usage[least]) least = i;
  }
  ++indexes->usage[least];
  return least;
}

void CacheIndexFree(CacheIndexes* indexes, uint16_t index) {
  SpinGuard guard(&indexes->lock);
  --indexes->usage[index];
}

void TypesReset() {
  for (CacheIndexes& indexes : cache_indexes) indexes = {};
}

size_t TypesMemory(subject_range* ranges) {
  ranges[0] = {cache_indexes, sizeof(cache_indexes)};
  return 1;
}

// ---- Owners ------------------------------------------------------------------------------------------------------

void OwnerInit(void* memory, storage_type type, uint32_t optmem_max) {
  auto* owner = static_cast<Owner*>(memory);
  owner->type = type;
  owner->optmem_max = optmem_max;
}

void OwnerDestroy(void* memory) {
  auto* owner = static_cast<Owner*>(memory);
  RcuReader reader;
  Storage* storage = owner->storage.Dereference();
  if (!storage) return;
  uint32_t left = StorageDestroy(storage);
  const StorageType* type = TypeOf(owner->type);
  if (left && type->uncharge) type->uncharge(owner, left);
}

// Reads plainly: the driver calls this only while nothing else runs.
__attribute__((no_sanitize("thread"))) int64_t OwnerCharge(const void* owner) {
  return static_cast<const Owner*>(owner)->omem.raw;
}

// ---- BPF operations ----------------------------------------------------------------------------------------------

int OwnerUpdate(kernel_map* map, void* owner, void* value, uint64_t flags) {
  auto* smap = reinterpret_cast<Map*>(map);
  // An update in place (UPDATE_LOCK) could not take over the user memory that the new value's uptr pins.
  if ((flags & UPDATE_LOCK) && smap->type->has_uptrs && kernel_record_has(map->record, KERNEL_FIELD_UPTR)) {
    return -EOPNOTSUPP;
  }
  return StorageUpdate(static_cast<Owner*>(owner), smap, value, flags, smap->type->has_uptrs);
}

namespace {

Sdata* OwnerLookupSdata(kernel_map* map, void* owner, bool cache, kernel_site site = NOFAIL_CALLER) {
  Storage* storage = static_cast<Owner*>(owner)->storage.Dereference(site);
  return storage ? StorageLookup(storage, reinterpret_cast<Map*>(map), cache) : nullptr;
}

}  // namespace

int OwnerRemove(kernel_map* map, void* owner) {
  Sdata* sdata = OwnerLookupSdata(map, owner, false);
  return sdata ? SelemUnlink(SelemOf(sdata)) : -ENOENT;
}

void* OwnerLookup(kernel_map* map, void* owner, bool cache) {
  Sdata* sdata = OwnerLookupSdata(map, owner, cache);
  return sdata ? sdata->data() : nullptr;
}

// ---- sk only -----------------------------------------------------------------------------------------------------

namespace {

// Reads a value's plain bytes as clone and diag do, under the value's own lock if it has one, and copies them to `to`.
// For diag `to` is null: that diag reads the bytes is modelled, where it copies them is not.
void ReadValue(const Map* map, Sdata* from, Sdata* to, kernel_site site = NOFAIL_CALLER) {
  bool locked = kernel_record_has(map->map.record, KERNEL_FIELD_SPIN_LOCK);
  if (locked) kernel_spin_lock(SpinLockOf(map, from), site);
  kernel_check_bytes(from->data(), map->plain_bytes, site);
  if (to) CopyValue(map, to, from->data(), site);
  if (locked) kernel_spin_unlock(SpinLockOf(map, from), site);
}

// Copies one selem to the child. *storage is the child's storage, null until it has one. REQUIRES: a map reference.
int SkCloneOne(Owner* child, Map* map, Selem* selem, Storage** storage) {
  Selem* copy = SelemAlloc(map, child, nullptr, false);
  if (!copy) return -ENOMEM;
  ReadValue(map, &selem->sdata, &copy->sdata);
  int err = *storage ? SelemLinkMap(map, *storage, copy) : StorageAlloc(child, map, copy);
  if (err) {
    SelemFree(copy, true);
    SkUncharge(child, map->elem_size);
    return err;
  }
  if (*storage) {
    SelemLinkStorageNolock(*storage, copy);
  } else {
    *storage = copy->local_storage.Dereference();
  }
  return 0;
}

}  // namespace

int SkClone(void* parent, void* child) {
  RcuReader reader;
  Storage* from = static_cast<Owner*>(parent)->storage.Dereference();
  if (!from || hlist_empty(&from->list, KERNEL_HERE)) return 0;

  Storage* storage = nullptr;
  for (Selem& selem : StorageWalk(&from->list)) {
    Map* map = selem.sdata.smap.Dereference();
    if (!map || !(map->map.flags & KERNEL_MAP_CLONE)) continue;
    // The map may be about to end. A reference to it keeps MapFree from running while the copy is linked.
    if (!kernel_map_inc_not_zero(&map->map, KERNEL_HERE)) continue;
    int err = SkCloneOne(static_cast<Owner*>(child), map, &selem, &storage);
    kernel_map_put(&map->map, KERNEL_HERE);
    // The child keeps the selems that it has by now. They go when the caller destroys the child.
    if (err) return err;
  }
  return 0;
}

int SkDump(void* sk) {
  RcuReader reader;
  Storage* storage = static_cast<Owner*>(sk)->storage.Dereference();
  if (!storage || hlist_empty(&storage->list, KERNEL_HERE)) return 0;

  int seen = 0;
  for (Selem& selem : StorageWalk(&storage->list)) {
    // No reference to the map: only the section keeps it, and only if it is still there.
    Map* map = selem.sdata.smap.Dereference();
    if (!map) continue;
    ++seen;
    ReadValue(map, &selem.sdata, nullptr);
  }
  return seen;
}

}  // namespace nofail
