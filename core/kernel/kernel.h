// SPDX-License-Identifier: MIT
//
// The kernel contract: everything a subject needs from a kernel, as a C interface.
//
// A subject (core/subjects/posted, a Linux tree) calls these functions and nothing else. Two libraries
// implement them: core/kernel/sim (simulated, deterministic) and core/kernel/native (real threads). This header is the
// specification; it holds no code. C and C++ both include it, so a kernel .c file can be driven through it.
//
// Facts: Linux 7.2 (include/linux/{rcupdate,refcount,atomic}.h, asm-generic/rqspinlock.h,
// kernel/bpf/rqspinlock.c, tools/memory-model/linux-kernel.def).
//
// Words: a *task* is a simulated CPU context that runs one operation after the other. A *scheduling point* is a
// place where another task may run; every function below that is marked [point] begins with one, and what it then
// does happens in one step.
#ifndef NOFAIL_CORE_KERNEL_KERNEL_H_
#define NOFAIL_CORE_KERNEL_KERNEL_H_

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// Where in the subject a call stands. Strings are literals and live for ever. Passed by value: the members end up in
// registers or immediates, no stack object exists whose address a sanitizer would have to track.
struct kernel_site {
  const char* function;
  const char* file;
  unsigned line;
};
#define KERNEL_HERE ((struct kernel_site){__func__, __FILE__, __LINE__})

// ---------------------------------------------------------------------------------------------------------------
// Marked accesses
//
// An access that the kernel marks (READ_ONCE, atomic_*, rcu_dereference, ...) is announced before it is made. The
// subject then makes the access itself, as a real atomic in its own object code (core/kernel/access.h), so that a
// thread sanitizer sees it next to the plain accesses. Nothing may come between announcement and access.
//
// Ordering: enum kernel_order is the row of core/kernel/ordering.def that the primitive has. In memory mode `sc` the
// value seen is the newest; in mode `weak` a load may be answered with an older one that the order still permits.
enum kernel_order {
#define KERNEL_ORDER(name, meaning) KERNEL_##name,
#include "core/kernel/ordering.def"
#undef KERNEL_ORDER
};

// [point] The task is about to load `size` (1, 2, 4 or 8) bytes at `address`. Returns the value the task sees.
// REQUIRES: address is aligned to size.
uint64_t kernel_load(const volatile void* address, unsigned size, enum kernel_order order, struct kernel_site site);
// [point] The task is about to store `value`.
void kernel_store(volatile void* address, unsigned size, uint64_t value, enum kernel_order order,
                  struct kernel_site site);
// [point] The task is about to do an atomic read-modify-write. After it, the subject reports what happened with
// kernel_rmw_done; a failed compare-exchange reports wrote = false and orders nothing.
void kernel_rmw(volatile void* address, unsigned size, enum kernel_order order, struct kernel_site site);
void kernel_rmw_done(volatile void* address, unsigned size, uint64_t old_value, uint64_t new_value, bool wrote);
// [point] A barrier: KERNEL_FULL is smp_mb, KERNEL_RELEASE smp_wmb, KERNEL_ACQUIRE smp_rmb.
void kernel_fence(enum kernel_order order, struct kernel_site site);

// A plain (unmarked) access to a value's bytes that races by design, so it is neither announced nor shown to a thread
// sanitizer. Checks that [address, address + size) is live memory; not a scheduling point.
void kernel_check_bytes(const void* address, size_t size, struct kernel_site site);

// ---------------------------------------------------------------------------------------------------------------
// Locks
//
// rqspinlock_t: acquiring may fail. 0, -EDEADLK (the CPU holds or is acquiring this lock already; or a cycle of two
// locks with another CPU) or -ETIMEDOUT. Taken with interrupts off. Acquire orders as acquire, release as release;
// neither is a full barrier. Unlock in LIFO order, by the task that locked. (kernel/bpf/rqspinlock.c)
//
// A zeroed lock is an unlocked one. The word belongs to the kernel's implementation.
struct kernel_rqspinlock {
  uint32_t word;
};
int kernel_rqspin_lock(struct kernel_rqspinlock* lock, struct kernel_site site);     // [point]
void kernel_rqspin_unlock(struct kernel_rqspinlock* lock, struct kernel_site site);  // [point]

// spinlock_t: never fails; taking one that the same CPU holds is a deadlock.
struct kernel_spinlock {
  uint32_t word;
};
void kernel_spin_lock(struct kernel_spinlock* lock, struct kernel_site site);    // [point]
void kernel_spin_unlock(struct kernel_spinlock* lock, struct kernel_site site);  // [point]

// ---------------------------------------------------------------------------------------------------------------
// RCU: two flavours. A grace period of KERNEL_RCU_TASKS_TRACE implies one of KERNEL_RCU.
//
// A reader section that begins before the grace period does, ends before the grace period does; one that begins later
// sees everything stored before the grace period began. Sections nest. Sleeping is allowed in a trace section only.
enum kernel_rcu_flavour { KERNEL_RCU, KERNEL_RCU_TASKS_TRACE };

struct kernel_rcu_head {
  struct kernel_rcu_head* next;
  void (*callback)(struct kernel_rcu_head* head);
};

void kernel_rcu_read_lock(enum kernel_rcu_flavour flavour, struct kernel_site site);
void kernel_rcu_read_unlock(enum kernel_rcu_flavour flavour, struct kernel_site site);  // [point]
bool kernel_rcu_read_lock_held(enum kernel_rcu_flavour flavour);

// [point] Runs callback(head) in a task of its own after a grace period. The callback sees everything stored before
// the call. No barrier for the caller. `head` lies inside the object the callback is about.
void kernel_call_rcu(enum kernel_rcu_flavour flavour, struct kernel_rcu_head* head,
                     void (*callback)(struct kernel_rcu_head* head), struct kernel_site site);
// [point] kernel_free(object) after a KERNEL_RCU grace period. rcu_barrier does not wait for it.
void kernel_kfree_rcu(void* object, struct kernel_site site);
// [point] Blocks for a KERNEL_RCU grace period. A full barrier.
void kernel_synchronize_rcu(struct kernel_site site);
// [point] Blocks until every callback handed over before, by anyone, has run. Implies no grace period.
void kernel_rcu_barrier(enum kernel_rcu_flavour flavour, struct kernel_site site);

// ---------------------------------------------------------------------------------------------------------------
// Time
//
// [point] cpu_relax in a loop that polls: the task steps aside until something it could be waiting for has changed.
void kernel_cpu_relax(struct kernel_site site);
// [point] need_resched: whether the scheduler wants this CPU. A choice; by default false.
bool kernel_need_resched(struct kernel_site site);
// [point] cond_resched_rcu: gives way inside a KERNEL_RCU section; leaves and re-enters the section unless RCU is
// preemptible (a mode of the scenario).
void kernel_cond_resched_rcu(struct kernel_site site);

// ---------------------------------------------------------------------------------------------------------------
// Memory
enum kernel_object_kind {
#define KERNEL_OBJECT_KIND(name, text, hashed) KERNEL_##name,
#include "core/kernel/object_kinds.def"
#undef KERNEL_OBJECT_KIND
};

// [point] Zeroed memory of `size` bytes, aligned to 64, or NULL (a choice; by default it succeeds). Owned by the caller
// until kernel_free or kernel_kfree_rcu.
void* kernel_alloc(enum kernel_object_kind kind, size_t size, struct kernel_site site);
// [point] Gives it back at once. NULL does nothing.
void kernel_free(void* object, struct kernel_site site);

// How many CPUs the machine may have; a mode of the scenario. The bucket count follows from it.
unsigned kernel_num_possible_cpus(void);

// The bucket number of an object, in [0, 2^bits): hash_ptr. Depends on the object's identity under the scenario's
// control, never on its address. REQUIRES: 1 <= bits <= 31.
uint32_t kernel_hash_ptr(const void* object, unsigned bits);

// ---------------------------------------------------------------------------------------------------------------
// BPF maps and values, as far as local storage needs them
//
// A value begins with its bytes; its special fields follow at fixed places (core/kernel/value.h). A record says which
// fields a map's values have. The kernel frees the record after the map.
struct kernel_record;

// Frees the special fields of the value at `data`: a kptr is exchanged with NULL and its destructor runs; a uptr is
// unpinned and left in place (freeing it twice is a bug). [point] per field.
// REQUIRES: record is a live map's record; data points to a live value.
void kernel_obj_free_fields(struct kernel_record* record, void* data, struct kernel_site site);
// Whether the map's values have one of the fields (KERNEL_FIELD_*).
bool kernel_record_has(const struct kernel_record* record, unsigned fields);
// Moves a uptr (user memory pinned by the caller's value) from `source` into the element's `data`.
void kernel_obj_swap_uptrs(struct kernel_record* record, void* data, void* source, struct kernel_site site);
enum { KERNEL_FIELD_KPTR = 1, KERNEL_FIELD_UPTR = 2, KERNEL_FIELD_SPIN_LOCK = 4, KERNEL_FIELD_REFCOUNT = 8 };

// What every map starts with. Owned by the kernel side, which frees the record after the subject's map_free.
struct kernel_map {
  struct kernel_record* record;
  uint32_t value_size;  // bytes, special fields included
  uint32_t flags;       // KERNEL_MAP_*
  uint32_t id;          // which map of the scenario
};
enum { KERNEL_MAP_CLONE = 1 };
// [point] bpf_map_inc_not_zero: takes a reference unless the last one is gone. bpf_map_put gives it back.
bool kernel_map_inc_not_zero(struct kernel_map* map, struct kernel_site site);
void kernel_map_put(struct kernel_map* map, struct kernel_site site);

// What refcount_t does when it saturates (core/kernel/refcount.h decides when). Warns; execution goes on.
enum kernel_refcount_saturation {
  KERNEL_REFCOUNT_ADD_ON_ZERO,
  KERNEL_REFCOUNT_OVERFLOW,
  KERNEL_REFCOUNT_UNDERFLOW,
  KERNEL_REFCOUNT_DEC_TO_ZERO,
};
void kernel_refcount_warn(const volatile void* refcount, enum kernel_refcount_saturation what, struct kernel_site site);

// WARN_ON_ONCE: execution goes on. Returns `condition`.
bool kernel_warn_on_once(bool condition, const char* text, struct kernel_site site);

#ifdef __cplusplus
}
#endif
#endif  // NOFAIL_CORE_KERNEL_KERNEL_H_
