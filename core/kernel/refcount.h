// SPDX-License-Identifier: MIT
//
// refcount_t: a reference count that saturates instead of wrapping. For C and C++.
// (include/linux/refcount.h and lib/refcount.c, Linux 7.2)
//
// An operation that finds the count unusable - from zero, past the limit, below zero, to zero where it must not - does
// its arithmetic first, and then, in a second step, stores kRefcountSaturated and warns. Others may look, or count, in
// between. A saturated count stays negative, for no number of operations reaches zero from there.
//
// Memory ordering: inc and inc_not_zero order nothing. dec and dec_and_test are releases. dec_and_test acquires if it
// returns true, and only then: thread X's accesses before its decrement come before what the thread does that gets
// true. A thread that merely reads zero is ordered after nobody.
#ifndef NOFAIL_CORE_KERNEL_REFCOUNT_H_
#define NOFAIL_CORE_KERNEL_REFCOUNT_H_

#include "core/kernel/access.h"

typedef struct refcount {
  int32_t value;
} refcount_t;

enum { kRefcountSaturated = INT32_MIN / 2 };

NOFAIL_INLINE void refcount_set(refcount_t* count, int32_t value, struct kernel_site site) {
  KERNEL_STORE(count->value, (uint32_t)value, refcount_set, site);
}

NOFAIL_INLINE uint32_t refcount_read(refcount_t* count, struct kernel_site site) {
  return (uint32_t)KERNEL_LOAD(count->value, refcount_read, site);
}

// The second step.
NOFAIL_INLINE void refcount_saturate(refcount_t* count, enum kernel_refcount_saturation what, struct kernel_site site) {
  refcount_set(count, kRefcountSaturated, site);
  kernel_refcount_warn(count, what, site);
}

NOFAIL_INLINE bool refcount_past_limit(int32_t old) {
  return old < 0 || old == INT32_MAX;
}

NOFAIL_INLINE void refcount_inc(refcount_t* count, struct kernel_site site) {
  int32_t old = access_fetch_add(&count->value, 1, (enum kernel_order)KERNEL_ORDER_OF_refcount_inc, site);
  if (old == 0) {
    refcount_saturate(count, KERNEL_REFCOUNT_ADD_ON_ZERO, site);
  } else if (refcount_past_limit(old)) {
    refcount_saturate(count, KERNEL_REFCOUNT_OVERFLOW, site);
  }
}

// Returns false, silently, if the count is zero.
NOFAIL_INLINE bool refcount_inc_not_zero(refcount_t* count, struct kernel_site site) {
  int32_t old = (int32_t)refcount_read(count, site);
  while (old != 0) {
    int32_t seen =
        (int32_t)access_compare_exchange(&count->value, sizeof(count->value), (uint32_t)old, (uint32_t)old + 1u,
                                         (enum kernel_order)KERNEL_ORDER_OF_refcount_inc_not_zero, site);
    if (seen == old) {
      if (refcount_past_limit(old)) refcount_saturate(count, KERNEL_REFCOUNT_OVERFLOW, site);
      return true;
    }
    old = seen;
  }
  return false;
}

// For a count that must not reach zero here.
NOFAIL_INLINE void refcount_dec(refcount_t* count, struct kernel_site site) {
  int32_t old = access_fetch_add(&count->value, -1, (enum kernel_order)KERNEL_ORDER_OF_refcount_dec, site);
  if (old <= 1) refcount_saturate(count, KERNEL_REFCOUNT_DEC_TO_ZERO, site);
}

// Returns true if this was the last reference.
NOFAIL_INLINE bool refcount_dec_and_test(refcount_t* count, struct kernel_site site) {
  int32_t old = access_fetch_add(&count->value, -1, (enum kernel_order)KERNEL_ORDER_OF_refcount_dec_and_test, site);
  if (old == 1) {
    // The acquire of this path. A thread sanitizer ignores fences: the load is what it learns the order from.
    access_real_load(&count->value, sizeof(count->value), __ATOMIC_ACQUIRE);
    kernel_fence(KERNEL_ACQUIRE, site);
    return true;
  }
  if (old <= 0) refcount_saturate(count, KERNEL_REFCOUNT_UNDERFLOW, site);
  return false;
}

#endif  // NOFAIL_CORE_KERNEL_REFCOUNT_H_
