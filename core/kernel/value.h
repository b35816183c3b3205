// SPDX-License-Identifier: MIT
//
// The layout of a map's value, shared by the kernel side and the subjects.
//
// A value is `bytes` plain bytes, followed by one slot of 8 bytes for each special field of the map's record, in this
// order: kptr, uptr, spin_lock, refcount. The slot of a kptr or uptr holds a resource, as a number that the kernel side
// chooses, or 0 for none.
#ifndef NOFAIL_CORE_KERNEL_VALUE_H_
#define NOFAIL_CORE_KERNEL_VALUE_H_

#include "core/kernel/kernel.h"

// Bytes of one slot.
#define KERNEL_VALUE_SLOT 8u

// Returns the bytes from the start of a value to the slot of `field`.
// REQUIRES: `field` is exactly one KERNEL_FIELD_* bit of `fields`.
static inline uint32_t kernel_value_offset(uint32_t bytes, unsigned fields, unsigned field) {
  return bytes + KERNEL_VALUE_SLOT * (uint32_t)__builtin_popcount(fields & (field - 1u));
}
// Returns the size of the whole value in bytes. REQUIRES: `bytes` is a multiple of 8.
static inline uint32_t kernel_value_size(uint32_t bytes, unsigned fields) {
  return bytes + KERNEL_VALUE_SLOT * (uint32_t)__builtin_popcount(fields & 15u);
}

#endif  // NOFAIL_CORE_KERNEL_VALUE_H_
