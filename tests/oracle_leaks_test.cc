// SPDX-License-Identifier: MIT
//
// Tests the oracle of leaks, and which failed lock attempts hit an object (fuzz/check/evidence.h).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/trace_builder.h"

namespace nofail {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(LeaksOracleTest, EveryKindButOwners) {
  TraceBuilder b;
  b.Alloc(kSetupOp, KERNEL_OWNER);
  b.Alloc(kSetupOp, KERNEL_MAP, "MapAlloc");
  b.Alloc(kSetupOp, KERNEL_BUCKETS, "MapAlloc");
  b.Alloc(kSetupOp, KERNEL_STORAGE, "StorageAlloc");
  b.Alloc(kSetupOp, KERNEL_SELEM, "SelemAlloc");
  EXPECT_THAT(b.Signatures(), ElementsAre("leak.map/map/MapAlloc", "leak.buckets/buckets/MapAlloc",
                                          "leak.storage/storage/StorageAlloc", "leak.selem/selem/SelemAlloc"));
}

TEST(LeaksOracleTest, SilentAfterAFatalFault) {
  TraceBuilder b;
  b.Alloc(kSetupOp, KERNEL_SELEM);
  b.resources = {0, 1};
  EXPECT_THAT(b.Signatures(true), IsEmpty());
}

TEST(LeaksOracleTest, SilentWhenAllIsFreed) {
  TraceBuilder b;
  ObjectId selem = b.Alloc(kSetupOp, KERNEL_SELEM);
  b.resources = {0, 0, 0};
  b.Free(kEndOp, selem);
  EXPECT_THAT(b.Signatures(), IsEmpty());
}

TEST(LeaksOracleTest, WhoDecidedLastIsToBlame) {
  TraceBuilder b;
  ObjectId selem = b.Alloc(kSetupOp, KERNEL_SELEM);
  b.Rmw(kOpA, selem, kStateOffset, 0, 1, "UnlinkNofail");
  b.Add(EventKind::kStore, kOpB, selem, "LinkMap");  // as linking a neighbour on a list stores in the selem
  b.Touch(kOpB, selem, "Lookup");
  EXPECT_THAT(b.Signatures(), ElementsAre("leak.selem/selem/UnlinkNofail"));
}

TEST(LeaksOracleTest, HandedToACallbackThatDoesNotFree) {
  TraceBuilder b;
  ObjectId storage = b.Alloc(kSetupOp, KERNEL_STORAGE);
  b.HandOver(kOpA, storage, "StorageFree");
  b.Rmw(kOpB, storage, 64, 1, 0, "Destroy");
  EXPECT_THAT(b.Signatures(), ElementsAre("leak.storage/storage/StorageFree"));
  EXPECT_EQ(b.Judged().violations.at(0).detail, "A in StorageFree gave it up at #1, and nobody freed storage0");
}

TEST(LeaksOracleTest, AReferenceThatWasNotGivenBackIsTold) {
  TraceBuilder b;
  ObjectId storage = b.Alloc(kSetupOp, KERNEL_STORAGE);
  b.Add(EventKind::kStore, kSetupOp, storage, "StorageAlloc", 1, KERNEL_ONCE, 32);
  b.Rmw(kOpA, storage, 32, 1, 2, "Pin");
  b.Rmw(kOpB, storage, 32, 2, 1, "Destroy");
  EXPECT_EQ(b.Judged().violations.at(0).detail,
            "B in Destroy was the last to decide about it, at #4, A in Pin took one at #2 and nobody gave it back, and "
            "nobody freed storage0");
}

TEST(LeaksOracleTest, FieldsOfAFreedElement) {
  TraceBuilder b;
  ObjectId selem = b.Alloc(kSetupOp, KERNEL_SELEM);
  b.resources = {0, 1};
  b.Add(EventKind::kFieldSet, kSetupOp, selem, "Update", 1, KERNEL_FIELD_KPTR);
  b.HandOver(kOpA, selem, "UnlinkNofail");
  b.Free(CallbackOp(KERNEL_SELEM, 0), selem);
  EXPECT_THAT(b.Signatures(), ElementsAre("leak.fields/selem/UnlinkNofail"));
  EXPECT_EQ(
      b.Judged().violations.at(0).detail,
      "A in UnlinkNofail gave it up at #2, and nobody freed the fields of selem0, one of which setup in Update had "
      "set at #1");
}

TEST(LeaksOracleTest, AFieldSetAfterTheFieldsWereFreedIsLate) {
  for (bool late : {false, true}) {
    TraceBuilder b;
    ObjectId selem = b.Alloc(kSetupOp, KERNEL_SELEM);
    b.resources = {0, 1};
    b.Begin(kOpA, OpKind::kDelete);
    b.Add(EventKind::kFieldSet, kOpB, selem, nullptr, 2, KERNEL_FIELD_KPTR);
    b.Add(EventKind::kFieldFree, kOpB, selem, nullptr, 3, KERNEL_FIELD_KPTR);  // the exchange frees the old kptr
    if (late) b.Add(EventKind::kFieldFree, kOpA, selem, "SelemFree", 2, KERNEL_FIELD_KPTR);
    b.Add(EventKind::kFieldSet, kOpB, selem, nullptr, 1, KERNEL_FIELD_KPTR);
    b.HandOver(kOpA, selem, "SelemFree");
    b.Free(CallbackOp(KERNEL_SELEM, 0), selem);
    EXPECT_THAT(b.Signatures(),
                ElementsAre(std::string("leak.fields/selem/SelemFree/by=program") + (late ? "/set=late" : "")));
  }
}

TEST(LeaksOracleTest, FieldsOfALeakedElementLeakWithIt) {
  TraceBuilder b;
  ObjectId selem = b.Alloc(kSetupOp, KERNEL_SELEM, "SelemAlloc");
  b.resources = {0, 1};
  b.Add(EventKind::kFieldSet, kSetupOp, selem, "Update", 1, KERNEL_FIELD_KPTR);
  EXPECT_THAT(b.Signatures(), ElementsAre("leak.selem/selem/SelemAlloc"));
}

TEST(LeaksOracleTest, AResourceThatNeverReachedAnElement) {
  TraceBuilder b;
  b.Touch(kOpA, 0, "Update");
  b.resources = {0, 2};
  EXPECT_THAT(b.Signatures(), ElementsAre("leak.fields/-/Update"));
}

// The leak that the posted patch documents: when map_free (A) is at selem0, it fails to get the bucket's lock.
TEST(LeaksOracleTest, BucketTimeoutHitsTheElementInHand) {
  TraceBuilder b;
  ObjectId buckets = b.Alloc(kSetupOp, KERNEL_BUCKETS);
  ObjectId selem0 = b.Alloc(kSetupOp, KERNEL_SELEM);
  ObjectId selem1 = b.Alloc(kSetupOp, KERNEL_SELEM);
  b.resources = {0, 1, 1};
  b.Add(EventKind::kFieldSet, kSetupOp, selem0, "Update", 1, KERNEL_FIELD_KPTR);
  b.Add(EventKind::kFieldSet, kSetupOp, selem1, "Update", 2, KERNEL_FIELD_KPTR);
  b.Touch(kOpA, selem1, "MapFree");
  b.Touch(kOpA, selem0, "MapFree");
  b.FailLock(kOpA, buckets, "UnlinkNofail");
  b.HandOver(kOpA, selem0, "SelemFree");
  b.HandOver(kOpA, selem1, "SelemFree");
  b.Free(CallbackOp(KERNEL_SELEM, 0), selem0);
  b.Free(CallbackOp(KERNEL_SELEM, 1), selem1);
  b.Free(kEndOp, buckets);
  // The failed attempt did not hit selem1. So the leak of selem1's field is a violation of its own.
  EXPECT_THAT(b.Signatures(),
              ElementsAre("leak.fields/selem/UnlinkNofail/lock=buckets", "leak.fields/selem/SelemFree"));
}

TEST(LockHitTest, OwnClassWinsWhateverTheOrder) {
  for (bool storage_first : {false, true}) {
    TraceBuilder b;
    ObjectId buckets = b.Alloc(kSetupOp, KERNEL_BUCKETS);
    ObjectId storage = b.Alloc(kSetupOp, KERNEL_STORAGE, "StorageAlloc");
    ObjectId selem = b.Alloc(kSetupOp, KERNEL_SELEM, "SelemAlloc");
    b.Touch(kOpA, storage, "UnlinkNofail");
    b.Touch(kOpA, selem, "UnlinkNofail");
    b.FailLock(kOpA, storage_first ? storage : buckets, "UnlinkNofail");
    b.FailLock(kOpA, storage_first ? buckets : storage, "UnlinkNofail");
    b.Free(kEndOp, buckets);
    EXPECT_THAT(b.Signatures(), ::testing::UnorderedElementsAre("leak.storage/storage/UnlinkNofail/lock=storage",
                                                                "leak.selem/selem/UnlinkNofail/lock=buckets"));
  }
}

TEST(LockHitTest, AnOpThatReturnsAnErrorHitsOnlyWhatItAllocated) {
  TraceBuilder b;
  ObjectId storage = b.Alloc(kSetupOp, KERNEL_STORAGE);
  ObjectId old_selem = b.Alloc(kSetupOp, KERNEL_SELEM, "SelemAlloc");
  ObjectId new_selem = b.Alloc(kOpA, KERNEL_SELEM, "SelemAlloc");
  b.Touch(kOpA, old_selem, "Update");
  b.FailLock(kOpA, storage, "Update");
  b.Add(EventKind::kOpEnd, kOpA, 0, nullptr, kTimedOut);
  b.Free(kEndOp, storage);
  EXPECT_THAT(b.Signatures(),
              ::testing::UnorderedElementsAre("leak.selem/selem/SelemAlloc", "leak.selem/selem/Update/lock=storage"));
  EXPECT_NE(old_selem, new_selem);
}

TEST(LockHitTest, WhatAnOpAllocatedAndOthersUseIsNotItsToLose) {
  TraceBuilder b;
  ObjectId buckets = b.Alloc(kSetupOp, KERNEL_BUCKETS);
  ObjectId first = b.Alloc(kOpA, KERNEL_SELEM, "Clone");
  ObjectId second = b.Alloc(kOpA, KERNEL_SELEM, "Clone");
  b.FailLock(kOpA, buckets, "LinkMap");
  b.Free(kOpA, second);
  b.Add(EventKind::kOpEnd, kOpA, 0, nullptr, kTimedOut);
  b.Rmw(kOpB, first, kStateOffset, 0, 2, "Destroy");
  b.Free(kEndOp, buckets);
  EXPECT_THAT(b.Signatures(), ElementsAre("leak.selem/selem/Destroy"));
}

TEST(LockHitTest, AnOpThatDoesWithoutTheLockHitsNothing) {
  TraceBuilder b;
  ObjectId storage = b.Alloc(kSetupOp, KERNEL_STORAGE);
  b.Alloc(kSetupOp, KERNEL_SELEM, "SelemAlloc");
  b.Touch(kOpA, 2, "Lookup");
  b.FailLock(kOpA, storage, "InsertCache");
  b.Add(EventKind::kOpEnd, kOpA, 0, nullptr, 0);
  b.Free(kEndOp, storage);
  EXPECT_THAT(b.Signatures(), ElementsAre("leak.selem/selem/SelemAlloc"));
}

TEST(LockHitTest, AnotherTasksElementIsNotHit) {
  TraceBuilder b;
  ObjectId buckets = b.Alloc(kSetupOp, KERNEL_BUCKETS);
  ObjectId selem0 = b.Alloc(kSetupOp, KERNEL_SELEM, "SelemAlloc");
  ObjectId selem1 = b.Alloc(kSetupOp, KERNEL_SELEM, "SelemAlloc");
  b.Touch(kOpA, selem0, "UnlinkNofail");
  b.Touch(kOpB, selem1, "Walk");
  b.FailLock(kOpA, buckets, "UnlinkNofail");
  b.Free(kEndOp, selem0);
  b.Free(kEndOp, buckets);
  EXPECT_THAT(b.Signatures(), ElementsAre("leak.selem/selem/SelemAlloc"));
}

}  // namespace
}  // namespace nofail
