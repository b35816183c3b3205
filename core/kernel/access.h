// SPDX-License-Identifier: MIT
//
// Marked accesses, for subjects in C and C++.
//
// Each function here first announces the access to the kernel contract (kernel_load, kernel_store, kernel_rmw) and then
// makes it, as a real atomic in the subject's own object code. At the announcement another task may run. The
// announcement of a load also returns the value that the task sees. The real atomic follows at once, so that a thread
// sanitizer sees it next to the subject's plain accesses. The argument `site` says where in the subject the access
// stands; in C++, core/kernel/sync.h fills it in.
//
// Memory ordering: a primitive has the order of its row in core/kernel/ordering.def. Its real atomic has the closest
// order that the compiler offers: ONCE becomes relaxed, DEPENDENCY and ACQUIRE become acquire, RELEASE becomes release,
// and FULL becomes sequentially consistent. A compare-exchange that fails is relaxed.
#ifndef NOFAIL_CORE_KERNEL_ACCESS_H_
#define NOFAIL_CORE_KERNEL_ACCESS_H_

#include "core/kernel/kernel.h"

#define NOFAIL_INLINE static inline __attribute__((always_inline))

// The order of each primitive. For example, KERNEL_ORDER_OF_rcu_dereference is KERNEL_DEPENDENCY.
enum {
#define KERNEL_PRIMITIVE(name, order) KERNEL_ORDER_OF_##name = KERNEL_##order,
#include "core/kernel/ordering.def"
#undef KERNEL_PRIMITIVE
};

// Types for the real atomics. They may alias memory that the subject accesses by its real type, such as a pointer.
typedef uint8_t __attribute__((may_alias)) access_u8;
typedef uint16_t __attribute__((may_alias)) access_u16;
typedef uint32_t __attribute__((may_alias)) access_u32;
typedef uint64_t __attribute__((may_alias)) access_u64;

// Returns the compiler's memory order for the kernel's. A constant argument gives a constant result.
NOFAIL_INLINE int access_order(enum kernel_order order) {
  switch (order) {
    case KERNEL_ONCE:
      return __ATOMIC_RELAXED;
    case KERNEL_DEPENDENCY:
    case KERNEL_ACQUIRE:
      return __ATOMIC_ACQUIRE;
    case KERNEL_RELEASE:
      return __ATOMIC_RELEASE;
    case KERNEL_FULL:
      break;
  }
  return __ATOMIC_SEQ_CST;
}

// Makes a real load and drops its value. `address` is volatile so that the compiler keeps the load.
NOFAIL_INLINE void access_real_load(const volatile void* address, unsigned size, int order) {
  switch (size) {
    case 1:
      (void)__atomic_load_n((const volatile access_u8*)address, order);
      break;
    case 2:
      (void)__atomic_load_n((const volatile access_u16*)address, order);
      break;
    case 4:
      (void)__atomic_load_n((const volatile access_u32*)address, order);
      break;
    default:
      (void)__atomic_load_n((const volatile access_u64*)address, order);
  }
}

// Returns the value that the contract says the task sees. In memory mode `weak` the real load may see a newer one.
NOFAIL_INLINE uint64_t access_load(const volatile void* address, unsigned size, enum kernel_order order,
                                   struct kernel_site site) {
  uint64_t value = kernel_load(address, size, order, site);
  access_real_load(address, size, access_order(order));
  return value;
}

NOFAIL_INLINE void access_store(volatile void* address, unsigned size, uint64_t value, enum kernel_order order,
                                struct kernel_site site) {
  kernel_store(address, size, value, order, site);
  switch (size) {
    case 1:
      __atomic_store_n((volatile access_u8*)address, (uint8_t)value, access_order(order));
      break;
    case 2:
      __atomic_store_n((volatile access_u16*)address, (uint16_t)value, access_order(order));
      break;
    case 4:
      __atomic_store_n((volatile access_u32*)address, (uint32_t)value, access_order(order));
      break;
    default:
      __atomic_store_n((volatile access_u64*)address, value, access_order(order));
  }
}

// Read-modify-writes of the kernel's 32-bit counters and bit masks. They return the value before the operation.
// Arithmetic wraps.
NOFAIL_INLINE int32_t access_fetch_add(volatile int32_t* address, int32_t value, enum kernel_order order,
                                       struct kernel_site site) {
  kernel_rmw(address, sizeof(*address), order, site);
  uint32_t old = __atomic_fetch_add((volatile access_u32*)address, (uint32_t)value, access_order(order));
  kernel_rmw_done(address, sizeof(*address), old, (uint32_t)(old + (uint32_t)value), true);
  return (int32_t)old;
}

NOFAIL_INLINE int32_t access_fetch_or(volatile int32_t* address, int32_t bits, enum kernel_order order,
                                      struct kernel_site site) {
  kernel_rmw(address, sizeof(*address), order, site);
  uint32_t old = __atomic_fetch_or((volatile access_u32*)address, (uint32_t)bits, access_order(order));
  kernel_rmw_done(address, sizeof(*address), old, old | (uint32_t)bits, true);
  return (int32_t)old;
}

// Stores `desired` if the word at `address`, of `size` 4 or 8 bytes, is `expected`. Returns the word before. It stored
// if and only if it returns `expected`.
NOFAIL_INLINE uint64_t access_compare_exchange(volatile void* address, unsigned size, uint64_t expected,
                                               uint64_t desired, enum kernel_order order, struct kernel_site site) {
  bool wrote;
  kernel_rmw(address, size, order, site);
  if (size == 4) {
    uint32_t old = (uint32_t)expected;
    wrote = __atomic_compare_exchange_n((volatile access_u32*)address, &old, (uint32_t)desired, false,
                                        access_order(order), __ATOMIC_RELAXED);
    expected = old;
  } else {
    wrote = __atomic_compare_exchange_n((volatile access_u64*)address, &expected, desired, false, access_order(order),
                                        __ATOMIC_RELAXED);
  }
  kernel_rmw_done(address, size, expected, wrote ? desired : expected, wrote);
  return expected;
}

// access_load and access_store for an lvalue of 1, 2, 4 or 8 bytes, with the order of the named primitive. For example,
// KERNEL_LOAD(node->pprev, READ_ONCE, site) loads the member pprev.
#define KERNEL_LOAD(lvalue, primitive, site) \
  ((__typeof__(lvalue))access_load(&(lvalue), sizeof(lvalue), (enum kernel_order)KERNEL_ORDER_OF_##primitive, site))
#define KERNEL_STORE(lvalue, value, primitive, site) \
  access_store(&(lvalue), sizeof(lvalue), (uint64_t)(value), (enum kernel_order)KERNEL_ORDER_OF_##primitive, site)

#endif  // NOFAIL_CORE_KERNEL_ACCESS_H_
