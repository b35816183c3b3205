// SPDX-License-Identifier: MIT
//
// Needs: what had failed before a violation, and which of two needs is the lesser one.
#include "fuzz/check/need.h"

#include <gtest/gtest.h>

#include "tests/trace_builder.h"

namespace nofail {
namespace {

constexpr auto kBuckets = static_cast<size_t>(LockClass::kBuckets);
constexpr auto kStorage = static_cast<size_t>(LockClass::kStorage);

Need Contended(LockClass lock, uint8_t count) {
  Need need;
  need.contended[static_cast<size_t>(lock)] = count;
  return need;
}
Need Free(LockClass lock, uint8_t count) {
  Need need;
  need.free[static_cast<size_t>(lock)] = count;
  return need;
}
Need Allocations(uint8_t count) {
  Need need;
  need.allocations = count;
  return need;
}

TEST(NeedBefore, NothingFailed) {
  TraceBuilder b;
  const ObjectId buckets = b.Alloc(kSetupOp, KERNEL_BUCKETS);
  b.Lock(kOpA, buckets, "F");
  EXPECT_EQ(NeedBefore(b.trace, b.trace.size()), Need());
}

TEST(NeedBefore, AnAttemptOnALockThatAnotherTaskHoldsIsContended) {
  TraceBuilder b;
  const ObjectId buckets = b.Alloc(kSetupOp, KERNEL_BUCKETS);
  b.Lock(kOpB, buckets, "F");
  b.FailLock(kOpA, buckets, "F");
  EXPECT_EQ(NeedBefore(b.trace, b.trace.size()), Contended(LockClass::kBuckets, 1));
}

TEST(NeedBefore, AfterTheUnlockTheLockIsFree) {
  TraceBuilder b;
  const ObjectId storage = b.Alloc(kSetupOp, KERNEL_STORAGE);
  b.Lock(kOpB, storage, "F");
  b.Add(EventKind::kUnlock, kOpB, storage, "F", 0, 0, 8);
  b.FailLock(kOpA, storage, "F");
  EXPECT_EQ(NeedBefore(b.trace, b.trace.size()), Free(LockClass::kStorage, 1));
}

// A task that locks what it holds always fails. That is the code's own doing.
TEST(NeedBefore, AnAttemptOnTheTasksOwnLockDoesNotCount) {
  TraceBuilder b;
  const ObjectId buckets = b.Alloc(kSetupOp, KERNEL_BUCKETS);
  b.Lock(kOpA, buckets, "F");
  b.FailLock(kOpA, buckets, "F");
  EXPECT_EQ(NeedBefore(b.trace, b.trace.size()), Need());
}

TEST(NeedBefore, WhatFailsLaterDoesNotCount) {
  TraceBuilder b;
  const ObjectId buckets = b.Alloc(kSetupOp, KERNEL_BUCKETS);
  const uint32_t violation = b.Add(EventKind::kLoad, kOpA, buckets, "F");
  b.FailLock(kOpA, buckets, "F");
  EXPECT_EQ(NeedBefore(b.trace, violation), Need());
  EXPECT_EQ(NeedBefore(b.trace, violation + 1), Free(LockClass::kBuckets, 1));
}

TEST(NeedBefore, AFailedAllocationCountsAndMoreThanTheMostCountAsTheMost) {
  TraceBuilder b;
  for (int i = 0; i < 10; ++i) b.Add(EventKind::kAlloc, kOpA, 0, "F", 64, KERNEL_SELEM);
  EXPECT_EQ(NeedBefore(b.trace, b.trace.size()), Allocations(Need::kMaxFailures));
}

TEST(IsAtMost, FewerFailuresAreLessAndOthersAreNot) {
  EXPECT_TRUE(IsAtMost(Need(), Contended(LockClass::kBuckets, 1)));
  EXPECT_FALSE(IsAtMost(Contended(LockClass::kBuckets, 1), Need()));
  EXPECT_TRUE(IsAtMost(Contended(LockClass::kBuckets, 1), Contended(LockClass::kBuckets, 2)));
  EXPECT_FALSE(IsAtMost(Contended(LockClass::kBuckets, 2), Contended(LockClass::kBuckets, 1)));
  EXPECT_FALSE(IsAtMost(Contended(LockClass::kBuckets, 1), Contended(LockClass::kStorage, 1)));
  EXPECT_FALSE(IsAtMost(Contended(LockClass::kBuckets, 1), Allocations(1)));
  EXPECT_FALSE(IsAtMost(Allocations(1), Contended(LockClass::kBuckets, 1)));
}

// What a held lock brings about, a free one does as well. The other way round it takes more.
TEST(IsAtMost, AFailureOnAFreeLockIsMoreThanOneOnAHeldLock) {
  EXPECT_TRUE(IsAtMost(Contended(LockClass::kBuckets, 1), Free(LockClass::kBuckets, 1)));
  EXPECT_FALSE(IsAtMost(Free(LockClass::kBuckets, 1), Contended(LockClass::kBuckets, 1)));
}

TEST(NeedText, SaysWhatFailed) {
  EXPECT_EQ(NeedText(Need()), "nothing failed");
  Need need;
  need.contended[kBuckets] = 2;
  need.free[kStorage] = 1;
  need.allocations = Need::kMaxFailures;
  EXPECT_EQ(NeedText(need),
            "2 failed attempts to lock a bucket that was held, 1 failed attempt to lock a storage that was free, "
            "4 or more failed attempts to allocate");
}

}  // namespace
}  // namespace nofail
