// SPDX-License-Identifier: MIT
//
// RCU, locks, time and memory. Each interface is routed to core/kernel/kernel.h.
//
// Written from the documented behaviour of each interface (Documentation/RCU, Documentation/atomic_t.rst,
// Documentation/core-api, include/linux/*.h comments), Linux 7.2 back to 6.1.
#ifndef NOFAIL_CORE_SUBJECTS_LINUX_ROUTED_H_
#define NOFAIL_CORE_SUBJECTS_LINUX_ROUTED_H_

#include "core/kernel/kernel.h"
#include "core/subjects/linux/atomics.h"
#include "core/subjects/linux/language.h"

// ---- RCU -----------------------------------------------------------------------------------------------------------
#define rcu_head kernel_rcu_head

#define rcu_read_lock() kernel_rcu_read_lock(KERNEL_RCU, KERNEL_HERE)
#define rcu_read_unlock() kernel_rcu_read_unlock(KERNEL_RCU, KERNEL_HERE)
#define rcu_read_lock_dont_migrate() rcu_read_lock()
#define rcu_read_unlock_migrate() rcu_read_unlock()
#define rcu_read_lock_held() kernel_rcu_read_lock_held(KERNEL_RCU)
#define rcu_read_lock_trace() kernel_rcu_read_lock(KERNEL_RCU_TASKS_TRACE, KERNEL_HERE)
#define rcu_read_unlock_trace() kernel_rcu_read_unlock(KERNEL_RCU_TASKS_TRACE, KERNEL_HERE)
#define rcu_read_lock_trace_held() kernel_rcu_read_lock_held(KERNEL_RCU_TASKS_TRACE)
#define rcu_read_lock_any_held() rcu_read_lock_held()

// Preemption, interrupts and bottom halves. Where any of them is off, a task is a reader of RCU and must not sleep, and
// the simulator knows it as that. Interrupts do not occur, so nothing else follows from it. rcu_read_lock_held is true
// in such a place, too: errs towards silence.
#define preempt_disable() rcu_read_lock()
#define preempt_enable() rcu_read_unlock()
#define preempt_enable_no_resched() rcu_read_unlock()
#define local_irq_disable() rcu_read_lock()
#define local_irq_enable() rcu_read_unlock()
#define local_irq_save(flags) ((flags) = 0, rcu_read_lock())
#define local_irq_restore(flags) ((void)(flags), rcu_read_unlock())
#define local_bh_disable() rcu_read_lock()
#define local_bh_enable() rcu_read_unlock()
#define rcu_read_lock_bh() rcu_read_lock()
#define rcu_read_unlock_bh() rcu_read_unlock()
#define rcu_read_lock_sched() rcu_read_lock()
#define rcu_read_unlock_sched() rcu_read_unlock()

// `condition`, which tells lockdep when the dereference is allowed, is not evaluated. Instead the kernel contract's own
// check knows in which reader sections, under which locks and in which callback the task is.
#define rcu_dereference(p) KERNEL_LOAD(p, rcu_dereference, KERNEL_HERE)
#define rcu_dereference_check(p, condition) rcu_dereference(p)
#define rcu_dereference_protected(p, condition) rcu_dereference(p)
#define rcu_dereference_raw(p) rcu_dereference(p)
#define rcu_dereference_bh(p) rcu_dereference(p)
#define rcu_dereference_sched(p) rcu_dereference(p)
#define rcu_dereference_bh_check(p, condition) rcu_dereference(p)
#define rcu_dereference_sched_check(p, condition) rcu_dereference(p)
#define unrcu_pointer(p) (p)
#define rcu_pointer_handoff(p) (p)
#define rcu_access_pointer(p) KERNEL_LOAD(p, rcu_access_pointer, KERNEL_HERE)
#define RCU_INIT_POINTER(p, value) KERNEL_STORE(p, value, RCU_INIT_POINTER, KERNEL_HERE)
#define rcu_assign_pointer(p, value) KERNEL_STORE(p, value, rcu_assign_pointer, KERNEL_HERE)
#define rcu_replace_pointer(p, value, condition)                        \
  ({                                                                    \
    __typeof__(p) nofail_was = rcu_dereference_protected(p, condition); \
    rcu_assign_pointer(p, value);                                       \
    nofail_was;                                                         \
  })

#define call_rcu(head, callback) kernel_call_rcu(KERNEL_RCU, (head), (callback), KERNEL_HERE)
#define call_rcu_tasks_trace(head, callback) kernel_call_rcu(KERNEL_RCU_TASKS_TRACE, (head), (callback), KERNEL_HERE)
#define call_rcu_hurry(head, callback) call_rcu(head, callback)
#define kfree_rcu(object, member) kernel_kfree_rcu((object), KERNEL_HERE)
#define kvfree_rcu(object, member) kfree_rcu(object, member)
// The form without a head may sleep, and may free at once after a grace period of its own.
#define kfree_rcu_mightsleep(object) (kernel_might_sleep(KERNEL_HERE), kernel_kfree_rcu((object), KERNEL_HERE))
#define kvfree_rcu_mightsleep(object) kfree_rcu_mightsleep(object)
#define synchronize_rcu() kernel_synchronize_rcu(KERNEL_HERE)
#define synchronize_rcu_expedited() synchronize_rcu()
#define synchronize_net() synchronize_rcu()
#define synchronize_rcu_tasks_trace() kernel_synchronize_rcu_tasks_trace(KERNEL_HERE)
#define rcu_barrier() kernel_rcu_barrier(KERNEL_RCU, KERNEL_HERE)
#define rcu_barrier_tasks_trace() kernel_rcu_barrier(KERNEL_RCU_TASKS_TRACE, KERNEL_HERE)
// True, because the kernel contract promises it: a grace period of RCU Tasks Trace implies one of RCU.
#define rcu_trace_implies_rcu_gp() true

// ---- Polled grace periods ------------------------------------------------------------------------------------------
// A state is the number of a grace period, plus one. get_state_synchronize_rcu begins one, too. In the kernel it
// begins none and counts on others to do so, and a task that polls may wait for ever: errs towards silence. Each call
// returns a state of its own, whereas in the kernel two calls between two grace periods return the same one: errs
// towards silence.
enum { NOFAIL_COMPLETED_STATE = 0 };
struct rcu_gp_oldstate {
  unsigned long state;
};
NOFAIL_INLINE bool nofail_poll_rcu(unsigned long state, struct kernel_site site) {
  return state == NOFAIL_COMPLETED_STATE || kernel_poll_rcu(state - 1, site);
}
#define get_completed_synchronize_rcu() ((unsigned long)NOFAIL_COMPLETED_STATE)
#define get_state_synchronize_rcu() ((unsigned long)kernel_start_poll_rcu(KERNEL_HERE) + 1)
#define start_poll_synchronize_rcu() get_state_synchronize_rcu()
#define start_poll_synchronize_rcu_expedited() get_state_synchronize_rcu()
#define poll_state_synchronize_rcu(state) nofail_poll_rcu((state), KERNEL_HERE)
#define cond_synchronize_rcu(state) (poll_state_synchronize_rcu(state) ? (void)0 : synchronize_rcu())
#define cond_synchronize_rcu_expedited(state) cond_synchronize_rcu(state)
#define same_state_synchronize_rcu(one, other) ((one) == (other))
#define get_completed_synchronize_rcu_full(full) ((void)((full)->state = get_completed_synchronize_rcu()))
#define get_state_synchronize_rcu_full(full) ((void)((full)->state = get_state_synchronize_rcu()))
#define start_poll_synchronize_rcu_full(full) get_state_synchronize_rcu_full(full)
#define start_poll_synchronize_rcu_expedited_full(full) get_state_synchronize_rcu_full(full)
#define poll_state_synchronize_rcu_full(full) poll_state_synchronize_rcu((full)->state)
#define cond_synchronize_rcu_full(full) cond_synchronize_rcu((full)->state)
#define cond_synchronize_rcu_expedited_full(full) cond_synchronize_rcu((full)->state)
#define same_state_synchronize_rcu_full(one, other) same_state_synchronize_rcu((one)->state, (other)->state)

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

// The variants differ in what they switch off besides preemption. Interrupts and bottom halves do not occur.
#define __SPIN_LOCK_UNLOCKED(name) {0}
#define __RAW_SPIN_LOCK_UNLOCKED(name) {0}
#define DEFINE_SPINLOCK(name) spinlock_t name = __SPIN_LOCK_UNLOCKED(name)
#define DEFINE_RAW_SPINLOCK(name) raw_spinlock_t name = __RAW_SPIN_LOCK_UNLOCKED(name)
#define spin_lock_init(lock) ((void)(lock))
#define spin_lock(lock) kernel_spin_lock((lock), KERNEL_HERE)
#define spin_unlock(lock) kernel_spin_unlock((lock), KERNEL_HERE)
#define spin_trylock(lock) kernel_spin_trylock((lock), KERNEL_HERE)
#define spin_is_locked(lock) (READ_ONCE((lock)->word) != 0)
#define assert_spin_locked(lock) lockdep_assert_held(lock)
#define spin_lock_nested(lock, subclass) spin_lock(lock)
#define spin_lock_bh(lock) spin_lock(lock)
#define spin_unlock_bh(lock) spin_unlock(lock)
#define spin_trylock_bh(lock) spin_trylock(lock)
#define spin_lock_irq(lock) spin_lock(lock)
#define spin_unlock_irq(lock) spin_unlock(lock)
#define spin_lock_irqsave(lock, flags) ((flags) = 0, spin_lock(lock))
#define spin_unlock_irqrestore(lock, flags) ((void)(flags), spin_unlock(lock))
#define spin_trylock_irqsave(lock, flags) ((flags) = 0, spin_trylock(lock))
#define raw_spin_lock_init(lock) spin_lock_init(lock)
#define raw_spin_lock(lock) spin_lock(lock)
#define raw_spin_unlock(lock) spin_unlock(lock)
#define raw_spin_trylock(lock) spin_trylock(lock)
#define raw_spin_is_locked(lock) spin_is_locked(lock)
#define raw_spin_lock_nested(lock, subclass) spin_lock(lock)
#define raw_spin_lock_irq(lock) spin_lock(lock)
#define raw_spin_unlock_irq(lock) spin_unlock(lock)
#define raw_spin_lock_irqsave(lock, flags) spin_lock_irqsave(lock, flags)
#define raw_spin_unlock_irqrestore(lock, flags) spin_unlock_irqrestore(lock, flags)
#define raw_spin_trylock_irqsave(lock, flags) spin_trylock_irqsave(lock, flags)
#define raw_spin_lock_bh(lock) spin_lock(lock)
#define raw_spin_unlock_bh(lock) spin_unlock(lock)

// A lock that is a bit of a word. The word's bit is all there is to see: lockdep_assert_held does not know this lock.
#define bit_spin_lock(bit, bits)                                            \
  do {                                                                      \
    preempt_disable();                                                      \
    while (test_and_set_bit_lock(bit, bits)) kernel_cpu_relax(KERNEL_HERE); \
  } while (0)
#define bit_spin_trylock(bit, bits) (preempt_disable(), !test_and_set_bit_lock(bit, bits) || (preempt_enable(), false))
#define bit_spin_unlock(bit, bits) (clear_bit_unlock(bit, bits), preempt_enable())
#define bit_spin_is_locked(bit, bits) test_bit(bit, bits)

// ---- Time, CPUs, hashes --------------------------------------------------------------------------------------------
#define cpu_relax() kernel_cpu_relax(KERNEL_HERE)
#define need_resched() kernel_need_resched(KERNEL_HERE)
#define cond_resched_rcu() kernel_cond_resched_rcu(KERNEL_HERE)
// Another task may run here anyway, as it may everywhere, so what is left is the check.
#define cond_resched() (kernel_might_sleep(KERNEL_HERE), 0)
#define num_possible_cpus() kernel_num_possible_cpus()
#define num_online_cpus() kernel_num_possible_cpus()
#define hash_ptr(pointer, bits) kernel_hash_ptr((pointer), (bits))

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
#define gfpflags_allow_blocking(flags) (((flags) & (GFP_KERNEL | GFP_USER)) != 0)
#define might_alloc(flags) (gfpflags_allow_blocking(flags) ? kernel_might_sleep(KERNEL_HERE) : (void)0)
// No allocation is greater than the kernel allows.
NOFAIL_INLINE void* nofail_kmalloc(size_t size, struct kernel_site site) {
  return size > KMALLOC_MAX_SIZE ? NULL : kernel_alloc(KERNEL_OTHER, size, site);
}
#define kmalloc(size, flags) (might_alloc(flags), nofail_kmalloc((size), KERNEL_HERE))
#define kzalloc(size, flags) kmalloc(size, flags)
#define kmalloc_array(count, size, flags) kmalloc(nofail_array_size((count), (size)), flags)
#define kcalloc(count, size, flags) kmalloc_array(count, size, flags)
#define kmalloc_node(size, flags, node) kmalloc(size, flags)
#define kzalloc_node(size, flags, node) kmalloc(size, flags)
#define kvmalloc(size, flags) kmalloc(size, flags)
#define kvzalloc(size, flags) kmalloc(size, flags)
#define kvcalloc(count, size, flags) kmalloc_array(count, size, flags)
#define kvmalloc_array(count, size, flags) kmalloc_array(count, size, flags)
#define kmalloc_nolock(size, flags, node) nofail_kmalloc((size), KERNEL_HERE)
#define kzalloc_flex(object, member, count) kzalloc(struct_size(&(object), member, count), GFP_KERNEL)
#define kmalloc_obj(object, ...) ((__typeof__(object)*)kmalloc(sizeof(object), GFP_KERNEL))
#define kzalloc_obj(object, ...) kmalloc_obj(object)
#define kmemdup(from, size, flags)                                        \
  ({                                                                      \
    const size_t nofail_size = (size);                                    \
    void* nofail_copy = kmalloc(nofail_size, flags);                      \
    nofail_copy ? memcpy(nofail_copy, (from), nofail_size) : (void*)NULL; \
  })
#define kfree(object) kernel_free((void*)(object), KERNEL_HERE)
#define kfree_sensitive(object) kfree(object)
#define kfree_nolock(object) kfree(object)
#define kvfree(object) kfree(object)

// A cache of objects of one size. Freed memory is never given out again, also where SLAB_TYPESAFE_BY_RCU would allow a
// reader to meet another object there: errs towards silence.
struct kmem_cache {
  size_t size;
};
#define kmem_cache_create(name, bytes, ...)                                                           \
  ({                                                                                                  \
    struct kmem_cache* nofail_cache = kernel_alloc(KERNEL_OTHER, sizeof(*nofail_cache), KERNEL_HERE); \
    if (nofail_cache) nofail_cache->size = (bytes);                                                   \
    nofail_cache;                                                                                     \
  })
#define kmem_cache_alloc(cache, flags) kmalloc((cache)->size, flags)
#define kmem_cache_zalloc(cache, flags) kmalloc((cache)->size, flags)
#define kmem_cache_free(cache, object) ((void)(cache), kfree(object))
#define kmem_cache_destroy(cache) kfree(cache)

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
