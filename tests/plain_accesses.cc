// SPDX-License-Identifier: MIT
#include "tests/plain_accesses.h"

#include <cstring>

#include "core/kernel/access.h"
#include "core/kernel/kernel.h"

uint64_t static_word;

namespace {

// Returns `value`, but the optimizer does not know that it is the same value.
template <typename T>
T Opaque(T value) {
  asm volatile("" : "+r"(value));
  return value;
}

struct __attribute__((packed)) Unaligned {
  uint32_t word;
};

}  // namespace

void ReadEight(Words* words) {
  Opaque(words->eight);
}
void WriteFour(Words* words) {
  words->four = 4;
}
void ReadTwo(Words* words) {
  Opaque(words->two);
}
void WriteOne(Words* words) {
  words->one = 1;
}
void Increment(Words* words) {
  ++words->eight;
}
void ReadUnaligned(Words* words) {
  Opaque(Opaque(reinterpret_cast<Unaligned*>(&words->rest))->word);
}
void CopyBytes(Words* words) {
  memcpy(words->bytes + 24, words->bytes, Opaque(size_t{24}));
}
void ClearBytes(Words* words) {
  memset(words->bytes, 0, Opaque(sizeof(words->bytes)));
}
void ReadStatic(Words*) {
  Opaque(*Opaque(&static_word));
}
void WriteOnStack(Words*) {
  uint64_t word;
  *Opaque(&word) = 8;
}
void ReadNull(Words*) {
  Opaque(Opaque(static_cast<Words*>(nullptr))->eight);
}
void LoadMarked(Words* words) {
  KERNEL_LOAD(words->eight, READ_ONCE, KERNEL_HERE);
}
