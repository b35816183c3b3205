// SPDX-License-Identifier: MIT
//
// Tests which violations are graver than others.
#include "fuzz/check/gravity.h"

#include <gtest/gtest.h>

#include "core/kernel/trace/trace.h"

namespace nofail {
namespace {

TEST(GravityTest, WhatIsFatalIsGraverThanWhatIsNot) {
#define FAULT(name, text, fatality, judge, meaning) \
  EXPECT_EQ(GravityOf(text "/selem/F") <= Gravity::kStops, IsFatal(Fault::k##name)) << text;
#include "core/kernel/trace/faults.def"
#undef FAULT
}

TEST(GravityTest, DependsOnTheKindAlone) {
  EXPECT_EQ(GravityOf("leak.fields/selem/F/lock=buckets"), Gravity::kLoses);
  EXPECT_EQ(GravityOf("charge.left/owner/F"), Gravity::kLoses);
  EXPECT_LT(GravityOf("use-after-free/selem/F"), GravityOf("null-dereference/-/F"));
  EXPECT_LT(GravityOf("freed-in-reader/selem/F"), GravityOf("leak.selem/selem/F"));
  EXPECT_LT(GravityOf("leak.selem/selem/F"), GravityOf("warning/-/F"));
}

TEST(GravityTest, AKindThatNobodyHasRankedIsTheGravest) {
  EXPECT_EQ(GravityOf("no-such-kind/-/-"), Gravity{});
}

}  // namespace
}  // namespace nofail
