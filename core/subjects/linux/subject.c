// SPDX-License-Identifier: MIT
//
// The subject `linux`: a tree's own local storage, driven through the paths that the kernel itself takes. Each function
// of struct subject calls these functions of the tree:
//
//   map_alloc, map_free    the map's operations, as the system call that creates a map and the drop of the map's last
//                          reference call them
//   owner_destroy          the hook of the owner's type
//   update, remove, lookup Inside rcu_read_lock: the map's operations, as the system calls use them. Inside
//                          rcu_read_lock_trace alone, where only a sleepable program can be: the helpers of programs.
//                          A helper cannot be given the flags of an update, so update calls bpf_local_storage_update
//                          itself, in the same way as the helper does.
//   clone, dump            the functions that sk_clone and socket diag call
//
// The tree is probed for what differs between versions when the build is configured (probes/). The answers are the
// macros NOFAIL_LINUX_*.
#include "core/subjects/subject.h"

#include <linux/bpf_local_storage.h>
#include <net/bpf_sk_storage.h>

#include "core/kernel/value.h"
#include "core/subjects/linux/api.h"

enum { KEY_SIZE = sizeof(int), MAX_OWNERS = 16 };

extern volatile u32 __start_nofail_linux_bss[], __stop_nofail_linux_bss[];
// No stock version has such variables; a patch may, such as a list or a work item.
extern volatile char __start_nofail_linux_data[] __attribute__((weak)),
    __stop_nofail_linux_data[] __attribute__((weak));

u32 btf_sock_ids[2], btf_tracing_ids[1], bpf_cgroup_btf_id[1];

static struct nofail_owner* owners[MAX_OWNERS];
static unsigned owner_count;

// How many references to owners the system call on each CPU has taken and not given back. It is the adapter's own, so
// the thread sanitizer does not see it.
static int references[KERNEL_MAX_CPUS];

__attribute__((no_sanitize("thread"))) struct nofail_owner* nofail_owner_get(int fd) {
  ++references[kernel_cpu()];
  return owners[fd];
}

__attribute__((no_sanitize("thread"))) void nofail_owner_put(const void* object) {
  (void)object;
  --references[kernel_cpu()];
}

// A warning whose site says what is wrong: a system call ends, and has kept a reference or given back one too many.
__attribute__((no_sanitize("thread"))) static void owner_reference_kept(void) {
  WARN_ON_ONCE(references[kernel_cpu()] != 0);
  references[kernel_cpu()] = 0;
}

// What the variables of nofail_linux_data were at boot. The first reset, which comes before the first run, keeps them.
// It is in a section that no reset touches.
enum { BOOT_BYTES = 1 << 16 };
static struct {
  bool kept;
  char bytes[BOOT_BYTES];
} at_boot __attribute__((section("nofail_linux_boot")));

__attribute__((no_sanitize("address"))) static void reset_data(void) {
  const size_t size = (size_t)(__stop_nofail_linux_data - __start_nofail_linux_data);
  if (size > BOOT_BYTES) __builtin_trap();
  volatile char* kept = at_boot.bytes;
  for (size_t i = 0; i < size; ++i) {
    if (at_boot.kept) {
      __start_nofail_linux_data[i] = kept[i];
    } else {
      kept[i] = __start_nofail_linux_data[i];
    }
  }
  at_boot.kept = true;
}

// Resets the static variables of all of the subject's files, `owners` and `owner_count` among them, and also the
// padding that a sanitizer put between the variables.
__attribute__((no_sanitize("address"))) static void linux_reset(void) {
  nofail_percpu_reset();
  for (volatile u32* word = __start_nofail_linux_bss; word < __stop_nofail_linux_bss; ++word) *word = 0;
  reset_data();
}

static size_t linux_memory(struct subject_range* ranges) {
  ranges[0].start = (void*)(uintptr_t)__start_nofail_linux_bss;
  ranges[0].size = (size_t)((uintptr_t)__stop_nofail_linux_bss - (uintptr_t)__start_nofail_linux_bss);
  ranges[1].start = (void*)(uintptr_t)__start_nofail_linux_data;
  ranges[1].size = (size_t)(__stop_nofail_linux_data - __start_nofail_linux_data);
  ranges[2] = nofail_percpu_areas();
  return 3;
}

// ---- Maps ----------------------------------------------------------------------------------------------------------

static const struct bpf_map_ops* ops_of(enum storage_type type) {
  switch (type) {
    case STORAGE_SK:
      return &sk_storage_map_ops;
    case STORAGE_TASK:
      return &task_storage_map_ops;
    case STORAGE_INODE:
      return &inode_storage_map_ops;
    case STORAGE_CGROUP:
#if NOFAIL_LINUX_CGROUP
      return &cgrp_storage_map_ops;
#endif
    default:
      return NULL;
  }
}

static unsigned fields_of(const struct kernel_record* record) {
  unsigned fields = 0;
  for (unsigned field = KERNEL_FIELD_KPTR; field <= KERNEL_FIELD_REFCOUNT; field <<= 1) {
    if (kernel_record_has(record, field)) fields |= field;
  }
  return fields;
}

static struct bpf_map* map_of(struct kernel_map* map) {
  return container_of(map, struct bpf_map, kernel);
}

static struct kernel_map* linux_map_alloc(const struct subject_map_attr* asked) {
  const struct bpf_map_ops* ops = ops_of(asked->type);
  if (!ops) return NULL;
  union bpf_attr attr = {.map_type = asked->type == STORAGE_SK ? BPF_MAP_TYPE_SK_STORAGE : 0,
                         .key_size = KEY_SIZE,
                         .value_size = asked->value_size,
                         .map_flags = BPF_F_NO_PREALLOC | (asked->flags & KERNEL_MAP_CLONE ? BPF_F_CLONE : 0),
                         .btf_key_type_id = 1,
                         .btf_value_type_id = 1};
  if (ops->map_alloc_check(&attr)) return NULL;
  struct bpf_map* map = ops->map_alloc(&attr);
  if (IS_ERR(map)) return NULL;
  unsigned fields = fields_of(asked->record);
  map->ops = ops;
  map->record = asked->record;
  map->id = asked->id;
  map->plain_bytes = asked->value_size - kernel_value_size(0, fields);
  map->spin_lock_offset = kernel_value_offset(map->plain_bytes, fields, KERNEL_FIELD_SPIN_LOCK);
  map->kernel = (struct kernel_map){asked->record, asked->value_size, asked->flags, asked->id};
  return &map->kernel;
}

static void linux_map_free(struct kernel_map* map) {
  map_of(map)->ops->map_free(map_of(map));
}

// ---- Owners --------------------------------------------------------------------------------------------------------

static void linux_owner_init(void* memory, enum storage_type type, uint32_t optmem_max) {
  struct nofail_owner* owner = memory;
  owner->type = type;
  owner->number = (int)owner_count;
  owners[owner_count++] = owner;
  owner->sk.sk_refcnt.value = 1;
  nofail_set_optmem_max(&owner->sk, (int)optmem_max);
  owner->socket.sk = &owner->sk;
  owner->task.usage.value = 1;
  owner->pid.task = &owner->task;
  owner->file.f_inode = &owner->inode;
}

// A warning whose site says what is wrong: an sk ends, and somebody else than the driver still has a reference to it,
// or has given back the driver's. Reads plainly: nobody uses the sk any more.
__attribute__((no_sanitize("thread"))) static void sk_reference_kept(const struct sock* sk) {
  WARN_ON_ONCE(sk->sk_refcnt.value != 1);
}

static void linux_owner_destroy(void* memory) {
  struct nofail_owner* owner = memory;
  switch (owner->type) {
    case STORAGE_SK:
      sk_reference_kept(&owner->sk);
      return bpf_sk_storage_free(&owner->sk);
    case STORAGE_TASK:
      return bpf_task_storage_free(&owner->task);
    case STORAGE_INODE:
      return bpf_inode_storage_free(&owner->inode);
#if NOFAIL_LINUX_CGROUP
    case STORAGE_CGROUP:
      return bpf_cgrp_storage_free(&owner->cgroup);
#endif
  }
}

// Reads plainly, and hides the read from the thread sanitizer: the driver calls this only while nothing else runs.
__attribute__((no_sanitize("thread"))) static int64_t linux_owner_charge(const void* owner) {
  return ((const struct nofail_owner*)owner)->sk.sk_omem_alloc.counter;
}

// ---- BPF operations ------------------------------------------------------------------------------------------------

// The object inside `owner` that the functions of the owner's type take as their argument.
static void* object_of(struct nofail_owner* owner) {
  switch (owner->type) {
    case STORAGE_SK:
      return &owner->sk;
    case STORAGE_TASK:
      return &owner->task;
    case STORAGE_CGROUP:
      return &owner->cgroup;
    default:
      return &owner->inode;
  }
}

static const struct bpf_func_proto* const get_protos[STORAGE_TYPES] = {
    [STORAGE_SK] = &bpf_sk_storage_get_proto,
    [STORAGE_TASK] = &bpf_task_storage_get_proto,
    [STORAGE_INODE] = &bpf_inode_storage_get_proto,
#if NOFAIL_LINUX_CGROUP
    [STORAGE_CGROUP] = &bpf_cgrp_storage_get_proto,
#endif
};
static const struct bpf_func_proto* const delete_protos[STORAGE_TYPES] = {
    [STORAGE_SK] = &bpf_sk_storage_delete_proto,
    [STORAGE_TASK] = &bpf_task_storage_delete_proto,
    [STORAGE_INODE] = &bpf_inode_storage_delete_proto,
#if NOFAIL_LINUX_CGROUP
    [STORAGE_CGROUP] = &bpf_cgrp_storage_delete_proto,
#endif
};

static u64 call(const struct bpf_func_proto* proto, struct bpf_map* map, struct nofail_owner* owner, u64 r3, u64 r4) {
  return proto->func((u64)map, (u64)object_of(owner), r3, r4, GFP_ATOMIC);
}

static int update_from_program(struct bpf_map* map, struct nofail_owner* owner, void* value, u64 flags) {
  struct bpf_local_storage_map* smap = container_of(map, struct bpf_local_storage_map, map);
#if NOFAIL_LINUX_SWAP_UPTRS
  bool last = false;
#else
  gfp_t last = GFP_ATOMIC;
#endif
  return PTR_ERR_OR_ZERO(bpf_local_storage_update(object_of(owner), smap, value, flags, last));
}

static int linux_update(struct kernel_map* map, void* owner, void* value, uint64_t flags) {
  if (!rcu_read_lock_held()) return update_from_program(map_of(map), owner, value, flags);
  int error = (int)map_of(map)->ops->map_update_elem(map_of(map), &((struct nofail_owner*)owner)->number, value, flags);
  owner_reference_kept();
  return error;
}

static int linux_remove(struct kernel_map* map, void* owner) {
  if (!rcu_read_lock_held())
    return (int)call(delete_protos[((struct nofail_owner*)owner)->type], map_of(map), owner, 0, 0);
  int error = (int)map_of(map)->ops->map_delete_elem(map_of(map), &((struct nofail_owner*)owner)->number);
  owner_reference_kept();
  return error;
}

// Looks up as a delete begins: without putting what it finds into the cache. The lookups that system calls and helpers
// offer all fill the cache.
static void* lookup_without_cache(struct bpf_map* map, struct nofail_owner* owner) {
  struct bpf_local_storage* storage = rcu_dereference(*map->ops->map_owner_storage_ptr(object_of(owner)));
  if (!storage) return NULL;
  struct bpf_local_storage_data* sdata =
      bpf_local_storage_lookup(storage, container_of(map, struct bpf_local_storage_map, map), false);
  return sdata ? sdata->data : NULL;
}

static void* linux_lookup(struct kernel_map* map, void* owner, bool cache) {
  if (!cache) return lookup_without_cache(map_of(map), owner);
  if (!rcu_read_lock_held()) {
    return (void*)call(get_protos[((struct nofail_owner*)owner)->type], map_of(map), owner, 0, 0);
  }
  void* value = map_of(map)->ops->map_lookup_elem(map_of(map), &((struct nofail_owner*)owner)->number);
  owner_reference_kept();
  return IS_ERR(value) ? NULL : value;
}

// ---- sk only -------------------------------------------------------------------------------------------------------

static int linux_clone(void* parent, void* child) {
  return bpf_sk_storage_clone(&((struct nofail_owner*)parent)->sk, &((struct nofail_owner*)child)->sk);
}

static int linux_dump(void* owner) {
  struct bpf_sk_storage_diag* diag = bpf_sk_storage_diag_alloc(NULL);
  if (IS_ERR(diag)) return (int)PTR_ERR(diag);
  struct sk_buff skb = {0};
  unsigned size;
  bpf_sk_storage_diag_put(diag, &((struct nofail_owner*)owner)->sk, &skb, 0, &size);
  bpf_sk_storage_diag_free(diag);
  return (int)skb.elements;
}

static const struct subject linux_subject = {
    .name = NOFAIL_LINUX_NAME,
    .types = {.map = "bpf_local_storage_map",
              .bucket = "bpf_local_storage_map_bucket",
              .storage = "bpf_local_storage",
              .selem = "bpf_local_storage_elem",
              .owner = "nofail_owner"},
    .reset = linux_reset,
    .memory = linux_memory,
    .map_alloc = linux_map_alloc,
    .map_free = linux_map_free,
    .owner_size = sizeof(struct nofail_owner),
    .owner_init = linux_owner_init,
    .owner_destroy = linux_owner_destroy,
    .owner_charge = linux_owner_charge,
    .owner_charge_offset = offsetof(struct nofail_owner, sk.sk_omem_alloc),
    .update = linux_update,
    .remove = linux_remove,
    .lookup = linux_lookup,
    .clone = linux_clone,
    .dump = linux_dump,
#if NOFAIL_LINUX_STATE
    .selem_state_offset = offsetof(struct bpf_local_storage_elem, state),
#else
    .selem_state_offset = SIZE_MAX,
#endif
    .missing_fields = NOFAIL_LINUX_MISSING_FIELDS,
};

const struct subject* const linked_subject = &linux_subject;
