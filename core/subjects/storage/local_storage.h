// SPDX-License-Identifier: MIT
//
// BPF local storage: the objects, and what the operations promise. Facts: kernel/bpf/bpf_local_storage.c of Linux 7.0
// and 7.2, and the series that the posted patch belongs to, whose end state this is.
//
// An owner (sock, task, cgroup, inode) points to at most one storage. A map has buckets. An selem holds one map's value
// for one owner and is on two lists: the storage's, under storage->lock, and one bucket's, under bucket->lock. Both
// locks may fail to be acquired. Readers walk both lists under RCU.
//
// clang-format off
// Who takes an selem off its lists:
//   SelemUnlink        a delete, or an update that replaces it. All or nothing: storage->lock, then bucket->lock
//                      nested.
//   SelemUnlinkNofail  MapFree (M) and StorageDestroy (D), which cannot give up. Bucket first, then storage, never
//                      nested.
//
// The state word is for what SelemUnlinkNofail could not do in one call:
//
//      0 --M--> kMapUnlinked     --D--> kUnlinked --either, once--> kToFree
//      0 --D--> kStorageUnlinked --M--> kUnlinked
//
// At kUnlinked both M and D have come by: neither looks at the selem's lists again, and whoever makes the last step
// frees it.
//
// A call that takes the selem off both lists itself leaves the word alone and frees the selem at once: the other side,
// if it comes at all, finds it on neither list.
//
// Invariants. Other comments cite them by number.
//   1. Lock order is storage->lock, then bucket->lock. SelemUnlinkNofail holds one at a time.
//   2. All selems of one owner and one map are in the same bucket: it is chosen by the storage. Whoever holds
//      storage->lock therefore needs one bucket lock for an old and a new selem.
//   3. A node is hashed exactly while it is on its list, and that changes under the list's lock only. (A list that
//      nobody else sees yet needs none.)
//   4. While sdata->smap is not null, the map is not freed before the reader sections end that could have read it:
//      MapFree makes it null, or finds it so, for every selem of its buckets, and waits for readers before the map
//      goes.
//   5. A value's special fields are freed once, while the map's record lives: by the call of SelemUnlinkNofail that
//      takes the selem off its bucket, under bucket->lock; otherwise when the selem is freed, if smap still is set.
//   6. storage->mem_charge is what the owner is charged for the storage and the selems on its list; under
//      storage->lock. What M takes off while D has begun stays in it.
//   7. An selem is freed once: by the call that took it off both lists, or by the one that made state kToFree.
//   8. The owner is used while the caller has a reference to it, or between IncNotZero and Dec of owner_refcnt, which
//      StorageDestroy waits for.
//   9. A storage is freed by the call that takes the last selem off its list.
// clang-format on
#ifndef NOFAIL_CORE_SUBJECTS_STORAGE_LOCAL_STORAGE_H_
#define NOFAIL_CORE_SUBJECTS_STORAGE_LOCAL_STORAGE_H_

#include <stddef.h>
#include <stdint.h>

#include "core/kernel/hlist.h"
#include "core/kernel/kernel.h"
#include "core/kernel/sync.h"
#include "core/subjects/subject.h"

namespace nofail {

struct Owner;        // storage_types.h
struct StorageType;  // storage_types.h
struct Storage;

struct Bucket {
  hlist_head list;  // of selems, by map_node
  RqSpinLock lock;  // protects insertion into and removal from `list`
};

// Constant after MapAlloc, but for what is in the buckets.
struct Map {
  kernel_map map;  // first: a kernel_map* is a Map*
  const StorageType* type;
  Bucket* buckets;
  uint32_t bucket_log;        // there are 1 << bucket_log of them, at least 2
  uint32_t elem_size;         // bytes of an selem with its value
  uint32_t plain_bytes;       // of the value, in front of its special fields
  uint32_t spin_lock_offset;  // in the value; of no meaning without KERNEL_FIELD_SPIN_LOCK
  uint16_t cache_index;       // which slot of every storage's cache is for this map
};

// What readers get at: the key and the value.
struct Sdata {
  Marked<Map*> smap;

  uint8_t* data() { return reinterpret_cast<uint8_t*>(this + 1); }
};

// selem->state.
enum : int32_t {
  kMapUnlinked = 1,      // M has come by, and D may have to
  kStorageUnlinked = 2,  // D has come by, and M may have to
  kUnlinked = kMapUnlinked | kStorageUnlinked,
  kToFree = 4,
};

struct Selem {
  hlist_node map_node;  // on bucket->list
  hlist_node snode;     // on storage->list
  Marked<Storage*> local_storage;
  union {
    kernel_rcu_head rcu;
    hlist_node free_node;  // between unlinking under the locks and freeing after them
  };
  Atomic32 state;
  bool use_kmalloc_nolock;
  alignas(64) Sdata sdata;  // on a cache line of its own; the value's bytes follow

  bool IsLinkedToMap() const { return !hlist_unhashed(&map_node); }
  bool IsLinkedToStorage() const { return !hlist_unhashed(&snode); }
};

inline constexpr uint16_t kCacheSlots = 16;

struct Storage {
  Marked<Sdata*> cache[kCacheSlots];  // stored under `lock`, while the selem is on `list`
  hlist_head list;                    // of selems, by snode
  Owner* owner;                       // null once the last selem is gone, unless the owner went first
  kernel_rcu_head rcu;
  RqSpinLock lock;  // protects `list`, `cache`, mem_charge
  uint64_t mem_charge;
  Refcount owner_refcnt;  // invariant 8
  bool use_kmalloc_nolock;
};

static_assert(offsetof(Map, map) == 0 && offsetof(Selem, sdata) == 64);

inline Selem* SelemOf(Sdata* sdata) {
  return ContainerOf<Selem>(sdata, offsetof(Selem, sdata));
}

// ---- Walks -----------------------------------------------------------------------------------------------------
using StorageWalk = RcuWalk<Selem, offsetof(Selem, snode)>;
using BucketWalk = RcuWalk<Selem, offsetof(Selem, map_node)>;

// ---- Maps ------------------------------------------------------------------------------------------------------
// Null when memory runs out.
Map* MapAlloc(const subject_map_attr* attr);
// REQUIRES: the map's last reference is gone. Sleeps.
void MapFree(Map* map);
inline Bucket* SelectBucket(Map* map, const Storage* storage) {
  return &map->buckets[kernel_hash_ptr(storage, map->bucket_log)];
}

// ---- Values ----------------------------------------------------------------------------------------------------
// Copies a value's plain bytes into an selem; its special fields stay as they are. Races by design with whoever reads
// or writes the value.
void CopyValue(const Map* map, Sdata* to, const void* from, kernel_site site = NOFAIL_CALLER);
// The same under the selem's value's own spin_lock. REQUIRES: the map's values have KERNEL_FIELD_SPIN_LOCK.
void CopyValueLocked(const Map* map, Sdata* to, const void* from, kernel_site site = NOFAIL_CALLER);
inline kernel_spinlock* SpinLockOf(const Map* map, Sdata* sdata) {
  return reinterpret_cast<kernel_spinlock*>(sdata->data() + map->spin_lock_offset);
}

// ---- Selems ----------------------------------------------------------------------------------------------------
// A new selem, on no list, charged to the owner. Copies `value` if there is one; takes its uptr over if `swap_uptrs`.
// Null when the owner may not be charged or memory runs out; then nothing is charged.
Selem* SelemAlloc(Map* map, Owner* owner, void* value, bool swap_uptrs);
// Frees it after a grace period. `reuse_now`: no program can still use it, so one of plain RCU will do.
void SelemFree(Selem* selem, bool reuse_now);
// Takes bucket->lock; its error is returned, and nothing done.
int SelemLinkMap(Map* map, Storage* storage, Selem* selem);
// REQUIRES: storage->lock, or a storage nobody else sees yet.
void SelemLinkStorageNolock(Storage* storage, Selem* selem);
// Takes the selem off both lists and frees it. A lock's error is returned, and nothing done.
// REQUIRES: references to the owner and the map.
int SelemUnlink(Selem* selem);
// The part of unlinking from a storage that has to do with the owner: cache slot, charge, the owner's pointer.
// `last`: no other selem is on the storage's list. `pin_owner`: the caller has no reference to the owner, which may be
// going away; then nothing is done to it. REQUIRES: storage->lock; a live map.
void SelemUnlinkStorageMisc(Selem* selem, Map* map, Storage* storage, bool last, bool pin_owner);

// ---- Storages --------------------------------------------------------------------------------------------------
// Gives the owner a storage with `first` on its list. -EAGAIN when another task was faster; the storage's charge or a
// lock's error otherwise. On error, `first` stays the caller's.
int StorageAlloc(Owner* owner, Map* map, Selem* first);
// Frees it after a grace period; `reuse_now` as for SelemFree. Null does nothing.
void StorageFree(Storage* storage, bool reuse_now);
// The owner's value of the map, or null. `cache`: may put it into the cache. REQUIRES: a reader section.
Sdata* StorageLookup(Storage* storage, Map* map, bool cache);
// Sets the owner's value of the map. `flags`: UPDATE_*. REQUIRES: a reader section; references to the owner and the
// map.
int StorageUpdate(Owner* owner, Map* map, void* value, uint64_t flags, bool swap_uptrs);

// ---- Defined by each subject (posted/) ----------------------------------------------------------------------------
// Takes the selem off its lists as far as the locks can be had, and leaves the rest to the other side.
// `bucket`: the one that M is walking; null when D calls. REQUIRES: an RCU reader section.
void SelemUnlinkNofail(Selem* selem, Bucket* bucket);
// The owner goes. Returns the bytes that still are charged to it. REQUIRES: an RCU reader section; no reference to the
// owner is left.
uint32_t StorageDestroy(Storage* storage);

}  // namespace nofail
#endif  // NOFAIL_CORE_SUBJECTS_STORAGE_LOCAL_STORAGE_H_
