// SPDX-License-Identifier: MIT
// Counting what is different: the registers that several processes' counts are united by.
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
  double sum = 0;
  for (const char c : seen.Text()) sum += 1.0 / static_cast<double>(uint64_t{1} << (c - '0'));
  const double estimate = 0.7213 / (1 + 1.079 / 1024) * 1024 * 1024 / sum;
  EXPECT_NEAR(estimate, 100'000, 10'000);
}

}  // namespace
}  // namespace nofail
