// SPDX-License-Identifier: MIT
//
// What a task waits for: wait queues, completions, mutexes, sequence counters, SRCU, percpu_ref. They are made of the
// contract's marked accesses. A task waits by polling with kernel_cpu_relax, so a wait that nobody can end shows as a
// livelock, where the kernel would report a hung task.
//
// No signal comes and no timeout passes, so an interruptible wait returns 0 and a wait with a timeout does not run out:
// errs towards silence. (include/linux/{wait,wait_bit,completion,mutex,seqlock,srcu,percpu-refcount}.h, Linux 7.2)
#ifndef NOFAIL_CORE_SUBJECTS_LINUX_WAITING_H_
#define NOFAIL_CORE_SUBJECTS_LINUX_WAITING_H_

#include "core/subjects/linux/assertions.h"
#include "core/subjects/linux/atomics.h"
#include "core/subjects/linux/language.h"
#include "core/subjects/linux/routed.h"

// Polls until `condition` holds.
#define NOFAIL_UNTIL(condition)                         \
  do {                                                  \
    while (!(condition)) kernel_cpu_relax(KERNEL_HERE); \
  } while (0)

// ---- Wait queues ---------------------------------------------------------------------------------------------------
// A waiter notes how often the queue was woken, tests its condition, and waits for the next wake-up. So a condition
// that becomes true without a wake-up leaves the waiter waiting, as in the kernel.
struct wait_queue_head {
  atomic_t wakes;
};
typedef struct wait_queue_head wait_queue_head_t;
#define __WAIT_QUEUE_HEAD_INITIALIZER(name) {ATOMIC_INIT(0)}
#define DECLARE_WAIT_QUEUE_HEAD(name) wait_queue_head_t name = __WAIT_QUEUE_HEAD_INITIALIZER(name)
#define DECLARE_WAIT_QUEUE_HEAD_ONSTACK(name) DECLARE_WAIT_QUEUE_HEAD(name)
#define init_waitqueue_head(queue) atomic_set(&(queue)->wakes, 0)
#define wake_up(queue) ((void)atomic_inc_return(&(queue)->wakes))
#define wake_up_all(queue) wake_up(queue)
#define wake_up_interruptible(queue) wake_up(queue)
#define wake_up_interruptible_all(queue) wake_up(queue)
#define NOFAIL_WAIT(queue, condition)                                  \
  do {                                                                 \
    wait_queue_head_t* nofail_queue = (queue);                         \
    kernel_might_sleep(KERNEL_HERE);                                   \
    for (;;) {                                                         \
      const int nofail_wakes = atomic_read(&nofail_queue->wakes);      \
      if (condition) break;                                            \
      NOFAIL_UNTIL(atomic_read(&nofail_queue->wakes) != nofail_wakes); \
    }                                                                  \
  } while (0)
#define wait_event(queue, condition) NOFAIL_WAIT(&(queue), condition)
#define wait_event_interruptible(queue, condition) \
  ({                                               \
    NOFAIL_WAIT(&(queue), condition);              \
    0;                                             \
  })
#define wait_event_killable(queue, condition) wait_event_interruptible(queue, condition)
#define wait_event_timeout(queue, condition, timeout) \
  ({                                                  \
    NOFAIL_WAIT(&(queue), condition);                 \
    (long)(timeout) > 0 ? (long)(timeout) : 1L;       \
  })
// Variables and bits share one queue here. More waiters wake up than the kernel would wake: errs towards silence.
extern wait_queue_head_t nofail_variable_queue;
#define wait_var_event(variable, condition) \
  ((void)(variable), wait_event_interruptible(nofail_variable_queue, condition))
#define wake_up_var(variable) ((void)(variable), wake_up(&nofail_variable_queue))
#define wait_on_bit(word, bit, mode) wait_event_interruptible(nofail_variable_queue, !test_bit_acquire(bit, word))
#define wake_up_bit(word, bit) ((void)(word), (void)(bit), wake_up(&nofail_variable_queue))
#define clear_and_wake_up_bit(bit, word) (clear_bit_unlock(bit, word), wake_up(&nofail_variable_queue))

// ---- Completions ---------------------------------------------------------------------------------------------------
struct completion {
  atomic_t done;  // how many waits it lets pass; INT_MAX: all
};
#define COMPLETION_INITIALIZER(name) {ATOMIC_INIT(0)}
#define COMPLETION_INITIALIZER_ONSTACK(name) COMPLETION_INITIALIZER(name)
#define DECLARE_COMPLETION(name) struct completion name = COMPLETION_INITIALIZER(name)
#define DECLARE_COMPLETION_ONSTACK(name) DECLARE_COMPLETION(name)
#define init_completion(pointer) atomic_set(&(pointer)->done, 0)
#define reinit_completion(pointer) atomic_set(&(pointer)->done, 0)
#define complete(pointer) ((void)atomic_add_unless(&(pointer)->done, 1, INT_MAX))
#define complete_all(pointer) ((void)atomic_xchg(&(pointer)->done, INT_MAX))
#define completion_done(pointer) (atomic_read_acquire(&(pointer)->done) != 0)
#define try_wait_for_completion(pointer)                                                    \
  ({                                                                                        \
    atomic_t* nofail_done = &(pointer)->done;                                               \
    NOFAIL_ATOMIC_FETCH_IF(nofail_done, -1, nofail_old > 0 && nofail_old != INT_MAX) > 0 && \
        (smp_acquire__after_ctrl_dep(), true);                                              \
  })
#define wait_for_completion(pointer)                          \
  do {                                                        \
    struct completion* nofail_completion = (pointer);         \
    kernel_might_sleep(KERNEL_HERE);                          \
    NOFAIL_UNTIL(try_wait_for_completion(nofail_completion)); \
  } while (0)
#define wait_for_completion_interruptible(pointer) \
  ({                                               \
    wait_for_completion(pointer);                  \
    0;                                             \
  })
#define wait_for_completion_killable(pointer) wait_for_completion_interruptible(pointer)
#define wait_for_completion_timeout(pointer, timeout)          \
  ({                                                           \
    wait_for_completion(pointer);                              \
    (unsigned long)(timeout) ? (unsigned long)(timeout) : 1ul; \
  })

// ---- Mutexes -------------------------------------------------------------------------------------------------------
// A task that ends with a mutex held is not noticed, and lockdep_assert_held does not know mutexes: errs towards
// silence and, for the second, leaves a patch that asserts a mutex uncompiled.
struct mutex {
  atomic_t held;
};
#define __MUTEX_INITIALIZER(name) {ATOMIC_INIT(0)}
#define DEFINE_MUTEX(name) struct mutex name = __MUTEX_INITIALIZER(name)
#define mutex_init(mutex) atomic_set(&(mutex)->held, 0)
#define mutex_destroy(mutex) ((void)(mutex))
#define mutex_trylock(mutex) (atomic_cmpxchg_acquire(&(mutex)->held, 0, 1) == 0)
#define mutex_is_locked(mutex) (atomic_read(&(mutex)->held) != 0)
#define mutex_lock(mutex_pointer)                 \
  do {                                            \
    struct mutex* nofail_mutex = (mutex_pointer); \
    kernel_might_sleep(KERNEL_HERE);              \
    NOFAIL_UNTIL(mutex_trylock(nofail_mutex));    \
  } while (0)
#define mutex_lock_nested(mutex, subclass) mutex_lock(mutex)
#define mutex_lock_interruptible(mutex) \
  ({                                    \
    mutex_lock(mutex);                  \
    0;                                  \
  })
#define mutex_unlock(mutex) atomic_set_release(&(mutex)->held, 0)
static inline void nofail_end_mutex_guard(struct mutex** mutex) {
  mutex_unlock(*mutex);
}
typedef struct mutex* class_mutex_t;
#define class_mutex_destructor nofail_end_mutex_guard
#define class_mutex_constructor(mutex_pointer)      \
  ({                                                \
    class_mutex_t nofail_entered = (mutex_pointer); \
    mutex_lock(nofail_entered);                     \
    nofail_entered;                                 \
  })

// ---- Sequence counters ---------------------------------------------------------------------------------------------
// The data that a reader copies between begin and retry is read plainly while a writer may change it. The thread
// sanitizer reports that: errs towards reporting.
typedef struct seqcount {
  unsigned sequence;
} seqcount_t;
typedef seqcount_t seqcount_spinlock_t, seqcount_raw_spinlock_t;
#define SEQCNT_ZERO(name) {0}
#define seqcount_init(s) ((void)((s)->sequence = 0))
#define seqcount_spinlock_init(s, lock) seqcount_init(s)
#define raw_read_seqcount(s) smp_load_acquire(&(s)->sequence)
#define read_seqcount_begin(s)                                                             \
  ({                                                                                       \
    const seqcount_t* nofail_count = (s);                                                  \
    unsigned nofail_sequence;                                                              \
    NOFAIL_UNTIL(!((nofail_sequence = raw_read_seqcount((seqcount_t*)nofail_count)) & 1)); \
    nofail_sequence;                                                                       \
  })
#define raw_read_seqcount_begin(s) read_seqcount_begin(s)
#define read_seqcount_retry(s, start) (smp_rmb(), READ_ONCE((s)->sequence) != (start))
#define NOFAIL_NEXT_SEQUENCE(s) WRITE_ONCE((s)->sequence, (s)->sequence + 1)
#define raw_write_seqcount_begin(s) (NOFAIL_NEXT_SEQUENCE(s), smp_wmb())
#define raw_write_seqcount_end(s) (smp_wmb(), NOFAIL_NEXT_SEQUENCE(s))
#define write_seqcount_begin(s) raw_write_seqcount_begin(s)
#define write_seqcount_end(s) raw_write_seqcount_end(s)
#define write_seqcount_invalidate(s) (smp_wmb(), WRITE_ONCE((s)->sequence, (s)->sequence + 2))

typedef struct {
  seqcount_t seqcount;
  spinlock_t lock;
} seqlock_t;
#define DEFINE_SEQLOCK(name) seqlock_t name = {{0}, {0}}
#define seqlock_init(s) seqcount_init(&(s)->seqcount)
#define read_seqbegin(s) read_seqcount_begin(&(s)->seqcount)
#define read_seqretry(s, start) read_seqcount_retry(&(s)->seqcount, start)
#define write_seqlock(s) (spin_lock(&(s)->lock), write_seqcount_begin(&(s)->seqcount))
#define write_sequnlock(s) (write_seqcount_end(&(s)->seqcount), spin_unlock(&(s)->lock))

// ---- SRCU ----------------------------------------------------------------------------------------------------------
// Two counts of readers. A reader counts in the one that `index` says. A grace period waits for the count that
// nobody enters any more, makes it the current one, and waits for the other. A reader of SRCU may sleep, and no
// other kind of grace period waits for it.
struct srcu_struct {
  atomic_t readers[2];
  int index;
  struct mutex period;
};
#define NOFAIL_SRCU {{ATOMIC_INIT(0), ATOMIC_INIT(0)}, 0, __MUTEX_INITIALIZER()}
#define DEFINE_SRCU(name) struct srcu_struct name = NOFAIL_SRCU
#define DEFINE_STATIC_SRCU(name) static struct srcu_struct name = NOFAIL_SRCU
#define init_srcu_struct(s) (*(s) = (struct srcu_struct)NOFAIL_SRCU, 0)
NOFAIL_INLINE int nofail_srcu_enter(struct srcu_struct* s, struct kernel_site site) {
  const int index = KERNEL_LOAD(s->index, READ_ONCE, site) & 1;
  access_fetch_add(&s->readers[index].counter, 1, KERNEL_FULL, site);
  return index;
}
NOFAIL_INLINE void nofail_srcu_leave(struct srcu_struct* s, int index, struct kernel_site site) {
  access_fetch_add(&s->readers[index].counter, -1, KERNEL_FULL, site);
}
#define srcu_read_lock(s) nofail_srcu_enter((s), KERNEL_HERE)
#define srcu_read_unlock(s, index) nofail_srcu_leave((s), (index), KERNEL_HERE)
#define srcu_down_read(s) srcu_read_lock(s)
#define srcu_up_read(s, index) srcu_read_unlock(s, index)
#define smp_mb__after_srcu_read_unlock() smp_mb()
// A load whose dependent accesses stay after it. That the task is in a section is not checked: errs towards silence.
#define srcu_dereference(p, s) ((void)(s), smp_load_acquire(&(p)))
#define srcu_dereference_check(p, s, condition) srcu_dereference(p, s)
#define synchronize_srcu(s)                                                           \
  do {                                                                                \
    struct srcu_struct* nofail_srcu = (s);                                            \
    mutex_lock(&nofail_srcu->period);                                                 \
    const int nofail_old_index = READ_ONCE(nofail_srcu->index) & 1;                   \
    smp_mb();                                                                         \
    NOFAIL_UNTIL(atomic_read_acquire(&nofail_srcu->readers[!nofail_old_index]) == 0); \
    smp_mb();                                                                         \
    WRITE_ONCE(nofail_srcu->index, !nofail_old_index);                                \
    smp_mb();                                                                         \
    NOFAIL_UNTIL(atomic_read_acquire(&nofail_srcu->readers[nofail_old_index]) == 0);  \
    smp_mb();                                                                         \
    mutex_unlock(&nofail_srcu->period);                                               \
  } while (0)
#define synchronize_srcu_expedited(s) synchronize_srcu(s)
// Warns about a reader, as the kernel does.
#define cleanup_srcu_struct(s) ((void)WARN_ON(atomic_read(&(s)->readers[0]) != 0 || atomic_read(&(s)->readers[1]) != 0))
typedef struct {
  struct srcu_struct* lock;
  int idx;
  struct kernel_site site;
} class_srcu_t;
static inline void class_srcu_destructor(class_srcu_t* nofail_guard) {
  nofail_srcu_leave(nofail_guard->lock, nofail_guard->idx, nofail_guard->site);
}
#define class_srcu_constructor(s)                                          \
  ({                                                                       \
    struct srcu_struct* nofail_srcu = (s);                                 \
    (class_srcu_t){nofail_srcu, srcu_read_lock(nofail_srcu), KERNEL_HERE}; \
  })

// ---- percpu_ref ----------------------------------------------------------------------------------------------------
// One count for all CPUs. Before the kernel has seen percpu_ref_kill everywhere, a CPU may still take references by
// percpu_ref_tryget_live: here it may until the kill alone. Errs towards silence.
struct percpu_ref {
  atomic_long_t count;
  void (*release)(struct percpu_ref* ref);
  bool dying;
};
typedef void(percpu_ref_func_t)(struct percpu_ref* ref);
enum { PERCPU_REF_INIT_ATOMIC = 1, PERCPU_REF_INIT_DEAD = 2, PERCPU_REF_ALLOW_REINIT = 4 };
static inline void nofail_ref_released(struct percpu_ref* ref) {
  if (ref->release) ref->release(ref);
}
#define percpu_ref_init(ref, on_release, flags, gfp)                                                   \
  (*(ref) = (struct percpu_ref){ATOMIC_LONG_INIT(((flags) & PERCPU_REF_INIT_DEAD) == 0), (on_release), \
                                ((flags) & PERCPU_REF_INIT_DEAD) != 0},                                \
   0)
#define percpu_ref_exit(ref) ((void)(ref))
#define percpu_ref_get(ref) atomic_long_inc(&(ref)->count)
#define percpu_ref_get_many(ref, n) atomic_long_add(n, &(ref)->count)
#define percpu_ref_tryget(ref) atomic_long_inc_not_zero(&(ref)->count)
#define percpu_ref_is_dying(ref) READ_ONCE((ref)->dying)
#define percpu_ref_tryget_live(ref) (!percpu_ref_is_dying(ref) && percpu_ref_tryget(ref))
#define percpu_ref_put_many(ref, n)                                                       \
  do {                                                                                    \
    struct percpu_ref* nofail_ref = (ref);                                                \
    if (atomic_long_sub_and_test(n, &nofail_ref->count)) nofail_ref_released(nofail_ref); \
  } while (0)
#define percpu_ref_put(ref) percpu_ref_put_many(ref, 1)
#define percpu_ref_is_zero(ref) (percpu_ref_is_dying(ref) && atomic_long_read(&(ref)->count) == 0)
#define percpu_ref_kill(ref)                         \
  do {                                               \
    struct percpu_ref* nofail_killed = (ref);        \
    WARN_ON_ONCE(xchg(&nofail_killed->dying, true)); \
    percpu_ref_put(nofail_killed);                   \
  } while (0)

#endif  // NOFAIL_CORE_SUBJECTS_LINUX_WAITING_H_
