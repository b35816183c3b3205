// SPDX-License-Identifier: MIT
//
// Functions that do what a subject must not do, for example follow a null pointer. They are compiled as a subject is:
// instrumented, and in the subject's section. Each function ends with a scheduling point.
#ifndef NOFAIL_TESTS_MISBEHAVE_H_
#define NOFAIL_TESTS_MISBEHAVE_H_

#include <cstdint>

struct SharedWord {
  uint64_t word;
  uint64_t rest;  // makes the object as big as a kernel_rcu_head
};

void FollowNull(SharedWord* word);
void FollowWildPointer(SharedWord* word);
void AddThroughWildPointer(SharedWord* word);
void OverflowSigned(SharedWord* word);
void ReadAfterFree(SharedWord* word);
void ReadPastEnd(SharedWord* word);
void WritePlainly(SharedWord* word);
void Behave(SharedWord* word);  // does nothing wrong

// Two readers, and two that free the word after a grace period. Whether a pair is right depends on the flavours: for
// example, FreeAfterRcu does not wait for ReadInTasksTrace.
void ReadInRcu(SharedWord* word);
void ReadInTasksTrace(SharedWord* word);
void FreeAfterRcu(SharedWord* word);
void FreeAfterTasksTrace(SharedWord* word);

#endif  // NOFAIL_TESTS_MISBEHAVE_H_
