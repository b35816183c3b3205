// SPDX-License-Identifier: MIT
//
// The kernel contract: everything a subject needs from a kernel, as a C interface.
//
// A subject (core/subjects/posted, a Linux tree) calls these functions and no other function of a kernel. Two libraries
// implement the contract: core/kernel/sim simulates a kernel deterministically, core/kernel/native runs on real
// threads. This header is the specification; it holds no code. Both C and C++ can include it, so a .c file of the
// kernel can run on it, too.
//
// Source of the facts: Linux 7.2 (include/linux/{rcupdate,refcount,atomic}.h, asm-generic/rqspinlock.h,
// kernel/bpf/rqspinlock.c, tools/memory-model/linux-kernel.def).
//
// Terms:
//   task               a simulated CPU that runs one op after the other
//   scheduling point   a point in a task's execution at which another task may run instead
//   [point]            marks a function that begins with a scheduling point. All that the function then does is one
//                      step: no other task runs in between, except while the function waits.
#ifndef NOFAIL_CORE_KERNEL_KERNEL_H_
#define NOFAIL_CORE_KERNEL_KERNEL_H_

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// A site: the function, file and line of the subject that a call stands in. Its strings must live for ever; string
// literals do. A site is passed by value. The compiler then keeps the members in registers or immediates, and there is
// no object on the stack whose address a sanitizer would have to track.
struct kernel_site {
  const char* function;
  const char* file;
  unsigned line;
};
// The site of the line that this macro stands in.
#define KERNEL_HERE ((struct kernel_site){__func__, __FILE__, __LINE__})

// ---------------------------------------------------------------------------------------------------------------
// Marked accesses
//
// A marked access is one that the kernel makes with READ_ONCE, atomic_*, rcu_dereference and the like. The subject
// announces such an access with kernel_load, kernel_store or kernel_rmw. Right after the announcement the subject makes
// the access itself, as a real atomic in its own object code (core/kernel/access.h). So a thread sanitizer sees marked
// and plain accesses side by side. The subject may call nothing between the announcement and the access.
//
// `order` is the memory order of the primitive: the table core/kernel/ordering.def has it for each primitive. In memory
// mode `sc` a load sees the newest value. In mode `weak` a load may also be answered with an older value, as long as
// the order permits that value. (No kernel here implements `weak` yet.)
enum kernel_order {
#define KERNEL_ORDER(name, meaning) KERNEL_##name,
#include "core/kernel/ordering.def"
#undef KERNEL_ORDER
};

// [point] Announces a load of `size` bytes at `address`. Returns the value that the task sees.
// REQUIRES, as for all marked accesses: `size` is 1, 2, 4 or 8, and `address` is aligned to it.
uint64_t kernel_load(const volatile void* address, unsigned size, enum kernel_order order, struct kernel_site site);
// [point] Announces a store of `value` at `address`.
void kernel_store(volatile void* address, unsigned size, uint64_t value, enum kernel_order order,
                  struct kernel_site site);
// [point] Announces an atomic read-modify-write. The subject makes the access and then calls kernel_rmw_done.
void kernel_rmw(volatile void* address, unsigned size, enum kernel_order order, struct kernel_site site);
// Says what the read-modify-write that kernel_rmw announced did: `old_value` is what it found in memory, `new_value`
// what it left there. A compare-exchange that failed passes wrote = false; it orders nothing. Not a scheduling point.
void kernel_rmw_done(volatile void* address, unsigned size, uint64_t old_value, uint64_t new_value, bool wrote);
// [point] A memory barrier: KERNEL_FULL stands for smp_mb, KERNEL_RELEASE for smp_wmb, KERNEL_ACQUIRE for smp_rmb.
void kernel_fence(enum kernel_order order, struct kernel_site site);

// Checks that [address, address + size) is live memory. It is for plain (unmarked) accesses to the bytes of a map's
// value. These accesses race by design, so the subject does not announce them and hides them from a thread sanitizer;
// this check still finds a use after free. Not a scheduling point.
void kernel_check_bytes(const void* address, size_t size, struct kernel_site site);

// ---------------------------------------------------------------------------------------------------------------
// Locks
//
// rqspinlock_t: a spinlock whose acquisition may fail. Its holder runs with interrupts off. Taking the lock has acquire
// order and releasing it has release order; neither is a full barrier. (kernel/bpf/rqspinlock.c)
//
// A lock in zeroed memory is unlocked. `word` belongs to the implementation of this contract.
struct kernel_rqspinlock {
  uint32_t word;
};
// [point] Takes the lock. While another CPU holds it, the task waits. Returns
//   0            the task now holds the lock;
//   -EDEADLK     this CPU already holds or is acquiring this lock, or waiting would close a cycle of two locks with
//                another CPU;
//   -ETIMEDOUT   the task waited too long.
int kernel_rqspin_lock(struct kernel_rqspinlock* lock, struct kernel_site site);
// [point] Releases the lock.
// REQUIRES: the calling task holds the lock, and took it last of all locks that it still holds (LIFO order).
void kernel_rqspin_unlock(struct kernel_rqspinlock* lock, struct kernel_site site);

// spinlock_t. A lock in zeroed memory is unlocked.
struct kernel_spinlock {
  uint32_t word;
};
// [point] Takes the lock; never fails. A task that takes a spinlock that it already holds is deadlocked.
void kernel_spin_lock(struct kernel_spinlock* lock, struct kernel_site site);
// [point] Takes the lock if it is free. Never waits. Returns whether the task now holds it.
bool kernel_spin_trylock(struct kernel_spinlock* lock, struct kernel_site site);
// [point] Releases the lock. REQUIRES: the calling task holds it.
void kernel_spin_unlock(struct kernel_spinlock* lock, struct kernel_site site);

// lockdep_is_held: whether the calling task holds the rqspinlock or the spinlock at `lock`. Not a scheduling point.
bool kernel_lock_held(const volatile void* lock);

// ---------------------------------------------------------------------------------------------------------------
// RCU, in two flavours: RCU itself and RCU Tasks Trace. A grace period of KERNEL_RCU_TASKS_TRACE includes a grace
// period of KERNEL_RCU.
//
// A grace period waits for every reader section that began before it: the section ends first, then the grace period. A
// reader section that begins later sees everything that was stored before the grace period began. Sections nest. A task
// may sleep in a section of KERNEL_RCU_TASKS_TRACE, but not in one of KERNEL_RCU.
enum kernel_rcu_flavour { KERNEL_RCU, KERNEL_RCU_TASKS_TRACE };

// The member of an object through which the object waits for a grace period. The implementation owns it from
// kernel_call_rcu until the callback begins, and overwrites it.
struct kernel_rcu_head {
  struct kernel_rcu_head* next;
  void (*callback)(struct kernel_rcu_head* head);
};

// Begins a reader section. Not a scheduling point.
void kernel_rcu_read_lock(enum kernel_rcu_flavour flavour, struct kernel_site site);
// [point] Ends the calling task's innermost reader section of this flavour.
void kernel_rcu_read_unlock(enum kernel_rcu_flavour flavour, struct kernel_site site);
// Whether the calling task is in a reader section of this flavour.
bool kernel_rcu_read_lock_held(enum kernel_rcu_flavour flavour);

// [point] Has callback(head) run after a grace period, in a task of its own. The callback sees everything that the
// caller stored before this call. The call is no memory barrier for the caller. `head` lies inside the object that the
// callback is about.
void kernel_call_rcu(enum kernel_rcu_flavour flavour, struct kernel_rcu_head* head,
                     void (*callback)(struct kernel_rcu_head* head), struct kernel_site site);
// [point] Frees the object after a KERNEL_RCU grace period, as kernel_free does. kernel_rcu_barrier does not wait for
// this.
void kernel_kfree_rcu(void* object, struct kernel_site site);
// [point] Begins a KERNEL_RCU grace period and blocks until it has ended. A full memory barrier.
// REQUIRES: the task is in no KERNEL_RCU section and holds no lock.
void kernel_synchronize_rcu(struct kernel_site site);
// [point] The same for RCU Tasks Trace: begins a KERNEL_RCU_TASKS_TRACE grace period and blocks until it has ended.
// REQUIRES, too: the task is in no KERNEL_RCU_TASKS_TRACE section.
void kernel_synchronize_rcu_tasks_trace(struct kernel_site site);
// [point] Blocks until every callback of this flavour that any task handed to kernel_call_rcu before has run. It begins
// no grace period of its own: with no callback pending, it returns at once.
// REQUIRES: the task is in no KERNEL_RCU section and holds no lock.
void kernel_rcu_barrier(enum kernel_rcu_flavour flavour, struct kernel_site site);

// A grace period that nobody blocks for: a task begins it, keeps its number, and asks later whether it has ended.
// (include/linux/rcutree.h and kernel/rcu/tree.c, start_poll_synchronize_rcu, Linux 7.2)
//
// [point] Begins a KERNEL_RCU grace period and returns its number. A full memory barrier.
uint64_t kernel_start_poll_rcu(struct kernel_site site);
// [point] Whether the grace period with this number has ended, or one that began later. Once the answer is true, the
// caller stands as if kernel_synchronize_rcu had begun where kernel_start_poll_rcu was called, and returned here.
// REQUIRES: kernel_start_poll_rcu has returned `number`.
bool kernel_poll_rcu(uint64_t number, struct kernel_site site);

// ---------------------------------------------------------------------------------------------------------------
// Deferred functions: work items, irq_work and timers
//
// A function that the kernel calls later, in a task of its own. One item never runs on two tasks at a time. The delay
// of a timer or of a delayed work item is not simulated: the function may run at any time from the call on.
// (Documentation/core-api/workqueue.rst, kernel/irq_work.c, Documentation/timers, Linux 7.2)
//
// What the kernel keeps in a work_struct, an irq_work or a timer_list. An item in zeroed memory is idle. `pending`
// belongs to the implementation of this contract: it is 1 from the call that queues the item until its function begins.
struct kernel_work {
  void (*function)(struct kernel_work* work);
  uint32_t pending;
};
// Where the function runs. It may sleep in a process, as that of a work item does. It may not in an interrupt, as those
// of irq_work and of timers do not; to RCU it is a reader there.
enum kernel_work_context { KERNEL_IN_PROCESS, KERNEL_IN_INTERRUPT };

// [point] Has work->function(work) run. The function sees everything that the caller stored before this call. It may
// free the memory that `work` lies in. Returns false and does nothing if the item is pending already. A full memory
// barrier.
bool kernel_queue_work(struct kernel_work* work, enum kernel_work_context context, struct kernel_site site);
// [point] Takes a pending item back, so that its function does not run. Returns whether the item was pending.
bool kernel_cancel_work(struct kernel_work* work, struct kernel_site site);
// [point] Waits until the item's function has ended, if the item was pending or running at the time of the call. The
// caller then sees everything that the function stored. NULL stands for every item that runs in a process.
// REQUIRES: the task may sleep, if the item runs in a process.
void kernel_flush_work(struct kernel_work* work, enum kernel_work_context context, struct kernel_site site);

// ---------------------------------------------------------------------------------------------------------------
// Time
//
// might_sleep: a fault if the task must not block. It must not in a KERNEL_RCU section, with a lock held, in an RCU
// callback, and in a function that KERNEL_IN_INTERRUPT describes. Not a scheduling point.
void kernel_might_sleep(struct kernel_site site);
// [point] cpu_relax, in a loop that polls memory: the task lets other tasks run until memory that it could be polling
// has changed.
void kernel_cpu_relax(struct kernel_site site);
// [point] need_resched: whether the scheduler wants to run another task on this CPU. The answer is a choice; by default
// it is false.
bool kernel_need_resched(struct kernel_site site);
// [point] cond_resched_rcu, called inside a KERNEL_RCU section: lets other tasks run. A mode of the schedule says
// whether RCU is preemptible. Where it is not, the task leaves its section and then enters a new one; other tasks may
// run before the first of these two steps and between them.
void kernel_cond_resched_rcu(struct kernel_site site);

// ---------------------------------------------------------------------------------------------------------------
// Memory

// What an object is, for reports and for kernel_hash_ptr.
enum kernel_object_kind {
#define KERNEL_OBJECT_KIND(name, text, hashed) KERNEL_##name,
#include "core/kernel/object_kinds.def"
#undef KERNEL_OBJECT_KIND
};

// [point] Allocates `size` bytes of zeroed memory, aligned to 64 bytes, or returns NULL. Whether it fails is a choice;
// by default it succeeds. The caller owns the object until kernel_free or kernel_kfree_rcu.
void* kernel_alloc(enum kernel_object_kind kind, size_t size, struct kernel_site site);
// [point] Frees an object of kernel_alloc at once. NULL does nothing.
void kernel_free(void* object, struct kernel_site site);

// The number of the CPU that the calling task runs on, below KERNEL_MAX_CPUS. It stays the same as long as the task
// runs, and no two tasks run on one CPU at the same time. Not a scheduling point.
enum { KERNEL_MAX_CPUS = 64 };
unsigned kernel_cpu(void);

// The number of CPUs that the machine may have. It is a mode of the schedule. A map's number of buckets follows from
// it.
unsigned kernel_num_possible_cpus(void);

// hash_ptr: the bucket number of an object, in [0, 2^bits). It never depends on the object's address. The schedule
// says the bucket of each hashed object; any other object has its own number (core/kernel/object_kinds.def).
// REQUIRES: 1 <= bits <= 31.
uint32_t kernel_hash_ptr(const void* object, unsigned bits);

// ---------------------------------------------------------------------------------------------------------------
// BPF maps and values, as far as local storage needs them
//
// A value begins with plain bytes. Its special fields follow at fixed offsets (core/kernel/value.h). A record, one per
// map, says which special fields the map's values have. The kernel frees the record after the map.
struct kernel_record;

// Frees the special fields of the value at `data`. For a kptr, it puts NULL into the field and runs the destructor of
// what the field held. For a uptr, it unpins the user memory but leaves the field as it is, so freeing the fields of
// one value twice unpins twice, which is a bug. Each kptr and each uptr is freed in a step of its own, which begins
// with a scheduling point.
// REQUIRES: `record` is the record of a live map; `data` points to a live value.
void kernel_obj_free_fields(struct kernel_record* record, void* data, struct kernel_site site);
// Whether the map's values have at least one of `fields` (KERNEL_FIELD_*). REQUIRES: the record is live.
bool kernel_record_has(const struct kernel_record* record, unsigned fields);
// Swaps the uptrs of two values: `data` is an element's value, `source` the caller's, whose uptr has pinned user
// memory. Does nothing when the record has no uptr. Not a scheduling point.
void kernel_obj_swap_uptrs(struct kernel_record* record, void* data, void* source, struct kernel_site site);
// The kinds of special fields, as bits.
enum { KERNEL_FIELD_KPTR = 1, KERNEL_FIELD_UPTR = 2, KERNEL_FIELD_SPIN_LOCK = 4, KERNEL_FIELD_REFCOUNT = 8 };

// What every map of a subject begins with.
struct kernel_map {
  struct kernel_record* record;  // owned by the kernel side, which frees it after the subject's map_free
  uint32_t value_size;           // bytes, special fields included
  uint32_t flags;                // KERNEL_MAP_*
  uint32_t id;                   // the map's number in the schedule
};
// Flags of a map. KERNEL_MAP_CLONE stands for BPF_F_CLONE.
enum { KERNEL_MAP_CLONE = 1 };
// [point] bpf_map_inc_not_zero: takes a reference to the map. Returns false, without a reference, when the map has no
// reference left.
bool kernel_map_inc_not_zero(struct kernel_map* map, struct kernel_site site);
// [point] bpf_map_put: gives back a reference that kernel_map_inc_not_zero took.
void kernel_map_put(struct kernel_map* map, struct kernel_site site);

// Why a refcount_t saturates. core/kernel/refcount.h has the rules.
enum kernel_refcount_saturation {
  KERNEL_REFCOUNT_ADD_ON_ZERO,  // refcount_inc of zero
  KERNEL_REFCOUNT_OVERFLOW,     // an increment past the limit
  KERNEL_REFCOUNT_UNDERFLOW,    // refcount_dec_and_test of zero or of a negative count
  KERNEL_REFCOUNT_DEC_TO_ZERO,  // refcount_dec to zero or below
};
// The warning that refcount_t gives when it saturates. Execution goes on.
void kernel_refcount_warn(const volatile void* refcount, enum kernel_refcount_saturation what, struct kernel_site site);

// WARN_ON_ONCE: warns when `condition` holds, and returns `condition`. Execution goes on.
bool kernel_warn_on_once(bool condition, const char* text, struct kernel_site site);

#ifdef __cplusplus
}
#endif
#endif  // NOFAIL_CORE_KERNEL_KERNEL_H_
