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

// What a read-modify-write does with the old value and its operand. Arithmetic wraps.
enum access_operation { ACCESS_ADD, ACCESS_AND, ACCESS_OR, ACCESS_XOR, ACCESS_EXCHANGE };

// The value that the operation leaves in memory, as far as the lowest `size` bytes go.
NOFAIL_INLINE uint64_t access_apply(enum access_operation operation, uint64_t old, uint64_t operand) {
  switch (operation) {
    case ACCESS_ADD:
      return old + operand;
    case ACCESS_AND:
      return old & operand;
    case ACCESS_OR:
      return old | operand;
    case ACCESS_XOR:
      return old ^ operand;
    case ACCESS_EXCHANGE:
      break;
  }
  return operand;
}

// The lowest `size` bytes of `value`.
NOFAIL_INLINE uint64_t access_low_bytes(uint64_t value, unsigned size) {
  return size == 8 ? value : value & ((UINT64_C(1) << (8 * size)) - 1);
}

// Defines the real atomics of read-modify-writes for one type of word.
#define NOFAIL_REAL_RMW(type)                                                                                          \
  NOFAIL_INLINE uint64_t access_real_fetch_##type(volatile type* address, enum access_operation operation,             \
                                                  uint64_t operand, int order) {                                       \
    switch (operation) {                                                                                               \
      case ACCESS_ADD:                                                                                                 \
        return __atomic_fetch_add(address, (type)operand, order);                                                      \
      case ACCESS_AND:                                                                                                 \
        return __atomic_fetch_and(address, (type)operand, order);                                                      \
      case ACCESS_OR:                                                                                                  \
        return __atomic_fetch_or(address, (type)operand, order);                                                       \
      case ACCESS_XOR:                                                                                                 \
        return __atomic_fetch_xor(address, (type)operand, order);                                                      \
      case ACCESS_EXCHANGE:                                                                                            \
        break;                                                                                                         \
    }                                                                                                                  \
    return __atomic_exchange_n(address, (type)operand, order);                                                         \
  }                                                                                                                    \
  NOFAIL_INLINE bool access_real_compare_exchange_##type(volatile type* address, uint64_t* expected, uint64_t desired, \
                                                         int order) {                                                  \
    type old = (type) * expected;                                                                                      \
    bool wrote = __atomic_compare_exchange_n(address, &old, (type)desired, false, order, __ATOMIC_RELAXED);            \
    *expected = old;                                                                                                   \
    return wrote;                                                                                                      \
  }
NOFAIL_REAL_RMW(access_u8)
NOFAIL_REAL_RMW(access_u16)
NOFAIL_REAL_RMW(access_u32)
NOFAIL_REAL_RMW(access_u64)

// Makes a real read-modify-write and returns the value before it.
NOFAIL_INLINE uint64_t access_real_fetch(volatile void* address, unsigned size, enum access_operation operation,
                                         uint64_t operand, int order) {
  switch (size) {
    case 1:
      return access_real_fetch_access_u8((volatile access_u8*)address, operation, operand, order);
    case 2:
      return access_real_fetch_access_u16((volatile access_u16*)address, operation, operand, order);
    case 4:
      return access_real_fetch_access_u32((volatile access_u32*)address, operation, operand, order);
    default:
      return access_real_fetch_access_u64((volatile access_u64*)address, operation, operand, order);
  }
}

// Makes a real compare-exchange. Returns whether it stored, and leaves the value before it in *expected.
NOFAIL_INLINE bool access_real_compare_exchange(volatile void* address, unsigned size, uint64_t* expected,
                                                uint64_t desired, int order) {
  switch (size) {
    case 1:
      return access_real_compare_exchange_access_u8((volatile access_u8*)address, expected, desired, order);
    case 2:
      return access_real_compare_exchange_access_u16((volatile access_u16*)address, expected, desired, order);
    case 4:
      return access_real_compare_exchange_access_u32((volatile access_u32*)address, expected, desired, order);
    default:
      return access_real_compare_exchange_access_u64((volatile access_u64*)address, expected, desired, order);
  }
}

// A read-modify-write of a word of `size` bytes. Returns the value before it.
NOFAIL_INLINE uint64_t access_fetch(volatile void* address, unsigned size, enum access_operation operation,
                                    uint64_t operand, enum kernel_order order, struct kernel_site site) {
  kernel_rmw(address, size, order, site);
  uint64_t old = access_real_fetch(address, size, operation, operand, access_order(order));
  kernel_rmw_done(address, size, old, access_low_bytes(access_apply(operation, old, operand), size), true);
  return old;
}

// The same for the kernel's 32-bit counters and bit masks.
NOFAIL_INLINE int32_t access_fetch_add(volatile int32_t* address, int32_t value, enum kernel_order order,
                                       struct kernel_site site) {
  return (int32_t)access_fetch(address, sizeof(*address), ACCESS_ADD, (uint32_t)value, order, site);
}
NOFAIL_INLINE int32_t access_fetch_or(volatile int32_t* address, int32_t bits, enum kernel_order order,
                                      struct kernel_site site) {
  return (int32_t)access_fetch(address, sizeof(*address), ACCESS_OR, (uint32_t)bits, order, site);
}

// Stores `desired` if the word at `address` is `expected`; both are compared and stored as `size` bytes. Returns the
// word before. It stored if and only if it returns `expected`.
NOFAIL_INLINE uint64_t access_compare_exchange(volatile void* address, unsigned size, uint64_t expected,
                                               uint64_t desired, enum kernel_order order, struct kernel_site site) {
  kernel_rmw(address, size, order, site);
  bool wrote = access_real_compare_exchange(address, size, &expected, desired, access_order(order));
  kernel_rmw_done(address, size, expected, wrote ? access_low_bytes(desired, size) : expected, wrote);
  return expected;
}

// access_load and access_store for an lvalue of 1, 2, 4 or 8 bytes, with the order of the named primitive. For example,
// KERNEL_LOAD(node->pprev, READ_ONCE, site) loads the member pprev.
#define KERNEL_LOAD(lvalue, primitive, site) \
  ((__typeof__(lvalue))access_load(&(lvalue), sizeof(lvalue), (enum kernel_order)KERNEL_ORDER_OF_##primitive, site))
#define KERNEL_STORE(lvalue, value, primitive, site) \
  access_store(&(lvalue), sizeof(lvalue), (uint64_t)(value), (enum kernel_order)KERNEL_ORDER_OF_##primitive, site)

#endif  // NOFAIL_CORE_KERNEL_ACCESS_H_
