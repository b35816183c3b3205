// SPDX-License-Identifier: MIT
//
// Tests what each pass of the minimizer makes of a schedule. No schedule is run. Instead each test says by a function
// on the schedule's text whether a smaller schedule still counts.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "fuzz/minimize/edit.h"
#include "fuzz/minimize/order.h"
#include "fuzz/minimize/passes.h"
#include "fuzz/schedule/text.h"

namespace nofail {
namespace {

using ::testing::HasSubstr;

Schedule Parse(const std::string& sentences) {
  auto file = ParseText("nofail schedule 1\n" + sentences, "test");
  EXPECT_TRUE(file.ok()) << file.status();
  return file.ok() ? file->schedule : Schedule();
}
std::string Text(const Schedule& schedule) {
  return FormatText({{}, schedule, {}});
}

// Runs one pass on the schedule of `sentences`, and returns the text of its result. The pass may take a candidate if
// `keeps` is true of the candidate's text.
std::string After(const std::string& pass_name, const std::string& sentences,
                  const std::function<bool(const std::string&)>& keeps) {
  Search search(Parse(sentences), [&](const Schedule& candidate) -> std::optional<Schedule> {
    EXPECT_EQ(Problem(candidate), "");
    if (!keeps(Text(candidate))) return std::nullopt;
    return candidate;
  });
  for (const Pass& pass : AllPasses()) {
    if (pass.name != pass_name) continue;
    pass.run(&search);
    return Text(search.best());
  }
  ADD_FAILURE() << "no pass " << pass_name;
  return "";
}
bool Has(const std::string& text, const char* part) {
  return text.find(part) != text.npos;
}
std::string Whole(const std::string& sentences) {
  return Text(Parse(sentences));
}

constexpr char kTwo[] = "map m0 type=sk value=8\nmap m1 type=sk value=8\nowner o0 type=sk\nowner o1 type=sk\n";

TEST(MinimizePasses, DeviationsThatNothingDependsOnGo) {
  const std::string start = std::string(kTwo) + "task A: map_free m0\ntask B: destroy o0\n";
  EXPECT_EQ(After("drop deviations",
                  start + "deviate A/map_free: preempt 3 to B\ndeviate A/map_free: lock 1 timeout\n"
                          "deviate A/map_free: lock 2 timeout\ndeviate B/destroy: preempt 4 to A\n",
                  [](const std::string& s) { return Has(s, "lock 2") && Has(s, "preempt 3"); }),
            Whole(start + "deviate A/map_free: preempt 3 to B\ndeviate A/map_free: lock 2 timeout\n"));
}

TEST(MinimizePasses, PairsOfDeviationsGoTogether) {
  const std::string start = std::string(kTwo) + "task A: map_free m0\ntask B: destroy o0\n";
  const auto both_or_none = [](const std::string& s) { return Has(s, "preempt 3") == Has(s, "preempt 4"); };
  const std::string there_and_back = "deviate A/map_free: preempt 3 to B\ndeviate B/destroy: preempt 4 to A\n";
  EXPECT_EQ(After("drop pairs of deviations", start + there_and_back, both_or_none), Whole(start));
}

TEST(MinimizePasses, ADeviationGoesWhenAnotherComesLater) {
  const std::string start = std::string(kTwo) + "task A: map_free m0\ntask B: destroy o0\n";
  EXPECT_EQ(After("drop deviations and aim others anew",
                  start + "deviate A/map_free: preempt 3 to B\ndeviate B/destroy: preempt 4 to A\n",
                  [](const std::string& s) {
                    return Has(s, "preempt 9 to B") || (Has(s, "preempt 3") && Has(s, "preempt 4"));
                  }),
            Whole(start + "deviate A/map_free: preempt 9 to B\n"));
}

TEST(MinimizePasses, WhatIsSaidOfAnOperationThatNeedNotWaitIsCountedFromEarlier) {
  const std::string start = std::string(kTwo) + "task A: map_free m0\ntask B: destroy o0\n";
  EXPECT_EQ(After("drop deviations and aim others anew",
                  start + "deviate A/map_free: preempt 3 to B\ndeviate B/destroy: preempt 2 to A\n"
                          "deviate B/destroy: lock 2 timeout\ndeviate B/destroy: preempt 15 to A\n",
                  [](const std::string& s) {
                    return Has(s, "preempt 3 to B")
                               ? Has(s, "preempt 2 to A") && Has(s, "lock 2") && Has(s, "preempt 15 to A")
                               : Has(s, "preempt 2 to A") && Has(s, "lock 1") && Has(s, "preempt 11 to A");
                  }),
            Whole(start + "deviate B/destroy: preempt 2 to A\ndeviate B/destroy: lock 1 timeout\n"
                          "deviate B/destroy: preempt 11 to A\n"));
}

TEST(MinimizePasses, AnOwnerThatMattersInOneOrderOfTasksGoesInAnother) {
  EXPECT_EQ(After("reorder tasks",
                  std::string(kTwo) + "task A: destroy o1; destroy o0\ntask B: map_free m0\n"
                                      "deviate A/destroy: preempt 25 to B\ndeviate B/map_free: preempt 9 to A\n",
                  [](const std::string& s) {
                    return (Has(s, "preempt 25") && Has(s, "task A: destroy")) ||
                           (!Has(s, "destroy o1") && Has(s, "A/map_free: preempt 9 to B"));
                  }),
            Whole("map m0 type=sk value=8\nmap m1 type=sk value=8\nowner o0 type=sk\n"
                  "task A: map_free m0\ntask B: destroy o0\ndeviate A/map_free: preempt 9 to B\n"));
}

TEST(MinimizePasses, TheModesOfARealMachineArePreferredToFewerSentences) {
  const Schedule any = Parse(std::string(kTwo) + "mode locks=any\ntask A: map_free m0\n");
  const Schedule contended =
      Parse(std::string(kTwo) + "task A: map_free m0\ntask B: destroy o0\ndeviate A/map_free: preempt 2 to B\n");
  EXPECT_TRUE(IsSimpler(contended, any));
  EXPECT_EQ(After("plain modes",
                  std::string(kTwo) + "mode locks=any memory=weak rcu=non-preemptible cpus=4\ntask A: map_free m0\n",
                  [](const std::string& s) { return Has(s, "non-preemptible"); }),
            Whole(std::string(kTwo) + "mode rcu=non-preemptible\ntask A: map_free m0\n"));
}

TEST(MinimizePasses, ATaskGoesAndTheOthersKeepTheirDeviations) {
  EXPECT_EQ(After("drop tasks",
                  std::string(kTwo) + "task A: dump o1\ntask B: map_free m0\ntask C: destroy o0\n"
                                      "deviate B/map_free: preempt 3 to C\ndeviate A/dump: preempt 1 to C\n",
                  [](const std::string& s) { return Has(s, "map_free m0") && Has(s, "destroy o0"); }),
            Whole(std::string(kTwo) + "task A: map_free m0\ntask B: destroy o0\ndeviate A/map_free: preempt 3 to B\n"));
}

TEST(MinimizePasses, AnOperationGoesAndTheNextOnesKeepTheirDeviations) {
  EXPECT_EQ(After("drop operations",
                  std::string(kTwo) + "task A: destroy o1; dump o0; destroy o0\ndeviate A/destroy#2: lock 1 timeout\n",
                  [](const std::string& s) { return Has(s, "destroy o0") && Has(s, "lock 1"); }),
            Whole(std::string(kTwo) + "task A: destroy o0\ndeviate A/destroy: lock 1 timeout\n"));
}

TEST(MinimizePasses, ASetUpOperationGoesAndCallbacksAreCalledByTheNumberTheyHaveThen) {
  EXPECT_EQ(After("drop set-up operations",
                  std::string(kTwo) + "setup: update m0 o0; update m0 o1\ntask A: map_free m0\n"
                                      "deviate A/map_free: preempt 3 to cb/selem1\n",
                  [](const std::string& s) {
                    return Has(s, "update m0 o1") && Has(s, Has(s, "update m0 o0") ? "cb/selem1" : "cb/selem0");
                  }),
            Whole(std::string(kTwo) + "setup: update m0 o1\ntask A: map_free m0\n"
                                      "deviate A/map_free: preempt 3 to cb/selem0\n"));
}

TEST(MinimizePasses, OwnersAndMapsGoWithTheirOperations) {
  const std::string start = std::string(kTwo) +
                            "setup: update m0 o0; update m0 o1; update m1 o1\ntask A: map_free m1\ntask B: destroy o1\n"
                            "deviate end/1: lock 1 timeout\ndeviate end/3: lock 2 timeout\n";
  const auto keeps = [](const std::string& s) { return Has(s, "destroy") && Has(s, "map_free") && Has(s, "update"); };
  EXPECT_EQ(After("drop owners", start, keeps),
            Whole("map m0 type=sk value=8\nmap m1 type=sk value=8\nowner o0 type=sk\n"
                  "setup: update m0 o0; update m1 o0\ntask A: map_free m1\ntask B: destroy o0\n"
                  "deviate end/2: lock 2 timeout\n"));
  EXPECT_EQ(After("drop maps", start, keeps),
            Whole("map m0 type=sk value=8\nowner o0 type=sk\nowner o1 type=sk\n"
                  "setup: update m0 o1\ntask A: map_free m0\ntask B: destroy o1\ndeviate end/1: lock 1 timeout\n"));
}

TEST(MinimizePasses, OwnersAndMapsMerge) {
  const std::string start = std::string(kTwo) + "setup: update m1 o0; update m0 o1\ntask A: map_free m1\n";
  EXPECT_EQ(After("merge owners", start, [](const std::string& s) { return Has(s, "update m0"); }),
            Whole("map m0 type=sk value=8\nmap m1 type=sk value=8\nowner o0 type=sk\n"
                  "setup: update m1 o0; update m0 o0\ntask A: map_free m1\n"));
  EXPECT_EQ(After("merge maps", start, [](const std::string& s) { return Has(s, "map_free"); }),
            Whole("map m0 type=sk value=8\nowner o0 type=sk\nowner o1 type=sk\n"
                  "setup: update m0 o0; update m0 o1\ntask A: map_free m0\n"));
}

TEST(MinimizePasses, TwoOperationsGoTogether) {
  EXPECT_EQ(After("drop pairs of operations",
                  std::string(kTwo) + "setup: update m0 o0; update m1 o1\ntask A: dump o1; delete m0 o0; map_free m1\n"
                                      "deviate A/map_free: lock 1 timeout\n",
                  [](const std::string& s) {
                    return Has(s, "update m0") == Has(s, "delete m0") && Has(s, "update m1") && Has(s, "dump") &&
                           Has(s, "map_free m1") && Has(s, "lock 1");
                  }),
            Whole(std::string(kTwo) +
                  "setup: update m1 o1\ntask A: dump o1; map_free m1\ndeviate A/map_free: lock 1 timeout\n"));
}

TEST(MinimizePasses, AMapGoesWhenOneOperationGoesOverToAnotherMap) {
  EXPECT_EQ(After("replace maps",
                  std::string(kTwo) + "setup: update m0 o0; update m1 o0\ntask A: map_free m1\ntask B: destroy o0\n"
                                      "deviate A/map_free: preempt 3 to B\n",
                  [](const std::string& s) {
                    return Has(s, "map_free") && Has(s, "preempt 3") && !Has(s, "update m0 o0; update m0 o0") &&
                           !Has(s, "free m0; ") && (!Has(s, "free m0") || Has(s, "update m0"));
                  }),
            Whole("map m0 type=sk value=8\nowner o0 type=sk\nowner o1 type=sk\n"
                  "setup: update m0 o0\ntask A: map_free m0\ntask B: destroy o0\n"
                  "deviate A/map_free: preempt 3 to B\n"));
}

TEST(MinimizePasses, AnOwnerGoesWhenAllButOneOperationGoOverToAnotherOwner) {
  EXPECT_EQ(
      After("replace owners", std::string(kTwo) + "setup: update m0 o1; update m1 o1\ntask A: dump o1; destroy o1\n",
            [](const std::string& s) {
              return !Has(s, "dump o0") && Has(s, "update m0") && Has(s, "update m1") && Has(s, "destroy");
            }),
      Whole("map m0 type=sk value=8\nmap m1 type=sk value=8\nowner o0 type=sk\n"
            "setup: update m0 o0; update m1 o0\ntask A: destroy o0\n"));
}

TEST(MinimizePasses, ADeviationOfAnOperationThatGoesMovesToAnotherOne) {
  EXPECT_EQ(After("drop others and aim deviations anew",
                  std::string(kTwo) + "task A: dump o0; lookup m0 o0\ntask B: destroy o0\n"
                                      "deviate A/dump: preempt 40 to B\n",
                  [](const std::string& s) {
                    return Has(s, "task B: destroy") && Has(s, "lookup") &&
                           (Has(s, "A/dump: preempt 40") || Has(s, "A/lookup: preempt 7 to B"));
                  }),
            Whole("map m0 type=sk value=8\nowner o0 type=sk\ntask A: lookup m0 o0\ntask B: destroy o0\n"
                  "deviate A/lookup: preempt 7 to B\n"));
}

TEST(MinimizePasses, ADeviationGoesWhenAnotherOneMovesToAnotherTask) {
  const std::string start = std::string(kTwo) + "task A: map_free m0\ntask B: destroy o0\n";
  EXPECT_EQ(After("drop deviations and aim others anew",
                  start + "deviate A/map_free: preempt 30 to B\ndeviate B/destroy: lock 2 timeout\n",
                  [](const std::string& s) {
                    return Has(s, "task A: map_free") && Has(s, "task B: destroy") &&
                           (Has(s, "A/map_free: lock 2") || (Has(s, "preempt 30") && Has(s, "lock 2")));
                  }),
            Whole(start + "deviate A/map_free: lock 2 timeout\n"));
}

TEST(MinimizeEdit, APreemptionThatMovesToItsTargetGoesBackToWhereItWas) {
  const std::string start = std::string(kTwo) + "task A: map_free m0\ntask B: destroy o0\n";
  const Schedule schedule = Parse(start + "deviate A/map_free: preempt 3 to B\n");
  EXPECT_EQ(Text(WithDeviationMoved(schedule, 0, {kTaskA + 1, 0}, 5)),
            Whole(start + "deviate B/destroy: preempt 5 to A\n"));
}

TEST(MinimizePasses, TasksMerge) {
  EXPECT_EQ(After("merge tasks",
                  std::string(kTwo) + "task A: destroy o0\ntask B: map_free m0\ndeviate B/map_free: lock 1 timeout\n",
                  [](const std::string& s) { return Has(s, "map_free m0; destroy") || Has(s, "task B"); }),
            Whole(std::string(kTwo) + "task A: map_free m0; destroy o0\ndeviate A/map_free: lock 1 timeout\n"));
}

TEST(MinimizePasses, OrdinaryLifeMovesToTheSetUp) {
  EXPECT_EQ(After("move operations to the set-up",
                  std::string(kTwo) + "task A: update m0 o0; destroy o0; map_free m0\ntask B: dump o1; dump o0\n"
                                      "deviate A/destroy: lock 1 timeout\ndeviate B/dump: preempt 1 to A\n",
                  [](const std::string&) { return true; }),
            Whole(std::string(kTwo) + "setup: update m0 o0\ntask A: destroy o0; map_free m0\ntask B: dump o1; dump o0\n"
                                      "deviate A/destroy: lock 1 timeout\ndeviate B/dump: preempt 1 to A\n"));
}

TEST(MinimizePasses, TasksInAnotherOrderNeedNoDeviation) {
  EXPECT_EQ(After("reorder tasks",
                  std::string(kTwo) + "task A: destroy o0\ntask B: map_free m0\ndeviate A/destroy: preempt 1 to B\n",
                  [](const std::string& s) { return Has(s, "preempt 1 to B") || Has(s, "A: map_free"); }),
            Whole(std::string(kTwo) + "task A: map_free m0\ntask B: destroy o0\n"));
}

TEST(MinimizePasses, TypesValuesFieldsAndFlagsBecomePlain) {
  const auto keeps = [](const std::string&) { return true; };
  const auto after = [&](const char* pass, const std::string& s) { return After(pass, s, keeps); };
  EXPECT_EQ(after("plain types", "map m0 type=inode value=8\nowner o0 type=inode\ntask A: lookup m0 o0\n"),
            Whole("map m0 type=sk value=8\nowner o0 type=sk\ntask A: lookup m0 o0\n"));
  EXPECT_EQ(
      after("plain maps", "map m0 type=sk value=32 fields=kptr+refcount clone\nowner o0 type=sk\ntask A: dump o0\n"),
      Whole("map m0 type=sk value=8\nowner o0 type=sk\ntask A: dump o0\n"));
  EXPECT_EQ(
      After("plain maps", "map m0 type=sk value=32 fields=kptr+refcount clone\nowner o0 type=sk\ntask A: dump o0\n",
            [](const std::string& s) { return Has(s, "refcount"); }),
      Whole("map m0 type=sk value=8 fields=refcount\nowner o0 type=sk\ntask A: dump o0\n"));
  EXPECT_EQ(after("plain owners", "map m0 type=sk value=8\nowner o0 type=sk bucket=3 optmem=640\ntask A: dump o0\n"),
            Whole("map m0 type=sk value=8\nowner o0 type=sk\ntask A: dump o0\n"));
  EXPECT_EQ(After("plain owners", "map m0 type=sk value=8\nowner o0 type=sk bucket=5\ntask A: dump o0\n",
                  [](const std::string& s) { return !Has(s, "bucket=0"); }),
            Whole("map m0 type=sk value=8\nowner o0 type=sk bucket=1\ntask A: dump o0\n"));
  EXPECT_EQ(
      after(
          "plain operations",
          "map m0 type=sk value=8\nowner o0 type=sk\nsetup: update m0 o0 exist lock\ntask A: delete m0 o0 sleepable\n"),
      Whole("map m0 type=sk value=8\nowner o0 type=sk\nsetup: update m0 o0\ntask A: delete m0 o0\n"));
}

TEST(MinimizePasses, NumbersAreTheLeast) {
  const std::string start = std::string(kTwo) + "task A: map_free m0\ntask B: destroy o0\n";
  EXPECT_EQ(After("lower ordinals", start + "deviate A/map_free: preempt 40 to B\n",
                  [](const std::string& s) { return Has(s, "preempt 7 ") || Has(s, "preempt 12 "); }),
            Whole(start + "deviate A/map_free: preempt 7 to B\n"));
  EXPECT_EQ(After("lower answers", start + "deviate A/map_free: gp 1 late 9\ndeviate B/destroy: lock 1 both-deadlock\n",
                  [](const std::string& s) { return Has(s, "gp 1"); }),
            Whole(start + "deviate A/map_free: gp 1 late 1\ndeviate B/destroy: lock 1 timeout\n"));
}

TEST(MinimizePasses, EqualSchedulesAreWrittenInOneWay) {
  const auto keeps = [](const std::string&) { return true; };
  EXPECT_EQ(After("reorder operations", std::string(kTwo) + "setup: update m1 o0; update m0 o0\ntask A: map_free m0\n",
                  keeps),
            Whole(std::string(kTwo) + "setup: update m0 o0; update m1 o0\ntask A: map_free m0\n"));
  EXPECT_EQ(After("renumber maps and owners", std::string(kTwo) + "setup: update m1 o1\ntask A: map_free m1\n", keeps),
            Whole(std::string(kTwo) + "setup: update m0 o0\ntask A: map_free m0\n"));
}

TEST(MinimizePasses, GoOnUntilNoneFindsAnything) {
  // The map can go only after the task is gone. Only then the owner's type can change.
  Search search(Parse("map m0 type=sk value=8\nmap m1 type=task value=8\nowner o0 type=task\nsetup: update m1 o0\n"
                      "task A: map_free m0\ntask B: map_free m1\ndeviate B/map_free: lock 1 timeout\n"),
                [](const Schedule& candidate) -> std::optional<Schedule> {
                  const std::string text = Text(candidate);
                  if (!Has(text, "lock 1") || (Has(text, "map_free m1") && !Has(text, "type=task")))
                    return std::nullopt;
                  return candidate;
                });
  RunPasses(&search, [](const Pass&) {});
  EXPECT_EQ(
      Text(search.best()),
      Whole("map m0 type=sk value=8\nowner o0 type=sk\ntask A: map_free m0\ndeviate A/map_free: lock 1 timeout\n"));
}

TEST(MinimizePasses, AStoppedSearchTriesNothing) {
  int asked = 0;
  Search search(Parse(std::string(kTwo) + "task A: map_free m0\n"), [&](const Schedule&) -> std::optional<Schedule> {
    ++asked;
    return std::nullopt;
  });
  search.Stop();
  RunPasses(&search, [](const Pass&) {});
  EXPECT_EQ(asked, 0);
}

TEST(MinimizeOrder, IsStrict) {
  const Schedule a = Parse(std::string(kTwo) + "task A: map_free m0\n"),
                 b = Parse(std::string(kTwo) + "task A: map_free m1\n");
  EXPECT_FALSE(IsSimpler(a, a));
  EXPECT_TRUE(IsSimpler(a, b));
  EXPECT_FALSE(IsSimpler(b, a));
}

}  // namespace
}  // namespace nofail
