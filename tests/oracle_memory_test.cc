// SPDX-License-Identifier: MIT
//
// Tests the oracles of memory safety, data races and special fields: what was freed, who freed it, and who used it
// afterwards.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "fuzz/check/known.h"
#include "tests/trace_builder.h"

namespace nofail {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(MemoryOracleTest, SilentWhenNothingIsWrong) {
  TraceBuilder b;
  ObjectId selem = b.Alloc(kSetupOp, KERNEL_SELEM);
  b.HandOver(kOpA, selem, "SelemFree");
  b.Free(CallbackOp(KERNEL_SELEM, 0), selem);
  EXPECT_THAT(b.Signatures(), IsEmpty());
}

TEST(MemoryOracleTest, UseAfterFreeNamesUserAndGiver) {
  TraceBuilder b;
  ObjectId selem = b.Alloc(kSetupOp, KERNEL_SELEM);
  b.HandOver(kOpA, selem, "SelemFree");
  b.Free(CallbackOp(KERNEL_SELEM, 0), selem, "SelemFreeRcu");
  b.Fault(Fault::kUseAfterFree, kOpB, selem, "Destroy");
  Verdict verdict = b.Judged(true);
  ASSERT_EQ(verdict.violations.size(), 1u);
  EXPECT_EQ(verdict.violations[0].Signature(), "use-after-free/selem/Destroy+SelemFree");
  EXPECT_EQ(verdict.violations[0].detail, "selem0 was used by B in Destroy after A in SelemFree had given it up at #1");
}

TEST(MemoryOracleTest, WhoFreedPastRcuIsToBlame) {
  TraceBuilder b;
  ObjectId selem = b.Alloc(kSetupOp, KERNEL_SELEM);
  b.HandOver(kOpA, selem, "SelemFree");
  b.Free(kOpB, selem, "FreeNow");
  b.Fault(Fault::kUseAfterFree, CallbackOp(KERNEL_SELEM, 0), selem, "SelemFreeRcu");
  EXPECT_THAT(b.Signatures(true), ElementsAre("use-after-free/selem/FreeNow+SelemFreeRcu"));
}

TEST(MemoryOracleTest, DoubleFreeNamesBoth) {
  TraceBuilder b;
  ObjectId storage = b.Alloc(kSetupOp, KERNEL_STORAGE);
  b.HandOver(kOpA, storage, "UnlinkNofail");
  b.Fault(Fault::kDoubleFree, kOpB, storage, "Destroy");
  EXPECT_THAT(b.Signatures(true), ElementsAre("double-free/storage/Destroy+UnlinkNofail"));
}

TEST(MemoryOracleTest, OtherFaults) {
  for (Fault fault : {Fault::kOutOfBounds, Fault::kNullDereference, Fault::kInvalidFree, Fault::kSanitizerReport}) {
    TraceBuilder b;
    b.Fault(fault, kOpB, 0, "Lookup");
    EXPECT_THAT(b.Signatures(true), ElementsAre(std::string(FaultText(fault)) + "/-/Lookup"));
  }
}

TEST(MemoryOracleTest, ANullPointerSaysWhoWroteItAndWhoHadReadItAsSet) {
  TraceBuilder b;
  const ObjectId map = b.Alloc(kSetupOp, KERNEL_MAP), selem = b.Alloc(kSetupOp, KERNEL_SELEM);
  const auto load = [&](OpRef op, const char* function, uint64_t value, uint16_t offset) {
    return b.Add(EventKind::kLoad, op, selem, function, value, KERNEL_DEPENDENCY, offset);
  };
  b.Add(EventKind::kStore, kSetupOp, selem, "Link", PackPointer(map, 0), KERNEL_RELEASE, 64);
  const uint32_t seen = load(kOpA, "MapFree", PackPointer(map, 0), 64);
  const uint32_t cleared = b.Add(EventKind::kStore, kOpA, selem, "UnlinkNofail", 0, KERNEL_ONCE, 64);
  const uint32_t read = load(kOpB, "Clone", 0, 64);
  load(kOpB, "Clone", 0, 72);  // this word never held a pointer
  b.Fault(Fault::kNullDereference, kOpB, 0, nullptr);
  const Violation violation = b.Judged(true).violations.at(0);
  EXPECT_EQ(violation.Signature(), "null-dereference/-/Clone");
  EXPECT_EQ(violation.detail, absl::StrCat("B in Clone followed a null pointer, which it had read from selem0+64 at #",
                                           read, "; A in UnlinkNofail had cleared it at #", cleared,
                                           "; A in MapFree had last read it as set, to m0, at #", seen));
  EXPECT_EQ(violation.decisive, cleared);
  EXPECT_THAT(violation.involved, ElementsAre(selem));
}

TEST(MemoryOracleTest, ANullPointerThatTheOpItselfHadReadAsSet) {
  TraceBuilder b;
  const ObjectId storage = b.Alloc(kSetupOp, KERNEL_STORAGE), owner = b.Alloc(kSetupOp, KERNEL_OWNER);
  b.Add(EventKind::kLoad, kOpB, owner, "Lookup", PackPointer(storage, 0), KERNEL_ONCE, 8);
  b.Add(EventKind::kStore, kOpA, owner, "Unlink", 0, KERNEL_ONCE, 8);
  b.Add(EventKind::kLoad, kOpB, owner, "Lookup", 0, KERNEL_DEPENDENCY, 8);
  b.Fault(Fault::kNullDereference, kOpB, 0, nullptr);
  EXPECT_THAT(b.Judged(true).violations.at(0).detail,
              HasSubstr("A in Unlink had cleared it at #3; before, it had itself read it as set, to storage0, at #2"));
}

TEST(MemoryOracleTest, ANullPointerThatNobodyHadSet) {
  TraceBuilder b;
  const ObjectId selem = b.Alloc(kSetupOp, KERNEL_SELEM);
  b.Add(EventKind::kLoad, kOpB, selem, "Clone", 0, KERNEL_DEPENDENCY, 64);
  b.Fault(Fault::kNullDereference, kOpB, 0, nullptr);
  EXPECT_EQ(b.Judged(true).violations.at(0).detail,
            "B in Clone followed a null pointer, which it had read from selem0+64 at #1; nobody had set it");
}

TEST(MemoryOracleTest, AUseAfterFreeSaysWhoStillHadIt) {
  for (bool too_late : {false, true}) {
    TraceBuilder b;
    const ObjectId selem = b.Alloc(kSetupOp, KERNEL_SELEM), storage = b.Alloc(kSetupOp, KERNEL_STORAGE);
    const auto find = [&] {
      b.Add(EventKind::kLoad, kOpB, storage, "Lookup", PackPointer(selem, 8), KERNEL_DEPENDENCY, 24);
    };
    if (!too_late) find();
    b.Free(kOpA, selem, "SelemFree");
    if (too_late) find();
    b.Fault(Fault::kUseAfterFree, kOpB, selem, "Lookup");
    const Violation violation = b.Judged(true).violations.at(0);
    EXPECT_EQ(violation.detail, too_late
                                    ? "selem0 was used by B in Lookup after A in SelemFree had given it up at #2; B "
                                      "still found it in storage0+24 at #3"
                                    : "selem0 was used by B in Lookup after A in SelemFree had given it up at #3; B "
                                      "had found it in storage0+24 at #2");
    EXPECT_EQ(violation.decisive, too_late ? 2u : 3u);
  }
}

TEST(MemoryOracleTest, AFaultWithoutASiteTakesTheOpsLast) {
  TraceBuilder b;
  ObjectId selem = b.Alloc(kSetupOp, KERNEL_SELEM);
  b.Touch(kOpB, selem, "Walk");
  b.Touch(kOpA, selem, "Other");
  b.Fault(Fault::kOutOfBounds, kOpB, selem, nullptr);
  EXPECT_THAT(b.Signatures(true), ElementsAre("out-of-bounds/selem/Walk"));
}

TEST(MemoryOracleTest, NamesTheLockWhoseFailureHit) {
  TraceBuilder b;
  ObjectId buckets = b.Alloc(kSetupOp, KERNEL_BUCKETS);
  ObjectId selem = b.Alloc(kSetupOp, KERNEL_SELEM);
  b.Touch(kOpA, selem, "UnlinkNofail");
  b.FailLock(kOpA, buckets, "UnlinkNofail");
  b.Free(kOpB, selem, "Delete");
  b.Fault(Fault::kUseAfterFree, kOpA, selem, "UnlinkNofail");
  EXPECT_THAT(b.Signatures(true), ElementsAre("use-after-free/selem/Delete+UnlinkNofail/lock=buckets"));
}

TEST(MemoryOracleTest, FailuresOfBystandersDoNotMatter) {
  TraceBuilder b;
  ObjectId buckets = b.Alloc(kSetupOp, KERNEL_BUCKETS);
  ObjectId selem = b.Alloc(kSetupOp, KERNEL_SELEM);
  const OpRef bystander = {kTaskA + 2, 0};
  b.Touch(bystander, selem, "UnlinkNofail");
  b.FailLock(bystander, buckets, "UnlinkNofail");
  b.Free(kOpB, selem, "Delete");
  b.Fault(Fault::kUseAfterFree, kOpA, selem, "Lookup");
  EXPECT_THAT(b.Signatures(true), ElementsAre("use-after-free/selem/Delete+Lookup"));
}

TEST(MemoryOracleTest, AFailureAfterItGaveTheObjectUpDoesNotMatter) {
  TraceBuilder b;
  ObjectId buckets = b.Alloc(kSetupOp, KERNEL_BUCKETS);
  ObjectId selem = b.Alloc(kSetupOp, KERNEL_SELEM);
  b.HandOver(kOpA, selem, "SelemFree");
  b.FailLock(kOpA, buckets, "UnlinkNofail");
  b.Fault(Fault::kUseAfterFree, kOpB, selem, "Lookup");
  EXPECT_THAT(b.Signatures(true), ElementsAre("use-after-free/selem/Lookup+SelemFree"));
}

// Returns the signature of this run: B is in a reader section of `flavour` and uses an selem that A gives up to a grace
// period of `awaited`. B enters its section after that if `late`, otherwise before. Then the grace period ends.
std::string ReaderSignature(kernel_rcu_flavour flavour, bool late, kernel_rcu_flavour awaited, Fault fault) {
  TraceBuilder b;
  ObjectId selem = b.Alloc(kSetupOp, KERNEL_SELEM);
  if (!late) b.Enter(kOpB, flavour);
  b.HandOver(kOpA, selem, "SelemFree", awaited);
  if (late) b.Enter(kOpB, flavour);
  b.Enter(kOpB, KERNEL_RCU, 1 + (flavour == KERNEL_RCU));  // a nested section protects nothing more
  b.Touch(kOpB, selem, "Lookup");
  if (fault == Fault::kFreedInReader) {
    b.Fault(fault, kOpA, selem, "SelemFree", PackTarget(kOpB));
  } else {
    b.Free(CallbackOp(KERNEL_SELEM, 0), selem, "SelemFreeRcu");
    b.Fault(fault, kOpB, selem, "Lookup");
  }
  return b.Signatures(true).at(0);
}

TEST(ReaderTest, SaysWhyTheSectionDidNotHelp) {
  const auto signature = [](kernel_rcu_flavour flavour, bool late, kernel_rcu_flavour awaited) {
    return ReaderSignature(flavour, late, awaited, Fault::kUseAfterFree);
  };
  EXPECT_EQ(signature(KERNEL_RCU_TASKS_TRACE, false, KERNEL_RCU), "use-after-free/selem/Lookup+SelemFree/reader=trace");
  EXPECT_EQ(signature(KERNEL_RCU_TASKS_TRACE, true, KERNEL_RCU), "use-after-free/selem/Lookup+SelemFree/reader=late");
  EXPECT_EQ(signature(KERNEL_RCU, true, KERNEL_RCU_TASKS_TRACE), "use-after-free/selem/Lookup+SelemFree/reader=late");
  EXPECT_EQ(signature(KERNEL_RCU, false, KERNEL_RCU), "use-after-free/selem/Lookup+SelemFree");
  EXPECT_EQ(signature(KERNEL_RCU_TASKS_TRACE, false, KERNEL_RCU_TASKS_TRACE), "use-after-free/selem/Lookup+SelemFree");
}

TEST(ReaderTest, OfAnObjectFreedUnderIt) {
  EXPECT_EQ(ReaderSignature(KERNEL_RCU_TASKS_TRACE, false, KERNEL_RCU, Fault::kFreedInReader),
            "freed-in-reader/selem/SelemFree/reader=trace");
  EXPECT_EQ(ReaderSignature(KERNEL_RCU, true, KERNEL_RCU, Fault::kFreedInReader),
            "freed-in-reader/selem/SelemFree/reader=late");
}

TEST(ReaderTest, ASectionThatHasEndedProtectsNothing) {
  TraceBuilder b;
  ObjectId selem = b.Alloc(kSetupOp, KERNEL_SELEM);
  b.Enter(kOpB, KERNEL_RCU_TASKS_TRACE);
  b.HandOver(kOpA, selem, "SelemFree");
  b.Leave(kOpB, KERNEL_RCU_TASKS_TRACE);
  b.Free(CallbackOp(KERNEL_SELEM, 0), selem, "SelemFreeRcu");
  b.Fault(Fault::kUseAfterFree, kOpB, selem, "Lookup");
  EXPECT_THAT(b.Signatures(true), ElementsAre("use-after-free/selem/Lookup+SelemFree"));
}

TEST(ReaderTest, OfARaceWhicheverAccessIsReported) {
  for (bool at_free : {false, true}) {
    TraceBuilder b;
    ObjectId selem = b.Alloc(kSetupOp, KERNEL_SELEM);
    b.Enter(kOpB, KERNEL_RCU_TASKS_TRACE);
    b.HandOver(kOpA, selem, "SelemFree");
    b.Touch(kOpB, selem, "Lookup");
    b.Fault(Fault::kDataRace, at_free ? kOpA : kOpB, selem, at_free ? "SelemFree" : "Lookup");
    b.Add(EventKind::kEarlierAccess, {}, selem, at_free ? "Lookup" : "SelemFree");
    b.Free(CallbackOp(KERNEL_SELEM, 0), selem);
    EXPECT_THAT(b.Signatures(), ElementsAre("data-race/selem/Lookup+SelemFree/reader=trace")) << at_free;
  }
}

TEST(ReaderTest, OfARaceBeforeTheObjectIsGivenUpIsNobody) {
  TraceBuilder b;
  ObjectId storage = b.Alloc(kSetupOp, KERNEL_STORAGE);
  b.Enter(kOpB, KERNEL_RCU_TASKS_TRACE);
  b.Touch(kOpB, storage, "Unlink");
  b.Leave(kOpB, KERNEL_RCU_TASKS_TRACE);
  b.Fault(Fault::kDataRace, kOpA, storage, "Destroy");
  b.Add(EventKind::kEarlierAccess, {}, storage, "Unlink");
  b.HandOver(kOpA, storage, "StorageFree");
  b.Free(CallbackOp(KERNEL_STORAGE, 0), storage);
  EXPECT_THAT(b.Signatures(), ElementsAre("data-race/storage/Destroy+Unlink"));
}

// When a grace period ends, the kernel frees the object, and the task that runs at that time may be in a reader
// section. That section has no part in a race.
TEST(ReaderTest, OfARaceIsNotWhoeverRunsWhenTheObjectIsFreed) {
  TraceBuilder b;
  ObjectId selem = b.Alloc(kSetupOp, KERNEL_SELEM);
  b.HandOver(kOpA, selem, "SelemFree");
  b.Enter(kOpA, KERNEL_RCU);
  b.Fault(Fault::kFreedInReader, kOpA, selem, "SelemFree");
  b.Fault(Fault::kDataRace, kOpA, selem, "SelemFree");
  b.Add(EventKind::kEarlierAccess, {}, selem, "Lookup");
  EXPECT_THAT(b.Signatures(true), Contains("data-race/selem/Lookup+SelemFree"));
}

TEST(GiverTest, AProgramIsToldFromTeardownAndACallbackActsForIt) {
  for (OpKind kind : {OpKind::kDelete, OpKind::kUpdate, OpKind::kDestroy, OpKind::kMapFree}) {
    for (bool by_callback : {false, true}) {
      TraceBuilder b;
      ObjectId selem = b.Alloc(kSetupOp, KERNEL_SELEM);
      b.Begin(kOpA, kind);
      b.HandOver(kOpA, selem, "SelemFree");
      if (by_callback) b.HandOver(CallbackOp(KERNEL_SELEM, 0), selem, "SelemFree");
      b.Free(CallbackOp(KERNEL_SELEM, 0), selem, "SelemFreeRcu");
      b.Fault(Fault::kUseAfterFree, kOpB, selem, "Lookup");
      const bool program = kind == OpKind::kDelete || kind == OpKind::kUpdate;
      EXPECT_THAT(b.Signatures(true),
                  ElementsAre(std::string("use-after-free/selem/Lookup+SelemFree") + (program ? "/by=program" : "")));
    }
  }
}

TEST(MemoryOracleTest, AnOwnerUsedAfterASaturationIsItsConsequence) {
  for (bool saturated : {false, true}) {
    TraceBuilder b;
    ObjectId owner = b.Alloc(kSetupOp, KERNEL_OWNER);
    if (saturated) b.Fault(Fault::kRefcountDecToZero, kOpA, owner, "Unpin");
    b.Free(kOpB, owner, "Destroy");
    b.Fault(Fault::kUseAfterFree, kOpA, owner, "Uncharge");
    EXPECT_EQ(b.Signatures(true).back(),
              std::string("use-after-free/owner/Destroy+Uncharge") + (saturated ? "/after=saturation" : ""));
  }
}

TEST(MemoryOracleTest, SameSignatureIsOneViolation) {
  TraceBuilder b;
  ObjectId first = b.Alloc(kSetupOp, KERNEL_SELEM);
  ObjectId second = b.Alloc(kSetupOp, KERNEL_SELEM);
  uint32_t event = b.Fault(Fault::kDataRace, kOpA, first, "Update");
  b.Fault(Fault::kDataRace, kOpB, second, "Update");
  b.Free(kEndOp, first);
  b.Free(kEndOp, second);
  Verdict verdict = b.Judged();
  ASSERT_EQ(verdict.violations.size(), 1u);
  EXPECT_EQ(verdict.violations[0].Signature(), "data-race/selem/Update");
  EXPECT_EQ(verdict.violations[0].event, event);
  EXPECT_THAT(verdict.violations[0].involved, ElementsAre(first, second));
  EXPECT_THAT(verdict.violations[0].detail, HasSubstr("(2 times in this run)"));
}

TEST(FieldsOracleTest, SecondFreeNamesTheFirst) {
  TraceBuilder b;
  ObjectId selem = b.Alloc(kSetupOp, KERNEL_SELEM);
  b.Add(EventKind::kFieldFree, kOpA, selem, "UnlinkNofail", 7, KERNEL_FIELD_UPTR);
  b.Add(EventKind::kFieldFree, kOpB, selem, "SelemFreeRcu", 7, KERNEL_FIELD_UPTR);
  b.Fault(Fault::kFieldFreedTwice, kOpB, selem, "SelemFreeRcu", 7);
  b.Free(kOpB, selem);
  EXPECT_THAT(b.Signatures(), ElementsAre("field-freed-twice/selem/SelemFreeRcu+UnlinkNofail"));
}

TEST(FieldsOracleTest, DeadRecord) {
  TraceBuilder b;
  ObjectId selem = b.Alloc(kSetupOp, KERNEL_SELEM);
  b.Fault(Fault::kRecordDead, kOpB, selem, "SelemFreeRcu");
  b.Free(kOpB, selem);
  EXPECT_THAT(b.Signatures(), ElementsAre("record-dead/selem/SelemFreeRcu"));
}

TEST(FieldsOracleTest, OneFreeIsFine) {
  TraceBuilder b;
  ObjectId selem = b.Alloc(kSetupOp, KERNEL_SELEM);
  b.resources = {0, 0};
  b.Add(EventKind::kFieldSet, kSetupOp, selem, "Update", 1, KERNEL_FIELD_KPTR);
  b.Add(EventKind::kFieldFree, kOpA, selem, "UnlinkNofail", 1, KERNEL_FIELD_KPTR);
  b.Free(kOpB, selem);
  EXPECT_THAT(b.Signatures(), IsEmpty());
}

TEST(SignatureTest, WritesNoMembersAsADashAndAttributesByKey) {
  Violation violation;
  violation.kind = "warning";
  EXPECT_EQ(violation.Signature(), "warning/-/-");
  violation.objects = {"selem", "storage"};
  violation.functions = {"F"};
  violation.Set("reader", "late");
  violation.Set("by", "");
  violation.Set("lock", "buckets");
  EXPECT_EQ(violation.Signature(), "warning/selem+storage/F/lock=buckets/reader=late");
}

TEST(KnownTest, UnlistedIsTheHeadline) {
  EXPECT_EQ(FindListed("posted", "warning/-/NoSuchFunction"), nullptr);
  Verdict verdict;
  EXPECT_EQ(Headline(verdict, "posted"), nullptr);
  for (const Listed& listed : AllListed()) {
    EXPECT_EQ(FindListed(listed.subject, listed.signature)->signature, std::string_view(listed.signature));
    EXPECT_EQ(FindListed("no-such-subject", listed.signature), nullptr);
  }
  verdict.violations.emplace_back().kind = "no-such-kind";
  EXPECT_EQ(Headline(verdict, "posted"), &verdict.violations[0]);
}

// A run often begins with a warning and ends with what a person must know.
TEST(KnownTest, TheGravestIsTheHeadlineAndOfSeveralTheFirst) {
  Verdict verdict;
  for (const char* kind : {"warning", "livelock", "use-after-free", "double-free"}) {
    verdict.violations.emplace_back().kind = kind;
  }
  EXPECT_EQ(Headline(verdict, "posted"), &verdict.violations[2]);
}

TEST(KnownTest, ARunIsAboutWhatIsNewElseAboutTheGravest) {
  EXPECT_EQ(Foremost({}, "posted"), nullptr);
  Verdict verdict;
  Violation& listed = verdict.violations.emplace_back();  // a livelock: graver than a warning
  listed.kind = "livelock";
  listed.objects = {"storage"};
  listed.functions = {"StorageDestroy"};
  listed.Set("after", "saturation");
  ASSERT_NE(FindListed("posted", listed.Signature()), nullptr);
  EXPECT_EQ(Headline(verdict, "posted"), nullptr);
  EXPECT_EQ(Foremost(verdict, "posted"), &verdict.violations[0]);
  verdict.violations.emplace_back().kind = "warning";
  EXPECT_EQ(Foremost(verdict, "posted"), &verdict.violations[1]);
}

}  // namespace
}  // namespace nofail
