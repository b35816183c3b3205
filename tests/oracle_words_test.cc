// SPDX-License-Identifier: MIT
//
// Tests the oracles that judge every change of a word of memory: selem->state, and the owner's charge.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/trace_builder.h"

namespace nofail {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class StateOracleTest : public ::testing::Test {
 protected:
  StateOracleTest() : selem(b.Alloc(kSetupOp, KERNEL_SELEM)) { Store(0, "SelemAlloc"); }
  void Store(uint64_t value, const char* function) {
    b.Add(EventKind::kStore, kOpA, selem, function, value, KERNEL_ONCE, kStateOffset);
  }
  void Change(uint64_t from, uint64_t to) { b.Rmw(kOpA, selem, kStateOffset, from, to, "UnlinkNofail"); }
  std::vector<std::string> Signatures() {
    b.Free(kEndOp, selem);
    return b.Signatures();
  }
  TraceBuilder b;
  ObjectId selem;
};

TEST_F(StateOracleTest, TheWholeWayThroughMapFree) {
  Change(0, 1);
  Change(1, 1);  // map_free's walk starts again and meets the selem a second time
  Change(1, 3);
  Change(3, 4);
  EXPECT_THAT(Signatures(), IsEmpty());
}

TEST_F(StateOracleTest, TheWholeWayThroughDestroy) {
  Change(0, 2);
  Change(2, 3);
  Change(3, 4);
  EXPECT_THAT(Signatures(), IsEmpty());
}

TEST_F(StateOracleTest, EveryOtherStep) {
  for (auto [from, to] : {std::pair{0, 3}, {0, 4}, {1, 2}, {1, 0}, {2, 1}, {2, 4}, {3, 1}, {4, 5}, {4, 0}, {5, 6}}) {
    TraceBuilder each;
    ObjectId object = each.Alloc(kSetupOp, KERNEL_SELEM);
    each.Rmw(kOpA, object, kStateOffset, from, to, "UnlinkNofail");
    each.Free(kEndOp, object);
    EXPECT_THAT(each.Signatures(), ElementsAre("state/selem/UnlinkNofail")) << from << " to " << to;
  }
}

TEST_F(StateOracleTest, AFailedCompareExchangeChangesNothing) {
  b.Add(EventKind::kRmw, kOpA, selem, "UnlinkNofail", 1, KERNEL_ONCE, kStateOffset);
  b.Add(EventKind::kRmwOld, kOpA, selem, "UnlinkNofail", 1, false, kStateOffset);
  EXPECT_THAT(Signatures(), IsEmpty());
}

TEST_F(StateOracleTest, AStoreAfterTheFirst) {
  Store(1, "UnlinkNofail");
  EXPECT_THAT(Signatures(), ElementsAre("state/selem/UnlinkNofail"));
}

TEST_F(StateOracleTest, ASecondInitialisation) {
  Store(0, "SelemReset");
  EXPECT_THAT(Signatures(), ElementsAre("state/selem/SelemReset"));
}

TEST_F(StateOracleTest, OtherWordsAndObjectsAreFree) {
  ObjectId storage = b.Alloc(kSetupOp, KERNEL_STORAGE);
  b.Add(EventKind::kStore, kOpA, storage, "F", 9, KERNEL_ONCE, kStateOffset);
  b.Add(EventKind::kStore, kOpA, selem, "F", 9, KERNEL_ONCE, kStateOffset + 8);
  b.Free(kEndOp, storage);
  EXPECT_THAT(Signatures(), IsEmpty());
}

class ChargeOracleTest : public ::testing::Test {
 protected:
  ChargeOracleTest() : owner(b.Alloc(kSetupOp, KERNEL_OWNER)) {}
  void Change(int32_t from, int32_t to, const char* function) {
    b.Rmw(kOpA, owner, kChargeOffset, static_cast<uint32_t>(from), static_cast<uint32_t>(to), function);
  }
  void End(int64_t charge) { b.owner_ends.push_back({owner, b.trace.size(), charge}); }
  TraceBuilder b;
  ObjectId owner;
};

TEST_F(ChargeOracleTest, UpAndDown) {
  Change(0, 192, "Charge");
  Change(192, 0, "Uncharge");
  End(0);
  EXPECT_THAT(b.Signatures(), IsEmpty());
}

TEST_F(ChargeOracleTest, BelowZeroIsToldOnceAndAgainAfterItRecovered) {
  Change(64, -64, "UnlinkMisc");
  Change(-64, -128, "Destroy");
  Change(-128, 0, "Charge");
  End(0);
  EXPECT_THAT(b.Signatures(), ElementsAre("charge.negative/owner/UnlinkMisc"));
}

TEST_F(ChargeOracleTest, LeftAtTheEnd) {
  Change(0, 192, "Charge");
  Change(192, 64, "OwnerDestroy");
  End(64);
  Verdict verdict = b.Judged();
  ASSERT_EQ(verdict.violations.size(), 1u);
  EXPECT_EQ(verdict.violations[0].Signature(), "charge.left/owner/OwnerDestroy");
  EXPECT_EQ(verdict.violations[0].detail,
            "o0 ended with 64 bytes still charged; A in OwnerDestroy changed the charge last, at #3");
}

TEST_F(ChargeOracleTest, WhatIsLeftIsToldWithWhoChargedIt) {
  b.Begin(kOpA, OpKind::kUpdate);
  Change(0, 96, "SelemAlloc");
  b.Alloc(kOpA, KERNEL_SELEM);
  Change(96, 160, "StorageAlloc");
  b.Alloc(kOpA, KERNEL_STORAGE);
  Change(160, 64, "Unlink");  // the storage's own size is forgotten
  End(64);
  const Violation violation = b.Judged().violations.at(0);
  EXPECT_EQ(violation.detail,
            "o0 ended with 64 bytes still charged; A in StorageAlloc charged 64 for storage0 at #5, and no uncharge of "
            "that followed");
  EXPECT_EQ(violation.decisive, 5u);
}

// Both elements have the same size. One of them is unlinked and uncharged; the charge for the other one is meant.
TEST_F(ChargeOracleTest, OfEqualChargesTheOneIsToldWhoseObjectNobodyUncharged) {
  for (int unlinked : {0, 1}) {
    TraceBuilder each;
    const ObjectId its_owner = each.Alloc(kSetupOp, KERNEL_OWNER);
    ObjectId selems[2];
    for (unsigned i = 0; i < 2; ++i) {
      each.Rmw(kOpA, its_owner, kChargeOffset, 64 * i, 64 * i + 64, i == 0 ? "First" : "Second");
      selems[i] = each.Alloc(kOpA, KERNEL_SELEM);
    }
    each.Touch(kOpB, selems[unlinked], "Unlink");
    each.Rmw(kOpB, its_owner, kChargeOffset, 128, 64, "Unlink");
    each.owner_ends = {{its_owner, each.trace.size(), 64}};
    EXPECT_THAT(each.Judged().violations.at(0).detail,
                HasSubstr(unlinked == 1 ? "A in First charged 64" : "A in Second charged 64"));
  }
}

TEST_F(ChargeOracleTest, WhatIsUnchargedTwiceIsToldWithWhoDidBefore) {
  Change(0, 160, "Charge");
  Change(160, 64, "UnlinkMisc");
  Change(64, -96, "Destroy");
  End(0);
  EXPECT_EQ(b.Judged().violations.at(0).detail,
            "the charge of o0 became -96 by A in Destroy, which uncharged 160; A in UnlinkMisc had uncharged 96 at #3");
}

TEST_F(ChargeOracleTest, NegativeAtTheEndIsNotToldTwice) {
  Change(0, -64, "Uncharge");
  End(-64);
  EXPECT_THAT(b.Signatures(), ElementsAre("charge.negative/owner/Uncharge"));
}

}  // namespace
}  // namespace nofail
