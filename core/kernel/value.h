// SPDX-License-Identifier: MIT
//
// The layout of a map's value, shared by the kernel side and the subjects.
//
// A value is `bytes` plain bytes followed by one 8-byte slot for each special field the record names, in this order:
// kptr, uptr, spin_lock, refcount. A kptr or uptr slot holds a resource number, 0 for none.
#ifndef NOFAIL_CORE_KERNEL_VALUE_H_
#define NOFAIL_CORE_KERNEL_VALUE_H_

#include "core/kernel/kernel.h"

#define KERNEL_VALUE_SLOT 8u

// Bytes from the start of a value to the slot of `field` (exactly one KERNEL_FIELD_* bit of `fields`).
static inline uint32_t kernel_value_offset(uint32_t bytes, unsigned fields, unsigned field) {
  return bytes + KERNEL_VALUE_SLOT * (uint32_t)__builtin_popcount(fields & (field - 1u));
}
// The whole value's size. REQUIRES: bytes is a multiple of 8.
static inline uint32_t kernel_value_size(uint32_t bytes, unsigned fields) {
  return bytes + KERNEL_VALUE_SLOT * (uint32_t)__builtin_popcount(fields & 15u);
}

#endif  // NOFAIL_CORE_KERNEL_VALUE_H_
