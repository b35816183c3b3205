// SPDX-License-Identifier: MIT
// Tests the HyperLogLog registers, by which the suite counts different items and unites the counts of several
// processes.
#include "fuzz/engine/hyperloglog.h"

#include <gtest/gtest.h>

namespace nofail {
namespace {

TEST(HyperLogLog, NothingSeenLeavesEveryRegisterEmpty) {
  EXPECT_EQ(HyperLogLog().Text(), std::string(1024, '0'));
}

TEST(HyperLogLog, TheSameAgainChangesNothing) {
  HyperLogLog once, often;
  once.Add(7);
  for (int i = 0; i < 1000; ++i) often.Add(7);
  EXPECT_EQ(once.Text(), often.Text());
}

TEST(HyperLogLog, AHundredThousandAreEstimatedWithinTenPercent) {
  HyperLogLog seen;
  for (uint64_t i = 0; i < 100'000; ++i) seen.Add(i);
  EXPECT_NEAR(static_cast<double>(seen.Estimate()), 100'000, 10'000);
}

TEST(HyperLogLog, AFewAreEstimatedWithinOne) {
  HyperLogLog seen;
  EXPECT_EQ(seen.Estimate(), 0u);
  for (uint64_t i = 0; i < 10; ++i) seen.Add(i);
  EXPECT_NEAR(static_cast<double>(seen.Estimate()), 10, 1);
}

TEST(HyperLogLog, WhatTwoCountersSawCountsOnceAfterUniting) {
  HyperLogLog all, even, third;
  for (uint64_t i = 0; i < 5000; ++i) {
    if (i % 2 == 0) even.Add(i);
    if (i % 3 == 0) third.Add(i);
    if (i % 2 == 0 || i % 3 == 0) all.Add(i);
  }
  even.Unite(third);
  EXPECT_EQ(even.Text(), all.Text());
}

TEST(HyperLogLog, TextIsReadBackOrRefused) {
  HyperLogLog seen;
  for (uint64_t i = 0; i < 100; ++i) seen.Add(i);
  const std::string text = seen.Text();
  ASSERT_TRUE(HyperLogLog::FromText(text).has_value());
  EXPECT_EQ(HyperLogLog::FromText(text)->Text(), text);
  EXPECT_FALSE(HyperLogLog::FromText(text.substr(1)).has_value());
  EXPECT_FALSE(HyperLogLog::FromText("!" + text.substr(1)).has_value());
}

}  // namespace
}  // namespace nofail
