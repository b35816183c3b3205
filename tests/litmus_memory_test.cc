// SPDX-License-Identifier: MIT
//
// Litmus tests of marked accesses, atomics and refcount_t. "Result" in a comment says of a kind of outcome whether it
// occurs: Never, Sometimes (in some executions) or Always.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "tests/litmus.h"

namespace nofail {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

// Two tasks of two steps each have C(4,2) = 6 interleavings. Every one is run, none twice.
TEST(Interleavings, AreEnumeratedExactly) {
  auto step_twice = [](Shared& s) {
    WriteOnce(s.x, 1);
    WriteOnce(s.x, 2);
  };
  EXPECT_THAT(Litmus().Task(step_twice).Task(step_twice).Outcomes(), ElementsAre(Pair("", 6)));
}

// 3 tasks of 2 steps: 6!/(2!2!2!) = 90.
TEST(Interleavings, OfThreeTasksAreEnumeratedExactly) {
  auto step_twice = [](Shared& s) {
    WriteOnce(s.x, 1);
    WriteOnce(s.x, 2);
  };
  EXPECT_THAT(Litmus().Task(step_twice).Task(step_twice).Task(step_twice).Outcomes(), ElementsAre(Pair("", 90)));
}

// Store buffering (SB). Result: both tasks read 0: Never in mode sc.
TEST(Memory, StoreBuffering) {
  static uint64_t r0, r1;
  EXPECT_THAT(Litmus()
                  .Task([](Shared& s) { WriteOnce(s.x, 1), r0 = ReadOnce(s.y); })
                  .Task([](Shared& s) { WriteOnce(s.y, 1), r1 = ReadOnce(s.x); })
                  .Final([](Shared&) { return absl::StrCat(r0, r1); })
                  .Outcomes(),
              ElementsAre(Pair("01", 1), Pair("10", 1), Pair("11", 4)));
}

// Message passing (MP). Result: a task sees the flag, but not the data: Never.
TEST(Memory, MessagePassing) {
  static uint64_t flag, data;
  EXPECT_THAT(Keys(Litmus()
                       .Task([](Shared& s) { WriteOnce(s.x, 1), KERNEL_STORE(s.y, 1, smp_store_release, KERNEL_HERE); })
                       .Task([](Shared& s) {
                         flag = KERNEL_LOAD(s.y, smp_load_acquire, KERNEL_HERE);
                         data = ReadOnce(s.x);
                       })
                       .Final([](Shared&) { return absl::StrCat(flag, data); })
                       .Outcomes()),
              ElementsAre("00", "01", "11"));
}

// An increment by a load and a store takes two steps. Result: one increment is lost: Sometimes.
TEST(Memory, IncrementInTwoStepsLosesOne) {
  auto increment = [](Shared& s) { WriteOnce(s.x, ReadOnce(s.x) + 1); };
  EXPECT_THAT(
      Keys(Litmus().Task(increment).Task(increment).Final([](Shared& s) { return absl::StrCat(s.x); }).Outcomes()),
      ElementsAre("1", "2"));
}

// Each of two tasks sets its bit with atomic_or, which is one step, and then tries to exchange 3 for 4. Result: a bit
// is lost: Never. Exactly one of the tasks wins: Always.
TEST(Atomics, OneWinnerTakesTheState) {
  static int winners;
  auto unlink = [](int bit) {
    return [bit](Shared& s) {
      access_fetch_or(&s.bits, bit, KERNEL_ONCE, KERNEL_HERE);
      if (access_compare_exchange(&s.bits, 4, 3, 4, KERNEL_FULL, KERNEL_HERE) == 3) ++winners;
    };
  };
  EXPECT_THAT(Keys(Litmus()
                       .Init([](Shared&) { winners = 0; })
                       .Task(unlink(1))
                       .Task(unlink(2))
                       .Final([](Shared& s) { return absl::StrCat("winners=", winners, " state=", s.bits); })
                       .Outcomes()),
              ElementsAre("winners=1 state=4"));
}

// The same with the exchange split into a load and a store. Result: both tasks win: Sometimes.
TEST(Atomics, SplitExchangeHasTwoWinners) {
  static int winners;
  auto unlink = [](int bit) {
    return [bit](Shared& s) {
      access_fetch_or(&s.bits, bit, KERNEL_ONCE, KERNEL_HERE);
      if (KERNEL_LOAD(s.bits, atomic_read, KERNEL_HERE) == 3) {
        KERNEL_STORE(s.bits, 4, atomic_set, KERNEL_HERE);
        ++winners;
      }
    };
  };
  EXPECT_THAT(Keys(Litmus()
                       .Init([](Shared&) { winners = 0; })
                       .Task(unlink(1))
                       .Task(unlink(2))
                       .Final([](Shared&) { return absl::StrCat(winners); })
                       .Outcomes()),
              ElementsAre("1", "2"));
}

std::string Count(Shared& s) {
  return absl::StrCat(static_cast<int32_t>(s.count.value));
}
constexpr char kSaturated[] = "-1073741824";

TEST(Refcount, LastOfTwoSeesZero) {
  static int last;
  auto put = [](Shared& s) { last += refcount_dec_and_test(&s.count, KERNEL_HERE); };
  EXPECT_THAT(Keys(Litmus()
                       .Init([](Shared& s) { last = 0, refcount_set(&s.count, 2, KERNEL_HERE); })
                       .Task(put)
                       .Task(put)
                       .Final([](Shared& s) { return absl::StrCat("last=", last, " count=", Count(s)); })
                       .Outcomes()),
              ElementsAre("last=1 count=0"));
}

// The owner pin: map_free pins the owner unless destroy was first, and destroy waits until the pin is dropped. Result:
// destroy comes before the pin, after it, or in between. If it comes in between, map_free's refcount_dec reaches zero,
// which refcount_t takes for a bug, and the count saturates:
//   1. map_free: refcount_inc_not_zero, 1 -> 2.
//   2. destroy: refcount_dec_and_test, 2 -> 1. This is not the last reference, so destroy waits for zero.
//   3. map_free: refcount_dec, 1 -> 0. This warns.
//   4. If destroy polls here, it sees the 0 and is done.
//   5. map_free stores the saturated value. If destroy polls only now, it waits for ever.
TEST(Refcount, PinOrLast) {
  static bool pinned, last;
  EXPECT_THAT(Keys(Litmus()
                       .Init([](Shared& s) { pinned = last = false, refcount_set(&s.count, 1, KERNEL_HERE); })
                       .Task([](Shared& s) {
                         pinned = refcount_inc_not_zero(&s.count, KERNEL_HERE);
                         if (pinned) refcount_dec(&s.count, KERNEL_HERE);
                       })
                       .Task([](Shared& s) {
                         last = refcount_dec_and_test(&s.count, KERNEL_HERE);
                         while (!last && refcount_read(&s.count, KERNEL_HERE) != 0) kernel_cpu_relax(KERNEL_HERE);
                       })
                       .Final([](Shared& s) { return absl::StrCat(pinned, last, " count=", Count(s)); })
                       .Outcomes()),
              ElementsAre("!refcount-dec-to-zero !livelock", "01 count=0", "10 count=-1073741824 !refcount-dec-to-zero",
                          "11 count=0"));
}

TEST(Refcount, IncOnZeroSaturates) {
  EXPECT_THAT(Keys(Litmus().Task([](Shared& s) { refcount_inc(&s.count, KERNEL_HERE); }).Final(Count).Outcomes()),
              ElementsAre(absl::StrCat(kSaturated, " !refcount-add-on-zero")));
}

// Saturation takes two steps: the addition, and then a store of the saturated value. Result: another task sees the sum
// that the addition left: Sometimes.
TEST(Refcount, SaturationShowsItsFirstStep) {
  static int32_t seen;
  EXPECT_THAT(Keys(Litmus()
                       .Task([](Shared& s) { refcount_inc(&s.count, KERNEL_HERE); })
                       .Task([](Shared& s) { seen = static_cast<int32_t>(refcount_read(&s.count, KERNEL_HERE)); })
                       .Final([](Shared&) { return absl::StrCat(seen); })
                       .Outcomes()),
              ElementsAre(absl::StrCat(kSaturated, " !refcount-add-on-zero"), "0 !refcount-add-on-zero",
                          "1 !refcount-add-on-zero"));
}

TEST(Refcount, DecToZeroSaturates) {
  EXPECT_THAT(Keys(Litmus()
                       .Init([](Shared& s) { refcount_set(&s.count, 1, KERNEL_HERE); })
                       .Task([](Shared& s) { refcount_dec(&s.count, KERNEL_HERE); })
                       .Final(Count)
                       .Outcomes()),
              ElementsAre(absl::StrCat(kSaturated, " !refcount-dec-to-zero")));
}

TEST(Refcount, UnderflowSaturates) {
  EXPECT_THAT(
      Keys(Litmus().Task([](Shared& s) { refcount_dec_and_test(&s.count, KERNEL_HERE); }).Final(Count).Outcomes()),
      ElementsAre(absl::StrCat(kSaturated, " !refcount-underflow")));
}

TEST(Refcount, IncrementPastTheLimitSaturates) {
  EXPECT_THAT(Keys(Litmus()
                       .Init([](Shared& s) { refcount_set(&s.count, INT32_MAX, KERNEL_HERE); })
                       .Task([](Shared& s) { refcount_inc(&s.count, KERNEL_HERE); })
                       .Final(Count)
                       .Outcomes()),
              ElementsAre(absl::StrCat(kSaturated, " !refcount-overflow")));
}

// Result: a saturated count reaches zero: Never.
TEST(Refcount, SaturatedStaysSo) {
  static bool last, pinned;
  EXPECT_THAT(Keys(Litmus()
                       .Init([](Shared& s) { refcount_set(&s.count, INT32_MIN / 2, KERNEL_HERE); })
                       .Task([](Shared& s) { last = refcount_dec_and_test(&s.count, KERNEL_HERE); })
                       .Task([](Shared& s) { pinned = refcount_inc_not_zero(&s.count, KERNEL_HERE); })
                       .Final([](Shared& s) { return absl::StrCat(last, pinned, " ", Count(s)); })
                       .Outcomes()),
              ElementsAre(absl::StrCat("01 ", kSaturated, " !refcount-overflow !refcount-underflow"),
                          absl::StrCat("01 ", kSaturated, " !refcount-underflow !refcount-overflow")));
}

TEST(Refcount, IncNotZeroOnZeroIsSilent) {
  static bool pinned;
  EXPECT_THAT(Keys(Litmus()
                       .Task([](Shared& s) { pinned = refcount_inc_not_zero(&s.count, KERNEL_HERE); })
                       .Final([](Shared& s) { return absl::StrCat(pinned, " ", Count(s)); })
                       .Outcomes()),
              ElementsAre("0 0"));
}

}  // namespace
}  // namespace nofail
