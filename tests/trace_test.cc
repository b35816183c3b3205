// SPDX-License-Identifier: MIT
#include "core/kernel/trace/trace.h"

#include <gtest/gtest.h>

#include "tests/trace_builder.h"

namespace nofail {
namespace {

void FillSmall(TraceBuilder* b, const char* function) {
  ObjectId selem = b->Alloc(kSetupOp, KERNEL_SELEM, function);
  b->Rmw(kOpA, selem, kStateOffset, 0, 1, function);
  b->FailLock(kOpB, selem, function);
}

TEST(TraceTest, HashIsTheSameForEver) {
  TraceBuilder empty, small;
  FillSmall(&small, "F");
  EXPECT_EQ(empty.trace.Hash(), 0xcbf29ce484222325u);
  EXPECT_EQ(small.trace.Hash(), 0x753bc3d482076319u);
}

TEST(TraceTest, HashLeavesSitesOut) {
  TraceBuilder a, b;
  FillSmall(&a, "F");
  b.Add(EventKind::kLoad, kOpA, 0, "G");  // so that every later event has another line number
  b.trace.Clear();
  FillSmall(&b, "G");
  EXPECT_EQ(a.trace.Hash(), b.trace.Hash());
}

TEST(TraceTest, HashSeesEverythingElse) {
  const Event base = {EventKind::kLoad, 1, kOpA, 3, 8, 10, 77, "F", "f.cc"};
  auto hash = [](const Event& event) {
    Trace trace;
    trace.Append(event);
    return trace.Hash();
  };
  auto differs = [&](auto change) {
    Event event = base;
    change(event);
    return hash(event) != hash(base);
  };
  EXPECT_TRUE(differs([](Event& e) { e.kind = EventKind::kStore; }));
  EXPECT_TRUE(differs([](Event& e) { e.detail = 2; }));
  EXPECT_TRUE(differs([](Event& e) { e.op.task = kTaskA + 1; }));
  EXPECT_TRUE(differs([](Event& e) { e.op.op = 1; }));
  EXPECT_TRUE(differs([](Event& e) { e.object = 4; }));
  EXPECT_TRUE(differs([](Event& e) { e.offset = 16; }));
  EXPECT_TRUE(differs([](Event& e) { e.value = 78; }));
  EXPECT_FALSE(differs([](Event& e) { e.line = 11, e.function = "G", e.file = nullptr; }));
}

TEST(TraceTest, ClearForgetsEventsObjectsAndKinds) {
  TraceBuilder b;
  FillSmall(&b, "F");
  EXPECT_EQ(b.trace.objects().size(), 2u);
  EXPECT_TRUE(b.trace.Has(EventKind::kRmw));
  b.trace.Clear();
  EXPECT_EQ(b.trace.size(), 0u);
  EXPECT_EQ(b.trace.objects().size(), 1u);
  EXPECT_FALSE(b.trace.Has(EventKind::kRmw));
}

TEST(TraceTest, RefusesEventsAtItsCapacity) {
  Trace trace;
  for (uint32_t i = 0; i < kMaxEvents; ++i) ASSERT_TRUE(trace.Append({EventKind::kRelax}));
  EXPECT_FALSE(trace.Append({EventKind::kRelax}));
  EXPECT_EQ(trace.size(), kMaxEvents);
}

TEST(TraceTest, PacksPointers) {
  const uint64_t packed = PackPointer(513, 40);
  EXPECT_TRUE(IsPointer(packed));
  EXPECT_EQ(PointerObject(packed), 513);
  EXPECT_EQ(PointerOffset(packed), 40);
  EXPECT_FALSE(IsPointer(kTimedOut));
  EXPECT_FALSE(IsPointer(0));
}

TEST(TraceTest, Words) {
  EXPECT_STREQ(EventKindText(EventKind::kCallRcu), "call-rcu");
  EXPECT_STREQ(FaultText(Fault::kRunaway), "runaway");
}

}  // namespace
}  // namespace nofail
