// SPDX-License-Identifier: MIT
#include "fuzz/report/crash_header.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>
#include <string>
#include <vector>

#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"

namespace nofail {
namespace {

using ::testing::Contains;
using ::testing::SizeIs;

Violation Leak() {
  Violation leak{.kind = "leak.fields", .objects = {"selem"}, .functions = {"SelemFree", "SelemUnlinkNofail"}};
  leak.involved = {12};
  leak.Set("lock", "buckets");
  return leak;
}

// The header of a violation in a run without events.
std::string Header(const Violation& violation) {
  static const Trace nothing;
  return CrashHeader(nothing, violation, 4711);
}

TEST(CrashHeader, Golden) {
  EXPECT_EQ(Header(Leak()), R"(==4711==ERROR: NofailSanitizer: leak.fields on address 0x00000000000c
    #0 0x000000000000 in nofail::leak.fields
    #1 0x000000000000 in nofail::SelemFree+SelemUnlinkNofail
    #2 0x000000000000 in FuzzerHash=mteqhppglclwsg

SUMMARY: NofailSanitizer: leak.fields/selem/SelemFree+SelemUnlinkNofail/lock=buckets
==4711==NofailSanitizer: ABRT after a verdict: the process itself is sound
)");
}

// What ClusterFuzz's parser of stacks takes from a frame: its function, and the file with its line where there is one.
// ClusterFuzzLite's SARIF is about the file and line of the frame that the crash is filed under, which is the first.
struct Frame {
  std::string function, file;
  int line = 0;
};

std::vector<Frame> FramesOf(const std::string& header) {
  static const std::regex kFrame(R"(\s*#\d+\s+0x[0-9a-f]+\s+in (\S+)(?: ([^ ]+):(\d+):(\d+))?)");
  std::vector<Frame> frames;
  for (const absl::string_view text : absl::StrSplit(header, '\n')) {
    std::smatch match;
    const std::string line(text);
    if (!std::regex_match(line, match, kFrame)) continue;
    frames.push_back({match[1], match[2], match[3].matched ? std::stoi(match[3]) : 0});
  }
  return frames;
}

// The functions of the frames, which services tell crashes apart by.
std::vector<std::string> Frames(const std::string& header) {
  std::vector<std::string> functions;
  for (const Frame& frame : FramesOf(header)) functions.push_back(frame.function);
  return functions;
}
std::vector<std::string> Frames(const Violation& violation) {
  return Frames(Header(violation));
}

// What ClusterFuzzLite makes of a file's name: /src/ and the folder below it go.
std::string Redacted(const std::string& file) {
  const std::string below = file.substr(std::string("/src/").size());
  return below.substr(below.find('/') + 1);
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
  EXPECT_THAT(Frames({.kind = "charge.left", .objects = {"owner"}}), Contains("nofail::owner"));
  EXPECT_THAT(Frames({.kind = "runaway"}), Contains("nofail::-"));
}

class CrashInRun : public testing::Test {
 protected:
  // A run whose second event is the last one that has a line, in this file.
  explicit CrashInRun(const char* file = "core/subjects/posted/teardown.cc") {
    trace_.Append({.kind = EventKind::kLock, .line = 26, .function = "SelemUnlinkNofail", .file = "elsewhere.cc"});
    trace_.Append({.kind = EventKind::kFree, .line = 96, .function = "SelemFree", .file = file});
    trace_.Append({.kind = EventKind::kOpEnd});
  }
  std::vector<Frame> FramesAt(uint32_t event) {
    Violation leak = Leak();
    leak.event = event;
    return FramesOf(CrashHeader(trace_, leak, 1));
  }
  Trace trace_;
};

TEST_F(CrashInRun, TheFirstFramesHaveTheLineWhereItShows) {
  const std::vector<Frame> frames = FramesAt(2);
  ASSERT_THAT(frames, SizeIs(3));
  for (const size_t first : {0u, 1u}) {
    EXPECT_EQ(frames[first].file, "/src/nofail/core/subjects/posted/teardown.cc");
    EXPECT_EQ(Redacted(frames[first].file), "core/subjects/posted/teardown.cc");
    EXPECT_EQ(frames[first].line, 96);
  }
}

TEST_F(CrashInRun, TheLineIsNoPartOfWhatItIsFiledUnder) {
  EXPECT_NE(FramesAt(0)[0].line, FramesAt(1)[0].line);
  Violation early = Leak(), late = Leak();
  late.event = 2;
  EXPECT_EQ(Frames(CrashHeader(trace_, early, 1)), Frames(CrashHeader(trace_, late, 1)));
  EXPECT_EQ(Frames(CrashHeader(trace_, late, 1)), Frames(late)) << "as of a run that reached no line";
}

class CrashInLinux : public CrashInRun {
 protected:
  CrashInLinux() : CrashInRun("kernel/bpf/bpf_local_storage.c") {}
};

TEST_F(CrashInLinux, TheFileIsTheKernels) {
  EXPECT_EQ(Redacted(FramesAt(1)[0].file), "kernel/bpf/bpf_local_storage.c");
}

}  // namespace
}  // namespace nofail
