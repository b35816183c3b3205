// SPDX-License-Identifier: MIT
//
// AccessOrders: in which order conflicting accesses of two tasks were seen.
#include "fuzz/engine/access_orders.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/trace_builder.h"

namespace nofail {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

// "selem+16: load Walk, store Set: 1 2" for each pair, with the runs in which the first came before the second, and the
// reverse.
std::vector<std::string> Told(const AccessOrders& orders) {
  Status status;
  orders.AddTo(&status);
  std::vector<std::string> told;
  for (const OrderCount& count : status.orders) {
    told.push_back(absl::StrCat(count.kind, "+", count.offset, ": ", count.first.access, " ", count.first.function,
                                ", ", count.second.access, " ", count.second.function, ": ", count.first_then_second,
                                " ", count.second_then_first));
  }
  return told;
}

// A run in which tasks access one object, each function at a line of its own.
class Accesses {
 public:
  explicit Accesses(kernel_object_kind kind = KERNEL_SELEM) : object_(builder_.Alloc(kSetupOp, kind)) {}
  void Access(EventKind kind, OpRef op, const char* function, uint16_t offset = 16) {
    builder_.Add(kind, op, object_, function, 0, 0, offset);
  }
  void Count(AccessOrders* orders) {
    Trace trace;
    for (size_t i = 1; i < builder_.trace.objects().size(); ++i) trace.AddObject(builder_.trace.objects()[i]);
    for (Event e : builder_.trace.events()) {
      e.line = 100;
      trace.Append(e);
    }
    orders->Count(trace);
  }

 private:
  TraceBuilder builder_;
  const ObjectId object_;
};

TEST(AccessOrders, EachOrderIsCountedOncePerRun) {
  AccessOrders orders({"Set"}, Sim::Get());
  Accesses first, second;
  first.Access(EventKind::kStore, kOpA, "Set");
  first.Access(EventKind::kLoad, kOpB, "Walk");
  first.Access(EventKind::kLoad, kOpB, "Walk");
  second.Access(EventKind::kLoad, kOpB, "Walk");
  second.Access(EventKind::kStore, kOpA, "Set");
  second.Access(EventKind::kLoad, kOpB, "Walk");
  first.Count(&orders);
  EXPECT_THAT(Told(orders), ElementsAre("selem+16: load Walk, store Set: 0 1"));
  second.Count(&orders);
  EXPECT_THAT(Told(orders), ElementsAre("selem+16: load Walk, store Set: 1 2"));
}

TEST(AccessOrders, TwoReadsAndTwoPlacesDoNotConflict) {
  AccessOrders orders({"Set", "Walk"}, Sim::Get());
  Accesses run;
  run.Access(EventKind::kLoad, kOpA, "Walk");
  run.Access(EventKind::kLoad, kOpB, "Look");
  run.Access(EventKind::kStore, kOpB, "Set", 24);
  run.Count(&orders);
  EXPECT_THAT(Told(orders), IsEmpty());
}

// Accesses of one task are ordered by its program, and nothing runs beside the set-up and the end. The pair is told all
// the same if another task could make one of the accesses.
TEST(AccessOrders, OnlyOrdersOfTwoTasksCount) {
  AccessOrders orders({"Set"}, Sim::Get());
  Accesses run;
  run.Access(EventKind::kRmw, kSetupOp, "Set");
  run.Access(EventKind::kStore, kOpA, "Set");
  run.Access(EventKind::kLoad, kOpA, "Walk");
  run.Access(EventKind::kStore, kEndOp, "Clear");
  run.Count(&orders);
  EXPECT_THAT(Told(orders), ElementsAre("selem+16: load Walk, store Set: 0 0"));
}

TEST(AccessOrders, TheBucketsOfAnArrayAreToldAsOne) {
  AccessOrders orders({"Set"}, Sim::Get());
  Accesses run(KERNEL_BUCKETS);
  run.Access(EventKind::kStore, kOpA, "Set", 16);
  run.Access(EventKind::kLoad, kOpB, "Walk", 32);
  run.Access(EventKind::kLoad, kOpA, "Walk", 32);
  run.Access(EventKind::kStore, kOpB, "Set", 32);
  run.Count(&orders);
  EXPECT_THAT(Told(orders), ElementsAre("buckets+0: load Walk, store Set: 1 0"));
}

TEST(AccessOrders, OneOfTheTwoIsInAFunctionThatWasAskedFor) {
  AccessOrders orders({"Set"}, Sim::Get());
  Accesses run;
  run.Access(EventKind::kStore, kOpA, "Set");
  run.Access(EventKind::kStore, kOpB, "Clear");
  run.Access(EventKind::kLoad, CallbackOp(KERNEL_SELEM, 0), "Free");
  run.Count(&orders);
  EXPECT_THAT(Told(orders),
              UnorderedElementsAre("selem+16: load Free, store Set: 0 1", "selem+16: store Clear, store Set: 0 1"));
}

TEST(AccessOrders, CountsOfTwoProcessesAddUpAndSurviveTheStatusFile) {
  AccessOrders orders({"Set"}, Sim::Get());
  Accesses run;
  run.Access(EventKind::kStore, kOpA, "Set");
  run.Access(EventKind::kLoad, kOpB, "Walk");
  run.Count(&orders);
  Status status;
  orders.AddTo(&status);
  orders.AddTo(&status);
  const absl::StatusOr<Status> read = ParseStatus(FormatStatus(status));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->order_runs, 2u);
  ASSERT_EQ(read->orders.size(), 1u);
  EXPECT_EQ(read->orders.begin()->second_then_first, 2u);
  EXPECT_EQ(FormatStatus(*read), FormatStatus(status));
}

TEST(AccessOrders, APlaceWithoutFileAndLineSurvivesTheStatusFile) {
  Status status;
  AddOrder({"selem", 8, {"read", 0, "", "Walk"}, {"write", 0, "", "Set"}, 1, 2}, &status.orders);
  const absl::StatusOr<Status> read = ParseStatus(FormatStatus(status));
  ASSERT_TRUE(read.ok()) << read.status();
  ASSERT_EQ(read->orders.size(), 1u);
  EXPECT_EQ(read->orders.begin()->first, (AccessPlace{"read", 0, "", "Walk"}));
  EXPECT_EQ(read->orders.begin()->second_then_first, 2u);
}

}  // namespace
}  // namespace nofail
