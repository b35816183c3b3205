// SPDX-License-Identifier: MIT
//
// Kernel interfaces that deliberately do nothing here. Some are never called, because no schedule reaches them; they
// only let the tree's files compile. The others make no difference to local storage.
#ifndef NOFAIL_CORE_SUBJECTS_LINUX_INERT_H_
#define NOFAIL_CORE_SUBJECTS_LINUX_INERT_H_

#include "core/subjects/linux/bpf.h"
#include "core/subjects/linux/language.h"

// ---- Contexts that do not occur ------------------------------------------------------------------------------------
// A simulated task has a CPU of its own and is never migrated. NMIs and interrupts are not simulated.
#define in_nmi() false
#define in_hardirq() false
#define rcu_read_lock_bh_held() false
#define migrate_disable() ((void)0)
#define migrate_enable() ((void)0)

// Per-CPU counters, by which the kernel keeps a program from re-entering itself. There is no re-entry here, so a
// counter never exceeds one, and each increment returns 1. This errs towards silence: two tasks that share a CPU could
// meet a busy counter.
#define DEFINE_PER_CPU(type, name) __typeof__(type) name
#define this_cpu_inc(counter) ((void)&(counter))
#define this_cpu_dec(counter) ((void)&(counter))
#define this_cpu_inc_return(counter) ((void)&(counter), 1)

// ---- Modules and initialization ------------------------------------------------------------------------------------
#define EXPORT_SYMBOL(name) _Static_assert(1, "")
#define EXPORT_SYMBOL_GPL(name) _Static_assert(1, "")
#define late_initcall(function) static int (*const nofail_initcall_##function)(void) __attribute__((used)) = (function)

// ---- Type information ----------------------------------------------------------------------------------------------
struct btf {};
struct btf_type {
  u32 name_off, info;
};
enum { BTF_KIND_INT = 1, BTF_SOCK_TYPE_SOCK = 0, BTF_SOCK_TYPE_SOCK_COMMON = 1, BTF_TRACING_TYPE_TASK = 0 };
#define BTF_INFO_KIND(info) (((info) >> 24) & 31)
#define BTF_INT_OFFSET(data) (((data) >> 16) & 255)
#define BTF_INT_BITS(data) ((data) & 255)
#define BTF_ID_LIST_SINGLE(name, prefix, type) static u32 name[1] __maybe_unused;
#define BTF_ID_LIST_GLOBAL_SINGLE(name, prefix, type) u32 name[1];
extern u32 btf_sock_ids[], btf_tracing_ids[], bpf_cgroup_btf_id[], bpf_local_storage_map_btf_id[];
static inline bool btf_type_is_i32(const struct btf_type* type) {
  return BTF_INFO_KIND(type->info) == BTF_KIND_INT;
}
static inline const struct btf* bpf_get_btf_vmlinux(void) {
  return NULL;
}
static inline const struct btf_type* btf_type_by_id(const struct btf* btf, u32 id) {
  return NULL;
}
static inline const char* btf_name_by_offset(const struct btf* btf, u32 offset) {
  return "";
}

// ---- The map iterator ----------------------------------------------------------------------------------------------
struct seq_file {
  void* private;
};
struct seq_operations {
  void* (*start)(struct seq_file* file, loff_t* position);
  void* (*next)(struct seq_file* file, void* entry, loff_t* position);
  void (*stop)(struct seq_file* file, void* entry);
  int (*show)(struct seq_file* file, void* entry);
};
struct bpf_iter_aux_info {
  struct bpf_map* map;
};
union bpf_iter_link_info {
  struct {
    u32 map_fd;
  } map;
};
struct bpf_iter_meta {
  struct seq_file* seq;
};
struct bpf_iter_seq_info {
  const struct seq_operations* seq_ops;
  int (*init_seq_private)(void* info, struct bpf_iter_aux_info* aux);
  void (*fini_seq_private)(void* info);
  u32 seq_priv_size;
};
struct bpf_prog_aux {
  struct bpf_prog* dst_prog;
  const char* attach_func_name;
  u32 attach_btf_id, max_rdwr_access;
};
struct bpf_prog {
  int expected_attach_type;
  struct bpf_prog_aux* aux;
};
struct bpf_iter_reg {
  const char* target;
  int (*attach_target)(struct bpf_prog* prog, union bpf_iter_link_info* link, struct bpf_iter_aux_info* aux);
  void (*detach_target)(struct bpf_iter_aux_info* aux);
  const void *show_fdinfo, *fill_link_info;
  u32 ctx_arg_info_size;
  struct {
    u32 offset, reg_type, btf_id;
  } ctx_arg_info[2];
  const struct bpf_iter_seq_info* seq_info;
};
enum { PTR_TO_BUF = 1, PTR_TO_BTF_ID_OR_NULL = 2, PTR_MAYBE_NULL = 256 };
enum { BPF_TRACE_RAW_TP = 1, BPF_TRACE_FENTRY, BPF_TRACE_FEXIT, BPF_TRACE_ITER, BPF_TRACE_FSESSION };
#define bpf_iter_map_show_fdinfo NULL
#define bpf_iter_map_fill_link_info NULL
#define __bpf_md_ptr(type, name) \
  union {                        \
    type name;                   \
    u64 : 64;                    \
  } __aligned(8)
#define DEFINE_BPF_ITER_FUNC(target, ...)    \
  extern int bpf_iter_##target(__VA_ARGS__); \
  int bpf_iter_##target(__VA_ARGS__) {       \
    return 0;                                \
  }
static inline struct bpf_prog* bpf_iter_get_info(struct bpf_iter_meta* meta, bool stop) {
  return NULL;
}
static inline int bpf_iter_run_prog(struct bpf_prog* prog, void* context) {
  return 0;
}
static inline int bpf_iter_reg_target(const struct bpf_iter_reg* reg) {
  return 0;
}
static inline void bpf_map_inc_with_uref(struct bpf_map* map) {}
static inline void bpf_map_put_with_uref(struct bpf_map* map) {}
static inline struct bpf_map* bpf_map_get_with_uref(u32 fd) {
  return ERR_PTR(-EBADF);
}
static inline struct bpf_map* bpf_map_get(u32 fd) {
  return ERR_PTR(-EBADF);
}

#endif  // NOFAIL_CORE_SUBJECTS_LINUX_INERT_H_
