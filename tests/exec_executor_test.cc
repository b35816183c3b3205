// SPDX-License-Identifier: MIT
//
// Tests the executor on the posted subject: a schedule runs the same each time, and a recorded schedule runs as the one
// that it was recorded from.
#include "fuzz/exec/choosers.h"
#include "fuzz/exec/executor.h"
#include "fuzz/schedule/generate.h"
#include "fuzz/schedule/text.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace nofail {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr Profile kProfiles[] = {Profile::kTeardown, Profile::kLifecycle};

Schedule Parse(const char* text) {
  auto file = ParseText(text, "test");
  EXPECT_TRUE(file.ok()) << file.status();
  return file.ok() ? file->schedule : Schedule();
}

std::string Signatures(const Verdict& verdict) {
  std::string all;
  for (const Violation& violation : verdict.violations) all += violation.Signature() + "\n";
  return all;
}

class ExecutorTest : public ::testing::Test {
 protected:
  uint64_t HashOf(const Schedule& schedule) {
    executor_.Run(schedule);
    return executor_.trace().Hash();
  }

  Executor executor_{*linked_subject, Sim::Get()};
};

TEST_F(ExecutorTest, SequentialFaultFreeRunsPass) {
  Rng rng(1);
  for (int i = 0; i < 20000; ++i) {
    Schedule schedule = Generate(kProfiles[i % 2], rng);
    schedule.deviations.clear();
    schedule.policy = {};
    const JudgedRun& result = executor_.Run(schedule);
    // The only violation that is allowed is a data race that the thread sanitizer sees in a sequential run, too:
    // nothing orders a sleepable reader before the free (corpus/findings/sleepable-reader*).
    for (const Violation& violation : result.verdict.violations) {
      ASSERT_EQ(violation.kind, FaultText(Fault::kDataRace))
          << FormatText({{}, schedule, {}}) << Signatures(result.verdict);
    }
  }
}

TEST_F(ExecutorTest, ARecordedRunIsTheSameRun) {
  Rng rng(2);
  for (int i = 0; i < 4000; ++i) {
    const Schedule schedule = Generate(kProfiles[i % 2], rng);
    const uint64_t hash = HashOf(schedule);
    const Schedule recorded = executor_.Record(schedule);
    EXPECT_EQ(executor_.trace().Hash(), hash);
    EXPECT_EQ(recorded.policy, Policy());
    const JudgedRun& again = executor_.Run(recorded);
    ASSERT_EQ(executor_.trace().Hash(), hash) << FormatText({{}, schedule, {}});
    EXPECT_THAT(again.ignored, IsEmpty());
  }
}

TEST_F(ExecutorTest, RunsAreDeterministic) {
  Rng rng(3);
  for (int i = 0; i < 4000; ++i) {
    const Schedule schedule = Generate(kProfiles[i % 2], rng);
    ASSERT_TRUE(executor_.IsDeterministic(schedule)) << FormatText({{}, schedule, {}});
  }
}

TEST_F(ExecutorTest, WhatRanBeforeDoesNotMatter) {
  Rng rng(4);
  std::vector<Schedule> schedules;
  std::vector<uint64_t> hashes;
  for (int i = 0; i < 500; ++i) {
    schedules.push_back(Generate(kProfiles[i % 2], rng));
    hashes.push_back(HashOf(schedules.back()));
  }
  for (size_t i = schedules.size(); i-- > 0;) EXPECT_EQ(HashOf(schedules[i]), hashes[i]) << i;
  Executor other(*linked_subject, Sim::Get());
  for (size_t i = 0; i < schedules.size(); ++i) {
    other.Run(schedules[i]);
    EXPECT_EQ(other.trace().Hash(), hashes[i]) << i;
  }
}

TEST_F(ExecutorTest, NothingFailsWhereNothingMay) {
  executor_.AllowNoFailures();
  Rng rng(5);
  int with_failures = 0;
  for (int i = 0; i < 2000; ++i) {
    Schedule schedule = Generate(kProfiles[i % 2], rng);
    const Schedule recorded = executor_.Record(schedule);
    const uint64_t hash = executor_.trace().Hash();
    for (const Deviation& deviation : recorded.deviations) {
      ASSERT_NE(deviation.kind, ChoiceKind::kLock);
      ASSERT_NE(deviation.kind, ChoiceKind::kAlloc);
    }
    Executor others(*linked_subject, Sim::Get());  // one that allows failures; it must run the recording the same
    others.Run(recorded);
    ASSERT_EQ(others.trace().Hash(), hash) << FormatText({{}, schedule, {}});
    others.Run(schedule);
    with_failures += others.trace().Hash() != hash;
  }
  EXPECT_GT(with_failures, 100);
}

TEST_F(ExecutorTest, ListsTheDeviationsThatDidNothing) {
  const Schedule schedule = Parse(R"(nofail schedule 1
map m0 type=sk value=8
owner o0 type=sk
setup: update m0 o0
task A: map_free m0
task B: destroy o0
deviate A/map_free: preempt 3 to B
deviate A/map_free: preempt 4 to cb/selem9
deviate A/map_free: lock 60 timeout
)");
  const JudgedRun& result = executor_.Run(schedule);
  EXPECT_THAT(result.ignored, ElementsAre(schedule.deviations[1], schedule.deviations[2]));
}

TEST_F(ExecutorTest, AnotherChooserAnswersInsteadOfTheSchedule) {
  Schedule schedule = Parse(R"(nofail schedule 1
map m0 type=sk value=8
owner o0 type=sk
setup: update m0 o0
task A: map_free m0
task B: destroy o0
)");
  const uint64_t sequential = HashOf(schedule);
  schedule.policy = {PolicyKind::kUniform, 0, 1};
  EXPECT_NE(HashOf(schedule), sequential);
  DefaultChooser chooser;
  executor_.Run(schedule, &chooser);
  EXPECT_EQ(executor_.trace().Hash(), sequential);
}

}  // namespace
}  // namespace nofail
