// SPDX-License-Identifier: MIT
//
// The search agrees with running every schedule, one by one.
#include "fuzz/explore/explorer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/kernel/sim/sanitizer.h"
#include "fuzz/check/crash_corpus.h"
#include "fuzz/check/oracles.h"
#include "fuzz/exec/executor.h"
#include "fuzz/exec/world.h"
#include "fuzz/explore/departures.h"
#include "fuzz/explore/scenarios.h"
#include "fuzz/explore/state_hash.h"
#include "fuzz/schedule/generate.h"
#include "fuzz/schedule/rng.h"
#include "fuzz/schedule/text.h"

namespace nofail {
namespace {

using testing::IsEmpty;

Schedule Parse(const std::string& text) {
  absl::StatusOr<ScheduleFile> file = ParseText("nofail schedule 1\n" + text, "test");
  EXPECT_TRUE(file.ok()) << file.status();
  return std::move(file->schedule);
}

// Gives the answers of every run within the bounds, one run after the other: do { run } while (Next()). It knows no
// states.
class EveryAnswer final : public Chooser {
 public:
  explicit EveryAnswer(const Bounds& bounds) : bounds_(bounds) {}
  void Begin() override {
    depth_ = 0;
    left_ = bounds_;
  }
  uint16_t Choose(const Choice& choice) override {
    const int departure = DepartureOf(choice);
    const bool allowed = departure == kDepartures || left_.Allow(static_cast<Departure>(departure));
    const uint16_t answers = allowed ? AnswersTo(choice) : uint16_t{1};
    if (answers < 2) return 0;
    if (depth_ == path_.size()) path_.push_back({0, answers});
    const Node& node = path_[depth_++];
    if (node.answer != 0 && departure != kDepartures) left_.Use(static_cast<Departure>(departure));
    return node.answer;
  }
  bool Next() {
    while (!path_.empty() && path_.back().answer + 1 == path_.back().answers) path_.pop_back();
    if (path_.empty()) return false;
    ++path_.back().answer;
    return true;
  }

 private:
  struct Node {
    uint16_t answer, answers;
  };
  const Bounds bounds_;
  Bounds left_;
  std::vector<Node> path_;
  size_t depth_ = 0;
};

struct Outcome {
  std::set<std::string> signatures;
  uint64_t final_states = 0, final_sum = 0, final_xor = 0;
  bool operator==(const Outcome&) const = default;
};

// Nothing if there are more than `most` schedules.
std::optional<Outcome> RunEvery(const Schedule& scenario, const Bounds& bounds, uint32_t most) {
  World world(*linked_subject, Sim::Get());
  StateHasher hasher(Sim::Get(), world);
  EveryAnswer chooser(bounds);
  Sim::Get().DetectRaces(false);  // the search does not either
  Outcome outcome;
  std::set<std::pair<uint64_t, uint64_t>> finals;
  Verdict verdict;
  do {
    if (most-- == 0) break;
    hasher.Begin(scenario, 0);
    world.Run(scenario, &chooser);
    const StateHash state = hasher.Hash(ChoiceKind::kPreempt, false);
    if (finals.insert({state.low, state.high}).second) {
      outcome.final_sum += state.low;
      outcome.final_xor ^= state.high;
    }
    Judge(world.view(), &verdict);
    for (const Violation& violation : verdict.violations) outcome.signatures.insert(violation.Signature());
  } while (chooser.Next());
  Sim::Get().DetectRaces(true);
  if (most == UINT32_MAX) return std::nullopt;
  outcome.final_states = finals.size();
  return outcome;
}

Explored Explore(const Schedule& scenario, ExploreOptions options) {
  Explorer explorer(*linked_subject, Sim::Get());
  return explorer.Explore(scenario, options);
}

Outcome OutcomeOf(const Explored& explored) {
  Outcome outcome = {{}, explored.final_states, explored.final_sum, explored.final_xor};
  for (const FoundViolation& found : explored.found) outcome.signatures.insert(found.signature);
  return outcome;
}

Bounds Allowing(uint8_t preemptions, uint8_t locks, uint8_t allocations, uint8_t late, uint8_t restarts) {
  return {.left = {preemptions, locks, allocations, late, restarts}};
}

// Whether the scenario is so small that all its schedules can be run: cuts it down to one op for each of two tasks.
Schedule SmallScenario(uint32_t seed, Profile profile) {
  Rng rng(seed);
  Schedule schedule = Generate(profile, rng);
  schedule.deviations.clear();
  schedule.policy = {};
  schedule.tasks.resize(std::min<size_t>(schedule.tasks.size(), 2));
  for (auto& task : schedule.tasks) task.resize(1);
  schedule.setup.resize(std::min<size_t>(schedule.setup.size(), 4));
  return schedule;
}

struct Case {
  const char* text;
  Bounds bounds;
};

// Each case is small enough to run all its schedules.
const Case kCases[] = {
    {"map m0 type=sk value=8\nowner o0 type=sk\nsetup: update m0 o0\ntask A: map_free m0\ntask B: destroy o0\n",
     Allowing(2, 1, 0, 0, 1)},
    {"map m0 type=cgroup value=8\nowner o0 type=cgroup\nmode rcu=non-preemptible\nsetup: update m0 o0\n"
     "task A: map_free m0\ntask B: destroy o0\n",
     Allowing(2, 2, 0, 1, 0)},
    {"map m0 type=sk value=8 fields=kptr\nowner o0 type=sk\nsetup: update m0 o0; kptr m0 o0\n"
     "task A: delete m0 o0\ntask B: kptr m0 o0\n",
     Allowing(2, 1, 0, 0, 0)},
    {"map m0 type=task value=8\nowner o0 type=task\ntask A: update m0 o0\ntask B: update m0 o0\n",
     Allowing(2, 0, 1, 0, 0)},
    {"map m0 type=sk value=8\nowner o0 type=sk\nmode locks=any\nsetup: update m0 o0\ntask A: delete m0 o0\n"
     "task B: lookup m0 o0\n",
     Allowing(1, 1, 0, 0, 0)},
    {"map m0 type=sk value=8\nowner o0 type=sk\nowner o1 type=sk\nsetup: update m0 o0; update m0 o1\n"
     "task A: map_free m0\ntask B: destroy o0\ntask C: destroy o1\n",
     Allowing(1, 1, 0, 0, 0)},
};

TEST(ExplorerTest, FindsWhatRunningEveryScheduleFinds) {
  for (const Case& row : kCases) {
    SCOPED_TRACE(row.text);
    const Schedule scenario = Parse(row.text);
    const Outcome all = RunEvery(scenario, row.bounds, 1'000'000).value();
    for (const bool deepens : {false, true}) {
      const Explored explored = Explore(scenario, {.bounds = row.bounds, .deepens = deepens});
      EXPECT_EQ(explored.ended, Ended::kComplete);
      const Outcome outcome = OutcomeOf(explored);
      EXPECT_EQ(outcome.signatures, all.signatures);
      EXPECT_EQ(outcome.final_states, all.final_states);
      EXPECT_EQ(outcome, all);
    }
  }
}

TEST(ExplorerTest, FindsWhatRunningEveryScheduleOfRandomScenariosFinds) {
  uint32_t compared = 0;
  const char* more = getenv("NOFAIL_TEST_SEEDS");
  for (uint32_t seed = 1; seed <= (more != nullptr ? static_cast<uint32_t>(atoi(more)) : 40u); ++seed) {
    for (const Profile profile : {Profile::kTeardown, Profile::kLifecycle}) {
      const Schedule scenario = SmallScenario(seed, profile);
      SCOPED_TRACE(FormatText({.schedule = scenario}));
      Bounds bounds = Allowing(2, 2, 1, 1, 1);
      bounds.all = 2;
      const std::optional<Outcome> all = RunEvery(scenario, bounds, 20'000);
      if (!all) continue;
      EXPECT_EQ(OutcomeOf(Explore(scenario, {.bounds = bounds})), *all);
      ++compared;
    }
  }
  EXPECT_GE(compared, 40u);  // of 80: the others have too many schedules to run them all
}

// What the reduction leaves out makes no difference: the same violations, and the same set of final states.
TEST(ExplorerTest, ReductionLeavesOutOrdersOnly) {
  constexpr uint64_t kSteps = 60'000;
  Explorer explorer(*linked_subject, Sim::Get());
  uint32_t compared = 0;
  uint64_t steps = 0, steps_without = 0;
  for (const Profile profile : {Profile::kTeardown, Profile::kLifecycle}) {
    for (uint32_t seed = 1; seed <= 40; ++seed) {
      const Schedule scenario = SmallScenario(seed, profile);
      SCOPED_TRACE(FormatText({.schedule = scenario}));
      ExploreOptions options = {.bounds = Allowing(Bounds::kUnbounded, 1, 1, seed % 2, 1)};
      options.tell = [](const Progress& progress) { return progress.steps < kSteps; };
      const Explored reduced = explorer.Explore(scenario, options);
      if (reduced.ended != Ended::kComplete) continue;
      options.reduces = false;
      options.tell = nullptr;
      const Explored full = explorer.Explore(scenario, options);
      EXPECT_EQ(OutcomeOf(reduced), OutcomeOf(full));
      ++compared;
      steps += reduced.progress.steps;
      steps_without += full.progress.steps;
    }
  }
  EXPECT_GE(compared, 40u);  // of 80: the others are too large
  if (kAccessesSeen) {
    EXPECT_LT(steps, steps_without);
  } else {
    EXPECT_EQ(steps, steps_without);  // this build does not see what a step touches
  }
}

std::set<std::string> ExpectedOf(const ScheduleFile& file) {
  std::set<std::string> expected;
  for (const Expectation& expectation : file.expectations) {
    if (expectation.subject != linked_subject->name) continue;
    expected.insert(expectation.signatures.begin(), expectation.signatures.end());
  }
  std::erase_if(expected, [](const std::string& signature) { return signature.starts_with("data-race/"); });
  return expected;
}

// With as many departures as the schedule has, the search finds what the schedule shows, or has not come to its end. To
// search all of them takes hours. But each listed violation is found in some scenario. NOFAIL_TEST_STEPS sets how many
// steps the search of each may take.
TEST(ExplorerTest, FindsTheListedViolations) {
  const char* more = getenv("NOFAIL_TEST_STEPS");
  const uint64_t steps = more != nullptr ? static_cast<uint64_t>(atoll(more)) : 200'000;
  uint32_t found = 0, ended_early = 0;
  std::set<std::string> expected, seen;  // by all schedules
  Explorer explorer(*linked_subject, Sim::Get());
  Executor executor(*linked_subject, Sim::Get());
  for (const CorpusEntry& entry : CrashCorpus()) {
    std::set<std::string> missing = ExpectedOf(entry.file);
    if (missing.empty()) continue;
    expected.insert(missing.begin(), missing.end());
    SCOPED_TRACE(entry.name);
    const Departures used = DeparturesOf(entry.file.schedule, &executor);
    ExploreOptions options;
    std::copy(used.begin(), used.end(), options.bounds.left.begin());
    options.tell = [&](const Progress& progress) { return progress.steps < steps; };
    options.found = [&](const std::string& signature) {
      missing.erase(signature);
      seen.insert(signature);
      return !missing.empty();
    };
    const Explored explored = explorer.Explore(entry.file.schedule, options);
    if (explored.ended == Ended::kComplete) EXPECT_THAT(missing, IsEmpty());
    (missing.empty() ? found : ended_early)++;
    if (!missing.empty()) {
      printf("%s: not found in %u steps: %s\n", entry.name.c_str(), static_cast<unsigned>(explored.progress.steps),
             DeparturesText(used).c_str());
    }
  }
  // What schedules of many ops alone show, a small scenario shows with more steps.
  const Schedule small = Parse(
      "map m0 type=sk value=8\nmap m1 type=sk value=8\nowner o0 type=sk\nsetup: update m0 o0; update m1 o0\n"
      "task A: map_free m1\ntask B: map_free m0\ntask C: destroy o0\n");
  for (const FoundViolation& violation : explorer.Explore(small, {.bounds = Allowing(4, 2, 0, 0, 0)}).found) {
    seen.insert(violation.signature);
  }
  for (const std::string& signature : seen) expected.erase(signature);
  EXPECT_THAT(expected, IsEmpty());
  printf("%u schedules' violations found, of %u\n", found, found + ended_early);
  EXPECT_GE(found, 75u) << ended_early << " more were not searched to their end";
}

}  // namespace
}  // namespace nofail
