// SPDX-License-Identifier: MIT
//
// Teardown as posted: [PATCH bpf-next v6 10/17] "bpf: Support lockless unlink when freeing map or local storage"
// (https://lore.kernel.org/bpf/20260205070208.186382-11-ameryhung@gmail.com/), in the end state of its series.
//
// Frozen: a mistake here is a finding, and is recorded as one (README.md). Each block names the hunk that it stands for
// by the hunk's header and a landmark in it. All these hunks change kernel/bpf/bpf_local_storage.c.
#include "core/subjects/storage/local_storage.h"

namespace nofail {

void SelemUnlinkNofail(Selem* selem, Bucket* bucket) {
  const bool in_map_free = bucket != nullptr;
  bool free_storage = false;
  int unlinked = 0;
  int err = 0;

  // @@ -412,6 +422,94, the two dereferences: reads both back pointers before it takes either lock.
  Storage* storage = selem->local_storage.Dereference();
  Map* map = selem->sdata.smap.Dereference();

  // @@ -412,6 +422,94, `if (smap)`: the map's side. Special fields go under bucket->lock, with the unlinking, so that
  // they go once (invariant 5).
  if (map) {
    if (!bucket) bucket = SelectBucket(map, storage);
    err = bucket->lock.Lock();
    if (!err) {
      if (selem->IsLinkedToMap()) {
        hlist_del_init_rcu(&selem->map_node, KERNEL_HERE);
        kernel_obj_free_fields(map->map.record, selem->sdata.data(), KERNEL_HERE);
        ++unlinked;
      }
      bucket->lock.Unlock();
    }
    // @@ -412,6 +422,94, "resource leak": M has no way back. If it could not lock, nobody may be left to free the
    // fields: the leak that the authors document. The map goes all the same, so its pointer has to (invariant 4).
    kernel_warn_on_once(err && in_map_free, "err && in_map_free", KERNEL_HERE);
    if (!err || in_map_free) selem->sdata.smap.Init(nullptr);
  }

  // @@ -412,6 +422,94, `if (local_storage)`: the storage's side. D leaves cache, charge and owner alone: the owner is
  // going, and D cannot rely on the map.
  if (storage) {
    err = storage->lock.Lock();
    if (!err) {
      if (selem->IsLinkedToStorage()) {
        free_storage = hlist_is_singular_node(&selem->snode, &storage->list);
        if (map && in_map_free) SelemUnlinkStorageMisc(selem, map, storage, free_storage, true);
        hlist_del_init_rcu(&selem->snode, KERNEL_HERE);
        ++unlinked;
      }
      storage->lock.Unlock();
    }
    if (!err || !in_map_free) selem->local_storage.Init(nullptr);
  }

  // @@ -412,6 +422,94, `unlink != 2`: not off both lists by this call, so the other side has to come by as well.
  if (unlinked != 2) selem->state.Or(in_map_free ? kMapUnlinked : kStorageUnlinked);

  // @@ -412,6 +422,94, cmpxchg: exactly one of the two gets to free it (invariant 7).
  if (unlinked == 2 || selem->state.CompareExchange(kUnlinked, kToFree) == kUnlinked) SelemFree(selem, true);

  // @@ -412,6 +422,94, `free_storage`: invariant 9.
  if (free_storage) StorageFree(storage, true);
}

// The walk is that of the series' end state, which calls the function above. The patch itself still has a locked loop
// around its hunk instead.
uint32_t StorageDestroy(Storage* storage) {
  for (Selem& selem : StorageWalk(&storage->list)) SelemUnlinkNofail(&selem, nullptr);

  // @@ -746,6 +845,11: M may be uncharging a pinned owner (invariant 8).
  if (!storage->owner_refcnt.DecAndTest()) {
    while (storage->owner_refcnt.Read()) kernel_cpu_relax(KERNEL_HERE);
  }

  // Nothing orders this load after what M did before its last decrement: the barrier that does came with v7.
  return static_cast<uint32_t>(storage->mem_charge);
}

}  // namespace nofail
