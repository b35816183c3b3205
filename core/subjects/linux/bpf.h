// SPDX-License-Identifier: MIT
//
// Maps, values and helpers, as far as local storage uses them. A struct bpf_map begins with the kernel contract's own
// struct kernel_map. Operations on values are routed to the kernel contract; values.c has those that are functions.
#ifndef NOFAIL_CORE_SUBJECTS_LINUX_BPF_H_
#define NOFAIL_CORE_SUBJECTS_LINUX_BPF_H_

#include "core/kernel/kernel.h"
#include "core/subjects/linux/language.h"

struct bpf_local_storage;
struct bpf_local_storage_map;
struct bpf_map;
struct bpf_prog;
union bpf_attr;

// ---- Maps --------------------------------------------------------------------------------------------------------

// What map_update_elem and map_delete_elem return. The type differs between versions, and has to be right, because
// schedules call these functions.
#if NOFAIL_LINUX_OPS_RETURN_INT
typedef int nofail_ops_result;
#else
typedef long nofail_ops_result;
#endif

struct bpf_map_ops {
  int (*map_alloc_check)(union bpf_attr* attr);
  struct bpf_map* (*map_alloc)(union bpf_attr* attr);
  void (*map_free)(struct bpf_map* map);
  void* (*map_lookup_elem)(struct bpf_map* map, void* key);
  nofail_ops_result (*map_update_elem)(struct bpf_map* map, void* key, void* value, u64 flags);
  nofail_ops_result (*map_delete_elem)(struct bpf_map* map, void* key);
  int (*map_local_storage_charge)(struct bpf_local_storage_map* smap, void* owner, u32 size);
  void (*map_local_storage_uncharge)(struct bpf_local_storage_map* smap, void* owner, u32 size);
  struct bpf_local_storage** (*map_owner_storage_ptr)(void* owner);
  // Only there so that the initializers in the tree compile; never called.
  const void *map_meta_equal, *map_get_next_key, *map_check_btf, *map_btf_id, *map_mem_usage;
};

struct bpf_map {
  struct kernel_map kernel;  // set by the adapter (subject.c)
  const struct bpf_map_ops* ops;
  struct kernel_record* record;
  u32 map_type, key_size, value_size, map_flags, id;
  // The layout of the map's values, in bytes: how many bytes come before the special fields, and where the spin lock
  // is. The adapter sets both from the record.
  u32 plain_bytes, spin_lock_offset;
};

union bpf_attr {
  struct {
    u32 map_type, key_size, value_size, max_entries, map_flags, btf_key_type_id, btf_value_type_id;
  };
};

#define BPF_MAP_TYPE_SK_STORAGE 24

enum { BPF_ANY = 0, BPF_NOEXIST = 1, BPF_EXIST = 2, BPF_F_LOCK = 4 };
enum { BPF_F_NO_PREALLOC = 1, BPF_F_CLONE = 512 };
enum { BPF_SK_STORAGE_GET_F_CREATE = 1, BPF_LOCAL_STORAGE_GET_F_CREATE = 1 };
enum { NUMA_NO_NODE = -1 };
enum { MAX_BPF_STACK = 512 };

static inline void bpf_map_init_from_attr(struct bpf_map* map, const union bpf_attr* attr) {
  map->map_type = attr->map_type;
  map->key_size = attr->key_size;
  map->value_size = attr->value_size;
  map->map_flags = attr->map_flags;
}
#define bpf_map_meta_equal NULL
#define bpf_capable() true

#define bpf_map_inc_not_zero(map) \
  (kernel_map_inc_not_zero(&(map)->kernel, KERNEL_HERE) ? (map) : (struct bpf_map*)ERR_PTR(-ENOENT))
#define bpf_map_put(map) kernel_map_put(&(map)->kernel, KERNEL_HERE)

static inline bool bpf_rcu_lock_held(void) {
  return kernel_rcu_read_lock_held(KERNEL_RCU) || kernel_rcu_read_lock_held(KERNEL_RCU_TASKS_TRACE);
}

// ---- Values ------------------------------------------------------------------------------------------------------
enum { BPF_SPIN_LOCK = KERNEL_FIELD_SPIN_LOCK, BPF_UPTR = KERNEL_FIELD_UPTR };
#define btf_record_has_field(record, field) kernel_record_has((record), (field))
#define map_value_has_spin_lock(map) kernel_record_has((map)->record, KERNEL_FIELD_SPIN_LOCK)
#define bpf_obj_free_fields(record, data) kernel_obj_free_fields((record), (data), KERNEL_HERE)
#define bpf_obj_swap_uptrs(record, to, from) kernel_obj_swap_uptrs((record), (to), (from), KERNEL_HERE)

// Copies the plain bytes of a value from `from` to `to`. The special fields of `to` stay as they are.
void nofail_copy_value(const struct bpf_map* map, void* to, const void* from, struct kernel_site site);
// The same while it holds the value's own spin lock: that of `from` if `lock_from`, otherwise that of `to`.
void nofail_copy_value_locked(const struct bpf_map* map, void* to, void* from, bool lock_from, struct kernel_site site);
#define copy_map_value(map, to, from) nofail_copy_value((map), (to), (from), KERNEL_HERE)
#define copy_map_value_locked(map, to, from, lock_from) \
  nofail_copy_value_locked((map), (to), (from), (lock_from), KERNEL_HERE)
// Does nothing: it would clear the special fields of a copy that goes to user space, and nobody reads that copy here.
#define check_and_init_map_value(map, to) ((void)(to))

// ---- Helpers -----------------------------------------------------------------------------------------------------
struct bpf_func_proto {
  u64 (*func)(u64 r1, u64 r2, u64 r3, u64 r4, u64 r5);
  bool gpl_only;
  int ret_type, arg1_type, arg2_type, arg3_type, arg4_type;
  u32* arg2_btf_id;
  bool (*allowed)(const struct bpf_prog* prog);
};
enum {
  RET_INTEGER,
  RET_PTR_TO_MAP_VALUE_OR_NULL,
  ARG_CONST_MAP_PTR,
  ARG_PTR_TO_BTF_ID,
  ARG_PTR_TO_BTF_ID_OR_NULL,
  ARG_PTR_TO_BTF_ID_SOCK_COMMON,
  ARG_PTR_TO_CTX,
  ARG_PTR_TO_MAP_VALUE_OR_NULL,
  ARG_ANYTHING,
};

// Defines the helper `name`. Like the kernel's, it takes five registers, whatever its parameters are. It converts the
// registers and calls ____name, which is the function whose body follows the macro.
#define NOFAIL_BPF_CALL(name, parameters, ...)       \
  static __always_inline u64 ____##name parameters;  \
  u64 name(u64 r1, u64 r2, u64 r3, u64 r4, u64 r5);  \
  u64 name(u64 r1, u64 r2, u64 r3, u64 r4, u64 r5) { \
    return ____##name(__VA_ARGS__);                  \
  }                                                  \
  static __always_inline u64 ____##name parameters
#define NOFAIL_ARGUMENT(type, r) ((type)(uintptr_t)(r))
#define BPF_CALL_2(name, t1, a1, t2, a2) \
  NOFAIL_BPF_CALL(name, (t1 a1, t2 a2), NOFAIL_ARGUMENT(t1, r1), NOFAIL_ARGUMENT(t2, r2))
#define BPF_CALL_4(name, t1, a1, t2, a2, t3, a3, t4, a4)                                                \
  NOFAIL_BPF_CALL(name, (t1 a1, t2 a2, t3 a3, t4 a4), NOFAIL_ARGUMENT(t1, r1), NOFAIL_ARGUMENT(t2, r2), \
                  NOFAIL_ARGUMENT(t3, r3), NOFAIL_ARGUMENT(t4, r4))
#define BPF_CALL_5(name, t1, a1, t2, a2, t3, a3, t4, a4, t5, a5)                                               \
  NOFAIL_BPF_CALL(name, (t1 a1, t2 a2, t3 a3, t4 a4, t5 a5), NOFAIL_ARGUMENT(t1, r1), NOFAIL_ARGUMENT(t2, r2), \
                  NOFAIL_ARGUMENT(t3, r3), NOFAIL_ARGUMENT(t4, r4), NOFAIL_ARGUMENT(t5, r5))

// Objects of the tree's files that the adapter uses and that no header of the tree declares.
extern const struct bpf_map_ops sk_storage_map_ops, task_storage_map_ops, cgrp_storage_map_ops, inode_storage_map_ops;
extern const struct bpf_func_proto bpf_task_storage_get_proto, bpf_task_storage_delete_proto,
    bpf_cgrp_storage_get_proto, bpf_cgrp_storage_delete_proto, bpf_inode_storage_get_proto,
    bpf_inode_storage_delete_proto;

#endif  // NOFAIL_CORE_SUBJECTS_LINUX_BPF_H_
