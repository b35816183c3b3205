// SPDX-License-Identifier: MIT
//
// Litmus tests of data races: in which of all interleavings a race is found, in the two builds that detect races. Where
// the race detector and ThreadSanitizer differ, the test says so. docs/oracles.md explains each difference.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/kernel/sim/sanitizer.h"
#include "fuzz/sanitizers/sanitizer_hooks.h"
#include "tests/litmus.h"
#include "tests/racing.h"

namespace nofail {
namespace {

using testing::ElementsAre;

// Whether some interleaving of the test has a data race.
bool Races(Litmus litmus) {
  InstallSanitizerHooks(nullptr);
  PrintRaces(false);
  bool races = false;
  for (const std::string& outcome : Keys(litmus.WithRaces().Outcomes()))
    races |= outcome.find("!data-race") != outcome.npos;
  TakeSanitizerReports();
  return races;
}

// The message x, and y that says that it is there: whether the reader, who reads x only if it sees y, races with the
// writer.
bool MessageRaces(const Litmus::Body& write, const std::function<bool(Shared&)>& sees) {
  return Races(Litmus()
                   .Task([&](Shared& s) {
                     WritePlain(s.x, 1);
                     write(s);
                   })
                   .Task([&](Shared& s) {
                     if (sees(s)) ReadPlain(s.x);
                   }));
}

// ---- What conflicts ------------------------------------------------------------------------------------------------

TEST(Race, TwoAccessesRaceIfOneStoresAndOneIsPlain) {
  const Litmus::Body read = [](Shared& s) { ReadPlain(s.x); };
  const Litmus::Body write = [](Shared& s) { WritePlain(s.x, 1); };
  const Litmus::Body load = [](Shared& s) { LoadWith(KERNEL_ONCE, s.x); };
  const Litmus::Body store = [](Shared& s) { StoreWith(KERNEL_ONCE, s.x, 1); };
  const Litmus::Body add = [](Shared& s) { AddWith(KERNEL_ONCE, s.x, 1); };
  EXPECT_TRUE(Races(Litmus().Task(write).Task(write)));
  EXPECT_TRUE(Races(Litmus().Task(write).Task(read)));
  EXPECT_TRUE(Races(Litmus().Task(write).Task(load)));
  EXPECT_TRUE(Races(Litmus().Task(write).Task(store)));
  EXPECT_TRUE(Races(Litmus().Task(write).Task(add)));
  EXPECT_TRUE(Races(Litmus().Task(read).Task(store)));
  EXPECT_TRUE(Races(Litmus().Task(read).Task(add)));
  EXPECT_FALSE(Races(Litmus().Task(read).Task(read)));
  EXPECT_FALSE(Races(Litmus().Task(read).Task(load)));
  EXPECT_FALSE(Races(Litmus().Task(load).Task(store)));
  EXPECT_FALSE(Races(Litmus().Task(store).Task(store)));
  EXPECT_FALSE(Races(Litmus().Task(store).Task(add)));
}

TEST(Race, OnlyAccessesToTheSameBytesRace) {
  const Litmus::Body low = [](Shared& s) { WriteLowHalf(s.x, 1); };
  const Litmus::Body high = [](Shared& s) { WriteHighHalf(s.x, 1); };
  const auto read_byte = [](unsigned index) { return [=](Shared& s) { ReadByte(s.x, index); }; };
  EXPECT_FALSE(Races(Litmus().Task(low).Task(high)));
  EXPECT_FALSE(Races(Litmus().Task(low).Task(read_byte(4))));
  EXPECT_TRUE(Races(Litmus().Task(low).Task(read_byte(3))));
  EXPECT_TRUE(Races(Litmus().Task(low).Task([](Shared& s) { ReadPlain(s.x); })));
}

TEST(Race, StaticVariablesAreWatchedToo) {
  EXPECT_TRUE(Races(Litmus().Task([](Shared&) { WriteStatic(1); }).Task([](Shared&) { ReadStatic(); })));
}

// ThreadSanitizer takes a compare-exchange for a store in any case.
TEST(Race, ACompareExchangeThatFailsIsALoad) {
  const auto exchange = [](uint64_t old) { return [=](Shared& s) { CompareExchangeWith(KERNEL_FULL, s.x, old, 2); }; };
  const Litmus::Body read = [](Shared& s) { ReadPlain(s.x); };
  EXPECT_TRUE(Races(Litmus().Task(read).Task(exchange(0))));
  EXPECT_EQ(Races(Litmus().Task(read).Task(exchange(1))), kThreadSanitizer);
}

// ThreadSanitizer is told to leave out what the subject does by memcpy, because it would see the suite's calls, too.
TEST(Race, ACopyReadsAndStoresPlainly) {
  const Litmus::Body copy = [](Shared& s) { CopyPlain(&s.y, &s.x, 1); };
  EXPECT_EQ(Races(Litmus().Task(copy).Task([](Shared& s) { WritePlain(s.x, 1); })), kAccessesSeen);
  EXPECT_EQ(Races(Litmus().Task(copy).Task([](Shared& s) { ReadPlain(s.y); })), kAccessesSeen);
  EXPECT_FALSE(Races(Litmus().Task(copy).Task([](Shared& s) { ReadPlain(s.x); })));
}

// ---- What orders ---------------------------------------------------------------------------------------------------

TEST(Race, AReleaseThatAnAcquireSeesOrders) {
  const auto store = [](kernel_order order) { return [=](Shared& s) { StoreWith(order, s.y, 1); }; };
  const auto load = [](kernel_order order) { return [=](Shared& s) { return LoadWith(order, s.y) != 0; }; };
  EXPECT_FALSE(MessageRaces(store(KERNEL_RELEASE), load(KERNEL_ACQUIRE)));
  EXPECT_FALSE(MessageRaces(store(KERNEL_RELEASE), load(KERNEL_DEPENDENCY)));
  EXPECT_TRUE(MessageRaces(store(KERNEL_RELEASE), load(KERNEL_ONCE)));
  EXPECT_TRUE(MessageRaces(store(KERNEL_ONCE), load(KERNEL_ACQUIRE)));
  EXPECT_TRUE(MessageRaces(store(KERNEL_ONCE), load(KERNEL_ONCE)));
  EXPECT_TRUE(MessageRaces(store(KERNEL_RELEASE), [&](Shared& s) { return LoadWith(KERNEL_ACQUIRE, s.z) == 0; }));
}

// What comes before a release comes before the load that sees it, also if that load orders nothing after it.
// ThreadSanitizer does not know this.
TEST(Race, TheLoadItselfComesAfterTheReleaseThatItSees) {
  uint64_t seen = 0;
  Litmus litmus;
  litmus
      .Task([](Shared& s) {
        WritePlain(s.x, 1);
        StoreWith(KERNEL_RELEASE, s.x, 2);
      })
      .Task([&](Shared& s) { seen = LoadWith(KERNEL_ONCE, s.x); })
      .Final([&](Shared&) { return "saw " + std::to_string(seen); });
  const std::vector<std::string> outcomes = Keys(litmus.WithRaces().Outcomes());
  TakeSanitizerReports();
  // No execution sees 0: A starts first, and a plain store is no scheduling point.
  EXPECT_THAT(outcomes, ElementsAre("saw 1 !data-race", kThreadSanitizer ? "saw 2 !data-race" : "saw 2"));
}

TEST(Race, AFullReadModifyWriteIsBoth) {
  EXPECT_FALSE(MessageRaces([](Shared& s) { AddWith(KERNEL_FULL, s.y, 1); },
                            [](Shared& s) { return AddWith(KERNEL_FULL, s.y, 1) != 0; }));
  EXPECT_TRUE(MessageRaces([](Shared& s) { AddWith(KERNEL_ONCE, s.y, 1); },
                           [](Shared& s) { return AddWith(KERNEL_FULL, s.y, 1) != 0; }));
  EXPECT_TRUE(MessageRaces([](Shared& s) { AddWith(KERNEL_FULL, s.y, 1); },
                           [](Shared& s) { return CompareExchangeWith(KERNEL_FULL, s.y, 2, 3) != 0; }));
}

// ThreadSanitizer ignores fences. The simulator tells it of acquire fences, but cannot of release fences.
TEST(Race, FencesOrderWithTheAccessesBesideThem) {
  const Litmus::Body fenced_store = [](Shared& s) {
    Fence(KERNEL_RELEASE);
    StoreWith(KERNEL_ONCE, s.y, 1);
  };
  const auto fenced_load = [](Shared& s) {
    const bool sees = LoadWith(KERNEL_ONCE, s.y) != 0;
    Fence(KERNEL_ACQUIRE);
    return sees;
  };
  const auto acquire = [](Shared& s) { return LoadWith(KERNEL_ACQUIRE, s.y) != 0; };
  EXPECT_FALSE(MessageRaces([](Shared& s) { StoreWith(KERNEL_RELEASE, s.y, 1); }, fenced_load));
  EXPECT_EQ(MessageRaces(fenced_store, acquire), kThreadSanitizer);
  EXPECT_EQ(MessageRaces(fenced_store, fenced_load), kThreadSanitizer);
  EXPECT_TRUE(MessageRaces([](Shared& s) { StoreWith(KERNEL_ONCE, s.y, 1); }, fenced_load));
}
TEST(Race, AStoreBeforeTheFenceIsNoRelease) {
  const Litmus::Body store_fenced = [](Shared& s) {
    StoreWith(KERNEL_ONCE, s.y, 1);
    Fence(KERNEL_RELEASE);
  };
  EXPECT_TRUE(MessageRaces(store_fenced, [](Shared& s) { return LoadWith(KERNEL_ACQUIRE, s.y) != 0; }));
}
TEST(Race, WhatComesAfterTheFenceIsNotOrderedByIt) {
  const auto late = [](Shared& s) {
    Fence(KERNEL_RELEASE);
    WritePlain(s.z, 1);
    StoreWith(KERNEL_ONCE, s.y, 1);
  };
  EXPECT_TRUE(Races(Litmus().Task(late).Task([](Shared& s) {
    if (LoadWith(KERNEL_ACQUIRE, s.y) != 0) ReadPlain(s.z);
  })));
}

// The message goes from A to C. B changes y in between, so C sees what B stored.
bool RacesThrough(const Litmus::Body& b) {
  return Races(Litmus()
                   .Task([](Shared& s) {
                     WritePlain(s.x, 1);
                     StoreWith(KERNEL_RELEASE, s.y, 1);
                   })
                   .Task([&](Shared& s) {
                     if (LoadWith(KERNEL_ONCE, s.y) == 1) b(s);
                   })
                   .Task([](Shared& s) {
                     if (LoadWith(KERNEL_ACQUIRE, s.y) == 2) ReadPlain(s.x);
                   }));
}
TEST(Race, AReleaseLastsThroughReadModifyWrites) {
  EXPECT_FALSE(RacesThrough([](Shared& s) { AddWith(KERNEL_ONCE, s.y, 1); }));
}
// ThreadSanitizer goes on as if the release were still there.
TEST(Race, AStoreEndsTheReleaseBeforeIt) {
  EXPECT_EQ(RacesThrough([](Shared& s) { StoreWith(KERNEL_ONCE, s.y, 2); }), kAccessesSeen);
}

// The message goes from A to C by way of B, who sees it without order and passes it on by a release. ThreadSanitizer
// does not know that releases are cumulative.
TEST(Race, AReleaseAlsoOrdersWhatWasSeenBefore) {
  const auto races_by_way_of = [](kernel_order order) {
    return Races(Litmus()
                     .Task([](Shared& s) {
                       WritePlain(s.x, 1);
                       StoreWith(KERNEL_RELEASE, s.y, 1);
                     })
                     .Task([=](Shared& s) {
                       if (LoadWith(KERNEL_ONCE, s.y) == 1) StoreWith(order, s.z, 1);
                     })
                     .Task([](Shared& s) {
                       if (LoadWith(KERNEL_ACQUIRE, s.z) == 1) ReadPlain(s.x);
                     }));
  };
  EXPECT_EQ(races_by_way_of(KERNEL_RELEASE), kThreadSanitizer);
  EXPECT_TRUE(races_by_way_of(KERNEL_ONCE));
}

TEST(Race, ALockOrdersItsHolders) {
  const Litmus::Body locked = [](Shared& s) {
    kernel_spin_lock(&s.spin[0], KERNEL_HERE);
    WritePlain(s.x, ReadPlain(s.x) + 1);
    kernel_spin_unlock(&s.spin[0], KERNEL_HERE);
  };
  const Litmus::Body other_lock = [](Shared& s) {
    kernel_spin_lock(&s.spin[1], KERNEL_HERE);
    WritePlain(s.x, 1);
    kernel_spin_unlock(&s.spin[1], KERNEL_HERE);
  };
  EXPECT_FALSE(Races(Litmus().Task(locked).Task(locked).Task(locked)));
  EXPECT_TRUE(Races(Litmus().Task(locked).Task(other_lock)));
}

TEST(Race, AGracePeriodOrdersReadersBeforeTheFree) {
  const Litmus::Body read = [](Shared& s) {
    kernel_rcu_read_lock(KERNEL_RCU, KERNEL_HERE);
    ReadPlain(s.x);
    kernel_rcu_read_unlock(KERNEL_RCU, KERNEL_HERE);
  };
  const Litmus::Body write_later = [](Shared& s) {
    kernel_synchronize_rcu(KERNEL_HERE);
    WritePlain(s.x, 1);
  };
  const Litmus::Body write = [](Shared& s) { WritePlain(s.x, 1); };
  // A reader that comes after the grace period races all the same, so the reader goes first.
  const auto first = [](Litmus::Body reader) {
    return [=](Shared& s) {
      reader(s);
      StoreWith(KERNEL_ONCE, s.y, 1);
    };
  };
  const auto second = [](Litmus::Body writer) {
    return [=](Shared& s) {
      if (LoadWith(KERNEL_ONCE, s.y) == 1) writer(s);
    };
  };
  EXPECT_FALSE(Races(Litmus().Task(first(read)).Task(second(write_later))));
  EXPECT_TRUE(Races(Litmus().Task(first(read)).Task(second(write))));
}

// ---- What is remembered
// ----------------------------------------------------------------------------------------------

#if NOFAIL_ACCESSES
// B reads eight bytes of a word, one by one. ThreadSanitizer remembers four accesses to a word, and forgets that of A.
TEST(Race, NoAccessIsForgotten) {
  Litmus litmus;
  litmus.Task([](Shared& s) { ReadPlain(s.x); })
      .Task([](Shared& s) {
        for (unsigned i = 0; i < 8; ++i) ReadByte(s.x, i);
        StoreWith(KERNEL_RELEASE, s.y, 1);
      })
      .Task([](Shared& s) {
        if (LoadWith(KERNEL_ACQUIRE, s.y) == 1) WritePlain(s.x, 1);
      })
      .Final([](Shared& s) { return s.x == 1 ? "written" : "not written"; });
  // A is not ordered before or after the write, whichever of the two comes first.
  EXPECT_THAT(Keys(litmus.WithRaces().Outcomes()), ElementsAre("not written", "written !data-race"));
}

// What ThreadSanitizer finds depends on earlier runs.
TEST(Race, TheSameRacesAreFoundEachTime) {
  const auto outcomes = [] {
    return Litmus()
        .Task([](Shared& s) { WritePlain(s.x, 1); })
        .Task([](Shared& s) { ReadPlain(s.x); })
        .Task([](Shared& s) { WriteLowHalf(s.x, 1); })
        .WithRaces()
        .Outcomes();
  };
  EXPECT_EQ(outcomes(), outcomes());
}
#endif

// ---- What is reported
// ------------------------------------------------------------------------------------------------

TEST(Race, TheReportNamesBothAccesses) {
  ASSERT_TRUE(
      Races(Litmus().Task([](Shared& s) { WritePlain(s.z, 1); }).Task([](Shared& s) { LoadWith(KERNEL_ONCE, s.z); })));
  std::vector<std::string> told;  // in the last interleaving, where A runs first
  for (const Event& event : Sim::Get().trace().events()) {
    const bool is_earlier = event.kind == EventKind::kEarlierAccess;
    if (!is_earlier && !event.Is(Fault::kDataRace)) continue;
    const OpRef op = is_earlier ? event.earlier_op() : event.op;
    told.push_back((op.task == kNoTask ? "" : TaskName(op) + " ") + (event.IsPlain() ? "plainly " : "marked ") +
                   (event.IsRacingStore() ? "stores in " : "loads in ") + event.function);
    EXPECT_EQ(event.offset, offsetof(Shared, z));
  }
  const std::string earlier = kAccessesSeen ? "A " : "";
  EXPECT_THAT(told, ElementsAre("B marked loads in LoadWith", earlier + "plainly stores in WritePlain"));
}

}  // namespace
}  // namespace nofail
