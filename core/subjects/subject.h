// SPDX-License-Identifier: MIT
//
// A subject: one implementation of BPF local storage, as the one table of functions through which it is driven.
//
// The driver (fuzz/exec) guarantees the usage contract of the kernel: what may race with what, and in which reader
// section a caller stands. A subject never learns who drives it.
#ifndef NOFAIL_CORE_SUBJECTS_SUBJECT_H_
#define NOFAIL_CORE_SUBJECTS_SUBJECT_H_

#include "core/kernel/kernel.h"

#ifdef __cplusplus
extern "C" {
#endif

enum storage_type { STORAGE_SK, STORAGE_TASK, STORAGE_CGROUP, STORAGE_INODE, STORAGE_TYPES };

// Update flags, with the values of the system call.
enum { UPDATE_ANY = 0, UPDATE_NOEXIST = 1, UPDATE_EXIST = 2, UPDATE_LOCK = 4 };

struct subject_map_attr {
  enum storage_type type;
  uint32_t value_size;           // bytes, special fields included (core/kernel/value.h)
  uint32_t flags;                // KERNEL_MAP_*
  uint32_t id;                   // which map of the scenario
  struct kernel_record* record;  // borrowed; outlives the map
};

// Some of a subject's static variables.
struct subject_range {
  void* start;
  size_t size;  // bytes
};
enum { SUBJECT_RANGES = 3 };

// The types of the objects that a subject allocates, as its debug information calls them; NULL where there is none. A
// buckets object is an array of `bucket`. Reports name fields by them (fuzz/report/fields.h).
struct subject_types {
  const char *map, *bucket, *storage, *selem, *owner;
};

struct subject {
  const char* name;  // as a person types it: "posted"
  struct subject_types types;

  // Forgets every earlier run, also one that was cut short: the subject's global state (which cache indexes are in use)
  // is as at boot. The driver calls it before each run, when nothing runs.
  void (*reset)(void);

  // Names the static variables that a run may change, for who saves a run and goes back to it: fills `ranges`, which
  // has room for SUBJECT_RANGES, and returns how many there are. NULL when there are none.
  size_t (*memory)(struct subject_range* ranges);

  // Creates a map; NULL when memory runs out, or when the subject has no such storage type. The caller owns it until
  // map_free.
  struct kernel_map* (*map_alloc)(const struct subject_map_attr* attr);
  // Ends a map whose last reference is gone. Sleeps. Afterwards the map's memory is gone.
  void (*map_free)(struct kernel_map* map);

  // An owner is an object of `owner_size` bytes that the driver allocates (KERNEL_OWNER, zeroed) and frees.
  size_t owner_size;
  // Prepares it. `optmem_max` bounds its charge in bytes (sk only).
  void (*owner_init)(void* owner, enum storage_type type, uint32_t optmem_max);
  // The storage type's hook for an owner that goes away; takes rcu_read_lock itself. The caller frees the owner next.
  void (*owner_destroy)(void* owner);
  // Bytes charged to the owner now; 0 for types that do not charge. Reads plainly; call it when nothing runs.
  int64_t (*owner_charge)(const void* owner);
  // Where the charge stands in the owner, in bytes; SIZE_MAX when it has none.
  size_t owner_charge_offset;

  // BPF operations. The caller stands in a reader section, and holds references to the map and (but for an inode's
  // lookup) to the owner. Errors are negative errno values. `value` is value_size bytes; an update takes over its uptr.
  int (*update)(struct kernel_map* map, void* owner, void* value, uint64_t flags);
  int (*remove)(struct kernel_map* map, void* owner);
  // The value's bytes, usable until the section ends, or NULL. `cache`: may insert into the storage's cache.
  void* (*lookup)(struct kernel_map* map, void* owner, bool cache);
  // sk only. Copies the parent's elements of F_CLONE maps to the fresh child; takes its own reader section.
  int (*clone)(void* parent, void* child);
  // sk only. Socket diag, dump-all: walks the owner's elements of every map in a reader section of its own. Returns how
  // many it saw.
  int (*dump)(void* owner);

  // Where selem->state stands in a KERNEL_SELEM object, in bytes; SIZE_MAX when the subject has no such word.
  size_t selem_state_offset;

  // KERNEL_FIELD_* that its maps' values cannot have. The driver leaves them out.
  unsigned missing_fields;
};

// The subject this binary was linked with.
extern const struct subject* const linked_subject;
// The subject that a fuzz binary compares it with. It is there only where the build has a baseline
// (nofail_link_baseline in cmake/subjects.cmake); otherwise its address is null.
extern const struct subject* const linked_baseline __attribute__((weak));

#ifdef __cplusplus
}
#endif
#endif  // NOFAIL_CORE_SUBJECTS_SUBJECT_H_
