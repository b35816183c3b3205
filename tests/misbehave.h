// SPDX-License-Identifier: MIT
//
// What a subject must not do, each in a function of its own. Compiled as a subject is: instrumented, in its own
// section. Each ends with a scheduling point.
#ifndef NOFAIL_TESTS_MISBEHAVE_H_
#define NOFAIL_TESTS_MISBEHAVE_H_

#include <cstdint>

struct SharedWord {
  uint64_t word;
  uint64_t rest;  // together they have room for a kernel_rcu_head
};

void FollowNull(SharedWord* word);
void FollowWildPointer(SharedWord* word);
void AddThroughWildPointer(SharedWord* word);
void OverflowSigned(SharedWord* word);
void ReadAfterFree(SharedWord* word);
void ReadPastEnd(SharedWord* word);
void WritePlainly(SharedWord* word);
void Behave(SharedWord* word);

// What a reader does, and what frees it: right or wrong by which two meet.
void ReadInRcu(SharedWord* word);
void ReadInTasksTrace(SharedWord* word);
void FreeAfterRcu(SharedWord* word);
void FreeAfterTasksTrace(SharedWord* word);

#endif  // NOFAIL_TESTS_MISBEHAVE_H_
