// SPDX-License-Identifier: MIT
//
// Tests that the trace for Perfetto is one that Perfetto can draw: it parses, slices nest, times do not go back, and
// arrows and asynchronous slices have both ends.
#include "fuzz/report/perfetto_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "fuzz/schedule/schedule.h"
#include "tests/trace_builder.h"

namespace nofail {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;

// What a viewer finds in a trace.
struct Viewed {
  explicit Viewed(const TraceBuilder& b) {
    const Verdict verdict = b.Judged();
    const auto json = nlohmann::json::parse(PerfettoReport({TestSubject(), nullptr, b.trace, verdict, {}}));
    double last = 0;
    for (const auto& event : json["traceEvents"]) {
      const double at = event["ts"];
      if (at < last) errors.push_back(absl::StrCat("time goes back at ", at));
      last = at;
      Take(event);
    }
    for (const auto& [thread, slices] : open) {
      for (const std::string& slice : slices) errors.push_back("never ends: " + slice);
    }
    for (const auto& [id, count] : arrow_ends) {
      if (count != 2) errors.push_back("an arrow with one end: " + id);
    }
    for (const auto& [id, name] : lasting) errors.push_back("never ends: " + id);
  }

  // Slices that were seen, as "thread: outer > inner".
  std::vector<std::string> slices;
  std::vector<std::string> instants, moments;
  std::map<std::string, std::string> arrows;  // from the thread and the time of one end to those of the other
  std::map<int, std::string> threads;
  std::vector<std::string> errors;
  int events = 0;

 private:
  void Take(const nlohmann::json& event) {
    const std::string phase = event["ph"], name = event["name"];
    const int thread = event["tid"];
    auto& stack = open[thread];
    if (phase == "M" && name == "thread_name") threads[thread] = event["args"]["name"];
    if (phase == "X") ++events;
    if (phase == "B") {
      stack.push_back(name);
      slices.push_back(
          absl::StrCat(threads[thread], ": ", stack.size() > 1 ? stack[stack.size() - 2] + " > " : "", name));
    }
    if (phase == "E" && (stack.empty() || stack.back() != name))
      errors.push_back("ends what is not innermost: " + name);
    if (phase == "E" && !stack.empty()) stack.pop_back();
    if (phase == "i") instants.push_back(name);
    if (phase == "s" || phase == "f") {
      const std::string id = absl::StrCat(event["id"].get<int>()), end = absl::StrCat(threads[thread]);
      ++arrow_ends[id];
      if (phase == "s") starts[id] = end;
      if (phase == "f") arrows[starts[id]] = end;
      if (phase == "f" && event["bp"] != "e") errors.push_back("an arrow that points to the next slice");
    }
    if (phase == "b" || phase == "n" || phase == "e")
      Last(phase, event["cat"].get<std::string>() + event["id"].get<std::string>(), name);
  }
  void Last(const std::string& phase, const std::string& id, const std::string& name) {
    moments.push_back(absl::StrCat(phase, " ", name));
    if (phase == "b" && !lasting.emplace(id, name).second) errors.push_back("begins twice: " + id);
    if (phase != "b" && !lasting.contains(id)) errors.push_back("has not begun: " + id);
    if (phase == "e") lasting.erase(id);
  }

  std::map<int, std::vector<std::string>> open;  // by thread: slices, the innermost last
  std::map<std::string, int> arrow_ends;         // by arrow
  std::map<std::string, std::string> starts;     // by arrow
  std::map<std::string, std::string> lasting;    // asynchronous slices, by id
};

TEST(PerfettoReportTest, EveryKindOfEventIsDrawnSoundly) {
  TraceBuilder b;
  const ObjectId selem = b.Alloc(kSetupOp, KERNEL_SELEM);
  const OpRef callback = CallbackOp(KERNEL_SELEM, 0), other = CallbackOp(KERNEL_STORAGE, 0);
  for (OpRef op : {kSetupOp, kOpA, kOpB, callback, other, kOpA, kEndOp}) {
    for (int kind = 0; kind <= static_cast<int>(EventKind::kGpPoll); ++kind) {
      b.Add(static_cast<EventKind>(kind), op, selem, kind % 3 ? "Walk<&>\"'" : "Destroy", 1, 1, 16);
    }
  }
  const Viewed viewed(b);
  EXPECT_THAT(viewed.errors, IsEmpty());
  EXPECT_EQ(viewed.events, static_cast<int>(b.trace.size()));
}

TEST(PerfettoReportTest, EachTaskIsAThread) {
  TraceBuilder b;
  b.Begin(kOpA, OpKind::kMapFree);
  b.Begin(kOpB, OpKind::kDestroy);
  const Viewed viewed(b);
  std::vector<std::string> names;
  for (const auto& [thread, name] : viewed.threads) names.push_back(name);
  EXPECT_THAT(names, ElementsAre("set-up, end, RCU", "task A (CPU 0)", "task B (CPU 1)"));
}

TEST(PerfettoReportTest, OpsSectionsLocksAndFunctionsNest) {
  TraceBuilder b;
  const ObjectId storage = b.Alloc(kSetupOp, KERNEL_STORAGE);
  b.Begin(kOpA, OpKind::kMapFree);
  b.Enter(kOpA, KERNEL_RCU);
  b.Lock(kOpA, storage, "Unlink");
  b.Touch(kOpA, storage, "Walk");
  b.Add(EventKind::kUnlock, kOpA, storage, "Unlink", 0, 0, 8);
  b.Leave(kOpA, KERNEL_RCU);
  const Viewed viewed(b);
  EXPECT_THAT(viewed.errors, IsEmpty());
  EXPECT_THAT(viewed.slices, IsSupersetOf({"task A (CPU 0): map_free", "task A (CPU 0): map_free > RCU reader section",
                                           "task A (CPU 0): RCU reader section > lock held: storage0+8",
                                           "task A (CPU 0): lock held: storage0+8 > Walk"}));
}

// A section that ends while a lock is held that was taken in it: the viewer wants slices that nest.
TEST(PerfettoReportTest, ABarThatOutlastsTheOneAroundItIsCut) {
  TraceBuilder b;
  const ObjectId storage = b.Alloc(kSetupOp, KERNEL_STORAGE);
  b.Begin(kOpA, OpKind::kMapFree);
  b.Enter(kOpA, KERNEL_RCU);
  b.Lock(kOpA, storage, nullptr);
  b.Leave(kOpA, KERNEL_RCU);
  b.Add(EventKind::kUnlock, kOpA, storage, nullptr, 0, 0, 8);
  const Viewed viewed(b);
  EXPECT_THAT(viewed.errors, IsEmpty());
  EXPECT_THAT(viewed.slices, IsSupersetOf({"task A (CPU 0): RCU reader section > lock held: storage0+8",
                                           "task A (CPU 0): map_free > lock held: storage0+8"}));
}

TEST(PerfettoReportTest, ArrowsGoFromWritersToReadersAndFromHoldersToWhoFails) {
  for (bool reads : {true, false}) {
    TraceBuilder b;
    const ObjectId storage = b.Alloc(kSetupOp, KERNEL_STORAGE);
    if (reads) {
      b.Add(EventKind::kStore, kOpA, storage, "F", 1, KERNEL_ONCE, 16);
      b.Touch(kOpB, storage);
    } else {
      b.Lock(kOpA, storage, "F");
      b.FailLock(kOpB, storage, "F");
    }
    const Viewed viewed(b);
    EXPECT_THAT(viewed.errors, IsEmpty());
    EXPECT_EQ(viewed.arrows.at("task A (CPU 0)"), "task B (CPU 1)");
  }
}

TEST(PerfettoReportTest, GracePeriodsAndObjectsLastAndViolationsAreInstants) {
  TraceBuilder b;
  const ObjectId storage = b.Alloc(kSetupOp, KERNEL_STORAGE);
  b.HandOver(kOpA, storage, "StorageFree");
  b.Add(EventKind::kGpEnd, kOpA, 0, nullptr, 0, KERNEL_RCU);
  b.Free(CallbackOp(KERNEL_STORAGE, 0), storage);
  b.Fault(Fault::kUseAfterFree, kOpB, storage, "Walk");
  const Viewed viewed(b);
  EXPECT_THAT(viewed.errors, IsEmpty());
  EXPECT_THAT(viewed.moments, ElementsAre("b storage0", "b grace period", "n handed to RCU", "e grace period",
                                          "n freed", "e storage0"));
  EXPECT_THAT(viewed.instants, Contains("use-after-free/storage/StorageFree+Walk"));
}

TEST(PerfettoReportTest, AnEmptyRunIsATraceToo) {
  const Viewed viewed{TraceBuilder()};
  EXPECT_THAT(viewed.errors, IsEmpty());
  EXPECT_EQ(viewed.events, 0);
}

}  // namespace
}  // namespace nofail
