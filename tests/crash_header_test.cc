// SPDX-License-Identifier: MIT
#include "fuzz/report/crash_header.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace nofail {
namespace {

using ::testing::HasSubstr;

Violation Leak() {
  Violation leak{.kind = "leak.fields", .objects = {"selem"}, .functions = {"SelemFree", "SelemUnlinkNofail"}};
  leak.involved = {12};
  leak.Set("lock", "buckets");
  return leak;
}

TEST(CrashHeader, Golden) {
  EXPECT_EQ(CrashHeader(Leak(), 4711), R"(==4711==ERROR: NofailSanitizer: leak.fields on address 0x00000000000c
    #0 0x000000000000 in nofail::leak.fields
    #1 0x000000000000 in nofail::SelemFree+SelemUnlinkNofail
    #2 0x000000000000 in FuzzerHash=mteqhppglclwsg

SUMMARY: NofailSanitizer: leak.fields/selem/SelemFree+SelemUnlinkNofail/lock=buckets
==4711==NofailSanitizer: ABRT after a verdict: the process itself is sound
)");
}

// Returns the three frames of the report, which services tell crashes apart by.
std::string Frames(const Violation& violation) {
  const std::string text = CrashHeader(violation, 1);
  return text.substr(text.find("#0"), text.find("SUMMARY") - text.find("#0"));
}

TEST(CrashHeader, FramesDifferWhereSignaturesDo) {
  Violation other = Leak();
  other.attributes[0].value = "storage";
  EXPECT_NE(Frames(Leak()), Frames(other));
}

TEST(CrashHeader, FramesAreTheSameWhereSignaturesAre) {
  Violation other = Leak();
  other.involved = {3, 4};
  other.event = 99;
  other.detail = "something else";
  EXPECT_EQ(Frames(Leak()), Frames(other));
}

TEST(CrashHeader, NamesTheObjectsWhereNoFunctionTakesPart) {
  EXPECT_THAT(Frames({.kind = "charge.left", .objects = {"owner"}}), HasSubstr("in nofail::owner\n"));
  EXPECT_THAT(Frames({.kind = "runaway"}), HasSubstr("in nofail::-\n"));
}

}  // namespace
}  // namespace nofail
