// SPDX-License-Identifier: MIT
//
// What is listed for a subject, and when a listed violation is worse than what is listed.
#include "fuzz/listing/listings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <vector>

#include "core/kernel/sim/sim.h"
#include "fuzz/check/crash_corpus.h"
#include "fuzz/exec/executor.h"
#include "fuzz/listing/list_by_replay.h"
#include "fuzz/listing/same_violation.h"
#include "fuzz/listing/shifted.h"
#include "fuzz/sanitizers/sanitizer_hooks.h"

namespace nofail {
namespace {

constexpr uint8_t kSk = 1 << STORAGE_SK, kTask = 1 << STORAGE_TASK;

Sighting Seen(uint8_t contended_buckets, uint8_t types = kSk, bool preemptible = true) {
  Sighting sighting = {.types = types, .preemptible_rcu = preemptible};
  sighting.need.contended[static_cast<size_t>(LockClass::kBuckets)] = contended_buckets;
  return sighting;
}

TEST(Listings, AsListedOrWithMoreFailuresIsNoNews) {
  Listings listings;
  listings.Add("leak", "a-finding", false, Seen(2));
  EXPECT_TRUE(listings.Find("leak")->Explains(Seen(2)));
  EXPECT_TRUE(listings.Find("leak")->Explains(Seen(3)));
}

TEST(Listings, WithFewerFailuresItIsWorse) {
  Listings listings;
  listings.Add("leak", "a-finding", false, Seen(2));
  EXPECT_FALSE(listings.Find("leak")->Explains(Seen(1)));
}

TEST(Listings, ForAnotherStorageTypeOrRcuConfigurationItIsWorse) {
  Listings listings;
  listings.Add("leak", "a-finding", false, Seen(2));
  EXPECT_FALSE(listings.Find("leak")->Explains(Seen(2, kTask)));
  EXPECT_FALSE(listings.Find("leak")->Explains(Seen(2, kSk, false)));
  EXPECT_TRUE(listings.Find("leak")->Explains(Seen(2, kSk | kTask)));  // the sk may be to blame
}

TEST(Listings, OfTwoSightingsTheLesserIsKept) {
  Listings listings;
  listings.Add("leak", "a-finding", false, Seen(2));
  listings.Add("leak", "another", false, Seen(1));
  listings.Add("leak", "another", false, Seen(3));
  EXPECT_EQ(listings.Find("leak")->sightings, std::vector<Sighting>{Seen(1)});
  EXPECT_EQ(listings.Find("leak")->name, "a-finding");
}

// Whoever reads what was freed too early is a violation of its own, but needs no more than the one who freed it.
TEST(Listings, AViolationIsNoNewsInTheCircumstancesOfItsCause) {
  Listings listings;
  listings.Add("use-after-free/a", "freed-early/first", false, Seen(2));
  listings.Add("use-after-free/b", "freed-early/second", false, Seen(3, kTask));
  listings.Add("leak", "something-else/leak", false, Seen(3, kTask));
  EXPECT_TRUE(listings.Find("use-after-free/b")->Explains(Seen(2)));
  EXPECT_FALSE(listings.Find("use-after-free/b")->Explains(Seen(1)));
  EXPECT_FALSE(listings.Find("leak")->Explains(Seen(2)));
}

TEST(Listings, WhatIsGoneFromOneScheduleIsNotGoneWhileItsCauseShows) {
  Listings listings;
  listings.AddGone({"leak", "left-behind/first", "findings/left-behind/first"});
  listings.AddGone({"livelock", "saturated/hang", "findings/saturated/hang"});
  listings.DropGone({"left-behind"});
  ASSERT_EQ(listings.gone().size(), 1u);
  EXPECT_EQ(listings.gone()[0].signature, "livelock");
}

// What the count of a storage no longer protects is used by whoever comes along: by an sk's functions, or a task's.
TEST(Listings, WhoSuffersFromASaturationDoesNotMatter) {
  Listings listings;
  listings.Add("use-after-free/owner/sk_free+sk_uncharge/after=saturation", "a-finding", false, Seen(2));
  ASSERT_NE(listings.Find("use-after-free/owner/misc+task_free/after=saturation"), nullptr);
  EXPECT_EQ(listings.Find("use-after-free/owner/misc+task_free/after=saturation/lock=storage")->name, "a-finding");
  EXPECT_EQ(listings.Rate("use-after-free/owner/misc+task_free/after=saturation", Seen(1)), News::kWorse);
  EXPECT_EQ(listings.Find("use-after-free/owner/misc+task_free"), nullptr);
  EXPECT_EQ(listings.Find("use-after-free/storage/misc+task_free/after=saturation"), nullptr);
}

TEST(Listings, AnotherSignatureIsNotListed) {
  Listings listings;
  listings.Add("leak", "a-finding", false, Seen(2));
  EXPECT_EQ(listings.Find("leak/selem"), nullptr);
}

TEST(Shifted, EachGroupIsShiftedByANumberOfItsOwnTheNearestFirst) {
  const OpRef a = {kTaskA, 0}, b = {kTaskA + 1, 0};
  Schedule schedule;
  schedule.maps.push_back({.type = STORAGE_SK});
  schedule.owners.push_back({.type = STORAGE_SK});
  schedule.tasks = {{{.kind = OpKind::kMapFree}}, {{.kind = OpKind::kDestroy}}};
  schedule.deviations = {
      {a, ChoiceKind::kPreempt, 10, PackTarget(b)}, {a, ChoiceKind::kLock, 3, 1}, {b, ChoiceKind::kPreempt, 7, 0}};
  ASSERT_EQ(Problem(schedule), "");
  std::vector<std::vector<int>> seen;
  EXPECT_FALSE(AnyShifted(schedule, {.shift = 1, .groups = 3}, [&](const Schedule& s) {
    seen.push_back({s.deviations[0].ordinal - 10, s.deviations[1].ordinal - 3, s.deviations[2].ordinal - 7});
    return false;
  }));
  EXPECT_EQ(seen.size(), 26u);
  EXPECT_THAT(std::vector(seen.begin(), seen.begin() + 6),
              ::testing::UnorderedElementsAre(std::vector{-1, 0, 0}, std::vector{1, 0, 0}, std::vector{0, -1, 0},
                                              std::vector{0, 1, 0}, std::vector{0, 0, -1}, std::vector{0, 0, 1}));
  EXPECT_TRUE(AnyShifted(schedule, {.shift = 1, .groups = 1},
                         [&](const Schedule& s) { return s.deviations[0].ordinal == 11; }));
  // Switches of tasks come before the lock attempt, which is out of reach.
  EXPECT_FALSE(
      AnyShifted(schedule, {.shift = 1, .groups = 2}, [&](const Schedule& s) { return s.deviations[1].ordinal != 3; }));
}

TEST(Shifted, ApartEachDeviationIsShiftedByANumberOfItsOwn) {
  const OpRef a = {kTaskA, 0}, b = {kTaskA + 1, 0};
  Schedule schedule;
  schedule.maps.push_back({.type = STORAGE_SK});
  schedule.owners.push_back({.type = STORAGE_SK});
  schedule.tasks = {{{.kind = OpKind::kMapFree}}, {{.kind = OpKind::kDestroy}}};
  schedule.deviations = {{a, ChoiceKind::kPreempt, 9, PackTarget(b)}, {a, ChoiceKind::kPreempt, 21, PackTarget(b)}};
  const auto is_wanted = [](const Schedule& s) {
    return s.deviations[0].ordinal == 9 && s.deviations[1].ordinal == 20;
  };
  EXPECT_FALSE(AnyShifted(schedule, {.shift = 1, .groups = 2}, is_wanted));
  EXPECT_TRUE(AnyShifted(schedule, {.shift = 1, .groups = 2, .apart = true}, is_wanted));
}

TEST(Scattered, EveryOrdinalIsShiftedByItselfTheSameWayEachTime) {
  Schedule schedule = {.maps = {{}}, .owners = {{}}, .tasks = {{{.kind = OpKind::kMapFree}}}};
  const OpRef op = {kTaskA, 0};
  for (const uint16_t ordinal : {10, 30, 50, 70}) {
    schedule.deviations.push_back({op, ChoiceKind::kPreempt, ordinal, PackTarget({kTaskA, 0})});
  }
  const auto all = [&](int count) {
    std::vector<std::vector<int>> ordinals;
    const bool any = AnyScattered(schedule, count, [&](const Schedule& shifted) {
      std::vector<int>& last = ordinals.emplace_back();
      for (const Deviation& d : shifted.deviations) last.push_back(d.ordinal);
      return false;
    });
    EXPECT_FALSE(any);
    return ordinals;
  };
  const auto tried = all(2000);
  EXPECT_EQ(tried, all(2000));
  for (size_t i = 0; i < 4; ++i) {
    std::set<int> ordinals;
    for (const std::vector<int>& one : tried) ordinals.insert(one[i]);
    EXPECT_EQ(ordinals.size(), 17u) << i;  // 8 to either side
  }
  // Four groups at once, which is beyond what AnyShifted tries.
  EXPECT_TRUE(std::any_of(tried.begin(), tried.end(), [](const std::vector<int>& ordinals) {
    return ordinals[0] < 7 && ordinals[1] > 33 && ordinals[2] < 47 && ordinals[3] > 73;
  }));
}

TEST(Scattered, WithoutDeviationsThereIsNothingToTry) {
  EXPECT_FALSE(AnyScattered({.maps = {{}}}, 100, [](const Schedule&) { return true; }));
}

TEST(SameViolation, AFunctionMayHaveAnotherNameIfTheOldOneDidNotRun) {
  Trace ran;
  ran.Append({.kind = EventKind::kLoad, .function = "destroy"});
  ran.Append({.kind = EventKind::kLoad, .function = "unlink_now"});
  EXPECT_TRUE(IsSameViolation("leak/selem/unlink", "leak/selem/unlink", ran));
  EXPECT_TRUE(IsSameViolation("leak/selem/unlink/lock=storage", "leak/selem/unlink_now/lock=storage", ran));
  EXPECT_FALSE(IsSameViolation("leak/selem/destroy", "leak/selem/unlink_now", ran));
  EXPECT_FALSE(IsSameViolation("leak/selem/unlink", "leak/storage/unlink_now", ran));
  EXPECT_FALSE(IsSameViolation("leak/selem/unlink/lock=storage", "leak/selem/unlink/lock=buckets", ran));
  EXPECT_FALSE(IsSameViolation("race/selem/unlink", "race/selem/unlink_now+destroy", ran));
}

class ListByReplayTest : public ::testing::Test {
 protected:
  static const Listings& OfPosted() {
    static const Listings* const listings = [] {
      InstallSanitizerHooks(nullptr);
      Executor executor(*linked_subject, Sim::Get());
      return new Listings(ListByReplay(linked_subject->name, &executor));
    }();
    return *listings;
  }
};

// The crash corpus says of each schedule what `posted` shows, so everything it says is listed and nothing is gone.
TEST_F(ListByReplayTest, EveryExpectedViolationIsListed) {
  size_t expected = 0;
  for (const CorpusEntry& entry : CrashCorpus()) {
    for (const Expectation& line : entry.file.expectations) {
      if (line.subject != "posted") continue;
      for (const std::string& signature : line.signatures) {
        ++expected;
        EXPECT_NE(OfPosted().Find(signature), nullptr) << entry.name << ": " << signature;
      }
    }
  }
  EXPECT_GT(expected, 50u);
  for (const Gone& gone : OfPosted().gone()) ADD_FAILURE() << gone.schedule << ": " << gone.signature;
}

// The regression that a list of names hides: a charge that stays behind though nothing has failed.
TEST_F(ListByReplayTest, AListedViolationWithNothingFailedIsWorse) {
  const Listing* listing = OfPosted().Find("charge.left/owner/SkUncharge");
  ASSERT_NE(listing, nullptr);
  EXPECT_FALSE(listing->Explains({.need = {}, .types = kSk, .preemptible_rcu = true}));
}

TEST_F(ListByReplayTest, AScheduleForOneStorageTypeListsTheOthersToo) {
  const Listing* listing = OfPosted().Find("refcount-dec-to-zero/storage/SelemUnlinkStorageMisc");
  ASSERT_NE(listing, nullptr);
  for (const storage_type type : {STORAGE_SK, STORAGE_TASK, STORAGE_INODE}) {
    Sighting sighting = {.types = static_cast<uint8_t>(1 << type)};
    sighting.need.contended[static_cast<size_t>(LockClass::kStorage)] = 1;
    EXPECT_TRUE(listing->Explains(sighting)) << type;
  }
}

// A tree that nobody wrote an `expect` line for has the listings of the newest one that has some. `posted` under the
// name of such a tree has other names for its functions: they are matched where the reference's did not run.
TEST_F(ListByReplayTest, AnUnknownTreeIsMeasuredByTheNewestOne) {
  InstallSanitizerHooks(nullptr);
  Executor executor(*linked_subject, Sim::Get());
  EXPECT_EQ(ReferenceOf("linux-99.1"), "linux-7.2");
  EXPECT_EQ(ReferenceOf("linux-7.2"), "linux-7.2");
  EXPECT_EQ(ReferenceOf("posted"), "posted");
  const Listings listings = ListByReplay("linux-99.1", &executor);
  EXPECT_NE(listings.Find("refcount-dec-to-zero/storage/SelemUnlinkStorageMisc"), nullptr);
  EXPECT_NE(listings.Find("leak.fields/selem/SelemUnlinkNofail/lock=buckets"), nullptr);
}

TEST_F(ListByReplayTest, AnUnknownSubjectThatIsNoTreeHasNone) {
  EXPECT_EQ(ReferenceOf("somebody"), "");
  InstallSanitizerHooks(nullptr);
  Executor executor(*linked_subject, Sim::Get());
  EXPECT_TRUE(ListByReplay("somebody", &executor).all().empty());
}

}  // namespace
}  // namespace nofail
