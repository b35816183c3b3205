// SPDX-License-Identifier: MIT
//
// Tests what counts as a feature, on traces written by hand.
#include <gtest/gtest.h>

#include <algorithm>
#include <initializer_list>
#include <vector>

#include "fuzz/exec/features.h"

namespace nofail {
namespace {

constexpr OpRef kA = {kTaskA, 0}, kB = {kTaskA + 1, 0};
constexpr size_t kStateOffset = 64;

Event At(EventKind kind, OpRef op, const char* function, uint16_t offset = 8, uint8_t detail = 0, uint64_t value = 0) {
  return {.kind = kind,
          .detail = detail,
          .op = op,
          .object = 1,
          .offset = offset,
          .line = 7,
          .value = value,
          .function = function};
}

class Features : public testing::Test {
 protected:
  std::vector<uint8_t> Of(std::initializer_list<Event> events) {
    Trace trace;
    trace.Clear();
    trace.AddObject({.kind = KERNEL_SELEM});
    for (const Event& event : events) trace.Append(event);
    std::vector<uint8_t> counters(1024, 9);  // Collect must clear old values
    words_.assign(1024, 9);
    collector_.Collect(trace, {counters, words_});
    return counters;
  }
  static int Count(const std::vector<uint8_t>& counters) {
    return static_cast<int>(std::count(counters.begin(), counters.end(), 1));
  }
  std::vector<uint64_t> words_;  // of the last run
  FeatureCollector collector_{kStateOffset};
};

TEST_F(Features, WhoWroteWhatAnotherTaskReads) {
  const Event store = At(EventKind::kStore, kA, "W");
  EXPECT_EQ(Count(Of({store, At(EventKind::kLoad, kB, "R")})), 1);
  EXPECT_EQ(Count(Of({store, At(EventKind::kLoad, kA, "R")})), 0) << "its own";
  EXPECT_EQ(Count(Of({store, At(EventKind::kLoad, kB, "R", 16)})), 0) << "another word";
  EXPECT_EQ(Count(Of({At(EventKind::kStore, {kSetup, 0}, "W"), At(EventKind::kLoad, kB, "R")})), 0) << "the set-up's";
  EXPECT_NE(Of({store, At(EventKind::kLoad, kB, "R")}), Of({store, At(EventKind::kLoad, kB, "S")}));
}

TEST_F(Features, ForgetTheLastRun) {
  Of({At(EventKind::kStore, kA, "W")});
  EXPECT_EQ(Count(Of({At(EventKind::kLoad, kB, "R")})), 0);
}

TEST_F(Features, AreWordsInTheSamePlacesWithTheirClassAbove) {
  const std::vector<uint8_t> counters =
      Of({At(EventKind::kStore, kA, "W"), At(EventKind::kLoad, kB, "R"), At(EventKind::kLock, kA, "L", 8, kTimeout)});
  std::vector<uint64_t> classes;
  for (size_t i = 0; i < counters.size(); ++i) {
    EXPECT_EQ(words_[i] != 0, counters[i] == 1) << i;
    if (words_[i] != 0) classes.push_back(words_[i] >> 32);
  }
  std::ranges::sort(classes);
  EXPECT_EQ(classes, (std::vector<uint64_t>{1, 2}));
}

TEST_F(Features, LockOutcomesThatAreNotTheLockAtOnce) {
  EXPECT_EQ(Count(Of({At(EventKind::kLock, kA, "L", 8, kGranted)})), 0);
  EXPECT_EQ(Count(Of({At(EventKind::kLock, kA, "L", 8, kTimeout)})), 1);
  EXPECT_NE(Of({At(EventKind::kLock, kA, "L", 8, kTimeout)}), Of({At(EventKind::kLock, kA, "L", 8, kDeadlock)}));
  EXPECT_EQ(Count(Of({At(EventKind::kUnlock, kA, "U"), At(EventKind::kLock, kB, "L")})), 1) << "handed over";
}

TEST_F(Features, StepsOfTheState) {
  const auto step = [](uint64_t from, uint64_t to) {
    return std::pair{At(EventKind::kRmw, kA, "S", kStateOffset, 0, to),
                     At(EventKind::kRmwOld, kA, "S", kStateOffset, 1, from)};
  };
  const auto [to1, from0] = step(0, 1);
  const auto [to3, from2] = step(2, 3);
  EXPECT_EQ(Count(Of({to1, from0})), 1);
  EXPECT_NE(Of({to1, from0}), Of({to3, from2}));
}

TEST_F(Features, WhatACallbackFallsInto) {
  const Event callback = At(EventKind::kCallbackBegin, {kFirstCallback, 0}, nullptr);
  const Event destroy = At(EventKind::kOpBegin, kA, nullptr, 0, 6);
  EXPECT_EQ(Count(Of({callback})), 1);
  EXPECT_NE(Of({callback}), Of({destroy, callback}));
  EXPECT_EQ(Of({callback}), Of({destroy, At(EventKind::kOpEnd, kA, nullptr, 0, 6), callback}));
}

TEST_F(Features, DependOnNamesNotOnWhereTheyStand) {
  const char one[] = "W", other[] = "W";
  const Event load = At(EventKind::kLoad, kB, "R");
  EXPECT_EQ(Of({At(EventKind::kStore, kA, one), load}), Of({At(EventKind::kStore, kA, other), load}));
}

}  // namespace
}  // namespace nofail
