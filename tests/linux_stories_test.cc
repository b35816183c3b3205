// SPDX-License-Identifier: MIT
//
// Tests what reports say about bugs of a Linux tree: the decisive event, and what belongs together. The subject is
// Linux 7.2 with some of the bugs of mutants/linux/; each test runs a schedule that meets one of them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "core/kernel/sim/sanitizer.h"
#include "core/kernel/sim/sim.h"
#include "fuzz/check/cause.h"
#include "fuzz/exec/executor.h"
#include "fuzz/sanitizers/sanitizer_hooks.h"
#include "fuzz/schedule/text.h"

namespace nofail {
namespace {

using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class LinuxStoriesTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { InstallSanitizerHooks(nullptr); }

  const JudgedRun& Run(const std::string& text) {
    auto file = ParseText("nofail schedule 1\n" + text, "test");
    EXPECT_TRUE(file.ok()) << file.status();
    schedule_ = file.ok() ? file->schedule : Schedule();
    return executor_.Run(schedule_);
  }

  Executor executor_{*linked_subject, Sim::Get()};
  Schedule schedule_;
};

const Violation& Find(const JudgedRun& run, const std::string& signature) {
  static const Violation nothing;
  for (const Violation& violation : run.verdict.violations) {
    if (violation.Signature() == signature) return violation;
  }
  ADD_FAILURE() << "the run does not show " << signature;
  return nothing;
}

// clone-keeps-map
TEST_F(LinuxStoriesTest, ADeadlockSaysWhoseReferenceWasNotGivenBack) {
  const JudgedRun& run =
      Run("map m0 type=sk value=8 clone\nowner o0 type=sk\nowner o1 type=sk\nsetup: update m0 o0\n"
          "task A: clone o0 o1\ndeviate A/clone: alloc 1 fail\n");
  const Violation& deadlock = Find(run, "deadlock/map/bpf_sk_storage_clone/wait=reference");
  EXPECT_THAT(deadlock.detail, AllOf(HasSubstr("end in map_free waits for ever for the last reference to m0"),
                                     HasSubstr("A in bpf_sk_storage_clone took one at #")));
  EXPECT_EQ(CauseOf(run.trace, deadlock), "reference to map taken in bpf_sk_storage_clone");
}

// clone-follows-null
TEST_F(LinuxStoriesTest, ANullPointerSaysWhoWroteIt) {
  const JudgedRun& run =
      Run("map m0 type=sk value=8\nowner o0 type=sk bucket=0\nowner o1 type=sk bucket=0\nsetup: update m0 o0\n"
          "task A: map_free m0\ntask B: clone o0 o1\ndeviate A/map_free: preempt 14 to B\n");
  const Violation& null = Find(run, "null-dereference/-/bpf_sk_storage_clone");
  EXPECT_THAT(
      null.detail,
      ContainsRegex("B in bpf_sk_storage_clone followed a null pointer, which it had read from selem0.[0-9]+ at "
                    "#[0-9]+; A in bpf_selem_unlink_nofail had cleared it at #[0-9]+; A in "
                    "bpf_selem_unlink_nofail had last read it as set, to m0, at #[0-9]+"));
  EXPECT_EQ(CauseOf(run.trace, null), "pointer in selem cleared in bpf_selem_unlink_nofail");
}

// published-plainly
TEST_F(LinuxStoriesTest, ReadersOfWhatWasPublishedPlainlyAreFacesOfOneCause) {
  const JudgedRun& run =
      Run("map m0 type=sk value=8\nmap m1 type=sk value=8 clone\nowner o0 type=sk\nowner o1 type=sk\n"
          "setup: update m0 o0\ntask A: update m1 o0\ntask B: lookup m1 o0\ntask C: dump o0; clone o0 o1\n");
  if (!kDetectsRaces) GTEST_SKIP() << "this build detects no data races";
  std::set<std::string> causes;
  for (const Violation& violation : run.verdict.violations) {
    EXPECT_EQ(violation.kind, "data-race");
    causes.insert(CauseOf(run.trace, violation));
  }
  EXPECT_GT(run.verdict.violations.size(), 1u);
  EXPECT_THAT(causes, ElementsAre("plain store in bpf_selem_link_storage_nolock"));
}

}  // namespace
}  // namespace nofail
