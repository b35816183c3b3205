// SPDX-License-Identifier: MIT
//
// Status files: what one process writes, another reads and adds up.
#include "fuzz/engine/status_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace nofail {
namespace {

using ::testing::HasSubstr;

Status Example(uint64_t executions, uint64_t first, uint64_t interleaving) {
  Status status{.is_done = false, .executions = executions, .events = 10 * executions, .seconds = 1.5};
  status.interleavings.Add(interleaving);
  status.violations.push_back({"new", 3, first, "leak-1", "leak/selem/MapFree"});
  return status;
}

TEST(StatusFile, IsReadAsItWasWritten) {
  const std::string text = FormatStatus(Example(100, 7, 1));
  const absl::StatusOr<Status> read = ParseStatus(text);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(FormatStatus(*read), text);
  EXPECT_EQ(read->violations[0].signature, "leak/selem/MapFree");
}

TEST(StatusFile, CountsOfTwoProcessesAddUpAndTheEarlierExecutionIsTheFirst) {
  Status all = Example(100, 7, 1);
  UniteStatus(Example(50, 5, 1), &all);
  EXPECT_EQ(all.executions, 150u);
  EXPECT_EQ(all.events, 1500u);
  ASSERT_EQ(all.violations.size(), 1u);
  EXPECT_EQ(all.violations[0].count, 6u);
  EXPECT_EQ(all.violations[0].first, 5u);
  EXPECT_EQ(all.interleavings.Estimate(), 1u);
}

TEST(StatusFile, PairsOfTwoProcessesAddUp) {
  Status all = Example(100, 7, 1), other = Example(50, 5, 1);
  all.pairs = 10;
  all.pair_counts = {{"leak/selem/MapFree", 1, 2, 3}};
  other.pairs = 5;
  other.pair_counts = {{"leak/selem/MapFree", 10, 20, 30}, {"livelock/-/MapFree", 0, 0, 1}};
  const absl::StatusOr<Status> read = ParseStatus(FormatStatus(all));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->pairs, 10u);
  UniteStatus(other, &all);
  EXPECT_EQ(all.pairs, 15u);
  ASSERT_EQ(all.pair_counts.size(), 2u);
  EXPECT_EQ(all.pair_counts[0].both, 11u);
  EXPECT_EQ(all.pair_counts[0].subject_alone, 22u);
  EXPECT_EQ(all.pair_counts[0].baseline_alone, 33u);
}

TEST(StatusFile, AttemptsOfTwoProcessesAddUpByPlaceAndResult) {
  Status all = Example(100, 7, 1), other = Example(50, 5, 1);
  all.attempt_runs = 12;
  all.attempts = {{"taken", 10, 77, "kernel/a.c", "f"}};
  other.attempt_runs = 6;
  other.attempts = {{"taken", 5, 77, "kernel/a.c", "f"}, {"timeout-held", 1, 77, "kernel/a.c", "f"}};
  const absl::StatusOr<Status> read = ParseStatus(FormatStatus(all));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(FormatStatus(*read), FormatStatus(all));
  UniteStatus(other, &all);
  EXPECT_EQ(all.attempt_runs, 18u);
  ASSERT_EQ(all.attempts.size(), 2u);
  EXPECT_EQ(all.attempts[0].count, 15u);
  EXPECT_EQ(all.attempts[1].result, "timeout-held");
}

// The schedules on which both agree say nothing of chance, and much of how large a rise is.
TEST(StatusFile, ARiseIsClearWhenChanceCannotExplainItAndItIsLarge) {
  const auto is_clear = [](uint64_t both, uint64_t subject, uint64_t baseline) {
    return PairCount{"s", both, subject, baseline}.IsClearRise();
  };
  EXPECT_FALSE(is_clear(0, 0, 0));
  EXPECT_FALSE(is_clear(0, 15, 0));
  EXPECT_TRUE(is_clear(0, 16, 0));
  EXPECT_TRUE(is_clear(20, 100, 40));
  EXPECT_FALSE(is_clear(20, 40, 100));
  EXPECT_FALSE(is_clear(1000, 100, 10));  // no chance, but small: 1100 against 1010
  EXPECT_FALSE(is_clear(0, 60, 40));      // large, but 20 apart where 40 are needed
}

TEST(StatusFile, AnotherSignatureIsAnotherEntry) {
  Status all = Example(1, 1, 1), other = Example(1, 1, 2);
  other.violations[0].signature = "leak/selem/Destroy";
  UniteStatus(other, &all);
  EXPECT_EQ(all.violations.size(), 2u);
  EXPECT_EQ(all.interleavings.Estimate(), 2u);
}

TEST(StatusFile, ALineThatCannotBeReadIsNamed) {
  for (const char* line :
       {"executions many", "executions", "violation new 1", "violation new x 1 a b", "weather fine",
        "interleavings 123", "state", "pair 1 2 leak", "pairs x", "attempt taken 1 2 a.c", "attempts x"}) {
    const absl::StatusOr<Status> read = ParseStatus(std::string("events 1\n") + line + "\n");
    ASSERT_FALSE(read.ok()) << line;
    EXPECT_THAT(std::string(read.status().message()), HasSubstr("2: "));
  }
}

}  // namespace
}  // namespace nofail
