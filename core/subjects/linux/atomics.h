// SPDX-License-Identifier: MIT
//
// Marked accesses, barriers, atomic operations, reference counts and bits. Each operation is routed to one access of
// the kernel contract, so it is one step, with its own order.
//
// (Documentation/{atomic_t,atomic_bitops}.txt, Documentation/core-api/refcount-vs-atomic.rst,
// tools/memory-model/linux-kernel.def, Linux 7.2)
#ifndef NOFAIL_CORE_SUBJECTS_LINUX_ATOMICS_H_
#define NOFAIL_CORE_SUBJECTS_LINUX_ATOMICS_H_

#include "core/kernel/access.h"
#include "core/kernel/kernel.h"
#include "core/kernel/refcount.h"
#include "core/subjects/linux/language.h"

#define NOFAIL_ORDER(primitive) ((enum kernel_order)KERNEL_ORDER_OF_##primitive)

// ---- Marked accesses -----------------------------------------------------------------------------------------------
#define READ_ONCE(x) KERNEL_LOAD(x, READ_ONCE, KERNEL_HERE)
#define WRITE_ONCE(x, value) KERNEL_STORE(x, value, WRITE_ONCE, KERNEL_HERE)
#define smp_load_acquire(p) KERNEL_LOAD(*(p), smp_load_acquire, KERNEL_HERE)
#define smp_store_release(p, value) KERNEL_STORE(*(p), value, smp_store_release, KERNEL_HERE)
#define smp_store_mb(x, value) (WRITE_ONCE(x, value), smp_mb())
// Polls *p until `condition` holds; `condition` names the value as VAL.
#define NOFAIL_POLL(p, condition, load) \
  ({                                    \
    __typeof__(p) nofail_polled = (p);  \
    __typeof__(*(p)) VAL;               \
    for (;;) {                          \
      VAL = load;                       \
      if (condition) break;             \
      kernel_cpu_relax(KERNEL_HERE);    \
    }                                   \
    VAL;                                \
  })
#define smp_cond_load_relaxed(p, condition) NOFAIL_POLL(p, condition, READ_ONCE(*nofail_polled))
#define smp_cond_load_acquire(p, condition) NOFAIL_POLL(p, condition, smp_load_acquire(nofail_polled))
// The kernel leaves races on purpose where it says data_race; a data race report of the thread sanitizer is noise
// there.
#define data_race(expression) (expression)
#define ASSERT_EXCLUSIVE_WRITER(x) ((void)(x))
#define ASSERT_EXCLUSIVE_ACCESS(x) ((void)(x))

// ---- Barriers ------------------------------------------------------------------------------------------------------
#define barrier() __asm__ __volatile__("" ::: "memory")
#define smp_mb() kernel_fence(NOFAIL_ORDER(smp_mb), KERNEL_HERE)
#define smp_wmb() kernel_fence(NOFAIL_ORDER(smp_wmb), KERNEL_HERE)
#define smp_rmb() kernel_fence(NOFAIL_ORDER(smp_rmb), KERNEL_HERE)
#define mb() smp_mb()
#define wmb() smp_wmb()
#define rmb() smp_rmb()
#define smp_mb__before_atomic() smp_mb()
#define smp_mb__after_atomic() smp_mb()
#define smp_mb__after_spinlock() smp_mb()
#define smp_mb__after_unlock_lock() smp_mb()
#define smp_acquire__after_ctrl_dep() smp_rmb()

// ---- Atomic operations: atomic_t, atomic64_t, atomic_long_t, xchg, cmpxchg -----------------------------------------
typedef struct {
  int counter;
} atomic_t;
typedef struct {
  s64 counter;
} atomic64_t;
typedef atomic64_t atomic_long_t;
#define ATOMIC_INIT(i) {(i)}
#define ATOMIC64_INIT(i) {(i)}
#define ATOMIC_LONG_INIT(i) {(i)}

#define NOFAIL_ATOMIC_READ(v, order) \
  ((__typeof__((v)->counter))access_load(&(v)->counter, sizeof((v)->counter), KERNEL_##order, KERNEL_HERE))
#define NOFAIL_ATOMIC_SET(v, i, order)                                                                     \
  access_store(&(v)->counter, sizeof((v)->counter), access_low_bytes((uint64_t)(i), sizeof((v)->counter)), \
               KERNEL_##order, KERNEL_HERE)
// The value before the operation, and the value after it.
#define NOFAIL_ATOMIC_FETCH(v, operation, operand, order)                                          \
  ((__typeof__((v)->counter))access_fetch(&(v)->counter, sizeof((v)->counter), ACCESS_##operation, \
                                          (uint64_t)(operand), KERNEL_##order, KERNEL_HERE))
#define NOFAIL_ATOMIC_RETURN(v, operation, operand, order)                                                     \
  ({                                                                                                           \
    const __typeof__((v)->counter) nofail_operand = (operand);                                                 \
    (__typeof__((v)->counter))access_apply(ACCESS_##operation,                                                 \
                                           (uint64_t)NOFAIL_ATOMIC_FETCH(v, operation, nofail_operand, order), \
                                           (uint64_t)nofail_operand);                                          \
  })
// Adds `i` if `condition` holds of nofail_old, which is the value before, and returns that value. It is one step either
// way: a full barrier if it adds, and without order if it does not.
#define NOFAIL_ATOMIC_FETCH_IF(v, i, condition)                                                                        \
  ({                                                                                                                   \
    __typeof__(&(v)->counter) nofail_counter = &(v)->counter;                                                          \
    const __typeof__((v)->counter) nofail_addend = (i);                                                                \
    const unsigned nofail_size = sizeof(*nofail_counter);                                                              \
    kernel_rmw(nofail_counter, nofail_size, KERNEL_FULL, KERNEL_HERE);                                                 \
    __typeof__((v)->counter) nofail_old = __atomic_load_n(nofail_counter, __ATOMIC_RELAXED);                           \
    bool nofail_adds;                                                                                                  \
    do {                                                                                                               \
      nofail_adds = (condition);                                                                                       \
    } while (nofail_adds && !__atomic_compare_exchange_n(nofail_counter, &nofail_old, nofail_old + nofail_addend,      \
                                                         false, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED));                  \
    kernel_rmw_done(nofail_counter, nofail_size, access_low_bytes((uint64_t)nofail_old, nofail_size),                  \
                    access_low_bytes((uint64_t)nofail_old + (nofail_adds ? (uint64_t)nofail_addend : 0), nofail_size), \
                    nofail_adds);                                                                                      \
    nofail_old;                                                                                                        \
  })
#define NOFAIL_ATOMIC_FETCH_ADD_UNLESS(v, i, unless)           \
  ({                                                           \
    const __typeof__((v)->counter) nofail_unless = (unless);   \
    NOFAIL_ATOMIC_FETCH_IF(v, i, nofail_old != nofail_unless); \
  })
#define NOFAIL_ATOMIC_ADD_UNLESS(v, i, unless)                                  \
  ({                                                                            \
    const __typeof__((v)->counter) nofail_forbidden = (unless);                 \
    NOFAIL_ATOMIC_FETCH_ADD_UNLESS(v, i, nofail_forbidden) != nofail_forbidden; \
  })

#define NOFAIL_XCHG(p, x, order) \
  ((__typeof__(*(p)))access_fetch((p), sizeof(*(p)), ACCESS_EXCHANGE, (uint64_t)(x), KERNEL_##order, KERNEL_HERE))
#define NOFAIL_CMPXCHG(p, old, new, order)                                                                        \
  ((__typeof__(*(p)))access_compare_exchange((p), sizeof(*(p)), (uint64_t)(old), (uint64_t)(new), KERNEL_##order, \
                                             KERNEL_HERE))
// `old` points to the expected value, and gets the value that was there if it was another one.
#define NOFAIL_TRY_CMPXCHG(p, old, new, order)                                             \
  ({                                                                                       \
    __typeof__(*(p))* nofail_expected = (old);                                             \
    const __typeof__(*(p)) nofail_found = NOFAIL_CMPXCHG(p, *nofail_expected, new, order); \
    const bool nofail_stored = nofail_found == *nofail_expected;                           \
    if (!nofail_stored) *nofail_expected = nofail_found;                                   \
    nofail_stored;                                                                         \
  })
// The macros of atomic_names.text.
#include "nofail/atomic_names.h"
// They need not be atomic for other CPUs, and give no order. Here they are: errs towards silence.
#define cmpxchg_local(p, old, new) cmpxchg(p, old, new)
#define cmpxchg64(p, old, new) cmpxchg(p, old, new)
#define cmpxchg64_relaxed(p, old, new) cmpxchg_relaxed(p, old, new)

// ---- Reference counts (core/kernel/refcount.h) ---------------------------------------------------------------------
#define REFCOUNT_INIT(n) {(n)}
#define refcount_set(r, n) refcount_set((r), (n), KERNEL_HERE)
#define refcount_set_release(r, n) KERNEL_STORE((r)->value, (uint32_t)(n), smp_store_release, KERNEL_HERE)
#define refcount_read(r) refcount_read((r), KERNEL_HERE)
#define refcount_add(n, r) refcount_add((n), (r), KERNEL_HERE)
#define refcount_inc(r) refcount_inc((r), KERNEL_HERE)
#define refcount_add_not_zero(n, r) refcount_add_not_zero_ordered((n), (r), KERNEL_ONCE, KERNEL_HERE)
#define refcount_add_not_zero_acquire(n, r) refcount_add_not_zero_ordered((n), (r), KERNEL_ACQUIRE, KERNEL_HERE)
#define refcount_inc_not_zero(r) refcount_inc_not_zero((r), KERNEL_HERE)
#define refcount_inc_not_zero_acquire(r) refcount_add_not_zero_acquire(1, r)
#define refcount_dec(r) refcount_dec((r), KERNEL_HERE)
#define refcount_sub_and_test(n, r) refcount_sub_and_test((n), (r), KERNEL_HERE)
#define refcount_dec_and_test(r) refcount_dec_and_test((r), KERNEL_HERE)
#define refcount_dec_if_one(r) refcount_dec_if_one((r), KERNEL_HERE)
#define refcount_dec_not_one(r) refcount_dec_not_one((r), KERNEL_HERE)

// A reference count with a function that frees.
struct kref {
  refcount_t refcount;
};
#define KREF_INIT(n) {REFCOUNT_INIT(n)}
#define kref_init(pointer) refcount_set(&(pointer)->refcount, 1)
#define kref_read(pointer) refcount_read(&(pointer)->refcount)
#define kref_get(pointer) refcount_inc(&(pointer)->refcount)
#define kref_get_unless_zero(pointer) refcount_inc_not_zero(&(pointer)->refcount)
#define kref_put(pointer, release)                                          \
  ({                                                                        \
    struct kref* nofail_kref = (pointer);                                   \
    const bool nofail_last = refcount_dec_and_test(&nofail_kref->refcount); \
    if (nofail_last) (release)(nofail_kref);                                \
    (int)nofail_last;                                                       \
  })

// ---- Bits ----------------------------------------------------------------------------------------------------------
NOFAIL_INLINE volatile unsigned long* nofail_word_of(unsigned long bit, const volatile void* bits) {
  return (volatile unsigned long*)bits + bit / BITS_PER_LONG;
}
NOFAIL_INLINE unsigned long nofail_mask_of(unsigned long bit) {
  return 1ul << (bit % BITS_PER_LONG);
}
// One step that sets (ACCESS_OR), clears (ACCESS_AND) or changes (ACCESS_XOR) a bit. Returns whether it was set.
NOFAIL_INLINE bool nofail_bit(unsigned long bit, volatile void* bits, enum access_operation operation,
                              enum kernel_order order, struct kernel_site site) {
  const unsigned long mask = nofail_mask_of(bit);
  return (access_fetch(nofail_word_of(bit, bits), sizeof(long), operation, operation == ACCESS_AND ? ~mask : mask,
                       order, site) &
          mask) != 0;
}
NOFAIL_INLINE bool nofail_test_bit(unsigned long bit, const volatile void* bits, enum kernel_order order,
                                   struct kernel_site site) {
  return (access_load(nofail_word_of(bit, bits), sizeof(long), order, site) & nofail_mask_of(bit)) != 0;
}
#define set_bit(bit, bits) ((void)nofail_bit((bit), (bits), ACCESS_OR, KERNEL_ONCE, KERNEL_HERE))
#define clear_bit(bit, bits) ((void)nofail_bit((bit), (bits), ACCESS_AND, KERNEL_ONCE, KERNEL_HERE))
#define change_bit(bit, bits) ((void)nofail_bit((bit), (bits), ACCESS_XOR, KERNEL_ONCE, KERNEL_HERE))
#define assign_bit(bit, bits, value) \
  ((void)nofail_bit((bit), (bits), (value) ? ACCESS_OR : ACCESS_AND, KERNEL_ONCE, KERNEL_HERE))
#define clear_bit_unlock(bit, bits) ((void)nofail_bit((bit), (bits), ACCESS_AND, KERNEL_RELEASE, KERNEL_HERE))
#define test_and_set_bit(bit, bits) nofail_bit((bit), (bits), ACCESS_OR, KERNEL_FULL, KERNEL_HERE)
#define test_and_clear_bit(bit, bits) nofail_bit((bit), (bits), ACCESS_AND, KERNEL_FULL, KERNEL_HERE)
#define test_and_change_bit(bit, bits) nofail_bit((bit), (bits), ACCESS_XOR, KERNEL_FULL, KERNEL_HERE)
#define test_and_set_bit_lock(bit, bits) nofail_bit((bit), (bits), ACCESS_OR, KERNEL_ACQUIRE, KERNEL_HERE)
#define test_bit(bit, bits) nofail_test_bit((bit), (bits), KERNEL_ONCE, KERNEL_HERE)
#define test_bit_acquire(bit, bits) nofail_test_bit((bit), (bits), KERNEL_ACQUIRE, KERNEL_HERE)
// Plain accesses, for a bitmap that nobody else changes. They return whether the bit was set.
NOFAIL_INLINE bool __test_and_set_bit(unsigned long bit, volatile unsigned long* bits) {
  volatile unsigned long* word = nofail_word_of(bit, bits);
  const bool was = (*word & nofail_mask_of(bit)) != 0;
  *word |= nofail_mask_of(bit);
  return was;
}
NOFAIL_INLINE bool __test_and_clear_bit(unsigned long bit, volatile unsigned long* bits) {
  volatile unsigned long* word = nofail_word_of(bit, bits);
  const bool was = (*word & nofail_mask_of(bit)) != 0;
  *word &= ~nofail_mask_of(bit);
  return was;
}
#define __set_bit(bit, bits) ((void)__test_and_set_bit((bit), (bits)))
#define __clear_bit(bit, bits) ((void)__test_and_clear_bit((bit), (bits)))
#define __assign_bit(bit, bits, value) \
  ((void)((value) ? __test_and_set_bit((bit), (bits)) : __test_and_clear_bit((bit), (bits))))
#endif  // NOFAIL_CORE_SUBJECTS_LINUX_ATOMICS_H_
