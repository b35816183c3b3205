// SPDX-License-Identifier: MIT
//
// Fields of the posted subject's objects are named as its source names them, from the debug information of this very
// program. Offsets come from the compiler, so the test knows no layout.
#include "fuzz/report/fields.h"

#include <gtest/gtest.h>

#include <cstddef>

#include "absl/strings/str_cat.h"
#include "core/subjects/storage/local_storage.h"
#include "core/subjects/storage/storage_types.h"
#include "fuzz/report/describe.h"
#include "tests/trace_builder.h"

namespace nofail {
namespace {

std::string At(kernel_object_kind kind, size_t offset) {
  return FieldAt(*linked_subject, kind, static_cast<uint32_t>(offset));
}

std::string PointedTo(kernel_object_kind kind, size_t offset) {
  return FieldPointedTo(*linked_subject, kind, static_cast<uint32_t>(offset));
}

TEST(Fields, AreNamedAsInTheSource) {
  EXPECT_EQ(At(KERNEL_STORAGE, offsetof(Storage, mem_charge)), ".mem_charge");
  EXPECT_EQ(At(KERNEL_MAP, offsetof(Map, bucket_log)), ".bucket_log");
  EXPECT_EQ(At(KERNEL_OWNER, offsetof(Owner, optmem_max)), ".optmem_max");
}

TEST(Fields, OfFieldsAreNamedToo) {
  EXPECT_EQ(At(KERNEL_SELEM, offsetof(Selem, snode) + offsetof(hlist_node, pprev)), ".snode.pprev");
  EXPECT_EQ(At(KERNEL_SELEM, offsetof(Selem, sdata)), ".sdata.smap");
}

TEST(Fields, WrappersOfOneValueAreNotNamed) {
  EXPECT_EQ(At(KERNEL_STORAGE, offsetof(Storage, owner_refcnt)), ".owner_refcnt");
  EXPECT_EQ(At(KERNEL_STORAGE, offsetof(Storage, lock)), ".lock");
  EXPECT_EQ(At(KERNEL_OWNER, offsetof(Owner, storage)), ".storage");
}

TEST(Fields, OfArraysHaveAnIndex) {
  EXPECT_EQ(At(KERNEL_STORAGE, offsetof(Storage, cache) + 3 * sizeof(Storage::cache[0])), ".cache[3]");
  EXPECT_EQ(At(KERNEL_BUCKETS, sizeof(Bucket) + offsetof(Bucket, lock)), "[1].lock");
}

TEST(Fields, BytesInsideAFieldAreCounted) {
  EXPECT_EQ(At(KERNEL_STORAGE, offsetof(Storage, mem_charge) + 4), ".mem_charge+4");
}

TEST(Fields, AllMembersOfAUnionAreNamed) {
  EXPECT_EQ(At(KERNEL_SELEM, offsetof(Selem, rcu)), ".rcu.next|free_node.next");
}

TEST(Fields, APointerPointsToTheWholeField) {
  EXPECT_EQ(PointedTo(KERNEL_SELEM, offsetof(Selem, snode)), ".snode");
  EXPECT_EQ(PointedTo(KERNEL_SELEM, offsetof(Selem, snode) + offsetof(hlist_node, pprev)), ".snode.pprev");
  EXPECT_EQ(PointedTo(KERNEL_BUCKETS, sizeof(Bucket)), "[1]");
}

TEST(Fields, NothingIsNamedThatNobodyKnows) {
  EXPECT_EQ(At(KERNEL_SELEM, sizeof(Selem)), "") << "the value's bytes have no type";
  EXPECT_EQ(At(KERNEL_OTHER, 0), "");
  struct subject without_types = *linked_subject;
  without_types.types = {};
  EXPECT_EQ(FieldAt(without_types, KERNEL_STORAGE, 0), "");
  struct subject elsewhere = {.types = linked_subject->types};  // none of its functions is in this program
  EXPECT_EQ(FieldAt(elsewhere, KERNEL_STORAGE, 0), "");
}

// ---- Reports ---------------------------------------------------------------------------------------------------

// One storage and one element of a run of the posted subject.
class Reports : public testing::Test {
 protected:
  TraceBuilder b_;
  const ObjectId storage_ = b_.Alloc(kSetupOp, KERNEL_STORAGE);
  const ObjectId selem_ = b_.Alloc(kSetupOp, KERNEL_SELEM);
  const JudgedRun run_{*linked_subject, nullptr, b_.trace, {}, {}};

  std::string Told(EventKind kind, ObjectId object, uint64_t value, size_t offset) {
    return Describe(run_, b_.Add(kind, kOpA, object, "F", value, 0, static_cast<uint16_t>(offset)));
  }
};

TEST_F(Reports, AccessesNameTheField) {
  EXPECT_EQ(Told(EventKind::kLoad, storage_, 0, offsetof(Storage, cache)), "load storage0.cache[0]: 0");
  EXPECT_EQ(Told(EventKind::kLock, storage_, 0, offsetof(Storage, lock)), "lock storage0.lock");
}

TEST_F(Reports, AWholeObjectIsNotItsFirstField) {
  EXPECT_EQ(Told(EventKind::kKfreeRcu, selem_, 0, 0), "kfree_rcu selem0");
  EXPECT_EQ(Told(EventKind::kStore, storage_, PackPointer(selem_, 0), offsetof(Storage, owner)),
            "store storage0.owner = selem0");
}

TEST_F(Reports, PointersNameTheirTarget) {
  EXPECT_EQ(Told(EventKind::kStore, storage_, PackPointer(selem_, offsetof(Selem, snode)), offsetof(Storage, list)),
            "store storage0.list.first = &selem0.snode");
}

TEST_F(Reports, SentencesOfJudgesGetTheNames) {
  const std::string sentence = absl::StrCat("B polls storage0+", offsetof(Storage, owner_refcnt), ", which stays 1+1");
  EXPECT_EQ(WithFields(run_, sentence), "B polls storage0.owner_refcnt, which stays 1+1");
  EXPECT_EQ(WithFields(run_, "A waits for selem0+"), "A waits for selem0+");
  EXPECT_EQ(WithFields(run_, "selem7+8 is no object of this run"), "selem7+8 is no object of this run");
}

TEST_F(Reports, WhatHasNoNameKeepsItsOffset) {
  EXPECT_EQ(Told(EventKind::kLoad, selem_, 0, sizeof(Selem) + 8),
            absl::StrCat("load selem0+", sizeof(Selem) + 8, ": 0"));
}

}  // namespace
}  // namespace nofail
