// SPDX-License-Identifier: MIT
//
// Each mutator has a puzzle: a start schedule, and a goal schedule that one step of this mutator makes of it. The whole
// table of mutators reaches the goal. The table without this mutator does not reach it, in the same number of tries.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "fuzz/schedule/generate.h"
#include "fuzz/schedule/mutate.h"
#include "fuzz/schedule/text.h"

namespace nofail {
namespace {

constexpr int kTries = 20000;

constexpr char kStart[] = R"(nofail schedule 1
map m0 type=sk value=8 fields=kptr
map m1 type=sk value=16
owner o0 type=sk bucket=0
owner o1 type=sk bucket=3
setup: update m0 o0; update m0 o1 exist lock
task A: lookup m0 o0; map_free m0
task B: destroy o0
deviate A/map_free: preempt 7 to B
deviate B/destroy: lock 2 timeout
policy rate 1/50 seed=9 v1
)";

Schedule Parse(const std::string& text) {
  absl::StatusOr<ScheduleFile> file = ParseText(text, "puzzle");
  EXPECT_TRUE(file.ok()) << file.status();
  return file.ok() ? file->schedule : Schedule{};
}

using Goal = std::function<bool(const Schedule&)>;
using Edits = std::vector<std::pair<std::string, std::string>>;

// The goal whose text is kStart's with every edit made. An edit replaces its first text by its second, everywhere.
Goal Becomes(const Edits& edits) {
  std::string text = kStart;
  for (const auto& [from, to] : edits) {
    EXPECT_NE(text.find(from), std::string::npos) << from;
    for (size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) {
      text.replace(at, from.size(), to);
    }
  }
  return [goal = Parse(text)](const Schedule& s) { return s == goal; };
}
Goal Gains(const std::string& sentence) {
  return Becomes({{"policy", sentence + "\npolicy"}});
}

// Every schedule is a goal that differs from the start only in its policy, and whose policy satisfies the test.
Goal PolicyBecomes(bool (*test)(const Policy&)) {
  return [test](const Schedule& s) {
    Schedule same = Parse(kStart);
    same.policy = s.policy;
    return s == same && test(s.policy);
  };
}

const Deviation kRecorded[] = {{{kTaskA, 0}, ChoiceKind::kPreempt, 1, PackTarget({kTaskA + 1, 0})},
                               {{kTaskA + 1, 0}, ChoiceKind::kGracePeriod, 1, 2}};

struct Puzzle {
  const char* answer;  // name of the mutator that solves it
  Goal goal;
};

std::vector<Puzzle> Puzzles() {
  return {
      {"insert-op", Becomes({{"lookup m0 o0;", "lookup m0 o0; dump o0;"}})},
      {"drop-op", Becomes({{"lookup m0 o0; ", ""}})},
      {"swap-ops", Becomes({{"lookup m0 o0; map_free m0", "map_free m0; lookup m0 o0"}})},
      {"duplicate-op", Becomes({{"task B: destroy", "task B: update m0 o1 exist lock; destroy"}})},
      {"move-op", Becomes({{"lookup m0 o0; ", ""}, {"destroy o0", "destroy o0; lookup m0 o0"}})},
      {"retarget-map", Becomes({{"lookup m0", "lookup m1"}})},
      {"retarget-owner", Becomes({{"lookup m0 o0", "lookup m0 o1"}})},
      {"flags", Becomes({{"lookup m0 o0", "lookup m0 o0 cache"}})},
      {"swap-tasks", Becomes({{"task A: lookup m0 o0; map_free m0\ntask B: destroy o0",
                               "task B: destroy o0\ntask A: lookup m0 o0; map_free m0"}})},
      {"bucket", Becomes({{"bucket=3", "bucket=0"}})},
      {"add-owner", Becomes({{"owner o1 type=sk bucket=3", "owner o1 type=sk bucket=3\nowner o2 type=sk bucket=3"},
                             {"exist lock", "exist lock; update m1 o2"},
                             {"destroy o0", "destroy o0; destroy o2"}})},
      {"drop-owner", Becomes({{"owner o1 type=sk bucket=3\n", ""}, {"; update m0 o1 exist lock", ""}})},
      {"add-map", Becomes({{"value=16", "value=16\nmap m2 type=sk value=16"},
                           {"exist lock", "exist lock; update m2 o1"},
                           {"destroy o0", "destroy o0; map_free m2"}})},
      {"drop-map", Becomes({{"map m1 type=sk value=16\n", ""}})},
      {"values", Becomes({{"value=16", "value=16 clone"}})},
      {"optmem", Becomes({{"bucket=0", "bucket=0 optmem=128"}})},
      {"type", Becomes({{"type=sk", "type=cgroup"}})},
      {"modes", Gains("mode rcu=non-preemptible")},
      {"add-preemption", Gains("deviate A/lookup: preempt 2 to B")},
      {"pin-default", Gains("deviate A/lookup: preempt 2 stay")},
      {"drop-deviation", Becomes({{"deviate B/destroy: lock 2 timeout\n", ""}})},
      {"nudge", Becomes({{"preempt 7", "preempt 8"}})},
      {"retarget-preemption", Becomes({{"preempt 7 to B", "preempt 7 to cb/selem0"}})},
      {"lock", Becomes({{"lock 2 timeout", "lock 2 deadlock"}})},
      {"allocation", Gains("deviate A/lookup: alloc 1 fail")},
      {"grace-period", Gains("deviate A/map_free: gp 1 late 2")},
      {"resched", Gains("deviate A/lookup: resched 1")},
      {"reseed", PolicyBecomes([](const Policy& p) { return p.parameter == 50 && p.seed != 9; })},
      {"policy", PolicyBecomes([](const Policy& p) { return p.kind == PolicyKind::kPct; })},
      {"freeze",
       [](const Schedule& s) {
         Schedule frozen = Parse(kStart);
         frozen.policy = {};
         frozen.deviations.assign(std::begin(kRecorded), std::end(kRecorded));
         return s == frozen;
       }},
  };
}

bool Solves(std::span<const Mutator> table, const Goal& goal) {
  const Schedule start = Parse(kStart);
  Rng rng(1);
  for (int i = 0; i < kTries; ++i) {
    Schedule s = start;
    Apply(PickMutator(table, rng), Profile::kLifecycle, {kRecorded}, rng, &s);
    if (goal(s)) return true;
  }
  return false;
}

TEST(Mutators, EachSolvesAPuzzleThatTheOthersDoNot) {
  for (const Puzzle& puzzle : Puzzles()) {
    std::vector<Mutator> others;
    for (const Mutator& mutator : Mutators()) {
      if (mutator.name != std::string(puzzle.answer)) others.push_back(mutator);
    }
    ASSERT_EQ(others.size() + 1, Mutators().size()) << puzzle.answer << " is not in the table";
    EXPECT_TRUE(Solves(Mutators(), puzzle.goal)) << puzzle.answer;
    EXPECT_FALSE(Solves(others, puzzle.goal)) << puzzle.answer << " is not needed";
  }
}

TEST(Mutators, EachHasAPuzzle) {
  std::vector<std::string> in_table, in_puzzles;
  for (const Mutator& mutator : Mutators()) in_table.emplace_back(mutator.name);
  for (const Puzzle& puzzle : Puzzles()) in_puzzles.emplace_back(puzzle.answer);
  EXPECT_THAT(in_puzzles, testing::UnorderedElementsAreArray(in_table));
}

TEST(Mutators, LeaveValidSchedulesOfTheProfile) {
  Rng rng(2);
  for (Profile profile : {Profile::kTeardown, Profile::kLifecycle}) {
    Schedule s = Generate(profile, rng);
    for (int i = 0; i < 50000; ++i) {
      const Mutator& mutator = PickMutator(Mutators(), rng);
      const Schedule before = s;
      const bool changed = Apply(mutator, profile, {kRecorded}, rng, &s);
      ASSERT_EQ(changed, s != before) << mutator.name;
      ASSERT_EQ(Problem(s), "") << mutator.name;
      Schedule fitted = s;
      FitToProfile(&fitted, profile);
      ASSERT_EQ(fitted, s) << mutator.name;
      if (i % 20 == 0) s = Generate(profile, rng);
    }
  }
}

TEST(Mutators, DependOnTheRngAlone) {
  for (const Mutator& mutator : Mutators()) {
    Schedule a = Parse(kStart), b = a;
    Rng first(3), second(3);
    Apply(mutator, Profile::kLifecycle, {kRecorded}, first, &a);
    Apply(mutator, Profile::kLifecycle, {kRecorded}, second, &b);
    EXPECT_EQ(a, b) << mutator.name;
  }
}

TEST(Splice, TakesATaskWithItsDeviationsAndTheObjectsItIsAbout) {
  // The goal: task B of the other schedule becomes task C, and brings along o2, its update in the set-up and its
  // deviation.
  const Schedule other = Parse(R"(nofail schedule 1
map m0 type=sk
owner o0 type=sk
owner o1 type=sk
owner o2 type=sk bucket=5
setup: update m0 o2
task A: map_free m0
task B: dump o2; destroy o2
deviate B/destroy: lock 1 timeout
)");
  const Goal goal = Becomes({{"bucket=3", "bucket=3\nowner o2 type=sk bucket=5"},
                             {"exist lock", "exist lock; update m0 o2"},
                             {"task B: destroy o0", "task B: destroy o0\ntask C: dump o2; destroy o2"},
                             {"policy", "deviate C/destroy: lock 1 timeout\npolicy"}});
  Rng rng(4);
  bool solved = false;
  for (int i = 0; i < 200 && !solved; ++i) {
    Schedule s = Parse(kStart);
    Splice(other, Profile::kLifecycle, rng, &s);
    ASSERT_EQ(Problem(s), "");
    solved = goal(s);
  }
  EXPECT_TRUE(solved);
}

}  // namespace
}  // namespace nofail
