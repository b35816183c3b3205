// SPDX-License-Identifier: MIT
//
// Kernel interfaces whose behaviour matters. Each is routed to core/kernel/kernel.h, so that a kernel source file gets
// the behaviour that the contract specifies. The findings rest on this header: a mistake here leads to false findings,
// or hides bugs.
//
// All interfaces are macros, so that the site of each call is the function and the line of the kernel's own file. Some
// functions of core/kernel/hlist.h and core/kernel/refcount.h have the name of the kernel's function, and the site as
// an additional last parameter. The macro of that name adds the site.
//
// Written from the documented behaviour of each interface (Documentation/RCU, Documentation/atomic_t.rst,
// Documentation/core-api, include/linux/*.h comments), Linux 7.2 back to 6.1.
#ifndef NOFAIL_CORE_SUBJECTS_LINUX_ROUTED_H_
#define NOFAIL_CORE_SUBJECTS_LINUX_ROUTED_H_

#include "core/kernel/access.h"
#include "core/kernel/hlist.h"
#include "core/kernel/kernel.h"
#include "core/kernel/refcount.h"
#include "core/subjects/linux/language.h"

#define NOFAIL_ORDER(primitive) ((enum kernel_order)KERNEL_ORDER_OF_##primitive)

// ---- Marked accesses ---------------------------------------------------------------------------------------------
#define READ_ONCE(x) KERNEL_LOAD(x, READ_ONCE, KERNEL_HERE)
#define WRITE_ONCE(x, value) KERNEL_STORE(x, value, WRITE_ONCE, KERNEL_HERE)
#define smp_load_acquire(p) KERNEL_LOAD(*(p), smp_load_acquire, KERNEL_HERE)
#define smp_store_release(p, value) KERNEL_STORE(*(p), value, smp_store_release, KERNEL_HERE)
#define cmpxchg(p, old, new)                                                                      \
  ((__typeof__(*(p)))access_compare_exchange((p), sizeof(*(p)), (uint64_t)(old), (uint64_t)(new), \
                                             NOFAIL_ORDER(cmpxchg), KERNEL_HERE))
#define smp_mb() kernel_fence(NOFAIL_ORDER(smp_mb), KERNEL_HERE)
#define smp_wmb() kernel_fence(NOFAIL_ORDER(smp_wmb), KERNEL_HERE)
#define smp_rmb() kernel_fence(NOFAIL_ORDER(smp_rmb), KERNEL_HERE)

typedef struct {
  int counter;
} atomic_t;

#define atomic_read(v) KERNEL_LOAD((v)->counter, atomic_read, KERNEL_HERE)
#define atomic_set(v, i) KERNEL_STORE((v)->counter, (uint32_t)(i), atomic_set, KERNEL_HERE)
#define atomic_add(i, v) ((void)access_fetch_add(&(v)->counter, (int)(i), NOFAIL_ORDER(atomic_add), KERNEL_HERE))
#define atomic_sub(i, v) ((void)access_fetch_add(&(v)->counter, -(int)(i), NOFAIL_ORDER(atomic_sub), KERNEL_HERE))
#define atomic_or(i, v) ((void)access_fetch_or(&(v)->counter, (int)(i), NOFAIL_ORDER(atomic_or), KERNEL_HERE))
#define atomic_cmpxchg(v, old, new)                                                                    \
  ((int)access_compare_exchange(&(v)->counter, sizeof((v)->counter), (uint32_t)(old), (uint32_t)(new), \
                                NOFAIL_ORDER(atomic_cmpxchg), KERNEL_HERE))

#define refcount_set(r, n) refcount_set((r), (n), KERNEL_HERE)
#define refcount_read(r) refcount_read((r), KERNEL_HERE)
#define refcount_inc(r) refcount_inc((r), KERNEL_HERE)
#define refcount_inc_not_zero(r) refcount_inc_not_zero((r), KERNEL_HERE)
#define refcount_dec(r) refcount_dec((r), KERNEL_HERE)
#define refcount_dec_and_test(r) refcount_dec_and_test((r), KERNEL_HERE)

// ---- RCU -----------------------------------------------------------------------------------------------------------
#define rcu_head kernel_rcu_head

#define rcu_read_lock() kernel_rcu_read_lock(KERNEL_RCU, KERNEL_HERE)
#define rcu_read_unlock() kernel_rcu_read_unlock(KERNEL_RCU, KERNEL_HERE)
#define rcu_read_lock_dont_migrate() rcu_read_lock()
#define rcu_read_unlock_migrate() rcu_read_unlock()
#define rcu_read_lock_held() kernel_rcu_read_lock_held(KERNEL_RCU)
#define rcu_read_lock_trace_held() kernel_rcu_read_lock_held(KERNEL_RCU_TASKS_TRACE)

// `condition`, which tells lockdep when the dereference is allowed, is not evaluated. Instead the kernel contract's own
// check knows in which reader sections, under which locks and in which callback the task is.
#define rcu_dereference(p) KERNEL_LOAD(p, rcu_dereference, KERNEL_HERE)
#define rcu_dereference_check(p, condition) rcu_dereference(p)
#define rcu_dereference_protected(p, condition) rcu_dereference(p)
#define rcu_dereference_raw(p) rcu_dereference(p)
#define rcu_access_pointer(p) KERNEL_LOAD(p, rcu_access_pointer, KERNEL_HERE)
#define RCU_INIT_POINTER(p, value) KERNEL_STORE(p, value, RCU_INIT_POINTER, KERNEL_HERE)
#define rcu_assign_pointer(p, value) KERNEL_STORE(p, value, rcu_assign_pointer, KERNEL_HERE)

#define call_rcu(head, callback) kernel_call_rcu(KERNEL_RCU, (head), (callback), KERNEL_HERE)
#define call_rcu_tasks_trace(head, callback) kernel_call_rcu(KERNEL_RCU_TASKS_TRACE, (head), (callback), KERNEL_HERE)
#define kfree_rcu(object, member) kernel_kfree_rcu((object), KERNEL_HERE)
#define synchronize_rcu() kernel_synchronize_rcu(KERNEL_HERE)
#define rcu_barrier() kernel_rcu_barrier(KERNEL_RCU, KERNEL_HERE)
#define rcu_barrier_tasks_trace() kernel_rcu_barrier(KERNEL_RCU_TASKS_TRACE, KERNEL_HERE)
// True, because the kernel contract promises it: a grace period of RCU Tasks Trace implies one of RCU.
#define rcu_trace_implies_rcu_gp() true

// ---- Hash lists (core/kernel/hlist.h) -------------------------------------------------------------------------------
#define HLIST_HEAD(name) struct hlist_head name = {NULL}
#define INIT_HLIST_HEAD(head) hlist_init(head)
#define hlist_empty(head) hlist_empty((struct hlist_head*)(head), KERNEL_HERE)
#define hlist_unhashed_lockless(node) hlist_unhashed_lockless((struct hlist_node*)(node), KERNEL_HERE)
#define hlist_add_head_rcu(node, head) hlist_add_head_rcu((node), (head), KERNEL_HERE)
#define hlist_del_init_rcu(node) hlist_del_init_rcu((node), KERNEL_HERE)
// The pointers themselves (lvalues), not loads of them: the caller puts rcu_dereference around them.
#define hlist_first_rcu(head) ((head)->first)
#define hlist_next_rcu(node) ((node)->next)

#define hlist_entry(node, type, member) container_of(node, type, member)
#define hlist_entry_safe(node, type, member)                     \
  ({                                                             \
    struct hlist_node* nofail_node = (node);                     \
    nofail_node ? hlist_entry(nofail_node, type, member) : NULL; \
  })
#define hlist_for_each_entry_rcu(entry, head, member, ...)                                                \
  for ((entry) = hlist_entry_safe(rcu_dereference((head)->first), __typeof__(*(entry)), member); (entry); \
       (entry) = hlist_entry_safe(rcu_dereference((entry)->member.next), __typeof__(*(entry)), member))
// Walks a list that nobody else changes, with plain loads. The body may free the entry.
#define hlist_for_each_entry_safe(entry, after, head, member)                   \
  for ((entry) = hlist_entry_safe((head)->first, __typeof__(*(entry)), member); \
       (entry) && ((after) = (entry)->member.next, true);                       \
       (entry) = hlist_entry_safe((after), __typeof__(*(entry)), member))

// ---- Locks ---------------------------------------------------------------------------------------------------------
typedef struct kernel_rqspinlock rqspinlock_t;
typedef struct kernel_spinlock raw_spinlock_t;
typedef struct kernel_spinlock spinlock_t;

// Initializing a lock does nothing. A zeroed lock is an unlocked one, and the tree's files initialize a lock only in
// memory that they have just allocated, which is zeroed.
#define raw_res_spin_lock_init(lock) ((void)(lock))
#define raw_res_spin_lock(lock) kernel_rqspin_lock((lock), KERNEL_HERE)
#define raw_res_spin_unlock(lock) kernel_rqspin_unlock((lock), KERNEL_HERE)
#define raw_res_spin_lock_irqsave(lock, flags) ((flags) = 0, raw_res_spin_lock(lock))
#define raw_res_spin_unlock_irqrestore(lock, flags) ((void)(flags), raw_res_spin_unlock(lock))

#define __SPIN_LOCK_UNLOCKED(name) {0}
#define spin_lock(lock) kernel_spin_lock((lock), KERNEL_HERE)
#define spin_unlock(lock) kernel_spin_unlock((lock), KERNEL_HERE)
#define raw_spin_lock_init(lock) ((void)(lock))
#define raw_spin_lock_irqsave(lock, flags) ((flags) = 0, spin_lock(lock))
#define raw_spin_unlock_irqrestore(lock, flags) ((void)(flags), spin_unlock(lock))
#define raw_spin_lock_bh(lock) spin_lock(lock)
#define raw_spin_unlock_bh(lock) spin_unlock(lock)

// ---- Time, CPUs, hashes, warnings --------------------------------------------------------------------------------
#define cpu_relax() kernel_cpu_relax(KERNEL_HERE)
#define need_resched() kernel_need_resched(KERNEL_HERE)
#define cond_resched_rcu() kernel_cond_resched_rcu(KERNEL_HERE)
#define num_possible_cpus() kernel_num_possible_cpus()
#define hash_ptr(pointer, bits) kernel_hash_ptr((pointer), (bits))
#define WARN_ON_ONCE(condition) kernel_warn_on_once(!!(condition), #condition, KERNEL_HERE)
#define WARN_ON(condition) WARN_ON_ONCE(condition)

// ---- Memory --------------------------------------------------------------------------------------------------------
// Every allocation is zeroed, also where the kernel's flags do not ask for it. This errs towards silence: a read of
// memory that was never written goes unnoticed.
//
// NOFAIL_KIND says which kind of object an allocation is for; reports name objects by their kind. It tells the two
// kinds by the size: the compiler knows the size of a storage, whereas the size of an selem depends on its map.
#define NOFAIL_KIND(size) (__builtin_constant_p(size) ? KERNEL_STORAGE : KERNEL_SELEM)
#define bpf_map_kmalloc_nolock(map, size, flags, node) \
  ((void)(map), kernel_alloc(NOFAIL_KIND(size), (size), KERNEL_HERE))
#define bpf_map_kzalloc(map, size, flags) ((void)(map), kernel_alloc(NOFAIL_KIND(size), (size), KERNEL_HERE))
#define bpf_map_kvcalloc(map, count, size, flags) \
  ((void)(map), kernel_alloc(KERNEL_BUCKETS, (size_t)(count) * (size), KERNEL_HERE))
#define bpf_map_area_alloc(size, node) kernel_alloc(KERNEL_MAP, (size), KERNEL_HERE)
#define bpf_map_area_free(map) kernel_free((map), KERNEL_HERE)
#define kzalloc(size, flags) kernel_alloc(KERNEL_OTHER, (size), KERNEL_HERE)
#define kzalloc_flex(object, member, count) kzalloc(struct_size(&(object), member, count), 0)
#define kfree(object) kernel_free((object), KERNEL_HERE)
#define kfree_nolock(object) kernel_free((object), KERNEL_HERE)
#define kvfree(object) kernel_free((object), KERNEL_HERE)

// bpf_mem_alloc: a cache of objects of one size. In the kernel, a freed object may be given out again at once. Here
// bpf_mem_cache_free leaves the object as it is until an RCU grace period has ended, and its memory is never given out
// again. This errs towards silence: a reader that meets the same memory as another object goes unnoticed.
struct bpf_mem_alloc {
  enum kernel_object_kind kind;
  uint32_t size;
};
#define bpf_mem_alloc_init(cache, bytes, percpu) \
  ((cache)->kind = NOFAIL_KIND(bytes), (cache)->size = (uint32_t)(bytes), 0)
#define bpf_mem_alloc_destroy(cache) ((void)(cache))
#define bpf_mem_cache_alloc_flags(cache, flags) kernel_alloc((cache)->kind, (cache)->size, KERNEL_HERE)
#define bpf_mem_cache_free(cache, object) kernel_kfree_rcu((object), KERNEL_HERE)
#define bpf_mem_cache_raw_free(object) kernel_free((object), KERNEL_HERE)

#endif  // NOFAIL_CORE_SUBJECTS_LINUX_ROUTED_H_
