// SPDX-License-Identifier: MIT
//
// What a search tells while it goes on.
#include "fuzz/tools/explore_progress.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <thread>

namespace nofail {
namespace {

using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

Progress At(double done, uint8_t departures = 3) {
  return {.states = 100, .depth = 7, .departures = departures, .done = done};
}

TEST(DoneEstimate, GrowsAsTheLogarithmOfTheShare) {
  DoneEstimate estimate;
  EXPECT_EQ(estimate.done(), 0);
  estimate.Note(At(0));  // the first run has not come to its end
  EXPECT_EQ(estimate.done(), 0);
  estimate.Note(At(1e-12));
  EXPECT_EQ(estimate.done(), 0);
  estimate.Note(At(1e-9));
  EXPECT_NEAR(estimate.done(), 0.25, 1e-9);
  estimate.Note(At(1e-3));
  EXPECT_NEAR(estimate.done(), 0.75, 1e-9);
}

TEST(DoneEstimate, NeverGoesBackAndBeginsAnewWithMoreDepartures) {
  DoneEstimate estimate;
  estimate.Note(At(1e-10));
  estimate.Note(At(1e-5));
  estimate.Note(At(1e-6));
  EXPECT_NEAR(estimate.done(), 0.5, 1e-9);
  estimate.Note(At(1e-15, 31));
  EXPECT_EQ(estimate.done(), 0);
}

class OfASearch : public testing::Test {
 protected:
  // Large, and as in the memory that processes share: all zero.
  const std::unique_ptr<SearchProgress> progress = std::make_unique<SearchProgress>();
};

TEST_F(OfASearch, CountsEachViolationOnce) {
  progress->Found("leak.selem/selem/F");
  progress->Found("livelock/storage/G");
  progress->Found("leak.selem/selem/F");
  EXPECT_THAT(progress->Line(8), HasSubstr("0 of 8 scenarios, 0 states, 2 violations"));
}

TEST_F(OfASearch, CountsStatesOfWhatIsDoneAndOfWhatIsUnderWay) {
  progress->Begin(0, 5);
  progress->Note(0, At(0.1), 0);
  progress->End(0, 120);
  progress->Begin(0, 6);
  progress->Begin(1, 7);
  progress->Note(1, At(0.1), 0);
  EXPECT_THAT(progress->Line(8), HasSubstr("1 of 8 scenarios, 220 states"));
}

TEST_F(OfASearch, NamesTheScenarioThatTakesLongestWithAnEstimate) {
  EXPECT_THAT(progress->Longest(seconds(0)), IsEmpty());
  progress->Begin(3, 41);
  std::this_thread::sleep_for(std::chrono::milliseconds(1200));
  progress->Begin(2, 42);
  progress->Note(3, At(0.1, 0), 0.25);
  const std::string told = progress->Longest(seconds(0));
  EXPECT_THAT(told, HasSubstr("scenario 41 for 1"));
  EXPECT_THAT(told, HasSubstr("depth 7; schedules with up to 0 departures: about 25 % done, about"));
  EXPECT_THAT(told, HasSubstr(" more if it goes on so"));
  EXPECT_THAT(progress->Longest(seconds(60)), IsEmpty());
  EXPECT_THAT(progress->Line(50), Not(HasSubstr("scenario 41")));  // it is not long under way
  progress->End(3, 100);
  EXPECT_THAT(progress->Longest(seconds(0)), HasSubstr("scenario 42"));
}

}  // namespace
}  // namespace nofail
