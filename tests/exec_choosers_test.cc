// SPDX-License-Identifier: MIT
//
// Tests the choosers with questions that are made up here. No simulator takes part.
#include <set>
#include <string>
#include <vector>

#include "fuzz/exec/choosers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace nofail {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr OpRef kA = {kTaskA, 0};
constexpr OpRef kB = {kTaskA + 1, 0};
constexpr OpRef kCallback = {kFirstCallback + uint8_t{KERNEL_SELEM}, 3};

uint16_t Ask(Chooser& chooser, ChoiceKind kind, uint16_t n, uint16_t ordinal = 1, OpRef where = kA) {
  return chooser.Choose({kind, where, ordinal, n, {}});
}

uint16_t AskWho(Chooser& chooser, std::vector<OpRef> targets, uint16_t ordinal = 1, OpRef where = kA) {
  return chooser.Choose(
      {ChoiceKind::kPreempt, where, ordinal, static_cast<uint16_t>(targets.size()), {targets.data(), targets.size()}});
}

// ---- ExhaustiveChooser -------------------------------------------------------------------------------------------

TEST(ExhaustiveChooserTest, VisitsEachLeafOnce) {
  ExhaustiveChooser search;
  std::vector<std::string> leaves;
  do {
    search.Begin();
    std::string leaf;
    for (uint16_t n : {2, 3, 1, 2}) leaf += static_cast<char>('0' + Ask(search, ChoiceKind::kLock, n));
    leaves.push_back(leaf);
  } while (search.Next());
  EXPECT_THAT(leaves, ElementsAre("0000", "0001", "0100", "0101", "0200", "0201", "1000", "1001", "1100", "1101",
                                  "1200", "1201"));
}

TEST(ExhaustiveChooserTest, LaterQuestionsMayDependOnAnswers) {
  ExhaustiveChooser search;
  int leaves = 0;
  do {
    search.Begin();
    ++leaves;
    if (Ask(search, ChoiceKind::kAlloc, 2) == 0) continue;  // continues at the loop's condition, which calls Next()
    Ask(search, ChoiceKind::kLock, 3);
  } while (search.Next());
  EXPECT_EQ(leaves, 1 + 3);
}

TEST(ExhaustiveChooserTest, BeginsAnewAfterTheLast) {
  ExhaustiveChooser search;
  for (int round = 0; round < 2; ++round) {
    std::vector<uint16_t> answers;
    do {
      search.Begin();
      answers.push_back(Ask(search, ChoiceKind::kResched, 2));
    } while (search.Next());
    EXPECT_THAT(answers, ElementsAre(0, 1));
  }
}

TEST(ExhaustiveChooserTest, OtherKindsGetTheDefault) {
  ExhaustiveChooser search(1u << static_cast<int>(ChoiceKind::kLock));
  int leaves = 0;
  do {
    search.Begin();
    EXPECT_EQ(Ask(search, ChoiceKind::kAlloc, 2), 0);
    Ask(search, ChoiceKind::kLock, 3);
    ++leaves;
  } while (search.Next());
  EXPECT_EQ(leaves, 3);
}

// Returns the interleavings, such as "AABB", that the search finds for two tasks of two steps each. Before each step
// the current task may be preempted.
std::set<std::string> Interleavings(uint32_t max_preemptions) {
  ExhaustiveChooser search(ExhaustiveChooser::kAllKinds, max_preemptions);
  std::set<std::string> all;
  do {
    search.Begin();
    int left[2] = {2, 2};
    int current = 0;
    std::string run;
    while (run.size() < 4) {
      const OpRef names[2] = {kA, kB};
      std::vector<OpRef> targets;
      for (int task : {current, 1 - current}) {
        if (left[task] > 0) targets.push_back(names[task]);
      }
      if (targets[AskWho(search, targets, 1, names[current])] != names[current]) current = 1 - current;
      --left[current];
      run += static_cast<char>('A' + current);
    }
    EXPECT_TRUE(all.insert(run).second) << run << " twice";
  } while (search.Next());
  return all;
}

TEST(ExhaustiveChooserTest, BoundsPreemptions) {
  EXPECT_THAT(Interleavings(0), ElementsAre("AABB"));
  EXPECT_THAT(Interleavings(1), ElementsAre("AABB", "ABBA", "BBAA"));
  EXPECT_THAT(Interleavings(2), ElementsAre("AABB", "ABAB", "ABBA", "BAAB", "BBAA"));
  EXPECT_THAT(Interleavings(3), ElementsAre("AABB", "ABAB", "ABBA", "BAAB", "BABA", "BBAA"));
  EXPECT_EQ(Interleavings(ExhaustiveChooser::kUnbounded), Interleavings(3));
}

TEST(ExhaustiveChooserDeathTest, NoticesThatTheRunIsNotDeterministic) {
  ExhaustiveChooser search;
  search.Begin();
  Ask(search, ChoiceKind::kLock, 3);
  ASSERT_TRUE(search.Next());
  search.Begin();
  EXPECT_EXIT(Ask(search, ChoiceKind::kLock, 2), ::testing::ExitedWithCode(3), "HARNESS BUG");
}

// ---- ScheduleChooser ---------------------------------------------------------------------------------------------

class ScheduleChooserTest : public ::testing::Test {
 protected:
  void Set(std::vector<Deviation> deviations, Policy policy = {}) {
    schedule_.tasks = {{Op{}}, {Op{}}};
    schedule_.deviations = std::move(deviations);
    schedule_.policy = policy;
    chooser_.Set(schedule_);
    chooser_.Begin();
  }
  std::vector<Deviation> Ignored() {
    std::vector<Deviation> ignored;
    chooser_.Ignored(&ignored);
    return ignored;
  }

  Schedule schedule_;
  ScheduleChooser chooser_;
};

TEST_F(ScheduleChooserTest, DefaultWithoutDeviations) {
  Set({});
  EXPECT_EQ(Ask(chooser_, ChoiceKind::kLock, 3), 0);
  EXPECT_THAT(Ignored(), IsEmpty());
}

TEST_F(ScheduleChooserTest, DeviatesAtExactlyItsPlace) {
  Set({{kA, ChoiceKind::kLock, 2, 1}});
  EXPECT_EQ(Ask(chooser_, ChoiceKind::kLock, 3, 1), 0);
  EXPECT_EQ(Ask(chooser_, ChoiceKind::kAlloc, 2, 2), 0);
  EXPECT_EQ(Ask(chooser_, ChoiceKind::kLock, 3, 2, kB), 0);
  EXPECT_EQ(Ask(chooser_, ChoiceKind::kLock, 3, 2, {kTaskA, 1}), 0);
  EXPECT_THAT(Ignored(), ElementsAre(schedule_.deviations[0]));
  EXPECT_EQ(Ask(chooser_, ChoiceKind::kLock, 3, 2), 1);
  EXPECT_THAT(Ignored(), IsEmpty());
}

TEST_F(ScheduleChooserTest, PreemptNamesATask) {
  Set({{kA, ChoiceKind::kPreempt, 1, PackTarget(kCallback)}, {kA, ChoiceKind::kPreempt, 2, PackTarget(kB)}});
  EXPECT_EQ(AskWho(chooser_, {kA, kB, kCallback}, 1), 2);
  EXPECT_EQ(AskWho(chooser_, {kA, kCallback, kB}, 2), 2);
}

TEST_F(ScheduleChooserTest, IllegalAnswersAreIgnored) {
  Set({{kA, ChoiceKind::kPreempt, 1, PackTarget(kB)}, {kA, ChoiceKind::kLock, 1, 4}});
  EXPECT_EQ(AskWho(chooser_, {kA, kCallback}), 0);
  EXPECT_EQ(Ask(chooser_, ChoiceKind::kLock, 2), 0);
  EXPECT_EQ(Ignored(), schedule_.deviations);
}

TEST_F(ScheduleChooserTest, DeviationsComeBeforeThePolicyAndPinTheDefault) {
  Set({{kA, ChoiceKind::kLock, 1, 0}, {kA, ChoiceKind::kPreempt, 1, 0}}, {PolicyKind::kRate, kMinRate, 7});
  int rate_answers = 0;
  for (int i = 0; i < 50; ++i) {
    EXPECT_EQ(Ask(chooser_, ChoiceKind::kLock, 3), 0);
    EXPECT_EQ(AskWho(chooser_, {kA, kB}), 0);
    rate_answers += Ask(chooser_, ChoiceKind::kLock, 3, 2) != 0;
  }
  EXPECT_GT(rate_answers, 10);
  EXPECT_LT(rate_answers, 40);
}

TEST_F(ScheduleChooserTest, ForgetsTheScheduleBefore) {
  std::vector<Deviation> many;
  for (uint16_t i = 1; i <= kMaxDeviations; ++i) many.push_back({kA, ChoiceKind::kLock, i, 1});
  Set(many);
  for (uint16_t i = 1; i <= kMaxDeviations; ++i) EXPECT_EQ(Ask(chooser_, ChoiceKind::kLock, 2, i), 1);
  EXPECT_THAT(Ignored(), IsEmpty());
  Set({{kB, ChoiceKind::kLock, 1, 1}});
  for (uint16_t i = 1; i <= kMaxDeviations; ++i) EXPECT_EQ(Ask(chooser_, ChoiceKind::kLock, 2, i), 0);
  EXPECT_EQ(Ask(chooser_, ChoiceKind::kLock, 2, 1, kB), 1);
}

TEST_F(ScheduleChooserTest, BeginForgetsWhatFired) {
  Set({{kA, ChoiceKind::kLock, 1, 1}});
  EXPECT_EQ(Ask(chooser_, ChoiceKind::kLock, 2), 1);
  chooser_.Begin();
  EXPECT_EQ(Ignored(), schedule_.deviations);
}

// ---- Policies: saved schedules name a policy's version, so its answers must never change ---------------------------

std::string Answers(const Policy& policy, int count) {
  PolicyChooser chooser;
  chooser.Set(policy, 1);
  chooser.Begin();
  std::string answers;
  for (int i = 0; i < count; ++i) {
    uint16_t answer = i % 4 == 3 ? Ask(chooser, ChoiceKind::kLock, 3) : AskWho(chooser, {kA, kB, kCallback});
    answers += static_cast<char>('0' + answer);
  }
  return answers;
}

TEST(PolicyChooserTest, SameAnswersForEver) {
  static_assert(Rng::kVersion == 1, "new expectations for a new version");
  EXPECT_EQ(Answers({PolicyKind::kNone, 0, 0}, 8), "00000000");
  EXPECT_EQ(Answers({PolicyKind::kUniform, 0, 1}, 40), "0020200000002020111011202220122002200020");
  EXPECT_EQ(Answers({PolicyKind::kUniform, 0, 2}, 40), "0000000002201000101010000202212001100110");
  EXPECT_EQ(Answers({PolicyKind::kRate, 4, 1}, 40), "2000000000200000000000000000200000000200");
  EXPECT_EQ(Answers({PolicyKind::kPct, 3, 1}, 64), "0000000000101110111011101110111011101110222022202220222022202220");
  EXPECT_EQ(Answers({PolicyKind::kPct, 8, 2}, 64), "1100000000001110111011111110111011101110111011101110111211101110");
}

TEST(PolicyChooserTest, BeginStartsOver) {
  PolicyChooser chooser;
  chooser.Set({PolicyKind::kPct, 2, 5}, 2);
  std::string runs[2];
  for (std::string& run : runs) {
    chooser.Begin();
    for (int i = 0; i < 100; ++i) run += static_cast<char>('0' + AskWho(chooser, {kA, kB}));
  }
  EXPECT_EQ(runs[0], runs[1]);
}

TEST(PolicyChooserTest, PctChangesItsMindOncePerChangePoint) {
  for (uint32_t seed = 1; seed < 200; ++seed) {
    PolicyChooser chooser;
    chooser.Set({PolicyKind::kPct, 2, seed}, 4);
    chooser.Begin();
    int switches = 0;
    OpRef current = kA;
    for (int i = 0; i < 1000; ++i) {
      OpRef other = current == kA ? kB : kA;
      if (AskWho(chooser, {current, other}, 1, current) == 0) continue;
      current = other;
      ++switches;
    }
    EXPECT_LE(switches, 1 + 2) << seed;  // one more than the policy's two, if it does not want the task that begins
  }
}

// ---- RecordingChooser --------------------------------------------------------------------------------------------

TEST(RecordingChooserTest, NotesWhatIsNotTheDefault) {
  Schedule schedule;
  schedule.deviations = {{kA, ChoiceKind::kPreempt, 1, PackTarget(kB)}, {kB, ChoiceKind::kLock, 2, 1}};
  ScheduleChooser inner;
  inner.Set(schedule);
  RecordingChooser recorder(&inner);
  for (int round = 0; round < 2; ++round) {
    recorder.Begin();
    EXPECT_EQ(AskWho(recorder, {kA, kCallback, kB}), 2);
    EXPECT_EQ(Ask(recorder, ChoiceKind::kLock, 2, 1, kB), 0);
    EXPECT_EQ(Ask(recorder, ChoiceKind::kLock, 2, 2, kB), 1);
    EXPECT_EQ(recorder.deviations(), schedule.deviations);
  }
}

}  // namespace
}  // namespace nofail
