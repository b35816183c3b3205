// SPDX-License-Identifier: MIT
#include "tests/misbehave.h"

#include <climits>

#include "core/kernel/access.h"
#include "core/kernel/kernel.h"

namespace {

// Returns `value`, but the optimizer does not know that it is the same value, so it cannot see what will go wrong.
template <typename T>
T Opaque(T value) {
  asm volatile("" : "+r"(value));
  return value;
}

void End() {
  kernel_fence(KERNEL_FULL, KERNEL_HERE);
}

}  // namespace

void FollowNull(SharedWord*) {
  Opaque<SharedWord*>(nullptr)->word = 1;
  End();
}

void FollowWildPointer(SharedWord*) {
  Opaque(reinterpret_cast<SharedWord*>(uintptr_t{0x6b6b6b6b6b6b6b68}))->word = 1;
  End();
}

void AddThroughWildPointer(SharedWord*) {
  access_fetch_add(Opaque(reinterpret_cast<int32_t*>(uintptr_t{0x6b6b6b6b6b68})), 1, KERNEL_FULL, KERNEL_HERE);
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

void Behave(SharedWord*) {
  End();
}

namespace {

void ReadIn(kernel_rcu_flavour flavour, SharedWord* word) {
  kernel_rcu_read_lock(flavour, KERNEL_HERE);
  Opaque(Opaque(word)->word);
  kernel_rcu_read_unlock(flavour, KERNEL_HERE);
}

void FreeIt(kernel_rcu_head* head) {
  kernel_free(head, KERNEL_HERE);
}

}  // namespace

void ReadInRcu(SharedWord* word) {
  ReadIn(KERNEL_RCU, word);
}
void ReadInTasksTrace(SharedWord* word) {
  ReadIn(KERNEL_RCU_TASKS_TRACE, word);
}
void FreeAfterRcu(SharedWord* word) {
  kernel_kfree_rcu(word, KERNEL_HERE);
}
void FreeAfterTasksTrace(SharedWord* word) {
  kernel_call_rcu(KERNEL_RCU_TASKS_TRACE, reinterpret_cast<kernel_rcu_head*>(word), FreeIt, KERNEL_HERE);
}
