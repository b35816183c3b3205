// SPDX-License-Identifier: MIT
//
// refcount_t: a reference count that saturates instead of wrapping, for subjects in C and C++.
// (include/linux/refcount.h and lib/refcount.c, Linux 7.2)
//
// Four operations are errors: an increment of zero, an increment past the limit, a decrement below zero, and a
// refcount_dec that reaches zero. Such an operation takes two steps:
//   1. it does its arithmetic on the count;
//   2. it stores kRefcountSaturated in the count and warns.
// Between the two steps other tasks may read the count or change it. A saturated count is so far from zero that no
// number of operations brings it back: it stays negative.
//
// Memory ordering: increments order nothing, unless their name ends with _acquire. Decrements are releases.
// dec_and_test and sub_and_test are acquires as well if they return true, and only then. For example, tasks A and B
// each use an object and then call dec_and_test. If A's call returns true, all that B did before its own call comes
// before all that A does next. A task that only reads a zero count has no such guarantee.
#ifndef NOFAIL_CORE_KERNEL_REFCOUNT_H_
#define NOFAIL_CORE_KERNEL_REFCOUNT_H_

#include "core/kernel/access.h"

typedef struct refcount {
  int32_t value;
} refcount_t;

// As far from zero as from the least value.
enum { kRefcountSaturated = INT32_MIN / 2 };

NOFAIL_INLINE void refcount_set(refcount_t* count, int32_t value, struct kernel_site site) {
  KERNEL_STORE(count->value, (uint32_t)value, refcount_set, site);
}

NOFAIL_INLINE uint32_t refcount_read(refcount_t* count, struct kernel_site site) {
  return (uint32_t)KERNEL_LOAD(count->value, refcount_read, site);
}

// The second step of an operation that is an error.
NOFAIL_INLINE void refcount_saturate(refcount_t* count, enum kernel_refcount_saturation what, struct kernel_site site) {
  refcount_set(count, kRefcountSaturated, site);
  kernel_refcount_warn(count, what, site);
}

// Whether `old` + `value` is past the limit: `old` is negative, as a saturated count is, or the sum does not fit.
NOFAIL_INLINE bool refcount_past_limit(int32_t old, int32_t value) {
  return old < 0 || old > INT32_MAX - value;
}

// Adds to a count that must not be zero.
NOFAIL_INLINE void refcount_add(int32_t value, refcount_t* count, struct kernel_site site) {
  int32_t old = access_fetch_add(&count->value, value, (enum kernel_order)KERNEL_ORDER_OF_refcount_add, site);
  if (old == 0) {
    refcount_saturate(count, KERNEL_REFCOUNT_ADD_ON_ZERO, site);
  } else if (refcount_past_limit(old, value)) {
    refcount_saturate(count, KERNEL_REFCOUNT_OVERFLOW, site);
  }
}
NOFAIL_INLINE void refcount_inc(refcount_t* count, struct kernel_site site) {
  refcount_add(1, count, site);
}

// Adds to the count and returns true, or returns false without a warning if the count is zero.
NOFAIL_INLINE bool refcount_add_not_zero_ordered(int32_t value, refcount_t* count, enum kernel_order order,
                                                 struct kernel_site site) {
  int32_t old = (int32_t)refcount_read(count, site);
  while (old != 0) {
    int32_t seen = (int32_t)access_compare_exchange(&count->value, sizeof(count->value), (uint32_t)old,
                                                    (uint32_t)old + (uint32_t)value, order, site);
    if (seen == old) {
      if (refcount_past_limit(old, value)) refcount_saturate(count, KERNEL_REFCOUNT_OVERFLOW, site);
      return true;
    }
    old = seen;
  }
  return false;
}
NOFAIL_INLINE bool refcount_inc_not_zero(refcount_t* count, struct kernel_site site) {
  return refcount_add_not_zero_ordered(1, count, (enum kernel_order)KERNEL_ORDER_OF_refcount_inc_not_zero, site);
}

// Decrements a count that must not reach zero by this.
NOFAIL_INLINE void refcount_dec(refcount_t* count, struct kernel_site site) {
  int32_t old = access_fetch_add(&count->value, -1, (enum kernel_order)KERNEL_ORDER_OF_refcount_dec, site);
  if (old <= 1) refcount_saturate(count, KERNEL_REFCOUNT_DEC_TO_ZERO, site);
}

// Gives back `value` references. Returns true if these were the last ones.
NOFAIL_INLINE bool refcount_sub_and_test(int32_t value, refcount_t* count, struct kernel_site site) {
  int32_t old = access_fetch_add(&count->value, -value, (enum kernel_order)KERNEL_ORDER_OF_refcount_sub_and_test, site);
  if (old > 0 && old == value) {
    // This is the acquire. A thread sanitizer ignores fences, so a real load with acquire order tells it.
    access_real_load(&count->value, sizeof(count->value), __ATOMIC_ACQUIRE);
    kernel_fence(KERNEL_ACQUIRE, site);
    return true;
  }
  if (old <= 0 || old < value) refcount_saturate(count, KERNEL_REFCOUNT_UNDERFLOW, site);
  return false;
}
NOFAIL_INLINE bool refcount_dec_and_test(refcount_t* count, struct kernel_site site) {
  return refcount_sub_and_test(1, count, site);
}

// Gives the last reference back and returns true, or returns false if it is not the only one.
NOFAIL_INLINE bool refcount_dec_if_one(refcount_t* count, struct kernel_site site) {
  return access_compare_exchange(&count->value, sizeof(count->value), 1, 0,
                                 (enum kernel_order)KERNEL_ORDER_OF_refcount_dec_if_one, site) == 1;
}

// Decrements the count and returns true, or returns false if the count is one. A saturated count stays as it is.
NOFAIL_INLINE bool refcount_dec_not_one(refcount_t* count, struct kernel_site site) {
  uint32_t old = refcount_read(count, site);
  while (old != (uint32_t)kRefcountSaturated) {
    if (old == 1) return false;
    if (old == 0) {
      kernel_refcount_warn(count, KERNEL_REFCOUNT_UNDERFLOW, site);
      return true;
    }
    uint32_t seen = (uint32_t)access_compare_exchange(&count->value, sizeof(count->value), old, old - 1,
                                                      (enum kernel_order)KERNEL_ORDER_OF_refcount_dec_not_one, site);
    if (seen == old) return true;
    old = seen;
  }
  return true;
}

#endif  // NOFAIL_CORE_KERNEL_REFCOUNT_H_
