// SPDX-License-Identifier: MIT
//
// Tests which violations have the same cause, on traces written by hand.
#include "fuzz/check/cause.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/trace_builder.h"

namespace nofail {
namespace {

using ::testing::ElementsAre;

constexpr uint64_t kPlainLoad = kAccessKnown, kPlainStore = kAccessKnown | kAccessStores,
                   kMarkedLoad = kAccessKnown | kAccessMarked,
                   kMarkedStore = kAccessKnown | kAccessMarked | kAccessStores;

std::vector<std::string> Causes(const TraceBuilder& b, bool fatal = false) {
  std::vector<std::string> causes;
  for (const Violation& violation : b.Judged(fatal).violations) causes.push_back(CauseOf(b.trace, violation));
  return causes;
}

// The thread sanitizer reports a race between an earlier access and a later one of B in `later`.
void Race(TraceBuilder* b, ObjectId object, const char* earlier, uint64_t how_earlier, const char* later,
          uint64_t how_later) {
  b->Fault(Fault::kDataRace, kOpB, object, later, how_later);
  b->Add(EventKind::kEarlierAccess, {}, object, earlier, how_earlier);
}

class CauseTest : public ::testing::Test {
 protected:
  TraceBuilder b;
};

TEST_F(CauseTest, ReadersOfWhatWasPublishedWithoutAReleaseAreInnocent) {
  for (const kernel_order order : {KERNEL_ONCE, KERNEL_RELEASE}) {
    TraceBuilder each;
    const ObjectId storage = each.Alloc(kSetupOp, KERNEL_STORAGE), selem = each.Alloc(kOpA, KERNEL_SELEM, "SelemAlloc");
    each.Add(EventKind::kStore, kOpA, storage, "LinkStorage", PackPointer(selem, 16), static_cast<uint8_t>(order), 24);
    Race(&each, selem, "SelemAlloc", kPlainStore, "Lookup", kMarkedLoad);
    Race(&each, selem, "SelemAlloc", kPlainStore, "Dump", kPlainLoad);
    each.Free(kEndOp, storage);
    each.Free(kEndOp, selem);
    const std::string cause =
        order == KERNEL_ONCE ? "selem published without a release in LinkStorage" : "plain store in SelemAlloc";
    EXPECT_THAT(Causes(each), ElementsAre(cause, cause));
  }
}

TEST_F(CauseTest, OfARaceThePlainAccessIsAtFaultAndTheStoreIfBothArePlain) {
  const ObjectId storage = b.Alloc(kSetupOp, KERNEL_STORAGE);
  Race(&b, storage, "Update", kMarkedStore, "Destroy", kPlainLoad);
  Race(&b, storage, "Walk", kPlainLoad, "Update", kMarkedStore);
  Race(&b, storage, "Misc", kPlainStore, "Destroy", kPlainLoad);
  Race(&b, storage, "Other", kPlainStore, "Clone", kPlainStore);
  b.Free(kEndOp, storage);
  EXPECT_THAT(Causes(b), ElementsAre("plain load in Destroy", "plain load in Walk", "plain store in Misc",
                                     "plain store in Clone"));
}

TEST_F(CauseTest, VictimsOfWhatWasGivenUpAreFacesOfOneCause) {
  const ObjectId selem = b.Alloc(kSetupOp, KERNEL_SELEM);
  b.HandOver(kOpA, selem, "SelemFree");
  Race(&b, selem, "SelemFree", kPlainStore, "Dump", kMarkedLoad);
  b.Free(CallbackOp(KERNEL_SELEM, 0), selem);
  b.Fault(Fault::kUseAfterFree, kOpB, selem, "Lookup");
  EXPECT_THAT(Causes(b, true), ElementsAre("selem given up in SelemFree", "selem given up in SelemFree"));
}

TEST_F(CauseTest, WhatFollowsASaturationHasItsCause) {
  b.SaturateAndHang();
  const Verdict verdict = b.Judged(true);
  EXPECT_THAT(Causes(b, true),
              ElementsAre("refcount-dec-to-zero of storage in Unpin", "refcount-dec-to-zero of storage in Unpin"));
  EXPECT_THAT(FacesByCause(b.trace, verdict), ElementsAre(ElementsAre(0, 1)));
}

TEST_F(CauseTest, OfALeakAfterAFailedLockItIsTheAttempt) {
  const ObjectId buckets = b.Alloc(kSetupOp, KERNEL_BUCKETS), selem = b.Alloc(kSetupOp, KERNEL_SELEM);
  b.Touch(kOpA, selem, "UnlinkNofail");
  b.FailLock(kOpA, buckets, "UnlinkNofail");
  b.Add(EventKind::kWarning, kOpA, 0, "UnlinkNofail");
  b.Free(kEndOp, buckets);
  EXPECT_THAT(Causes(b),
              ElementsAre("lock of buckets not got in UnlinkNofail", "lock of buckets not got in UnlinkNofail"));
}

TEST_F(CauseTest, OtherwiseItIsWhereItShowsWithWhatTellsCausesApart) {
  const ObjectId selem = b.Alloc(kSetupOp, KERNEL_SELEM);
  b.Begin(kOpA, OpKind::kDelete);
  b.HandOver(kOpA, selem, "SelemFree");
  b.Rmw(kOpB, selem, kStateOffset, 1, 2, "UnlinkNofail");
  EXPECT_THAT(Causes(b), ElementsAre("selem changed in UnlinkNofail", "selem given up in SelemFree, by=program"));
}

}  // namespace
}  // namespace nofail
