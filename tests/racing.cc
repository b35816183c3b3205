// SPDX-License-Identifier: MIT
#include "tests/racing.h"

#include <cstring>

#include "core/kernel/access.h"

namespace {

uint64_t static_word;

// Returns `value`, but the optimizer does not know that it is the same value.
template <typename T>
T Opaque(T value) {
  asm volatile("" : "+r"(value));
  return value;
}

uint32_t* HalfOf(uint64_t& word, unsigned index) {
  return Opaque(reinterpret_cast<uint32_t*>(&word)) + index;
}

}  // namespace

uint64_t ReadPlain(const uint64_t& word) {
  return Opaque(word);
}
void WritePlain(uint64_t& word, uint64_t value) {
  word = Opaque(value);
}
void WriteLowHalf(uint64_t& word, uint32_t value) {
  *HalfOf(word, 0) = value;
}
void WriteHighHalf(uint64_t& word, uint32_t value) {
  *HalfOf(word, 1) = value;
}
uint8_t ReadByte(const uint64_t& word, unsigned index) {
  return Opaque(reinterpret_cast<const uint8_t*>(&word)[Opaque(index)]);
}
void CopyPlain(uint64_t* to, const uint64_t* from, unsigned count) {
  memcpy(to, from, Opaque(count) * sizeof(*to));
}
uint64_t ReadStatic() {
  return Opaque(*Opaque(&static_word));
}
void WriteStatic(uint64_t value) {
  *Opaque(&static_word) = value;
}

uint64_t LoadWith(kernel_order order, uint64_t& word) {
  const uint64_t value = kernel_load(&word, sizeof(word), order, KERNEL_HERE);
  // A real atomic's order must be a constant.
  if (order == KERNEL_ONCE) {
    access_real_load(&word, sizeof(word), __ATOMIC_RELAXED);
  } else {
    access_real_load(&word, sizeof(word), __ATOMIC_ACQUIRE);
  }
  return value;
}
void StoreWith(kernel_order order, uint64_t& word, uint64_t value) {
  if (order == KERNEL_ONCE) {
    access_store(&word, sizeof(word), value, KERNEL_ONCE, KERNEL_HERE);
  } else {
    access_store(&word, sizeof(word), value, KERNEL_RELEASE, KERNEL_HERE);
  }
}
uint64_t AddWith(kernel_order order, uint64_t& word, uint64_t value) {
  if (order == KERNEL_ONCE) return access_fetch(&word, sizeof(word), ACCESS_ADD, value, KERNEL_ONCE, KERNEL_HERE);
  return access_fetch(&word, sizeof(word), ACCESS_ADD, value, KERNEL_FULL, KERNEL_HERE);
}
uint64_t CompareExchangeWith(kernel_order order, uint64_t& word, uint64_t old, uint64_t value) {
  if (order == KERNEL_ONCE) return access_compare_exchange(&word, sizeof(word), old, value, KERNEL_ONCE, KERNEL_HERE);
  return access_compare_exchange(&word, sizeof(word), old, value, KERNEL_FULL, KERNEL_HERE);
}
void Fence(kernel_order order) {
  kernel_fence(order, KERNEL_HERE);
}
