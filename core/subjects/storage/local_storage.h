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
//   SelemUnlink        for a delete. All or nothing: it takes storage->lock and, nested in it, bucket->lock. An update
//                      takes the selem that it replaces off its lists in the same way.
//   SelemUnlinkNofail  for MapFree (M) and StorageDestroy (D), which cannot give up. It takes the bucket's lock first,
//                      and the storage's lock after it, never nested.
//
// The state word is for an selem that no single call of SelemUnlinkNofail has taken off both lists. M and D set it:
//
//      0 --M--> kMapUnlinked     --D--> kUnlinked --either, once--> kToFree
//      0 --D--> kStorageUnlinked --M--> kUnlinked
//
// In state kUnlinked both M and D have visited the selem, so neither looks at the selem's lists again. The one that
// makes the last step frees the selem.
//
// A call that itself takes the selem off both lists leaves the state word alone and frees the selem at once. The other
// side, if it reaches the selem at all, finds it on neither list.
//
// Invariants. Other comments cite them by number.
//   1. Lock order is storage->lock, then bucket->lock. SelemUnlinkNofail holds one at a time.
//   2. All selems of one owner and one map are in the same bucket, because the storage determines the bucket. So an
//      update, which holds storage->lock, needs only one bucket lock for the old and the new selem.
//   3. A node is hashed exactly while it is on its list, and this changes only under the list's lock. (A list that
//      nobody else sees yet needs no lock.)
//   4. A map is not freed before all reader sections have ended that may have read it from an sdata->smap. To ensure
//      this, MapFree stores null in smap, or finds null there, for every selem in its buckets. Then it waits for
//      readers, and only then it frees the map.
//   5. A value's special fields are freed once, while the map's record lives: by the call of SelemUnlinkNofail that
//      takes the selem off its bucket, under bucket->lock; otherwise when the selem is freed, if smap still is set.
//   6. storage->mem_charge is what the owner is charged for the storage and for the selems on its list; storage->lock
//      guards it. It includes selems that D takes off the list, and those that M takes off once owner_refcnt is zero.
//   7. An selem is freed once: by the call that takes it off both lists, or by the call that makes its state kToFree.
//   8. The owner is used only while the caller has a reference to it, or between IncNotZero and Dec of owner_refcnt,
//      which StorageDestroy waits for.
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

// A map. It is constant after MapAlloc, except for what is in the buckets.
struct Map {
  kernel_map map;  // first: a kernel_map* is a Map*
  const StorageType* type;
  Bucket* buckets;
  uint32_t bucket_log;        // there are 1 << bucket_log buckets, at least 2
  uint32_t elem_size;         // bytes of an selem and its value together
  uint32_t plain_bytes;       // bytes of the value that come before its special fields
  uint32_t spin_lock_offset;  // bytes, in the value; it has no meaning without KERNEL_FIELD_SPIN_LOCK
  uint16_t cache_index;       // the slot in every storage's cache that is for this map
};

// The part of an selem that readers use: the map, which is the key, and the value's bytes, which follow.
struct Sdata {
  Marked<Map*> smap;

  uint8_t* data() { return reinterpret_cast<uint8_t*>(this + 1); }
};

// selem->state.
enum : int32_t {
  kMapUnlinked = 1,      // M has visited the selem, and D may still have to
  kStorageUnlinked = 2,  // D has visited the selem, and M may still have to
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
  Marked<Sdata*> cache[kCacheSlots];  // an entry is stored under `lock`, and only while its selem is on `list`
  hlist_head list;                    // of selems, by snode
  Owner* owner;                       // null once the last selem is off the list, unless the owner went first
  kernel_rcu_head rcu;
  RqSpinLock lock;        // protects `list`, `cache`, mem_charge
  uint64_t mem_charge;    // bytes; invariant 6
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
// Returns a new map, or null when memory runs out.
Map* MapAlloc(const subject_map_attr* attr);
// Takes all selems out of the map and frees it. Sleeps. REQUIRES: the map's last reference is gone.
void MapFree(Map* map);
inline Bucket* SelectBucket(Map* map, const Storage* storage) {
  return &map->buckets[kernel_hash_ptr(storage, map->bucket_log)];
}

// ---- Values ----------------------------------------------------------------------------------------------------
// Copies a value's plain bytes into an selem, whose special fields stay as they are. The copy races by design with
// anyone who reads or writes the value.
void CopyValue(const Map* map, Sdata* to, const void* from, kernel_site site = NOFAIL_CALLER);
// The same under the spin_lock in the selem's value. REQUIRES: the map's values have KERNEL_FIELD_SPIN_LOCK.
void CopyValueLocked(const Map* map, Sdata* to, const void* from, kernel_site site = NOFAIL_CALLER);
inline kernel_spinlock* SpinLockOf(const Map* map, Sdata* sdata) {
  return reinterpret_cast<kernel_spinlock*>(sdata->data() + map->spin_lock_offset);
}

// ---- Selems ----------------------------------------------------------------------------------------------------
// Returns a new selem, on no list, charged to the owner. Copies `value` unless it is null, and moves its uptr if
// `swap_uptrs`. Returns null, and charges nothing, when the owner may not be charged or when memory runs out.
Selem* SelemAlloc(Map* map, Owner* owner, void* value, bool swap_uptrs);
// Frees the selem after a grace period: of plain RCU if `reuse_now` (no program can still use it), else of Tasks Trace.
void SelemFree(Selem* selem, bool reuse_now);
// Puts the selem on its bucket's list, under bucket->lock. If the lock fails, it does nothing and returns the error.
int SelemLinkMap(Map* map, Storage* storage, Selem* selem);
// Puts the selem on the storage's list. REQUIRES: storage->lock, or a storage nobody else sees yet.
void SelemLinkStorageNolock(Storage* storage, Selem* selem);
// Takes the selem off both lists and frees it. If a lock fails, it does nothing and returns the error.
// REQUIRES: references to the owner and the map.
int SelemUnlink(Selem* selem);
// Clears the selem's cache slot, uncharges the owner and, if `last` (no other selem is on the storage's list), clears
// the owner's pointer. `pin_owner`: the caller has no reference to the owner; if the owner then is going away, only the
// cache slot is cleared. REQUIRES: storage->lock; a live map.
void SelemUnlinkStorageMisc(Selem* selem, Map* map, Storage* storage, bool last, bool pin_owner);

// ---- Storages --------------------------------------------------------------------------------------------------
// Gives the owner a new storage with `first` on its list. Returns 0, -EAGAIN when another task was faster, -ENOMEM, or
// the error of a lock. After an error `first` is still the caller's.
int StorageAlloc(Owner* owner, Map* map, Selem* first);
// Frees the storage after a grace period; `reuse_now` is as for SelemFree. Null does nothing.
void StorageFree(Storage* storage, bool reuse_now);
// Returns the owner's value of the map, or null. `cache`: may put it into the cache. REQUIRES: a reader section.
Sdata* StorageLookup(Storage* storage, Map* map, bool cache);
// Sets the owner's value of the map. Returns 0 or a negative errno. `flags`: UPDATE_*. REQUIRES: a reader section;
// references to the owner and the map.
int StorageUpdate(Owner* owner, Map* map, void* value, uint64_t flags, bool swap_uptrs);

// ---- Defined by each subject (posted/) ----------------------------------------------------------------------------
// Takes the selem off each list whose lock can be had. Whichever list is left over is for the other side (M or D).
// `bucket`: the bucket that M is walking; null when D calls. REQUIRES: an RCU reader section.
void SelemUnlinkNofail(Selem* selem, Bucket* bucket);
// Takes all selems off the storage of an owner that goes. Returns the bytes that are still charged to the owner.
// REQUIRES: an RCU reader section; no reference to the owner is left.
uint32_t StorageDestroy(Storage* storage);

}  // namespace nofail
#endif  // NOFAIL_CORE_SUBJECTS_STORAGE_LOCAL_STORAGE_H_
