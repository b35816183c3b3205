// SPDX-License-Identifier: MIT
//
// Functions that run later: work items, irq_work and timers. Each is routed to kernel_queue_work and its companions,
// which say when a function may run. Delays and the choice of a CPU or a queue are ignored.
// (include/linux/{workqueue,irq_work,timer}.h, Documentation/core-api/workqueue.rst, Linux 7.2)
#ifndef NOFAIL_CORE_SUBJECTS_LINUX_DEFERRED_H_
#define NOFAIL_CORE_SUBJECTS_LINUX_DEFERRED_H_

#include "core/kernel/kernel.h"
#include "core/subjects/linux/language.h"
#include "core/subjects/linux/routed.h"

// Cancels an item, and waits until its function has ended. The function may have queued the item again. Returns whether
// the item was pending.
NOFAIL_INLINE bool nofail_cancel_sync(struct kernel_work* work, enum kernel_work_context context,
                                      struct kernel_site site) {
  const bool was_pending = kernel_cancel_work(work, site);
  do {
    kernel_flush_work(work, context, site);
  } while (kernel_cancel_work(work, site));
  return was_pending;
}
#define NOFAIL_IS_PENDING(work) (READ_ONCE((work)->kernel.pending) != 0)

// ---- Work items ----------------------------------------------------------------------------------------------------
struct work_struct {
  struct kernel_work kernel;
  void (*func)(struct work_struct* work);
};
typedef void (*work_func_t)(struct work_struct* work);
static inline void nofail_run_work(struct kernel_work* kernel) {
  struct work_struct* work = container_of(kernel, struct work_struct, kernel);
  work->func(work);
}
#define __WORK_INITIALIZER(name, callback) {.kernel = {.function = nofail_run_work}, .func = (callback)}
#define DECLARE_WORK(name, callback) struct work_struct name = __WORK_INITIALIZER(name, callback)
#define INIT_WORK(work, callback) ((void)(*(work) = (struct work_struct)__WORK_INITIALIZER(, callback)))
#define INIT_WORK_ONSTACK(work, callback) INIT_WORK(work, callback)
#define destroy_work_on_stack(work) ((void)(work))

struct workqueue_struct {
  char unused;
};
enum { WQ_UNBOUND = 1, WQ_MEM_RECLAIM = 2, WQ_HIGHPRI = 4, WQ_PERCPU = 8, WQ_FREEZABLE = 16, WORK_CPU_UNBOUND = 64 };
// Items of all queues run alike, so the system's queues need not exist.
#define system_wq ((struct workqueue_struct*)NULL)
#define system_percpu_wq system_wq
#define system_unbound_wq system_wq
#define system_dfl_wq system_wq
#define system_highpri_wq system_wq
#define system_long_wq system_wq
#define alloc_workqueue(name, flags, active, ...) \
  ((struct workqueue_struct*)kernel_alloc(KERNEL_OTHER, sizeof(struct workqueue_struct), KERNEL_HERE))
#define alloc_ordered_workqueue(name, flags, ...) alloc_workqueue(name, flags, 1)

#define queue_work(queue, work) ((void)(queue), kernel_queue_work(&(work)->kernel, KERNEL_IN_PROCESS, KERNEL_HERE))
#define queue_work_on(cpu, queue, work) ((void)(cpu), queue_work(queue, work))
#define schedule_work(work) queue_work(system_wq, work)
#define schedule_work_on(cpu, work) queue_work_on(cpu, system_wq, work)
#define work_pending(work) NOFAIL_IS_PENDING(work)
#define flush_work(work) kernel_flush_work(&(work)->kernel, KERNEL_IN_PROCESS, KERNEL_HERE)
#define cancel_work(work) kernel_cancel_work(&(work)->kernel, KERNEL_HERE)
#define cancel_work_sync(work) nofail_cancel_sync(&(work)->kernel, KERNEL_IN_PROCESS, KERNEL_HERE)
#define flush_workqueue(queue) ((void)(queue), kernel_flush_work(NULL, KERNEL_IN_PROCESS, KERNEL_HERE))
#define drain_workqueue(queue) flush_workqueue(queue)
#define destroy_workqueue(queue)                     \
  do {                                               \
    struct workqueue_struct* nofail_queue = (queue); \
    flush_workqueue(nofail_queue);                   \
    kfree(nofail_queue);                             \
  } while (0)

struct delayed_work {
  struct work_struct work;
};
#define to_delayed_work(pointer) container_of(pointer, struct delayed_work, work)
#define DECLARE_DELAYED_WORK(name, callback) struct delayed_work name = {__WORK_INITIALIZER(, callback)}
#define INIT_DELAYED_WORK(item, callback) INIT_WORK(&(item)->work, callback)
#define queue_delayed_work(queue, item, delay) ((void)(delay), queue_work(queue, &(item)->work))
#define schedule_delayed_work(item, delay) queue_delayed_work(system_wq, item, delay)
// Returns whether the item was pending.
#define mod_delayed_work(queue, item, delay) (!queue_delayed_work(queue, item, delay))
#define delayed_work_pending(item) work_pending(&(item)->work)
#define flush_delayed_work(item) flush_work(&(item)->work)
#define cancel_delayed_work(item) cancel_work(&(item)->work)
#define cancel_delayed_work_sync(item) cancel_work_sync(&(item)->work)

// A work item that is queued after an RCU grace period.
struct rcu_work {
  struct work_struct work;
  struct kernel_rcu_head rcu;
};
static inline void nofail_queue_rcu_work(struct kernel_rcu_head* head) {
  queue_work(system_wq, &container_of(head, struct rcu_work, rcu)->work);
}
#define to_rcu_work(pointer) container_of(pointer, struct rcu_work, work)
#define INIT_RCU_WORK(item, callback) INIT_WORK(&(item)->work, callback)
#define queue_rcu_work(queue, item) \
  ((void)(queue), kernel_call_rcu(KERNEL_RCU, &(item)->rcu, nofail_queue_rcu_work, KERNEL_HERE), true)

// ---- irq_work ------------------------------------------------------------------------------------------------------
struct irq_work {
  struct kernel_work kernel;
  void (*func)(struct irq_work* work);
};
static inline void nofail_run_irq_work(struct kernel_work* kernel) {
  struct irq_work* work = container_of(kernel, struct irq_work, kernel);
  work->func(work);
}
#define IRQ_WORK_INIT(callback) ((struct irq_work){.kernel = {.function = nofail_run_irq_work}, .func = (callback)})
#define IRQ_WORK_INIT_LAZY(callback) IRQ_WORK_INIT(callback)
#define IRQ_WORK_INIT_HARD(callback) IRQ_WORK_INIT(callback)
#define DEFINE_IRQ_WORK(name, callback) struct irq_work name = IRQ_WORK_INIT(callback)
#define init_irq_work(work, callback) ((void)(*(work) = IRQ_WORK_INIT(callback)))
#define irq_work_queue(work) kernel_queue_work(&(work)->kernel, KERNEL_IN_INTERRUPT, KERNEL_HERE)
#define irq_work_queue_on(work, cpu) ((void)(cpu), irq_work_queue(work))
#define irq_work_is_pending(work) NOFAIL_IS_PENDING(work)
#define irq_work_sync(work) \
  (kernel_might_sleep(KERNEL_HERE), kernel_flush_work(&(work)->kernel, KERNEL_IN_INTERRUPT, KERNEL_HERE))

// ---- Timers --------------------------------------------------------------------------------------------------------
struct timer_list {
  struct kernel_work kernel;
  unsigned long expires;
  void (*function)(struct timer_list* timer);  // NULL: shut down, so it cannot be armed
};
static inline void nofail_run_timer(struct kernel_work* kernel) {
  struct timer_list* timer = container_of(kernel, struct timer_list, kernel);
  void (*function)(struct timer_list*) = READ_ONCE(timer->function);
  if (function) function(timer);
}
NOFAIL_INLINE bool nofail_arm_timer(struct timer_list* timer, unsigned long expires, struct kernel_site site) {
  if (!KERNEL_LOAD(timer->function, READ_ONCE, site)) return false;
  KERNEL_STORE(timer->expires, expires, WRITE_ONCE, site);
  return !kernel_queue_work(&timer->kernel, KERNEL_IN_INTERRUPT, site);
}
#define NOFAIL_TIMER(callback) ((struct timer_list){.kernel = {.function = nofail_run_timer}, .function = (callback)})
#define DEFINE_TIMER(name, callback) struct timer_list name = NOFAIL_TIMER(callback)
#define timer_setup(timer, callback, flags) ((void)(*(timer) = NOFAIL_TIMER(callback)))
#define timer_container_of(variable, pointer, member) container_of(pointer, __typeof__(*(variable)), member)
#define from_timer(variable, pointer, member) timer_container_of(variable, pointer, member)
#define timer_pending(timer) NOFAIL_IS_PENDING(timer)
// They return whether the timer was pending.
#define mod_timer(timer, when) ((int)nofail_arm_timer((timer), (when), KERNEL_HERE))
#define add_timer(timer)                                                \
  do {                                                                  \
    struct timer_list* nofail_timer = (timer);                          \
    nofail_arm_timer(nofail_timer, nofail_timer->expires, KERNEL_HERE); \
  } while (0)
#define timer_delete(timer) ((int)kernel_cancel_work(&(timer)->kernel, KERNEL_HERE))
#define timer_delete_sync(timer) ((int)nofail_cancel_sync(&(timer)->kernel, KERNEL_IN_INTERRUPT, KERNEL_HERE))
#define timer_shutdown(timer) (WRITE_ONCE((timer)->function, NULL), timer_delete(timer))
#define timer_shutdown_sync(timer) (WRITE_ONCE((timer)->function, NULL), timer_delete_sync(timer))
#define del_timer(timer) timer_delete(timer)
#define del_timer_sync(timer) timer_delete_sync(timer)
// Time stands still, and a timer expires whenever the schedule lets it.
#define jiffies 0ul
#define HZ 1000
#define msecs_to_jiffies(ms) ((unsigned long)(ms))
#define secs_to_jiffies(seconds) ((unsigned long)(seconds) * HZ)
#define MAX_SCHEDULE_TIMEOUT LONG_MAX

#endif  // NOFAIL_CORE_SUBJECTS_LINUX_DEFERRED_H_
