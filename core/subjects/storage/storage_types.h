// SPDX-License-Identifier: MIT
//
// The four storage types: their owners, and what differs between them.
//
//                    sk                         task       cgroup     inode
//   charged to       the sock, up to optmem_max nobody     nobody     nobody
//   kmalloc_nolock   no                         yes        yes        no
//   uptr fields      no                         yes        no         no
//   clone, diag      yes                        no         no         no
//
// Facts: net/core/bpf_sk_storage.c, kernel/bpf/bpf_{task,cgrp,inode}_storage.c, Linux 7.0.
#ifndef NOFAIL_CORE_SUBJECTS_STORAGE_STORAGE_TYPES_H_
#define NOFAIL_CORE_SUBJECTS_STORAGE_STORAGE_TYPES_H_

#include "core/subjects/storage/local_storage.h"

namespace nofail {

struct Owner {
  Marked<Storage*> storage;
  Atomic32 omem;        // sk: bytes charged
  uint32_t optmem_max;  // sk: bytes that `omem` must stay below; constant
  storage_type type;
};

// Counts which cache slots the maps of one type have been given.
struct CacheIndexes {
  kernel_spinlock lock;
  uint64_t usage[kCacheSlots];  // by slot, how many maps have it; under `lock`
};

struct StorageType {
  CacheIndexes* cache_indexes;
  bool use_kmalloc_nolock;  // decides in which way storages and selems are freed
  bool has_uptrs;           // whether values may have uptr fields
  // `charge` charges the owner, and returns 0, or -ENOMEM when that is too much. Both are null if nobody is charged.
  int (*charge)(Owner* owner, uint32_t size);
  void (*uncharge)(Owner* owner, uint32_t size);
};

const StorageType* TypeOf(storage_type type);

// Charges the owner `size` bytes. Returns 0, or -ENOMEM when the owner may not be charged that much more.
int Charge(const Map* map, Owner* owner, uint32_t size);
void Uncharge(const Map* map, Owner* owner, uint32_t size);

// Takes the slot that the fewest maps have, and returns it. The caller gives it back with CacheIndexFree.
uint16_t CacheIndexGet(CacheIndexes* indexes);
void CacheIndexFree(CacheIndexes* indexes, uint16_t index);

// ---- What struct subject offers (core/subjects/subject.h has the contracts) -----------------------------------------
void TypesReset();
size_t TypesMemory(subject_range* ranges);
void OwnerInit(void* owner, storage_type type, uint32_t optmem_max);
void OwnerDestroy(void* owner);
int64_t OwnerCharge(const void* owner);
int OwnerUpdate(kernel_map* map, void* owner, void* value, uint64_t flags);
int OwnerRemove(kernel_map* map, void* owner);
void* OwnerLookup(kernel_map* map, void* owner, bool cache);
int SkClone(void* parent, void* child);
int SkDump(void* sk);

}  // namespace nofail
#endif  // NOFAIL_CORE_SUBJECTS_STORAGE_STORAGE_TYPES_H_
