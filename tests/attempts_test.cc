// SPDX-License-Identifier: MIT
//
// Attempts: of each place in the source that takes a lock or allocates, what became of it.
#include "fuzz/engine/attempts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/trace_builder.h"

namespace nofail {
namespace {

using ::testing::UnorderedElementsAre;

constexpr uint64_t kWouldDeadlock = static_cast<uint64_t>(-int64_t{EDEADLK});

std::vector<std::string> Told(const Attempts& attempts) {
  Status status;
  attempts.AddTo(&status);
  std::vector<std::string> told;
  for (const AttemptCount& count : status.attempts) {
    told.push_back(absl::StrCat(count.function, " ", count.result, " ", count.count));
  }
  return told;
}

// The events of a builder have a line each; here all stand where the first one does.
Trace AtOneLine(TraceBuilder* b) {
  Trace trace;
  for (Event e : b->trace.events()) {
    e.line = 100;
    trace.Append(e);
  }
  return trace;
}

TEST(Attempts, AFailureIsToldByItsErrorAndByWhetherTheLockWasHeld) {
  TraceBuilder b;
  const ObjectId buckets = b.Alloc(kSetupOp, KERNEL_BUCKETS, nullptr);
  b.FailLock(kOpA, buckets, "Free");
  b.Lock(kOpB, buckets, "Take");
  b.FailLock(kOpA, buckets, "Held");
  b.Add(EventKind::kLock, kOpA, buckets, "Cycle", kWouldDeadlock, kDeadlock, 8);
  b.Add(EventKind::kLock, kOpB, buckets, "Own", kWouldDeadlock, kDeadlock, 8);
  b.Add(EventKind::kUnlock, kOpB, buckets, "Take", 0, 0, 8);
  b.Add(EventKind::kLock, kOpA, buckets, "Unlocked", kWouldDeadlock, kDeadlock, 8);
  Attempts attempts;
  attempts.Count(b.trace);
  EXPECT_THAT(Told(attempts),
              UnorderedElementsAre("Free timeout-free 1", "Take taken 1", "Held timeout-held 1",
                                   "Cycle deadlock-held 1", "Own deadlock-own 1", "Unlocked deadlock-free 1"));
}

TEST(Attempts, WhatTheSetUpAllocatesIsNoAttemptOfTheSubject) {
  TraceBuilder b;
  b.Alloc(kSetupOp, KERNEL_OWNER, nullptr);
  b.Alloc(kOpA, KERNEL_SELEM, "Make");
  b.Add(EventKind::kAlloc, kOpB, 0, "Make", 64, KERNEL_SELEM);
  Attempts attempts;
  attempts.Count(AtOneLine(&b));
  EXPECT_THAT(Told(attempts), UnorderedElementsAre("Make allocated 1", "Make not-allocated 1"));
}

// A run ends with locks held when a fault ends it. The next run begins without.
TEST(Attempts, RunsAddUpAndNoLockStaysHeldFromOneToTheNext) {
  TraceBuilder first, second;
  first.Lock(kOpB, first.Alloc(kSetupOp, KERNEL_BUCKETS, nullptr), "F");
  second.FailLock(kOpA, second.Alloc(kSetupOp, KERNEL_BUCKETS, nullptr), "F");
  Attempts attempts;
  attempts.Count(first.trace);
  attempts.Count(second.trace);
  attempts.Count(second.trace);
  EXPECT_THAT(Told(attempts), UnorderedElementsAre("F taken 1", "F timeout-free 2"));
  Status status;
  attempts.AddTo(&status);
  EXPECT_EQ(status.attempt_runs, 3u);
  // Another process of the same subject has other addresses for the same names.
  attempts.AddTo(&status);
  EXPECT_EQ(status.attempt_runs, 6u);
  EXPECT_EQ(status.attempts.size(), 2u);
}

}  // namespace
}  // namespace nofail
