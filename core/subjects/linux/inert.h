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

#define preemptible() true
#define in_task() true
#define in_softirq() false
#define in_interrupt() false
#define irqs_disabled() false
#define rcu_read_lock_sched_held() false
#define lockdep_assert_irqs_enabled() ((void)0)
#define lockdep_assert_irqs_disabled() ((void)0)
#define lockdep_assert_preemption_disabled() ((void)0)
#define lockdep_assert_preemption_enabled() ((void)0)

// ---- What only a debugging tool looks at ----------------------------------------------------------------------------
// Lockdep, KASAN and others are told something here. The simulator and the sanitizers find it out for themselves.
struct lock_class_key {};
#define lockdep_set_class(lock, key) ((void)(lock), (void)(key))
#define lockdep_register_key(key) ((void)(key))
#define lockdep_unregister_key(key) ((void)(key))
#define init_rcu_head(head) ((void)(head))
#define destroy_rcu_head(head) ((void)(head))
#define instrument_atomic_read(p, size) ((void)(p))
#define instrument_atomic_write(p, size) ((void)(p))
#define kasan_check_write(p, size) ((void)(p))
#define kmemleak_not_leak(p) ((void)(p))
#define kmemleak_ignore(p) ((void)(p))

// ---- Messages ------------------------------------------------------------------------------------------------------
// The arguments are evaluated. Nobody reads the text.
#define printk(...) nofail_print(__VA_ARGS__)
#define printk_once(...) nofail_print(__VA_ARGS__)
#define printk_ratelimited(...) nofail_print(__VA_ARGS__)
#define KERN_EMERG ""
#define KERN_ALERT ""
#define KERN_CRIT ""
#define KERN_ERR ""
#define KERN_WARNING ""
#define KERN_NOTICE ""
#define KERN_INFO ""
#define KERN_DEBUG ""
#define KERN_CONT ""
#define pr_emerg(...) nofail_print(__VA_ARGS__)
#define pr_emerg_once(...) nofail_print(__VA_ARGS__)
#define pr_emerg_ratelimited(...) nofail_print(__VA_ARGS__)
#define pr_alert(...) nofail_print(__VA_ARGS__)
#define pr_alert_once(...) nofail_print(__VA_ARGS__)
#define pr_alert_ratelimited(...) nofail_print(__VA_ARGS__)
#define pr_crit(...) nofail_print(__VA_ARGS__)
#define pr_crit_once(...) nofail_print(__VA_ARGS__)
#define pr_crit_ratelimited(...) nofail_print(__VA_ARGS__)
#define pr_err(...) nofail_print(__VA_ARGS__)
#define pr_err_once(...) nofail_print(__VA_ARGS__)
#define pr_err_ratelimited(...) nofail_print(__VA_ARGS__)
#define pr_warn(...) nofail_print(__VA_ARGS__)
#define pr_warn_once(...) nofail_print(__VA_ARGS__)
#define pr_warn_ratelimited(...) nofail_print(__VA_ARGS__)
#define pr_notice(...) nofail_print(__VA_ARGS__)
#define pr_notice_once(...) nofail_print(__VA_ARGS__)
#define pr_notice_ratelimited(...) nofail_print(__VA_ARGS__)
#define pr_info(...) nofail_print(__VA_ARGS__)
#define pr_info_once(...) nofail_print(__VA_ARGS__)
#define pr_info_ratelimited(...) nofail_print(__VA_ARGS__)
#define pr_warning(...) nofail_print(__VA_ARGS__)
#define pr_cont(...) nofail_print(__VA_ARGS__)
#define net_err_ratelimited(...) nofail_print(__VA_ARGS__)
#define net_warn_ratelimited(...) nofail_print(__VA_ARGS__)
#define net_info_ratelimited(...) nofail_print(__VA_ARGS__)
#define trace_printk(...) nofail_print(__VA_ARGS__)
#define dump_stack() ((void)0)
// Off by default in the kernel, so the arguments are not evaluated.
#define pr_debug(...) ((void)(0 && (nofail_print(__VA_ARGS__), 0)))
#define pr_debug_once(...) pr_debug(__VA_ARGS__)
#define pr_debug_ratelimited(...) pr_debug(__VA_ARGS__)
#define pr_devel(...) pr_debug(__VA_ARGS__)

// ---- Modules and initialization ------------------------------------------------------------------------------------
// The files are no module. Nothing is registered with the rest of a kernel, so the functions are not called.
#define EXPORT_SYMBOL(name) _Static_assert(1, "")
#define EXPORT_SYMBOL_GPL(name) _Static_assert(1, "")
#define late_initcall(function) static int (*const nofail_initcall_##function)(void) __attribute__((used)) = (function)

// ---- Type information ----------------------------------------------------------------------------------------------
// Checks of maps that are created. Schedules create only maps that pass them.
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
// No schedule has an iterator, so these are never called.
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
