// SPDX-License-Identifier: MIT
//
// Tests the oracles of locks, RCU, reference counts, warnings and progress.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "tests/trace_builder.h"

namespace nofail {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr OpRef kCallback = CallbackOp(KERNEL_SELEM, 0);

class DisciplineTest : public ::testing::Test {
 protected:
  DisciplineTest() : storage(b.Alloc(kSetupOp, KERNEL_STORAGE)) { b.Free(kEndOp, storage); }
  TraceBuilder b;
  ObjectId storage;
};

TEST_F(DisciplineTest, SilentOnGoodManners) {
  b.Lock(kOpA, storage, "Update");
  b.Add(EventKind::kUnlock, kOpA, storage, "Update", 0, 0, 8);
  b.Add(EventKind::kReadLock, kOpB, 0, "Walk", 1);
  b.Add(EventKind::kReadUnlock, kOpB, 0, "Walk", 0);
  b.Add(EventKind::kRelax, kOpA, 0, "Destroy");
  EXPECT_THAT(b.Signatures(), IsEmpty());
}

TEST_F(DisciplineTest, ALockLeftHeldNamesItsTaker) {
  b.Lock(kOpA, storage, "Update");
  b.Touch(kOpA, storage, "Other");
  b.Fault(Fault::kLockImbalance, kOpA, storage, nullptr);
  EXPECT_THAT(b.Signatures(), ElementsAre("lock-imbalance/storage/Update"));
}

TEST_F(DisciplineTest, ALockLeftHeldByACallbackNamesItsTaker) {
  b.Add(EventKind::kCallbackBegin, kCallback, 0, "CallRcuSite");
  const Event begin = b.trace.events().back();
  b.Lock(kCallback, storage, "FreeRcu");
  Event fault = begin;
  fault.kind = EventKind::kFault;
  fault.detail = static_cast<uint8_t>(Fault::kLockImbalance);
  fault.object = storage;
  b.trace.Append(fault);
  EXPECT_THAT(b.Signatures(), ElementsAre("lock-imbalance/storage/FreeRcu"));
}

TEST_F(DisciplineTest, WrongReleasesNameTheReleaser) {
  b.Lock(kOpA, storage, "Update");
  b.Fault(Fault::kLockImbalance, kOpA, storage, "Unlock");
  b.Fault(Fault::kUnlockOrder, kOpA, storage, "Unlock");
  b.Fault(Fault::kUnlockForeign, kOpB, storage, "Unlock");
  b.Fault(Fault::kSleepInAtomic, kOpB, storage, "MapFree");
  EXPECT_THAT(b.Signatures(), ElementsAre("lock-imbalance/storage/Unlock", "unlock-order/storage/Unlock",
                                          "unlock-foreign/storage/Unlock", "sleep-in-atomic/storage/MapFree"));
}

TEST_F(DisciplineTest, ASectionLeftOpenNamesWhoEntered) {
  b.Add(EventKind::kReadLock, kOpA, 0, "MapFree", 1);
  b.Touch(kOpA, storage, "Walk");
  b.Fault(Fault::kRcuImbalance, kOpA, 0, nullptr);
  EXPECT_THAT(b.Signatures(), ElementsAre("rcu-imbalance/-/MapFree"));
}

TEST_F(DisciplineTest, RcuMisuse) {
  b.Fault(Fault::kRcuImbalance, kOpA, 0, "Walk");
  b.Fault(Fault::kSleepInRcu, kOpA, 0, "MapFree");
  b.Fault(Fault::kRcuNotHeld, kOpA, storage, "Lookup");
  EXPECT_THAT(b.Signatures(),
              ElementsAre("rcu-imbalance/-/Walk", "sleep-in-rcu/-/MapFree", "rcu-not-held/storage/Lookup"));
}

TEST_F(DisciplineTest, FreedInReaderNamesWhoGaveItUp) {
  ObjectId selem = b.Alloc(kSetupOp, KERNEL_SELEM);
  b.HandOver(kOpA, selem, "SelemFree");
  b.Fault(Fault::kFreedInReader, kCallback, selem, "SelemFreeRcu");
  b.Free(kCallback, selem, "SelemFreeRcu");
  EXPECT_THAT(b.Signatures(), ElementsAre("freed-in-reader/selem/SelemFree"));
}

TEST_F(DisciplineTest, EverySaturation) {
  for (Fault fault :
       {Fault::kRefcountAddOnZero, Fault::kRefcountOverflow, Fault::kRefcountUnderflow, Fault::kRefcountDecToZero}) {
    TraceBuilder each;
    ObjectId object = each.Alloc(kSetupOp, KERNEL_STORAGE);
    each.Fault(fault, kOpA, object, "UnlinkMisc");
    each.Free(kEndOp, object);
    EXPECT_THAT(each.Signatures(), ElementsAre(std::string(FaultText(fault)) + "/storage/UnlinkMisc"));
  }
}

TEST_F(DisciplineTest, WarningsAreToldApartByTheLockThatFailed) {
  b.FailLock(kOpA, storage, "UnlinkNofail");
  b.Add(EventKind::kWarning, kOpA, 0, "UnlinkNofail");
  b.Lock(kOpA, storage, "UnlinkNofail");
  b.FailLock(kOpB, storage, "UnlinkNofail");  // an attempt of another task
  b.Add(EventKind::kWarning, kOpA, 0, "UnlinkNofail");
  EXPECT_THAT(b.Signatures(), ElementsAre("warning/-/UnlinkNofail/lock=storage", "warning/-/UnlinkNofail"));
}

TEST_F(DisciplineTest, DeadlockNamesEveryoneWhoIsStuck) {
  for (bool a_first : {false, true}) {
    TraceBuilder each;
    each.Add(EventKind::kGpWait, a_first ? kOpA : kOpB, 0, a_first ? "MapFree" : "Destroy");
    each.Add(EventKind::kSwitch, kOpA, 0, nullptr);
    each.Add(EventKind::kBarrierWait, a_first ? kOpB : kOpA, 0, a_first ? "Destroy" : "MapFree");
    each.Add(EventKind::kOpEnd, {kTaskA + 2, 0}, 0, nullptr);
    each.Fault(Fault::kDeadlock, kOpB, 0, nullptr);
    EXPECT_THAT(each.Signatures(true), ElementsAre("deadlock/-/Destroy+MapFree/wait=barrier+grace-period"));
  }
}

TEST_F(DisciplineTest, DeadlockNoticedAtACallNamesIt) {
  b.Add(EventKind::kGpWait, kOpB, 0, "MapFree");
  b.Fault(Fault::kDeadlock, kOpA, storage, "Update");
  EXPECT_THAT(b.Signatures(true), ElementsAre("deadlock/storage/Update/wait=lock"));
}

TEST_F(DisciplineTest, ADeadlockOverAMapsReferenceNamesWhoTookIt) {
  const ObjectId map = b.Alloc(kSetupOp, KERNEL_MAP);
  b.Add(EventKind::kOpBegin, kOpA, map, nullptr, 0, static_cast<uint8_t>(OpKind::kMapFree));
  b.Add(EventKind::kMapGet, kOpB, map, "Clone", 0, true);
  b.Add(EventKind::kMapPut, kOpB, map, "Clone");
  const uint32_t kept = b.Add(EventKind::kMapGet, kOpB, map, "Clone", 0, true);
  b.Add(EventKind::kMapGet, kOpB, map, "Walk", 0, false);  // it got none
  b.Add(EventKind::kOpEnd, kOpB, 0, nullptr);
  b.Fault(Fault::kDeadlock, kOpA, 0, nullptr);
  const Violation violation = b.Judged(true).violations.at(0);
  EXPECT_EQ(violation.Signature(), "deadlock/map/Clone/wait=reference");
  EXPECT_EQ(violation.decisive, kept);
  EXPECT_EQ(violation.detail,
            absl::StrCat("A in map_free waits for ever for the last reference to m0; B in Clone took ", "one at #",
                         kept, " and nobody gave it back"));
}

TEST_F(DisciplineTest, ADeadlockOverAReferenceThatNobodyHadNamesWhoGaveItBack) {
  const ObjectId map = b.Alloc(kSetupOp, KERNEL_MAP);
  b.Add(EventKind::kMapPut, kOpB, map, "Clone");
  b.Add(EventKind::kOpEnd, kOpB, 0, nullptr);
  b.Add(EventKind::kOpBegin, kOpA, map, nullptr, 0, static_cast<uint8_t>(OpKind::kMapFree));
  b.Fault(Fault::kDeadlock, kOpA, 0, nullptr);
  EXPECT_THAT(b.Signatures(true), ElementsAre("deadlock/map/Clone/wait=reference"));
}

TEST_F(DisciplineTest, AWaitForTheReferenceOfAStuckOpIsLeftOut) {
  const ObjectId map = b.Alloc(kSetupOp, KERNEL_MAP);
  b.Add(EventKind::kSpinLock, {kTaskD, 0}, storage, "Lookup");
  b.Add(EventKind::kOpEnd, {kTaskD, 0}, 0, nullptr);
  b.Add(EventKind::kOpBegin, kOpA, map, nullptr, 0, static_cast<uint8_t>(OpKind::kMapFree));
  b.Add(EventKind::kLockWait, kOpB, storage, "Update");
  b.Fault(Fault::kDeadlock, kOpA, 0, nullptr);
  const Violation violation = b.Judged(true).violations.at(0);
  EXPECT_EQ(violation.Signature(), "deadlock/storage/Update/wait=lock");
  EXPECT_THAT(violation.detail, HasSubstr("D in Lookup took a lock of storage0 at"));
  EXPECT_THAT(violation.detail, HasSubstr("behind it: A in map_free"));
}

TEST_F(DisciplineTest, ADeadlockSaysWhatKeepsAGracePeriodAndACallback) {
  const ObjectId selem = b.Alloc(kSetupOp, KERNEL_SELEM);
  const uint32_t entered = b.Add(EventKind::kReadLock, kOpB, 0, "Walk", 1, KERNEL_RCU);
  b.HandOver(kOpA, selem, "SelemFree");
  b.Add(EventKind::kBarrierWait, kOpA, 0, "MapFree", 0, KERNEL_RCU);
  b.Add(EventKind::kGpWait, kOpB, 0, "Walk", 0, KERNEL_RCU);
  b.Fault(Fault::kDeadlock, kOpA, 0, nullptr);
  const Violation violation = b.Judged(true).violations.at(0);
  EXPECT_EQ(violation.Signature(), "deadlock/-/MapFree+Walk/wait=barrier+grace-period");
  EXPECT_THAT(violation.detail, HasSubstr("the one of selem0, which A in SelemFree handed to RCU at"));
  EXPECT_THAT(violation.detail, HasSubstr(absl::StrCat("B in Walk entered a reader section at #", entered)));
}

TEST_F(DisciplineTest, LivelockNamesThePollerNotItsVictims) {
  b.Add(EventKind::kGpWait, kOpB, 0, "MapFree");
  b.Add(EventKind::kRelax, kOpA, 0, "Destroy");
  b.Fault(Fault::kLivelock, kOpA, 0, nullptr);
  EXPECT_THAT(b.Signatures(true), ElementsAre("livelock/-/Destroy"));
}

TEST_F(DisciplineTest, ALivelockSaysWhatIsPolledAndWhoKeepsIt) {
  b.Add(EventKind::kStore, kSetupOp, storage, "StorageAlloc", 1, KERNEL_ONCE, 32);
  b.Rmw(kOpB, storage, 32, 1, 2, "Pin");
  const uint32_t kept = b.trace.size() - 2;
  b.Rmw(kOpB, storage, 32, 2, 3, "Pin");
  b.Rmw(kOpB, storage, 32, 3, 2, "Unpin");
  b.Rmw(kOpA, storage, 32, 2, 1, "Destroy");
  b.Add(EventKind::kLoad, kOpA, storage, "Destroy", 1, KERNEL_ONCE, 32);
  b.Add(EventKind::kRelax, kOpA, 0, "Destroy");
  b.Fault(Fault::kLivelock, kOpA, 0, nullptr);
  const Violation violation = b.Judged(true).violations.at(0);
  EXPECT_EQ(violation.Signature(), "livelock/storage/Destroy");
  EXPECT_EQ(violation.detail,
            absl::StrCat("A in Destroy polls storage0+32, which stays 1; of its references, B in Pin ", "took one at #",
                         kept, " and nobody gave it back"));
}

TEST_F(DisciplineTest, WhatShowsBeforeItsOpCameToTheSubjectIsNamedAfterTheOp) {
  b.Begin(kOpB, OpKind::kClone);
  b.Fault(Fault::kNullDereference, kOpB, 0, nullptr);
  EXPECT_THAT(b.Signatures(true), ElementsAre("null-dereference/-/clone"));
}

TEST_F(DisciplineTest, RunawayNamesTheLoop) {
  for (int i = 0; i < 200; ++i) b.Touch(kOpA, 0, "Walk");
  b.Touch(kOpA, 0, "Lock");
  b.Fault(Fault::kRunaway, kOpA, 0, "Lock");
  EXPECT_THAT(b.Signatures(true), ElementsAre("runaway/-/Walk"));
}

TEST_F(DisciplineTest, AFullTraceIsRunawayWithoutAFault) {
  while (b.trace.size() < kMaxEvents) b.Touch(kOpA, 0, "Walk");
  EXPECT_THAT(b.Signatures(true), ElementsAre("runaway/-/Walk"));
}

TEST_F(DisciplineTest, ViolationsComeInOrderAndLeaksLast) {
  ObjectId selem = b.Alloc(kSetupOp, KERNEL_SELEM, "SelemAlloc");
  b.Rmw(kOpA, selem, kStateOffset, 0, 3, "UnlinkNofail");
  b.Add(EventKind::kWarning, kOpA, 0, "UnlinkNofail");
  b.Fault(Fault::kRefcountUnderflow, kOpA, storage, "Destroy");
  EXPECT_THAT(b.Signatures(), ElementsAre("state/selem/UnlinkNofail", "warning/-/UnlinkNofail",
                                          "refcount-underflow/storage/Destroy", "leak.selem/selem/UnlinkNofail"));
}

}  // namespace
}  // namespace nofail
