// SPDX-License-Identifier: MIT
//
// Scopes that give back what they took: __free, CLASS, guard and scoped_guard. The kernel's guards of locks and of
// reader sections are here; a patch may define its own. (include/linux/cleanup.h, Linux 7.2)
//
// guard(name)(arguments) becomes class_<name>_constructor(arguments). For the guards of this header that is a macro, so
// that the guard knows the site of its own line, and reports that as the site of the unlock, too.
#ifndef NOFAIL_CORE_SUBJECTS_LINUX_GUARDS_H_
#define NOFAIL_CORE_SUBJECTS_LINUX_GUARDS_H_

#include "core/subjects/linux/language.h"
#include "core/subjects/linux/routed.h"

// ---- Freeing at the end of a scope ---------------------------------------------------------------------------------
// DEFINE_FREE names a `statement` that frees _T.
#define DEFINE_FREE(name, type, statement)          \
  static inline void __free_##name(void* pointer) { \
    type _T = *(type*)pointer;                      \
    statement;                                      \
  }
#define __free(name) __cleanup(__free_##name)
// The pointer's value; the variable is NULL from then on, so nothing is freed.
#define __get_and_null(pointer, null)                   \
  ({                                                    \
    __typeof__(&(pointer)) nofail_pointer = &(pointer); \
    __typeof__(pointer) nofail_kept = *nofail_pointer;  \
    *nofail_pointer = (null);                           \
    nofail_kept;                                        \
  })
#define no_free_ptr(pointer) __get_and_null(pointer, NULL)
#define return_ptr(pointer) return no_free_ptr(pointer)
#define retain_and_null_ptr(pointer) ((void)no_free_ptr(pointer))
DEFINE_FREE(kfree, void*, if (!IS_ERR_OR_NULL(_T)) kfree(_T))
DEFINE_FREE(kvfree, void*, if (!IS_ERR_OR_NULL(_T)) kvfree(_T))

// ---- Classes -------------------------------------------------------------------------------------------------------
// A class has a type, an expression that makes an object from arguments, and a statement that ends the object _T.
#define DEFINE_CLASS(name, type, statement, expression, ...)    \
  typedef type class_##name##_t;                                \
  static inline void class_##name##_destructor(type* pointer) { \
    type _T = *pointer;                                         \
    statement;                                                  \
  }                                                             \
  static inline type class_##name##_constructor(__VA_ARGS__) {  \
    type nofail_object = expression;                            \
    return nofail_object;                                       \
  }
#define CLASS(name, variable) \
  class_##name##_t variable __cleanup(class_##name##_destructor) = class_##name##_constructor

// ---- Guards --------------------------------------------------------------------------------------------------------
#define guard(name) CLASS(name, __UNIQUE_ID(guard))
#define scoped_guard(name, ...) \
  for (CLASS(name, nofail_scope)(__VA_ARGS__), *nofail_done = NULL; !nofail_done; nofail_done = (void*)&nofail_scope)

// A guard that is a pointer to what is locked; `lock` and `unlock` are statements about _T.
#define DEFINE_GUARD(name, type, lock, unlock) \
  DEFINE_CLASS(                                \
      name, type, if (_T) { unlock; }, ({      \
        lock;                                  \
        _T;                                    \
      }),                                      \
      type _T)
// A guard with a pointer _T->lock to what is locked, or with none.
#define DEFINE_LOCK_GUARD_1(name, type, take, release, ...)                \
  typedef struct {                                                         \
    type* lock;                                                            \
    __VA_ARGS__;                                                           \
  } class_##name##_t;                                                      \
  static inline void class_##name##_destructor(class_##name##_t* _T) {     \
    if (_T->lock) {                                                        \
      release;                                                             \
    }                                                                      \
  }                                                                        \
  static inline class_##name##_t class_##name##_constructor(type* lock) {  \
    class_##name##_t nofail_object = {.lock = lock}, *_T = &nofail_object; \
    take;                                                                  \
    return nofail_object;                                                  \
  }
#define DEFINE_LOCK_GUARD_0(name, take, release, ...)                          \
  typedef struct {                                                             \
    void* lock;                                                                \
    __VA_ARGS__;                                                               \
  } class_##name##_t;                                                          \
  static inline void class_##name##_destructor(class_##name##_t* _T) {         \
    release;                                                                   \
  }                                                                            \
  static inline class_##name##_t class_##name##_constructor(void) {            \
    class_##name##_t nofail_object = {.lock = (void*)1}, *_T = &nofail_object; \
    take;                                                                      \
    return nofail_object;                                                      \
  }

// The kernel's own guards. `leave` is a call of the kernel contract that ends what the guard began, with its site.
#define NOFAIL_GUARD(name, type, leave)                                          \
  typedef struct {                                                               \
    type* lock;                                                                  \
    struct kernel_site site;                                                     \
  } class_##name##_t;                                                            \
  static inline void class_##name##_destructor(class_##name##_t* nofail_guard) { \
    leave;                                                                       \
  }
#define NOFAIL_RCU_GUARD(name, flavour) NOFAIL_GUARD(name, void, kernel_rcu_read_unlock(flavour, nofail_guard->site))
#define NOFAIL_SPIN_GUARD(name, type) \
  NOFAIL_GUARD(name, type, kernel_spin_unlock(nofail_guard->lock, nofail_guard->site))
NOFAIL_RCU_GUARD(rcu, KERNEL_RCU)
NOFAIL_RCU_GUARD(rcu_tasks_trace, KERNEL_RCU_TASKS_TRACE)
NOFAIL_RCU_GUARD(preempt, KERNEL_RCU)
NOFAIL_RCU_GUARD(preempt_notrace, KERNEL_RCU)
NOFAIL_RCU_GUARD(irq, KERNEL_RCU)
NOFAIL_RCU_GUARD(irqsave, KERNEL_RCU)
NOFAIL_SPIN_GUARD(spinlock, spinlock_t)
NOFAIL_SPIN_GUARD(spinlock_irq, spinlock_t)
NOFAIL_SPIN_GUARD(spinlock_irqsave, spinlock_t)
NOFAIL_SPIN_GUARD(spinlock_bh, spinlock_t)
NOFAIL_SPIN_GUARD(raw_spinlock, raw_spinlock_t)
NOFAIL_SPIN_GUARD(raw_spinlock_irq, raw_spinlock_t)
NOFAIL_SPIN_GUARD(raw_spinlock_irqsave, raw_spinlock_t)
NOFAIL_SPIN_GUARD(raw_spinlock_bh, raw_spinlock_t)

#define NOFAIL_ENTER_RCU(name, flavour)         \
  ({                                            \
    kernel_rcu_read_lock(flavour, KERNEL_HERE); \
    (class_##name##_t){NULL, KERNEL_HERE};      \
  })
#define NOFAIL_ENTER_LOCK(name, pointer)                        \
  ({                                                            \
    class_##name##_t nofail_entered = {(pointer), KERNEL_HERE}; \
    kernel_spin_lock(nofail_entered.lock, KERNEL_HERE);         \
    nofail_entered;                                             \
  })
#define class_rcu_constructor() NOFAIL_ENTER_RCU(rcu, KERNEL_RCU)
#define class_rcu_tasks_trace_constructor() NOFAIL_ENTER_RCU(rcu_tasks_trace, KERNEL_RCU_TASKS_TRACE)
#define class_preempt_constructor() NOFAIL_ENTER_RCU(preempt, KERNEL_RCU)
#define class_preempt_notrace_constructor() NOFAIL_ENTER_RCU(preempt_notrace, KERNEL_RCU)
#define class_irq_constructor() NOFAIL_ENTER_RCU(irq, KERNEL_RCU)
#define class_irqsave_constructor() NOFAIL_ENTER_RCU(irqsave, KERNEL_RCU)
#define class_spinlock_constructor(lock) NOFAIL_ENTER_LOCK(spinlock, lock)
#define class_spinlock_irq_constructor(lock) NOFAIL_ENTER_LOCK(spinlock_irq, lock)
#define class_spinlock_irqsave_constructor(lock) NOFAIL_ENTER_LOCK(spinlock_irqsave, lock)
#define class_spinlock_bh_constructor(lock) NOFAIL_ENTER_LOCK(spinlock_bh, lock)
#define class_raw_spinlock_constructor(lock) NOFAIL_ENTER_LOCK(raw_spinlock, lock)
#define class_raw_spinlock_irq_constructor(lock) NOFAIL_ENTER_LOCK(raw_spinlock_irq, lock)
#define class_raw_spinlock_irqsave_constructor(lock) NOFAIL_ENTER_LOCK(raw_spinlock_irqsave, lock)
#define class_raw_spinlock_bh_constructor(lock) NOFAIL_ENTER_LOCK(raw_spinlock_bh, lock)

#endif  // NOFAIL_CORE_SUBJECTS_LINUX_GUARDS_H_
