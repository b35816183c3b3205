// SPDX-License-Identifier: MIT
#include "tests/misbehave.h"

#include <climits>

#include "core/kernel.h"

namespace {

// The optimizer must not know any of it.
template <typename T>
T Opaque(T value) {
  asm volatile("" : "+r"(value));
  return value;
}

void End() { kernel_fence(KERNEL_FULL, KERNEL_HERE); }

}  // namespace

void FollowNull(SharedWord*) {
  Opaque<SharedWord*>(nullptr)->word = 1;
  End();
}

void FollowWildPointer(SharedWord*) {
  Opaque(reinterpret_cast<SharedWord*>(uintptr_t{0x6b6b6b6b6b6b6b68}))->word = 1;
  End();
}

void OverflowSigned(SharedWord* word) {
  word->word = static_cast<uint64_t>(Opaque(INT_MAX) + Opaque(1));
  End();
}

void ReadAfterFree(SharedWord* word) {
  kernel_free(word, KERNEL_HERE);
  Opaque(Opaque(word)->word);
  End();
}

void ReadPastEnd(SharedWord* word) {
  Opaque(Opaque(word)[1].word);
  End();
}

void WritePlainly(SharedWord* word) {
  word->word = Opaque(uint64_t{1});
  End();
}

void Behave(SharedWord*) { End(); }
