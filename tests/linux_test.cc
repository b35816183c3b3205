// SPDX-License-Identifier: MIT
//
// Tests a kernel tree as the subject: runs in which nothing fails and nothing overlaps pass, and a recorded run runs
// the same again.
#include "core/kernel/sim/sim.h"
#include "fuzz/exec/executor.h"
#include "fuzz/listing/list_by_replay.h"
#include "fuzz/schedule/generate.h"
#include "fuzz/schedule/text.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace nofail {
namespace {

using ::testing::IsEmpty;
using ::testing::StartsWith;

constexpr Profile kProfiles[] = {Profile::kTeardown, Profile::kLifecycle};

std::string Signatures(const Verdict& verdict) {
  std::string all;
  for (const Violation& violation : verdict.violations) all += violation.Signature() + "\n";
  return all;
}

// Whether the violation is by design in old trees, whose destroy does not uncharge the sock (probes/uncharges.text).
bool LeavesCharge(const Violation& violation) {
  return violation.kind == "charge.left";
}

class LinuxTest : public ::testing::Test {
 protected:
  Executor executor_{*linked_subject, Sim::Get()};
};

TEST_F(LinuxTest, IsNamedAfterTheTree) {
  EXPECT_THAT(linked_subject->name, StartsWith("linux-"));
}

// Whether the violation is a listed data race. The thread sanitizer reports such a race even in a sequential run.
bool IsListedRace(const Violation& violation) {
  static const Listings* const listings = [] {
    Executor executor(*linked_subject, Sim::Get());
    return new Listings(ListByReplay(linked_subject->name, &executor));
  }();
  return violation.kind == "data-race" && listings->Find(violation.Signature()) != nullptr;
}

TEST_F(LinuxTest, SequentialFaultFreeRunsPass) {
  Rng rng(1);
  for (int i = 0; i < 20000; ++i) {
    Schedule schedule = Generate(kProfiles[i % 2], rng);
    schedule.deviations.clear();
    schedule.policy = {};
    Verdict verdict = executor_.Run(schedule).verdict;
    if (NOFAIL_LINUX_LEAVES_CHARGE) std::erase_if(verdict.violations, LeavesCharge);
    std::erase_if(verdict.violations, IsListedRace);
    ASSERT_TRUE(verdict.pass()) << FormatText({{}, schedule, {}}) << Signatures(verdict);
  }
}

TEST_F(LinuxTest, ARecordedRunIsTheSameRun) {
  Rng rng(2);
  for (int i = 0; i < 2000; ++i) {
    const Schedule schedule = Generate(kProfiles[i % 2], rng);
    ASSERT_TRUE(executor_.IsDeterministic(schedule)) << FormatText({{}, schedule, {}});
    const Schedule recorded = executor_.Record(schedule);
    const uint64_t hash = executor_.trace().Hash();
    EXPECT_THAT(executor_.Run(recorded).ignored, IsEmpty());
    ASSERT_EQ(executor_.trace().Hash(), hash) << FormatText({{}, schedule, {}});
  }
}

}  // namespace
}  // namespace nofail
