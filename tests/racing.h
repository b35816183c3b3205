// SPDX-License-Identifier: MIT
//
// Accesses for litmus tests of data races. They are compiled as a subject is, so whoever detects races sees them.
#ifndef NOFAIL_TESTS_RACING_H_
#define NOFAIL_TESTS_RACING_H_

#include <cstdint>

#include "core/kernel/kernel.h"

// Plain accesses: to a word, and to a half and a byte of one.
uint64_t ReadPlain(const uint64_t& word);
void WritePlain(uint64_t& word, uint64_t value);
void WriteLowHalf(uint64_t& word, uint32_t value);
void WriteHighHalf(uint64_t& word, uint32_t value);
uint8_t ReadByte(const uint64_t& word, unsigned index);
void CopyPlain(uint64_t* to, const uint64_t* from, unsigned count);  // by memcpy
uint64_t ReadStatic();
void WriteStatic(uint64_t value);

// Marked accesses.
uint64_t LoadWith(kernel_order order, uint64_t& word);
void StoreWith(kernel_order order, uint64_t& word, uint64_t value);
uint64_t AddWith(kernel_order order, uint64_t& word, uint64_t value);  // returns the old value
uint64_t CompareExchangeWith(kernel_order order, uint64_t& word, uint64_t old, uint64_t value);  // the same
void Fence(kernel_order order);

#endif  // NOFAIL_TESTS_RACING_H_
