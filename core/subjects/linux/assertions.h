// SPDX-License-Identifier: MIT
//
// What a source file claims of itself: warnings, BUG, lockdep's assertions, might_sleep. A claim that does not hold is
// a violation. A warning goes on; BUG ends the run, as a fault of the CPU. (include/asm-generic/bug.h,
// include/linux/{lockdep,kernel,mmdebug}.h, Linux 7.2)
#ifndef NOFAIL_CORE_SUBJECTS_LINUX_ASSERTIONS_H_
#define NOFAIL_CORE_SUBJECTS_LINUX_ASSERTIONS_H_

#include "core/kernel/kernel.h"
#include "core/subjects/linux/routed.h"

// ---- Warnings ------------------------------------------------------------------------------------------------------
// Every warning warns once for each site. The text is not formatted, but its arguments are evaluated if it warns.
#define WARN_ON_ONCE(condition) kernel_warn_on_once(!!(condition), #condition, KERNEL_HERE)
#define WARN_ON(condition) WARN_ON_ONCE(condition)
NOFAIL_INLINE bool nofail_warn(bool condition, struct kernel_site site) {
  return kernel_warn_on_once(condition, "WARN", site);
}
#define WARN(condition, ...)                                           \
  ({                                                                   \
    const bool nofail_warns = nofail_warn(!!(condition), KERNEL_HERE); \
    if (nofail_warns) nofail_print(__VA_ARGS__);                       \
    nofail_warns;                                                      \
  })
#define WARN_ONCE(condition, ...) WARN(condition, __VA_ARGS__)
#define WARN_RATELIMIT(condition, ...) WARN(condition, __VA_ARGS__)
#define WARN_TAINT(condition, taint, ...) WARN(condition, __VA_ARGS__)
#define WARN_TAINT_ONCE(condition, taint, ...) WARN(condition, __VA_ARGS__)
// The kernel evaluates these only where a debug option is on.
#define VM_WARN_ON(condition) ((void)WARN_ON(condition))
#define VM_WARN_ON_ONCE(condition) ((void)WARN_ON_ONCE(condition))
#define DEBUG_NET_WARN_ON_ONCE(condition) ((void)WARN_ON_ONCE(condition))
#define RCU_LOCKDEP_WARN(condition, text) ((void)WARN_ON_ONCE(condition))
// Stops the CPU. The handler of signals makes a violation of it.
#define BUG() (nofail_warn(true, KERNEL_HERE), __builtin_trap())
#define BUG_ON(condition) ((condition) ? BUG() : (void)0)
#define VM_BUG_ON(condition) BUG_ON(condition)

// ---- Lockdep -------------------------------------------------------------------------------------------------------
// They know spinlocks and rqspinlocks.
#define lockdep_is_held(lock) kernel_lock_held(lock)
#define lockdep_assert(condition) ((void)WARN_ON(!(condition)))
#define lockdep_assert_once(condition) ((void)WARN_ON_ONCE(!(condition)))
#define lockdep_assert_held(lock) lockdep_assert(lockdep_is_held(lock))
#define lockdep_assert_held_once(lock) lockdep_assert(lockdep_is_held(lock))
#define lockdep_assert_held_write(lock) lockdep_assert(lockdep_is_held(lock))
#define lockdep_assert_not_held(lock) lockdep_assert(!lockdep_is_held(lock))
#define lockdep_assert_in_rcu_read_lock() lockdep_assert(rcu_read_lock_held())
#define lockdep_assert_in_rcu_reader() lockdep_assert(rcu_read_lock_any_held())

// ---- Sleeping ------------------------------------------------------------------------------------------------------
#define might_sleep() kernel_might_sleep(KERNEL_HERE)
#define might_sleep_if(condition) ((condition) ? might_sleep() : (void)0)

#endif  // NOFAIL_CORE_SUBJECTS_LINUX_ASSERTIONS_H_
