// SPDX-License-Identifier: MIT
//
// Tests the model of a run's picture: from which event to which a bar lasts, between which events arrows lead, and
// which events matter. A number after an event is its number in the trace.
#include "fuzz/report/timeline.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fuzz/schedule/schedule.h"
#include "tests/trace_builder.h"

namespace nofail {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::IsEmpty;

constexpr OpRef kOpC = {kTaskA + 2, 0};

Timeline TimelineOf(const TraceBuilder& b) {
  const Verdict verdict = b.Judged();
  return BuildTimeline({TestSubject(), nullptr, b.trace, verdict, {}});
}

std::vector<Bar> BarsOf(const Timeline& timeline, BarKind kind) {
  std::vector<Bar> bars;
  for (const Bar& bar : timeline.bars) {
    if (bar.kind == kind) bars.push_back(bar);
  }
  return bars;
}

auto IsBar(int lane, uint32_t begin, uint32_t end) {
  return AllOf(Field(&Bar::lane, lane), Field(&Bar::begin, begin), Field(&Bar::end, end));
}
auto IsArrow(ArrowKind kind, uint32_t from, uint32_t to) {
  return AllOf(Field(&Arrow::kind, kind), Field(&Arrow::from, from), Field(&Arrow::to, to));
}

uint32_t Begin(TraceBuilder* b, OpRef op, OpKind kind) {
  return b->Add(EventKind::kOpBegin, op, 0, nullptr, 0, static_cast<uint8_t>(kind));
}
uint32_t End(TraceBuilder* b, OpRef op, OpKind kind) {
  return b->Add(EventKind::kOpEnd, op, 0, nullptr, 0, static_cast<uint8_t>(kind));
}

TEST(TimelineTest, LanesAreTheTasksThatRunAndOneForAllCallbacks) {
  TraceBuilder b;
  b.Touch(kSetupOp, 0);
  b.Touch(kOpC, 0);
  b.Touch(kOpA, 0);
  b.Touch(CallbackOp(KERNEL_SELEM, 3), 0);
  b.Touch(CallbackOp(KERNEL_STORAGE, 0), 0);
  const Timeline timeline = TimelineOf(b);
  ASSERT_EQ(timeline.lanes.size(), 3u);
  EXPECT_EQ(timeline.lanes[0].name, "A");
  EXPECT_EQ(timeline.lanes[1].name, "C");
  EXPECT_EQ(timeline.lanes[2].name, "callbacks");
  std::vector<int> lanes;
  for (const Event& e : b.trace.events()) lanes.push_back(timeline.LaneOf(e));
  EXPECT_THAT(lanes, ElementsAre(kAcross, 1, 0, 2, 2));
}

TEST(TimelineTest, AnOpAndASleepLastFromBeginToEnd) {
  TraceBuilder b;
  const uint32_t begin = Begin(&b, kOpA, OpKind::kMapFree);
  const uint32_t wait = b.Add(EventKind::kGpWait, kOpA, 0, "MapFree", 0, KERNEL_RCU);
  const uint32_t other = Begin(&b, kOpB, OpKind::kDestroy);
  const uint32_t ends = b.Add(EventKind::kGpEnd, kOpB, 0, nullptr, 0, KERNEL_RCU);
  const uint32_t done = b.Add(EventKind::kGpDone, kOpA, 0, "MapFree", 0);
  const uint32_t end = End(&b, kOpA, OpKind::kMapFree);
  const Timeline timeline = TimelineOf(b);
  EXPECT_THAT(BarsOf(timeline, BarKind::kOp), ElementsAre(IsBar(0, begin, end), IsBar(1, other, kNever)));
  EXPECT_THAT(BarsOf(timeline, BarKind::kSleep), ElementsAre(IsBar(0, wait, done)));
  EXPECT_THAT(BarsOf(timeline, BarKind::kGracePeriod), ElementsAre(IsBar(kAcross, wait, ends)));
  EXPECT_EQ(timeline.period_tracks, 1);
}

TEST(TimelineTest, AGracePeriodThatATaskPollsForIsABarAndNoSleep) {
  TraceBuilder b;
  Begin(&b, kOpA, OpKind::kMapFree);
  const uint32_t start = b.Add(EventKind::kGpStart, kOpA, 0, "MapFree", 0);
  b.Add(EventKind::kGpPoll, kOpA, 0, "MapFree", 0, false);
  const uint32_t ends = b.Add(EventKind::kGpEnd, kOpA, 0, nullptr, 0, KERNEL_RCU);
  b.Add(EventKind::kGpPoll, kOpA, 0, "MapFree", 0, true);
  const Timeline timeline = TimelineOf(b);
  EXPECT_THAT(BarsOf(timeline, BarKind::kGracePeriod), ElementsAre(IsBar(kAcross, start, ends)));
  EXPECT_THAT(BarsOf(timeline, BarKind::kSleep), IsEmpty());
}

TEST(TimelineTest, OnlyTheOutermostReaderSectionOfEachFlavourIsABar) {
  TraceBuilder b;
  b.Add(EventKind::kReadLock, kOpA, 0, "F", 1, KERNEL_RCU_TASKS_TRACE);
  b.Add(EventKind::kReadLock, kOpA, 0, "F", 1, KERNEL_RCU);
  b.Add(EventKind::kReadLock, kOpA, 0, "F", 2, KERNEL_RCU);
  b.Add(EventKind::kReadUnlock, kOpA, 0, "F", 1, KERNEL_RCU);
  b.Add(EventKind::kReadUnlock, kOpA, 0, "F", 0, KERNEL_RCU);
  b.Add(EventKind::kReadUnlock, kOpA, 0, "F", 0, KERNEL_RCU_TASKS_TRACE);
  const Timeline timeline = TimelineOf(b);
  EXPECT_THAT(BarsOf(timeline, BarKind::kTraceReader), ElementsAre(IsBar(0, 0, 5)));
  EXPECT_THAT(BarsOf(timeline, BarKind::kRcuReader), ElementsAre(IsBar(0, 1, 4)));
}

TEST(TimelineTest, BarsThatOverlapStandBesideEachOtherAndPlacesAreUsedAgain) {
  TraceBuilder b;
  const ObjectId buckets = b.Alloc(kSetupOp, KERNEL_BUCKETS), storage = b.Alloc(kSetupOp, KERNEL_STORAGE);
  auto unlock = [&](ObjectId object) { b.Add(EventKind::kUnlock, kOpA, object, "F", 0, 0, 8); };
  b.Lock(kOpA, storage, "F");
  b.Lock(kOpA, buckets, "F");
  unlock(buckets);
  unlock(storage);
  b.Lock(kOpA, buckets, "F");
  unlock(buckets);
  const Timeline timeline = TimelineOf(b);
  std::vector<int> tracks;
  for (const Bar& bar : BarsOf(timeline, BarKind::kLock)) tracks.push_back(bar.track);
  EXPECT_THAT(tracks, ElementsAre(0, 1, 0));
  EXPECT_EQ(timeline.lanes[0].tracks, 2);
}

TEST(TimelineTest, ALockThatIsNeverReleasedLastsToTheEnd) {
  TraceBuilder b;
  const ObjectId buckets = b.Alloc(kSetupOp, KERNEL_BUCKETS);
  b.Lock(kOpA, buckets, "F");
  EXPECT_THAT(BarsOf(TimelineOf(b), BarKind::kLock), ElementsAre(IsBar(0, 1, kNever)));
}

TEST(TimelineTest, ARefusedLockPointsToWhereItsHolderTookIt) {
  TraceBuilder b;
  const ObjectId buckets = b.Alloc(kSetupOp, KERNEL_BUCKETS);
  b.Lock(kOpB, buckets, "F");                                               // 1
  b.FailLock(kOpA, buckets, "F");                                           // 2
  b.Add(EventKind::kLockWait, kOpC, buckets, "F", PackTarget(kOpB), 0, 8);  // 3
  b.Add(EventKind::kUnlock, kOpB, buckets, "F", 0, 0, 8);
  b.Lock(kOpC, buckets, "F");                              // 5
  b.Add(EventKind::kUnlock, kOpC, buckets, "F", 0, 0, 8);  // 6
  b.FailLock(kOpA, buckets, "F");                          // the lock is free, so there is no holder to point to
  const Timeline timeline = TimelineOf(b);
  EXPECT_THAT(timeline.arrows, ElementsAre(IsArrow(ArrowKind::kRefused, 1, 2), IsArrow(ArrowKind::kRefused, 1, 3)));
  EXPECT_THAT(BarsOf(timeline, BarKind::kWait), ElementsAre(IsBar(2, 3, 5)));
}

TEST(TimelineTest, AnArrowLeadsFromAWriteToAnotherTasksFirstReadOfIt) {
  TraceBuilder b;
  const ObjectId selem = b.Alloc(kSetupOp, KERNEL_SELEM);
  auto load = [&](OpRef op) { return b.Add(EventKind::kLoad, op, selem, "F", 0, KERNEL_ONCE, 16); };
  auto store = [&](OpRef op) { return b.Add(EventKind::kStore, op, selem, "F", 1, KERNEL_ONCE, 16); };
  store(kSetupOp);
  load(kOpA);  // no arrow: the set-up wrote this
  const uint32_t first = store(kOpA);
  load(kOpA);  // no arrow: A wrote this itself
  const uint32_t seen = load(kOpB);
  load(kOpB);  // no arrow: not B's first read of it
  const uint32_t seen_too = load(kOpC);
  const uint32_t second = store(kOpB);
  const uint32_t seen_back = load(kOpA);
  b.Add(EventKind::kLoad, kOpA, selem, "F", 0, KERNEL_ONCE, 24);  // no arrow: another word of memory
  EXPECT_THAT(TimelineOf(b).arrows,
              ElementsAre(IsArrow(ArrowKind::kReadsFrom, first, seen), IsArrow(ArrowKind::kReadsFrom, first, seen_too),
                          IsArrow(ArrowKind::kReadsFrom, second, seen_back)));
}

TEST(TimelineTest, AReadModifyWriteReadsAndAFailedOneDoesNotWrite) {
  TraceBuilder b;
  const ObjectId selem = b.Alloc(kSetupOp, KERNEL_SELEM);
  b.Rmw(kOpA, selem, 16, 0, 1, "F");                             // 1, 2
  b.Add(EventKind::kRmw, kOpB, selem, "F", 1, KERNEL_FULL, 16);  // 3: leaves the word as it is
  b.Add(EventKind::kRmwOld, kOpB, selem, "F", 1, false, 16);
  b.Add(EventKind::kLoad, kOpC, selem, "F", 1, KERNEL_ONCE, 16);  // 5
  EXPECT_THAT(TimelineOf(b).arrows,
              ElementsAre(IsArrow(ArrowKind::kReadsFrom, 1, 3), IsArrow(ArrowKind::kReadsFrom, 1, 5)));
}

TEST(TimelineTest, LivesBeginWithWhatViolationsAreAbout) {
  TraceBuilder b;
  const ObjectId map = b.Alloc(kSetupOp, KERNEL_MAP), selem = b.Alloc(kSetupOp, KERNEL_SELEM);
  b.Touch(kOpA, selem);
  b.HandOver(kOpA, selem, "SelemFree");
  const uint32_t callback = b.trace.size();
  b.Free(CallbackOp(KERNEL_SELEM, 0), selem);
  b.Free(kEndOp, map);
  b.Fault(Fault::kUseAfterFree, kOpB, selem, "Walk");
  const Timeline timeline = TimelineOf(b);
  ASSERT_EQ(timeline.lives.size(), 2u);
  EXPECT_EQ(timeline.lives[0].object, selem);
  EXPECT_TRUE(timeline.lives[0].involved);
  std::vector<LifeKind> kinds;
  for (const LifeEvent& moment : timeline.lives[0].moments) kinds.push_back(moment.kind);
  EXPECT_THAT(kinds, ElementsAre(LifeKind::kAllocated, LifeKind::kTouched, LifeKind::kHandedOver, LifeKind::kFreed,
                                 LifeKind::kTouched));
  EXPECT_EQ(timeline.lives[1].object, map);
  EXPECT_FALSE(timeline.lives[1].involved);
  EXPECT_TRUE(timeline.matters[callback]);
  EXPECT_TRUE(timeline.marked.back());
}

TEST(TimelineTest, APassHasNothingMarked) {
  TraceBuilder b;
  Begin(&b, kOpA, OpKind::kLookup);
  End(&b, kOpA, OpKind::kLookup);
  EXPECT_THAT(TimelineOf(b).marked, ElementsAre(false, false));
  EXPECT_THAT(TimelineOf(TraceBuilder()).lanes, IsEmpty());
}

auto IsRow(Row::Kind kind, uint32_t first, uint32_t last) {
  return AllOf(Field(&Row::kind, kind), Field(&Row::first, first), Field(&Row::last, last));
}

// Nothing is wrong in this run. If the selem leaked, events on it would matter, and would not be folded.
TEST(RowsTest, WhatDoesNotMatterSharesARowWithItsNeighbours) {
  TraceBuilder b;
  const ObjectId selem = b.Alloc(kSetupOp, KERNEL_SELEM), map = b.Alloc(kSetupOp, KERNEL_MAP);  // 0, 1
  Begin(&b, kOpA, OpKind::kLookup);                                                             // 2
  b.Touch(kOpA, selem);                                                                         // 3
  b.Touch(kOpA, selem);                                                                         // 4
  b.Rmw(kOpA, map, 0, 0, 1, "F");                                                               // 5, 6
  b.Touch(kOpB, selem);                                                                         // 7: another lane
  b.Rmw(kOpA, selem, kStateOffset, 0, 1, "F");                                                  // 8, 9
  b.Free(kEndOp, selem);                                                                        // 10
  b.Free(kEndOp, map);                                                                          // 11
  const Timeline timeline = TimelineOf(b);
  EXPECT_THAT(MakeRows(b.trace, timeline, true, 100),
              ElementsAre(IsRow(Row::kFolded, 0, 1), IsRow(Row::kEvent, 2, 2), IsRow(Row::kFolded, 3, 6),
                          IsRow(Row::kFolded, 7, 7), IsRow(Row::kEvent, 8, 9), IsRow(Row::kFolded, 10, 11)));
  EXPECT_EQ(MakeRows(b.trace, timeline, false, 100).size(), 10u);
}

TEST(RowsTest, AnOpOfTheSetUpIsOneRow) {
  TraceBuilder b;
  Begin(&b, kSetupOp, OpKind::kUpdate);
  const ObjectId selem = b.Alloc(kSetupOp, KERNEL_SELEM);
  b.Touch(kSetupOp, selem);
  End(&b, kSetupOp, OpKind::kUpdate);
  b.Add(EventKind::kOpBegin, kEndOp, 0, nullptr, 0, static_cast<uint8_t>(OpKind::kDestroy));
  b.Free(kEndOp, selem);
  EXPECT_THAT(MakeRows(b.trace, TimelineOf(b), true, 100),
              ElementsAre(IsRow(Row::kEvent, 0, 3), IsRow(Row::kEvent, 4, 5)));
}

// The trace is the longest possible one. The rows are few, cover all events, and show the violation in the middle.
TEST(RowsTest, OfTooManyTheBeginningTheEndAndTheViolationsStay) {
  TraceBuilder b;
  const ObjectId selem = b.Alloc(kSetupOp, KERNEL_SELEM);
  while (b.trace.size() < kMaxEvents / 2) b.Touch(b.trace.size() % 2 ? kOpA : kOpB, selem);
  const uint32_t middle = b.Add(EventKind::kWarning, kOpA, 0, "Walk");
  while (b.trace.size() < kMaxEvents) b.Touch(b.trace.size() % 2 ? kOpA : kOpB, selem);
  const Timeline timeline = TimelineOf(b);
  for (bool fold : {false, true}) {
    const std::vector<Row> rows = MakeRows(b.trace, timeline, fold, 1000);
    EXPECT_LE(rows.size(), 1010u);
    EXPECT_EQ(rows.front().first, 0u);
    EXPECT_EQ(rows.back().last, kMaxEvents - 1);
    int left_out = 0;
    bool shows_violation = false;
    for (size_t i = 0; i < rows.size(); ++i) {
      if (i > 0) EXPECT_EQ(rows[i].first, rows[i - 1].last + 1);
      left_out += rows[i].kind == Row::kLeftOut;
      shows_violation |= rows[i].kind == Row::kEvent && rows[i].first == middle;
    }
    EXPECT_EQ(left_out, 2);
    EXPECT_TRUE(shows_violation);
  }
}

}  // namespace
}  // namespace nofail
