// SPDX-License-Identifier: MIT
// Tests the byte form: every input decodes to a schedule, encoding is exact, and schedules are fitted to their profile.
#include <gmock/gmock.h>

#include <algorithm>

#include "fuzz/schedule/codec.h"
#include "fuzz/schedule/generate.h"

namespace nofail {
namespace {

constexpr Profile kProfiles[] = {Profile::kTeardown, Profile::kLifecycle};

std::vector<uint8_t> RandomBytes(Rng& rng, uint32_t max_size) {
  std::vector<uint8_t> bytes(rng.Below(max_size + 1));
  for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(rng.Next());
  return bytes;
}

// Returns a Schedule whose members have random values, mostly invalid ones.
Schedule Garbage(Rng& rng) {
  auto byte = [&] { return static_cast<uint8_t>(rng.Next()); };
  auto op = [&] { return Op{static_cast<OpKind>(byte()), byte(), byte(), byte(), byte(), rng.OneIn(2)}; };
  Schedule s;
  for (uint32_t n = rng.Below(8); n > 0; --n) {
    s.maps.push_back({static_cast<storage_type>(rng.Below(8)), byte(), byte(), rng.OneIn(2)});
  }
  for (uint32_t n = rng.Below(8); n > 0; --n) {
    uint16_t optmem = static_cast<uint16_t>(rng.Next());
    s.owners.push_back({static_cast<storage_type>(rng.Below(8)), byte(), optmem});
  }
  for (uint32_t n = rng.Below(30); n > 0; --n) s.setup.push_back(op());
  s.tasks.resize(rng.Below(7));
  for (auto& task : s.tasks) {
    for (uint32_t n = rng.Below(20); n > 0; --n) task.push_back(op());
  }
  s.modes = {static_cast<LockMode>(byte()), static_cast<MemoryMode>(byte()), rng.OneIn(2), byte()};
  for (uint32_t n = rng.Below(80); n > 0; --n) {
    s.deviations.push_back({{byte(), byte()},
                            static_cast<ChoiceKind>(byte()),
                            static_cast<uint16_t>(rng.Next()),
                            static_cast<uint16_t>(rng.Next())});
  }
  s.policy = {static_cast<PolicyKind>(byte()), byte(), static_cast<uint32_t>(rng.Next())};
  return s;
}

bool IsTeardownOp(const Op& op) {
  return op.kind == OpKind::kMapFree || op.kind == OpKind::kDestroy;
}
bool IsTeardownSetupOp(const Op& op) {
  return op.kind == OpKind::kUpdate || op.kind == OpKind::kKptr;
}

TEST(Normalize, MakesAnythingValidAndIsIdempotent) {
  Rng rng(1);
  for (int i = 0; i < 20000; ++i) {
    Schedule s = Garbage(rng);
    Normalize(&s);
    ASSERT_EQ(Problem(s), "");
    Schedule again = s;
    Normalize(&again);
    ASSERT_EQ(again, s);
  }
}

TEST(Normalize, DeviationsFollowTheirTaskWhenAnEmptyOneGoes) {
  Op destroy = {.kind = OpKind::kDestroy};
  Schedule s = {.maps = {{}}, .owners = {{}}, .tasks = {{}, {destroy}, {}, {{.kind = OpKind::kMapFree}}}};
  s.deviations = {{{kTaskA, 0}, ChoiceKind::kLock, 1, kTimeout},
                  {{kTaskA + 1, 0}, ChoiceKind::kPreempt, 7, PackTarget({kTaskD, 0})},
                  {{kTaskA + 1, 0}, ChoiceKind::kPreempt, 8, PackTarget({kTaskA, 0})},
                  {{kTaskD, 0}, ChoiceKind::kLock, 2, kTimeout}};
  Normalize(&s);
  EXPECT_EQ(s.tasks.size(), 2u);
  EXPECT_THAT(s.deviations,
              testing::ElementsAre(Deviation{{kTaskA, 0}, ChoiceKind::kPreempt, 7, PackTarget({kTaskA + 1, 0})},
                                   Deviation{{kTaskA + 1, 0}, ChoiceKind::kLock, 2, kTimeout}));
}

TEST(Normalize, OwnersTakeATypeThatAMapHasAndOpsAMapThatFits) {
  Schedule s = {.maps = {{.type = STORAGE_CGROUP}, {.type = STORAGE_TASK}},
                .owners = {{.type = STORAGE_SK}, {.type = STORAGE_TASK}},
                .tasks = {{{.kind = OpKind::kUpdate, .map = 0, .owner = 1}, {.kind = OpKind::kClone, .other = 1}}}};
  Normalize(&s);
  EXPECT_EQ(s.owners[0].type, STORAGE_CGROUP);
  EXPECT_EQ(s.tasks[0][0], (Op{.kind = OpKind::kUpdate, .map = 1, .owner = 1}));
  EXPECT_EQ(s.tasks[0][1], (Op{.kind = OpKind::kLookup})) << "nobody to clone";
}

TEST(Problem, SaysWhere) {
  Schedule s = Decode({}, Profile::kTeardown);
  EXPECT_EQ(Problem(s), "");
  s.owners[1].bucket = 8;
  EXPECT_EQ(Problem(s), "owner 2 is not valid (schedule.h says what is)");
}

TEST(Decode, IsTotal) {
  Rng rng(2);
  Schedule reused;
  for (int i = 0; i < 100000; ++i) {
    std::vector<uint8_t> bytes = RandomBytes(rng, i % 100 == 0 ? 2 * kMaxInputBytes : 80);
    for (Profile profile : kProfiles) {
      Decode(bytes, profile, &reused);
      ASSERT_EQ(Problem(reused), "");
      ASSERT_EQ(reused, Decode(bytes, profile)) << "what the schedule held before must not matter";
    }
  }
}

TEST(Decode, UndoesEncodeWhateverTheProfile) {
  Rng rng(3);
  for (int i = 0; i < 100000; ++i) {
    Schedule s = i % 4 == 0 ? Garbage(rng) : Generate(kProfiles[i % 2], rng);
    Normalize(&s);
    std::vector<uint8_t> bytes = Encode(s);
    ASSERT_LE(bytes.size(), kMaxEncodedBytes);
    for (Profile profile : kProfiles) ASSERT_EQ(Decode(bytes, profile), s);
  }
}

TEST(Decode, IgnoresWhatIsTooLong) {
  Rng rng(4);
  std::vector<uint8_t> bytes(kMaxInputBytes + 100);
  for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(rng.Next());
  EXPECT_EQ(Decode(bytes, Profile::kTeardown), Decode(std::span(bytes).first(kMaxInputBytes), Profile::kTeardown));
}

TEST(Decode, NothingIsTheProfilesScenarioUnderASeededPolicy) {
  for (Profile profile : kProfiles) {
    Schedule s = Decode({}, profile);
    EXPECT_NE(s.policy.kind, PolicyKind::kNone);
    Schedule fitted = s;
    FitToProfile(&fitted, profile);
    EXPECT_EQ(fitted, s) << "the default scenario fits";
  }
  Schedule s = Decode({}, Profile::kTeardown);
  EXPECT_EQ(s.owners[0].bucket, s.owners[1].bucket);
  EXPECT_EQ(s.tasks.size(), 3u);
}

TEST(Decode, OtherBytesGiveAnotherPolicy) {
  std::vector<uint32_t> seeds;
  int kinds[4] = {};
  for (int i = 0; i < 1000; ++i) {
    const uint8_t bytes[] = {4, static_cast<uint8_t>(i), 4, static_cast<uint8_t>(i >> 8)};
    Policy policy = Decode(bytes, Profile::kTeardown).policy;
    seeds.push_back(policy.seed);
    ++kinds[static_cast<int>(policy.kind)];
  }
  std::sort(seeds.begin(), seeds.end());
  EXPECT_EQ(std::unique(seeds.begin(), seeds.end()), seeds.end());
  EXPECT_THAT(kinds, testing::ElementsAre(0, testing::Gt(100), testing::Gt(500), testing::Gt(80)));
}

TEST(Decode, ATailIsPaddedWithZeros) {
  // The bytes of a map of type sk and of an owner in bucket 1.
  const uint8_t cut[] = {2, 0, 0, 3, 4};
  const uint8_t whole[] = {2, 0, 0, 3, 4, 0, 0};
  EXPECT_EQ(Decode(cut, Profile::kTeardown).owners, Decode(whole, Profile::kTeardown).owners);
  EXPECT_EQ(Decode(cut, Profile::kTeardown).owners, (std::vector<OwnerSpec>{{.bucket = 1}}));
}

TEST(FitToProfile, TeardownRacesMapFreeWithDestroyAndIsIdempotent) {
  Rng rng(5);
  for (int i = 0; i < 50000; ++i) {
    Schedule s = i % 2 == 0 ? Garbage(rng) : Decode(RandomBytes(rng, 60), Profile::kTeardown);
    Normalize(&s);
    FitToProfile(&s, Profile::kTeardown);
    ASSERT_EQ(Problem(s), "");
    ASSERT_GE(s.tasks.size(), 2u);
    ASSERT_FALSE(s.setup.empty());
    ASSERT_TRUE(std::all_of(s.setup.begin(), s.setup.end(), IsTeardownSetupOp));
    std::vector<Op> all;
    for (const auto& task : s.tasks) all.insert(all.end(), task.begin(), task.end());
    ASSERT_TRUE(std::all_of(all.begin(), all.end(), IsTeardownOp));
    std::sort(all.begin(), all.end());
    ASSERT_EQ(std::unique(all.begin(), all.end()), all.end());
    ASSERT_EQ(all.front().kind, OpKind::kDestroy);
    ASSERT_EQ(all.back().kind, OpKind::kMapFree);
    Schedule again = s;
    FitToProfile(&again, Profile::kTeardown);
    ASSERT_EQ(again, s);
  }
}

TEST(Generate, GivesValidSchedulesThatFit) {
  Rng rng(6);
  for (int i = 0; i < 20000; ++i) {
    Profile profile = kProfiles[i % 2];
    Schedule s = Generate(profile, rng);
    ASSERT_EQ(Problem(s), "");
    Schedule fitted = s;
    FitToProfile(&fitted, profile);
    ASSERT_EQ(fitted, s);
  }
}

// Saved schedules name a version of the generator and a seed, so the numbers of a version must never change.
TEST(Rng, IsVersionOneForEver) {
  ASSERT_EQ(Rng::kVersion, 1);
  Rng rng(0);
  EXPECT_EQ(rng.Next(), 0xe220a8397b1dcdafu);
  EXPECT_EQ(rng.Next(), 0x6e789e6aa1b965f4u);
  Rng dice(42);
  std::vector<uint32_t> rolls;
  for (int i = 0; i < 8; ++i) rolls.push_back(dice.Below(6));
  EXPECT_THAT(rolls, testing::ElementsAre(4, 0, 1, 2, 0, 5, 1, 4));
}

TEST(Ids, NamesOfTasksAndObjects) {
  EXPECT_EQ(TaskName({kSetup}), "setup");
  EXPECT_EQ(TaskName({kTaskA}), "A");
  EXPECT_EQ(TaskName({kTaskD, 3}), "D");
  EXPECT_EQ(TaskName({kEnd}), "end");
  EXPECT_EQ(TaskName({kFirstCallback + uint8_t{KERNEL_SELEM}, 3}), "cb/selem3");
  EXPECT_EQ(TaskName({}), "none");
  EXPECT_EQ(ObjectName(KERNEL_MAP, 0), "m0");
  EXPECT_EQ(ObjectName(KERNEL_OWNER, 1), "o1");
  EXPECT_EQ(ObjectName(KERNEL_BUCKETS, 0), "buckets0");
  for (uint8_t task : {kSetup, kTaskA, kEnd}) EXPECT_EQ(UnpackTarget(PackTarget({task})), OpRef{task});
  EXPECT_NE(PackTarget({kSetup}), 0) << "0 is the default answer";
}

}  // namespace
}  // namespace nofail
