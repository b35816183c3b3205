// SPDX-License-Identifier: MIT
#include "core/subjects/storage/local_storage.h"

#include <errno.h>

#include "core/kernel/value.h"
#include "core/subjects/storage/storage_types.h"

namespace nofail {
namespace {

using ValueWord = uint64_t __attribute__((may_alias));

// Copies words through volatile pointers, so that no sanitizer's memcpy is called: values race by design.
__attribute__((no_sanitize("thread"))) void CopyWords(void* to, const void* from, uint32_t bytes) {
  auto* target = static_cast<volatile ValueWord*>(to);
  auto* source = static_cast<const volatile ValueWord*>(from);
  for (uint32_t i = 0; i < bytes / sizeof(ValueWord); ++i) target[i] = source[i];
}

// ---- Freeing ---------------------------------------------------------------------------------------------------

void StorageFreeRcu(kernel_rcu_head* head) {
  kernel_free(ContainerOf<Storage>(head, offsetof(Storage, rcu)), KERNEL_HERE);
}

// Frees the memory of an selem whose special fields are freed already.
void SelemFreeMemoryRcu(kernel_rcu_head* head) {
  kernel_free(ContainerOf<Selem>(head, offsetof(Selem, rcu)), KERNEL_HERE);
}

// Invariant 5, second half. A callback needs no reader section: MapFree waits for it if smap is still set.
void SelemFreeFields(Selem* selem, kernel_site site = NOFAIL_CALLER) {
  Map* map = selem->sdata.smap.Dereference(site);
  if (map) kernel_obj_free_fields(map->map.record, selem->sdata.data(), site);
}

void SelemFreeRcu(kernel_rcu_head* head) {
  auto* selem = ContainerOf<Selem>(head, offsetof(Selem, rcu));
  SelemFreeFields(selem);
  kernel_free(selem, KERNEL_HERE);
}

// Frees the selems on a list of unlinked ones. The locks that they were unlinked under are released by now.
void SelemFreeList(hlist_head* list) {
  // SelemFree overwrites free_node, which shares its memory with the RCU head. So `next` is read before.
  for (hlist_node *node = list->first, *next; node; node = next) {
    next = node->next;
    SelemFree(ContainerOf<Selem>(node, offsetof(Selem, free_node)), false);
  }
}

// ---- Unlinking under locks that the caller holds -------------------------------------------------------------------

// Takes the selem off its bucket, under bucket->lock. REQUIRES: storage->lock; the selem is on the storage's list.
int SelemUnlinkMap(Selem* selem) {
  Storage* storage = selem->local_storage.Dereference();
  Map* map = selem->sdata.smap.Dereference();
  Bucket* bucket = SelectBucket(map, storage);
  if (int err = bucket->lock.Lock()) return err;
  hlist_del_init_rcu(&selem->map_node, KERNEL_HERE);
  bucket->lock.Unlock();
  return 0;
}

// Moves the selem from the storage's list to free_list. Returns whether it was the last one on the storage's list; then
// the caller has to free the storage (invariant 9).
bool SelemUnlinkStorageNolock(Storage* storage, Selem* selem, hlist_head* free_list) {
  Map* map = selem->sdata.smap.Dereference();
  bool last = hlist_is_singular_node(&selem->snode, &storage->list);
  SelemUnlinkStorageMisc(selem, map, storage, last, false);
  hlist_del_init_rcu(&selem->snode, KERNEL_HERE);
  hlist_add_head(&selem->free_node, free_list);
  return last;
}

// Stores the selem in its cache slot, under storage->lock. Without the lock a concurrent delete could clear the slot
// first; then this would store the selem, and the slot would still point to it after it is freed.
void StorageInsertCache(Storage* storage, Map* map, Selem* selem) {
  if (storage->lock.Lock()) return;
  if (selem->IsLinkedToStorage()) storage->cache[map->cache_index].Assign(&selem->sdata);
  storage->lock.Unlock();
}

unsigned FieldsOf(const kernel_record* record) {
  unsigned fields = 0;
  for (unsigned field = KERNEL_FIELD_KPTR; field <= KERNEL_FIELD_REFCOUNT; field <<= 1) {
    if (kernel_record_has(record, field)) fields |= field;
  }
  return fields;
}

}  // namespace

// ---- Maps ------------------------------------------------------------------------------------------------------

Map* MapAlloc(const subject_map_attr* attr) {
  auto* map = static_cast<Map*>(kernel_alloc(KERNEL_MAP, sizeof(Map), KERNEL_HERE));
  if (!map) return nullptr;
  map->map = {attr->record, attr->value_size, attr->flags, attr->id};
  map->type = TypeOf(attr->type);

  // At least two buckets: with one the hash would have no bits, and kernel_hash_ptr needs at least one.
  map->bucket_log = 1;
  while (1u << map->bucket_log < kernel_num_possible_cpus()) ++map->bucket_log;
  // The memory is zeroed. Zeroed lists are empty, and zeroed locks are free.
  map->buckets = static_cast<Bucket*>(kernel_alloc(KERNEL_BUCKETS, sizeof(Bucket) << map->bucket_log, KERNEL_HERE));
  if (!map->buckets) {
    kernel_free(map, KERNEL_HERE);
    return nullptr;
  }

  unsigned fields = FieldsOf(attr->record);
  map->plain_bytes = attr->value_size - kernel_value_size(0, fields);
  map->spin_lock_offset = kernel_value_offset(map->plain_bytes, fields, KERNEL_FIELD_SPIN_LOCK);
  map->elem_size = offsetof(Selem, sdata) + sizeof(Sdata) + attr->value_size;
  map->cache_index = CacheIndexGet(map->type->cache_indexes);
  return map;
}

void MapFree(Map* map) {
  CacheIndexFree(map->type->cache_indexes, map->cache_index);

  // Waits for a clone that got a reference to the map before the last one was gone: it may still link a copy.
  kernel_synchronize_rcu(KERNEL_HERE);

  for (uint32_t i = 0; i < 1u << map->bucket_log; ++i) {
    Bucket* bucket = &map->buckets[i];
    RcuReader reader;
    bool interrupted;
    do {
      interrupted = false;
      for (Selem& selem : BucketWalk(&bucket->list)) {
        SelemUnlinkNofail(&selem, bucket);
        if (kernel_need_resched(KERNEL_HERE)) {
          // The reader section may have ended in between, so the walk must not go on from this selem.
          kernel_cond_resched_rcu(KERNEL_HERE);
          interrupted = true;
          break;
        }
      }
    } while (interrupted);
  }

  // Readers that found smap set, and StorageDestroy among them, still use the map (invariant 4).
  kernel_synchronize_rcu(KERNEL_HERE);
  if (map->type->use_kmalloc_nolock) {
    // Callbacks that free special fields need the record (invariant 5).
    kernel_rcu_barrier(KERNEL_RCU_TASKS_TRACE, KERNEL_HERE);
    kernel_rcu_barrier(KERNEL_RCU, KERNEL_HERE);
  }
  kernel_free(map->buckets, KERNEL_HERE);
  kernel_free(map, KERNEL_HERE);
}

// ---- Values ----------------------------------------------------------------------------------------------------

void CopyValue(const Map* map, Sdata* to, const void* from, kernel_site site) {
  kernel_check_bytes(to->data(), map->plain_bytes, site);
  CopyWords(to->data(), from, map->plain_bytes);
}

void CopyValueLocked(const Map* map, Sdata* to, const void* from, kernel_site site) {
  SpinGuard guard(SpinLockOf(map, to), site);
  CopyValue(map, to, from, site);
}

// ---- Selems ----------------------------------------------------------------------------------------------------

Selem* SelemAlloc(Map* map, Owner* owner, void* value, bool swap_uptrs) {
  if (Charge(map, owner, map->elem_size)) return nullptr;
  auto* selem = static_cast<Selem*>(kernel_alloc(KERNEL_SELEM, map->elem_size, KERNEL_HERE));
  if (!selem) {
    Uncharge(map, owner, map->elem_size);
    return nullptr;
  }
  selem->sdata.smap.Init(map);
  selem->state.Set(0);
  selem->use_kmalloc_nolock = map->type->use_kmalloc_nolock;
  if (value) {
    CopyValue(map, &selem->sdata, value);
    if (swap_uptrs) kernel_obj_swap_uptrs(map->map.record, selem->sdata.data(), value, KERNEL_HERE);
  }
  return selem;
}

void SelemFree(Selem* selem, bool reuse_now) {
  if (selem->use_kmalloc_nolock) {
    kernel_call_rcu(reuse_now ? KERNEL_RCU : KERNEL_RCU_TASKS_TRACE, &selem->rcu, SelemFreeRcu, KERNEL_HERE);
    return;
  }
  SelemFreeFields(selem);
  if (reuse_now) {
    kernel_kfree_rcu(selem, KERNEL_HERE);
  } else {
    kernel_call_rcu(KERNEL_RCU_TASKS_TRACE, &selem->rcu, SelemFreeMemoryRcu, KERNEL_HERE);
  }
}

int SelemLinkMap(Map* map, Storage* storage, Selem* selem) {
  Bucket* bucket = SelectBucket(map, storage);
  if (int err = bucket->lock.Lock()) return err;
  hlist_add_head_rcu(&selem->map_node, &bucket->list, KERNEL_HERE);
  bucket->lock.Unlock();
  return 0;
}

void SelemLinkStorageNolock(Storage* storage, Selem* selem) {
  Map* map = selem->sdata.smap.Dereference();
  storage->mem_charge += map->elem_size;
  selem->local_storage.Init(storage);
  hlist_add_head_rcu(&selem->snode, &storage->list, KERNEL_HERE);
}

void SelemUnlinkStorageMisc(Selem* selem, Map* map, Storage* storage, bool last, bool pin_owner) {
  Owner* owner = storage->owner;
  Marked<Sdata*>* slot = &storage->cache[map->cache_index];
  if (slot->Access() == &selem->sdata) slot->Init(nullptr);

  // Not pinned: StorageDestroy has begun, and returns what is charged (invariants 6 and 8).
  if (pin_owner && !storage->owner_refcnt.IncNotZero()) return;

  uint32_t bytes = map->elem_size + (last ? sizeof(Storage) : 0);
  Uncharge(map, storage->owner, bytes);
  storage->mem_charge -= bytes;
  if (last) {
    storage->owner = nullptr;
    owner->storage.Init(nullptr);
  }

  if (pin_owner) storage->owner_refcnt.Dec();
}

int SelemUnlink(Selem* selem) {
  // Another task may have unlinked the selem already. That is seen without the lock.
  if (hlist_unhashed_lockless(&selem->snode, KERNEL_HERE)) return 0;
  Storage* storage = selem->local_storage.Dereference();

  hlist_head free_list = {nullptr};
  bool last = false;
  if (int err = storage->lock.Lock()) return err;
  int err = 0;
  if (selem->IsLinkedToStorage()) {
    // From the map first: once off the storage's list it is going to be freed, whatever the other lock says.
    err = SelemUnlinkMap(selem);
    if (!err) last = SelemUnlinkStorageNolock(storage, selem, &free_list);
  }
  storage->lock.Unlock();

  SelemFreeList(&free_list);
  if (last) StorageFree(storage, false);
  return err;
}

// ---- Storages --------------------------------------------------------------------------------------------------

namespace {

// Links the first selem to its map and publishes the storage, both under the bucket's lock. So when MapFree has that
// lock and finds the selem in its bucket, the owner already points to the storage.
int StoragePublish(Owner* owner, Map* map, Storage* storage, Selem* first) {
  Bucket* bucket = SelectBucket(map, storage);
  if (int err = bucket->lock.Lock()) return err;
  hlist_add_head_rcu(&first->map_node, &bucket->list, KERNEL_HERE);
  bool published = owner->storage.CompareExchange(nullptr, storage) == nullptr;
  if (!published) hlist_del_init_rcu(&first->map_node, KERNEL_HERE);
  bucket->lock.Unlock();
  return published ? 0 : -EAGAIN;
}

}  // namespace

int StorageAlloc(Owner* owner, Map* map, Selem* first) {
  if (int err = Charge(map, owner, sizeof(Storage))) return err;
  int err = -ENOMEM;
  auto* storage = static_cast<Storage*>(kernel_alloc(KERNEL_STORAGE, sizeof(Storage), KERNEL_HERE));
  if (storage) {
    hlist_init(&storage->list);
    storage->owner = owner;
    storage->mem_charge = sizeof(Storage);
    storage->use_kmalloc_nolock = map->type->use_kmalloc_nolock;
    storage->owner_refcnt.Set(1);
    SelemLinkStorageNolock(storage, first);
    err = StoragePublish(owner, map, storage, first);
    if (!err) return 0;
  }
  StorageFree(storage, true);
  Uncharge(map, owner, sizeof(Storage));
  return err;
}

void StorageFree(Storage* storage, bool reuse_now) {
  if (!storage) return;
  if (reuse_now && !storage->use_kmalloc_nolock) {
    kernel_kfree_rcu(storage, KERNEL_HERE);
  } else {
    kernel_call_rcu(reuse_now ? KERNEL_RCU : KERNEL_RCU_TASKS_TRACE, &storage->rcu, StorageFreeRcu, KERNEL_HERE);
  }
}

Sdata* StorageLookup(Storage* storage, Map* map, bool cache) {
  Sdata* cached = storage->cache[map->cache_index].Dereference();
  if (cached && cached->smap.Access() == map) return cached;

  for (Selem& selem : StorageWalk(&storage->list)) {
    if (selem.sdata.smap.Access() != map) continue;
    if (cache) StorageInsertCache(storage, map, &selem);
    return &selem.sdata;
  }
  return nullptr;
}

namespace {

int CheckFlags(const Sdata* old, uint64_t flags) {
  if (old && (flags & ~uint64_t{UPDATE_LOCK}) == UPDATE_NOEXIST) return -EEXIST;
  if (!old && (flags & ~uint64_t{UPDATE_LOCK}) == UPDATE_EXIST) return -ENOENT;
  return 0;
}

// For an update when the owner has no storage, or one that is about to be freed: makes a new storage.
int StorageUpdateFirst(Owner* owner, Map* map, void* value, uint64_t flags, bool swap_uptrs) {
  if (int err = CheckFlags(nullptr, flags)) return err;
  Selem* selem = SelemAlloc(map, owner, value, swap_uptrs);
  if (!selem) return -ENOMEM;
  int err = StorageAlloc(owner, map, selem);
  if (err) {
    SelemFree(selem, true);
    Uncharge(map, owner, map->elem_size);
  }
  return err;
}

// The selems that an update has to free once it has released storage->lock.
struct Replacement {
  Selem* unused;         // the new selem, unless it was linked
  hlist_head free_list;  // the old selem, if it was replaced
};

// The part of an update that runs under storage->lock; links result->unused if it needs it. REQUIRES: storage->lock.
int StorageReplace(Storage* storage, Map* map, void* value, uint64_t flags, Replacement* result) {
  // A delete took the last selem off after the caller found the list not empty. The storage is about to be freed.
  if (hlist_empty(&storage->list, KERNEL_HERE)) return -EAGAIN;

  Sdata* old = StorageLookup(storage, map, false);
  if (int err = CheckFlags(old, flags)) return err;
  if (old && (flags & UPDATE_LOCK)) {
    CopyValueLocked(map, old, value);
    return 0;
  }

  Bucket* bucket = SelectBucket(map, storage);
  if (int err = bucket->lock.Lock()) return err;
  Selem* selem = result->unused;
  result->unused = nullptr;
  // The new selem is linked, to the map first, before the old one is unlinked. So a reader finds one of the two at any
  // time, and the storage's list is never empty in between.
  hlist_add_head_rcu(&selem->map_node, &bucket->list, KERNEL_HERE);
  SelemLinkStorageNolock(storage, selem);
  if (old) {
    hlist_del_init_rcu(&SelemOf(old)->map_node, KERNEL_HERE);
    SelemUnlinkStorageNolock(storage, SelemOf(old), &result->free_list);
  }
  bucket->lock.Unlock();
  return 0;
}

}  // namespace

int StorageUpdate(Owner* owner, Map* map, void* value, uint64_t flags, bool swap_uptrs) {
  if ((flags & ~uint64_t{UPDATE_LOCK}) > UPDATE_EXIST) return -EINVAL;
  if ((flags & UPDATE_LOCK) && !kernel_record_has(map->map.record, KERNEL_FIELD_SPIN_LOCK)) return -EINVAL;

  Storage* storage = owner->storage.Dereference();
  if (!storage || hlist_empty(&storage->list, KERNEL_HERE)) {
    return StorageUpdateFirst(owner, map, value, flags, swap_uptrs);
  }

  if ((flags & UPDATE_LOCK) && !(flags & UPDATE_NOEXIST)) {
    // If there is an old selem, it is updated in place, without storage->lock: the value's own lock protects it.
    Sdata* old = StorageLookup(storage, map, false);
    if (int err = CheckFlags(old, flags)) return err;
    if (old && !hlist_unhashed_lockless(&SelemOf(old)->snode, KERNEL_HERE)) {
      CopyValueLocked(map, old, value);
      return 0;
    }
  }

  // Allocates the new selem before it is known to be needed, because memory is not allocated under the lock.
  Replacement result = {SelemAlloc(map, owner, value, swap_uptrs), {nullptr}};
  if (!result.unused) return -ENOMEM;
  int err = storage->lock.Lock();
  if (!err) {
    err = StorageReplace(storage, map, value, flags, &result);
    storage->lock.Unlock();
  }
  SelemFreeList(&result.free_list);
  if (result.unused) {
    Uncharge(map, owner, map->elem_size);
    SelemFree(result.unused, true);
  }
  return err;
}

}  // namespace nofail
