// SPDX-License-Identifier: MIT
//
// Tests the reports: the text, compared as a whole, and the data for programs.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "fuzz/check/cause.h"
#include "fuzz/report/describe.h"
#include "fuzz/report/json_report.h"
#include "fuzz/report/on_death.h"
#include "fuzz/report/sarif_report.h"
#include "fuzz/report/text_report.h"
#include "fuzz/schedule/schedule.h"
#include "fuzz/schedule/text.h"
#include "tests/trace_builder.h"

namespace nofail {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

// A schedule with one map and no op.
const Schedule* Scenario() {
  static const Schedule schedule = {.maps = {{}}};
  return &schedule;
}

// Adds this run to the trace: destroy holds the bucket's lock, and map_free fails to get it and never frees the fields
// of selem0.
void FillLeak(TraceBuilder* b) {
  ObjectId buckets = b->Alloc(kSetupOp, KERNEL_BUCKETS, "MapAlloc");
  ObjectId selem = b->Alloc(kSetupOp, KERNEL_SELEM, "SelemAlloc");
  b->resources = {0, 1};
  b->Add(EventKind::kStore, kSetupOp, buckets, "LinkMap", PackPointer(selem, 0), KERNEL_RELEASE);
  b->Add(EventKind::kFieldSet, kSetupOp, selem, "Update", 1, KERNEL_FIELD_KPTR, 64);
  b->Add(EventKind::kOpBegin, kOpB, 0, nullptr, 0, static_cast<uint8_t>(OpKind::kDestroy));
  b->Lock(kOpB, buckets, "UnlinkNofail");
  b->Add(EventKind::kSwitch, kOpB, 0, nullptr, PackTarget(kOpA));
  b->Add(EventKind::kOpBegin, kOpA, 0, nullptr, 0, static_cast<uint8_t>(OpKind::kMapFree));
  b->Touch(kOpA, selem, "MapFree");
  b->FailLock(kOpA, buckets, "UnlinkNofail");
  b->Rmw(kOpA, selem, kStateOffset, 0, 1, "UnlinkNofail");
  b->Add(EventKind::kUnlock, kOpB, buckets, "UnlinkNofail", 0, 0, 8);
  b->Add(EventKind::kStore, kOpB, buckets, "DelInit", 0);
  b->HandOver(kOpB, selem, "SelemFree");
  b->Add(EventKind::kOpEnd, kOpB, 0, nullptr, 0, static_cast<uint8_t>(OpKind::kDestroy));
  b->Free(CallbackOp(KERNEL_SELEM, 0), selem, "SelemFreeRcu");
  b->Free(kEndOp, buckets, "MapFree");
}

std::string Text(const TraceBuilder& b, const TextOptions& options) {
  Verdict verdict = b.Judged();
  return TextReport({TestSubject(), Scenario(), b.trace, verdict, {}}, options);
}

TEST(TextReportTest, Golden80Columns) {
  TraceBuilder b;
  FillLeak(&b);
  TextOptions options;
  options.width = 80;
  EXPECT_EQ(Text(b, options), R"(==nofail== ERROR: leak.fields/selem/UnlinkNofail/lock=buckets
subject handmade, trace e1fadd0d1199e2f6, 18 events

Violations
  1. leak.fields/selem/UnlinkNofail/lock=buckets  (new)
     #9 A in UnlinkNofail failed to lock buckets0, and nobody freed the fields
       of selem0, one of which setup in Update had set at #3.
  Lock mode: contended is enough (every attempt that failed met a held lock).

How leak.fields comes about
   1. B (destroy) locks buckets0 (UnlinkNofail, f.cc:105)
   2. B is preempted (before UnlinkNofail, f.cc:112)
   3. A (map_free) cannot lock buckets0, which B holds: -ETIMEDOUT
        (UnlinkNofail, f.cc:109)
   4. A changes selem0.state from 0 to 1 (UnlinkNofail, f.cc:110)
   5. B clears buckets0's pointer to selem0 (DelInit, f.cc:113)
   6. B hands selem0 to RCU (SelemFree, f.cc:114)
   7. cb/selem0 frees selem0 (SelemFreeRcu, f.cc:116)
   8. A in UnlinkNofail failed to lock buckets0, and nobody freed the fields of
        selem0, one of which setup in Update had set at #3

Objects
  selem0, 128 bytes
    #1    allocated by setup in SelemAlloc:101
    #2    linked from buckets0 by setup in LinkMap:102
    #13   unlinked from buckets0 by B in DelInit:113
    #14   handed to RCU by B in SelemFree:114
    #16   freed by cb/selem0 in SelemFreeRcu:116

Schedule
  nofail schedule 1
  map   m0 type=sk value=8
  mode  locks=contended memory=sc rcu=preemptible cpus=2

Trace (what matters; --verbose shows every event)
       B   A                 B                 callbacks
     4                       destroy begins
     5 #                     lock buckets0+8  UnlinkNofail:105
     6 #                     preempted --> A
     7 #   map_free begins
>    9 #   lock buckets0+8 FAILS: -ETIMEDOUT  UnlinkNofail:109
    10 #   rmw selem0.state: 0->1  :110
    12 #                     unlock buckets0+8  :112
    13                       store buckets0 = 0  DelInit:113
    14                       call_rcu selem0  SelemFree:114
    15                       destroy ends: 0
    16                                         cb/selem0: free selem0
                                                 SelemFreeRcu:116
On the left: # lock held

Where the functions are
  f.cc
    DelInit, LinkMap, MapAlloc, MapFree, SelemAlloc, SelemFree, SelemFreeRcu,
      UnlinkNofail, Update
)");
}

// A folder with the source f.cc, whose 109th line is the place where map_free fails to lock.
class SourceTest : public testing::Test {
 protected:
  SourceTest() {
    std::string text;
    for (int line = 1; line < 109; ++line) absl::StrAppend(&text, "\n");
    std::ofstream(file_) << text << "\t\terr = lock(&bucket->lock, a_rather_long_name, that_goes_on, and_on_and_on);\n";
    std::filesystem::last_write_time(file_, std::filesystem::last_write_time("/proc/self/exe"));
    FillLeak(&b_);
  }
  ~SourceTest() override { std::filesystem::remove_all(folder_); }

  const std::filesystem::path folder_ = testing::TempDir() + absl::StrCat("/nofail-source-", getpid());
  const std::filesystem::path file_ = (std::filesystem::create_directory(folder_), folder_ / "f.cc");
  Source source_{{"/nonexistent", folder_}};
  TraceBuilder b_;
};

TEST_F(SourceTest, StandsBelowEachStepAsFarAsItFits) {
  EXPECT_THAT(Text(b_, {.width = 60, .source = &source_}),
              HasSubstr("(UnlinkNofail, f.cc:109)\n"
                        "       :109  err = lock(&bucket->lock, a_rather_long_name...\n"
                        "   4. A changes"));
}

TEST_F(SourceTest, IsWithTheEventsOfTheJsonReport) {
  const auto json = JsonReport({TestSubject(), Scenario(), b_.trace, b_.Judged(), {}}, true, &source_);
  EXPECT_EQ(json["events"][9]["source"], "err = lock(&bucket->lock, a_rather_long_name, that_goes_on, and_on_and_on);");
  EXPECT_FALSE(json["events"][10].contains("source")) << "the file has no such line";
}

TEST_F(SourceTest, IsNotShownWhereItMayBeAnother) {
  std::filesystem::last_write_time(file_, std::filesystem::file_time_type::clock::now() + std::chrono::hours(1));
  EXPECT_EQ(source_.Line("f.cc", 109), "");
}

TEST_F(SourceTest, IsNotShownWhereItIsGone) {
  EXPECT_EQ(source_.Line("g.cc", 109), "");
  EXPECT_EQ(source_.Line("f.cc", 0), "");
}

TEST(TextReportTest, FacesOfOneCauseShareANumber) {
  TraceBuilder b;
  const ObjectId storage = b.Alloc(kSetupOp, KERNEL_STORAGE), selem = b.Alloc(kSetupOp, KERNEL_SELEM);
  b.Fault(Fault::kRefcountDecToZero, kOpA, storage, "Unpin");
  b.Rmw(kOpA, selem, kStateOffset, 1, 2, "UnlinkNofail");
  b.Add(EventKind::kRelax, kOpB, 0, "Destroy");
  b.Fault(Fault::kLivelock, kOpB, 0, nullptr);
  const Verdict verdict = b.Judged(true);
  const std::string text = TextReport({TestSubject(), Scenario(), b.trace, verdict, {}}, {.width = 100});
  EXPECT_THAT(text, HasSubstr("  1. refcount-dec-to-zero/storage/Unpin  (new)\n     #2 "));
  EXPECT_THAT(text, HasSubstr("\n   - livelock/-/Destroy/after=saturation  (new)\n     #"));
  EXPECT_THAT(text, HasSubstr("\n  2. state/selem/UnlinkNofail  (new)\n     #3 "));
}

TEST(TextReportTest, VerboseShowsEveryEvent) {
  TraceBuilder b;
  FillLeak(&b);
  EXPECT_THAT(Text(b, {}), Not(HasSubstr("load selem0+16")));
  TextOptions options;
  options.verbose = true;
  EXPECT_THAT(Text(b, options), HasSubstr("load selem0+16: 0  MapFree:108\n"));
}

TEST(TextReportTest, ADataRaceNamesBothSides) {
  TraceBuilder b;
  ObjectId storage = b.Alloc(kSetupOp, KERNEL_STORAGE, "StorageAlloc");
  b.Fault(Fault::kDataRace, kOpB, storage, "StorageDestroy");
  b.Add(EventKind::kEarlierAccess, {}, storage, "SelemUnlink");
  EXPECT_THAT(Text(b, {}),
              HasSubstr("FAULT data-race at storage0  StorageDestroy:101\n         races with SelemUnlink:102\n"));
}

// The race detector knows it, ThreadSanitizer does not tell.
TEST(TextReportTest, ADataRaceSaysWhoseTheEarlierAccessIsWhereThatIsKnown) {
  TraceBuilder b;
  ObjectId storage = b.Alloc(kSetupOp, KERNEL_STORAGE, "StorageAlloc");
  b.Fault(Fault::kDataRace, kOpB, storage, "StorageDestroy");
  b.Add(EventKind::kEarlierAccess, {}, storage, "SelemUnlink", uint64_t{PackTarget(kOpA)} << kEarlierTargetShift);
  const std::string text = Text(b, {});
  EXPECT_THAT(text, HasSubstr("races with A in SelemUnlink:102\n"));
  EXPECT_THAT(text, HasSubstr("was accessed by B in StorageDestroy and by A in SelemUnlink"));
}

TEST(TextReportTest, FourTasksAndCallbacksFit80ColumnsAndNoNameIsBroken) {
  TraceBuilder b;
  ObjectId buckets = b.Alloc(kSetupOp, KERNEL_BUCKETS, "MapAlloc");
  for (uint8_t task = kTaskA; task <= kTaskD; ++task) {
    b.Lock({task, 0}, buckets, "SelemUnlinkStorageMisc");
    b.Add(EventKind::kUnlock, {task, 0}, buckets, "SelemUnlinkStorageMisc", 0, 0, 8);
  }
  b.Free(CallbackOp(KERNEL_BUCKETS, 0), buckets, "SelemUnlinkStorageMisc");
  const std::string text = Text(b, {});
  for (int task = 0; task < 4; ++task) {
    EXPECT_THAT(text, HasSubstr(absl::StrCat("  SelemUnlinkStorageMisc:", 101 + 2 * task, "\n")));
  }
  for (const std::string& line : std::vector<std::string>(absl::StrSplit(text, '\n')))
    EXPECT_LE(line.size(), 80u) << line;
}

TEST(TextReportTest, ColoursOnlyWhenAsked) {
  TraceBuilder b;
  FillLeak(&b);
  EXPECT_THAT(Text(b, {}), Not(HasSubstr("\x1b")));
  TextOptions options;
  options.colour = true;
  EXPECT_THAT(Text(b, options), HasSubstr("\x1b[31m==nofail== ERROR: leak.fields"));
}

TEST(TextReportTest, NoLineIsWiderThanTheTerminal) {
  TraceBuilder b;
  FillLeak(&b);
  for (int width : {64, 80, 100, 140}) {
    TextOptions options;
    options.width = width;
    std::string text = Text(b, options);
    text = text.substr(text.find("Trace (what"));
    size_t column = 0;
    for (char c : text) {
      column = c == '\n' ? 0 : column + 1;
      ASSERT_LE(column, static_cast<size_t>(width)) << text;
    }
  }
}

TEST(TextReportTest, APassIsShort) {
  TraceBuilder b;
  Verdict verdict;
  JudgedRun report = {TestSubject(), nullptr, b.trace, verdict, {}};
  EXPECT_EQ(Headline(report), "==nofail== PASS");
  EXPECT_THAT(TextReport(report, {}), Not(HasSubstr("Violations")));
}

// While an object of this class exists, the standard output goes to another file.
class StdoutOn {
 public:
  explicit StdoutOn(int file) : saved_(dup(STDOUT_FILENO)) {
    fflush(stdout);
    dup2(file, STDOUT_FILENO);
  }
  ~StdoutOn() {
    dup2(saved_, STDOUT_FILENO);
    close(saved_);
  }

 private:
  const int saved_;
};

TEST(TextReportTest, TheWidthIsWhatColumnsSaysElseTheTerminalsElse80) {
  const int terminal = posix_openpt(O_RDWR | O_NOCTTY);
  if (terminal < 0) GTEST_SKIP() << "SKIPPED: no pseudo terminal can be opened here: " << strerror(errno);
  const int nowhere = open("/dev/null", O_WRONLY);
  winsize window = {.ws_row = 50, .ws_col = 132, .ws_xpixel = 0, .ws_ypixel = 0};
  ASSERT_EQ(ioctl(terminal, TIOCSWINSZ, &window), 0);
  auto width_on = [](int file) {
    StdoutOn on(file);
    return TerminalWidth();
  };
  setenv("COLUMNS", "120", 1);
  EXPECT_EQ(width_on(terminal), 120);
  for (const char* bad : {"", "x", "3", "99999999"}) {
    setenv("COLUMNS", bad, 1);
    EXPECT_EQ(width_on(terminal), 132);
    EXPECT_EQ(width_on(nowhere), 80);
  }
  unsetenv("COLUMNS");
  window.ws_col = 0;  // a terminal that does not know its width
  ASSERT_EQ(ioctl(terminal, TIOCSWINSZ, &window), 0);
  EXPECT_EQ(width_on(terminal), 80);
  close(terminal);
  close(nowhere);
}

TEST(JsonReportTest, ParsesAndSaysTheSame) {
  TraceBuilder b;
  FillLeak(&b);
  Verdict verdict = b.Judged();
  JudgedRun report = {TestSubject(), Scenario(), b.trace, verdict, {}};
  auto json = nlohmann::json::parse(JsonReport(report, true).dump());
  EXPECT_EQ(json["format"], 1);
  EXPECT_EQ(json["subject"], "handmade");
  EXPECT_EQ(json["schedule"], FormatText({{}, *Scenario(), {}}));
  EXPECT_EQ(std::stoull(json["trace_hash"].get<std::string>(), nullptr, 16), b.trace.Hash());
  EXPECT_EQ(json["trace_hash"].get<std::string>().size(), 16u);
  EXPECT_EQ(json["locks_needed"], "contended");
  ASSERT_EQ(json["violations"].size(), 1u);
  const auto& violation = json["violations"][0];
  EXPECT_EQ(violation["signature"], verdict.violations[0].Signature());
  EXPECT_EQ(violation["kind"], "leak.fields");
  EXPECT_EQ(violation["objects"], nlohmann::json::array({"selem"}));
  EXPECT_EQ(violation["functions"], nlohmann::json::array({"UnlinkNofail"}));
  EXPECT_EQ(violation["attributes"]["lock"], "buckets");
  EXPECT_EQ(violation["involved"], nlohmann::json::array({"selem0"}));
  EXPECT_EQ(violation["event"], verdict.violations[0].event);
  EXPECT_EQ(violation["cause"], "lock of buckets not got in UnlinkNofail");
  ASSERT_EQ(json["events"].size(), b.trace.size());
  EXPECT_EQ(json["events"][verdict.violations[0].event]["text"], "lock buckets0+8 FAILS: -ETIMEDOUT");
  EXPECT_EQ(json["events"][0]["site"]["function"], "MapAlloc");
}

TEST(JsonReportTest, AbsentIsNull) {
  TraceBuilder b;
  Verdict verdict;
  auto json = JsonReport({TestSubject(), nullptr, b.trace, verdict, {}}, false);
  EXPECT_TRUE(json["headline"].is_null());
  EXPECT_TRUE(json["violations"].is_array());
  EXPECT_TRUE(json["violations"].empty());
  EXPECT_FALSE(json.contains("events"));
}

// A code host shows a result beside the line where the violation shows; the same cause of a second run is not told
// again.
TEST(SarifReportTest, OneResultForACauseWithItsLine) {
  TraceBuilder b;
  FillLeak(&b);
  Verdict verdict = b.Judged();
  JudgedRun run = {TestSubject(), Scenario(), b.trace, verdict, {}};
  SarifReport report;
  report.Add(run);
  report.Add(run);
  const auto log = nlohmann::json::parse(report.Log().dump());
  EXPECT_EQ(log["version"], "2.1.0");
  ASSERT_EQ(log["runs"].size(), 1u);
  EXPECT_EQ(log["runs"][0]["tool"]["driver"]["rules"], nlohmann::json::array({{{"id", "leak.fields"}}}));
  ASSERT_EQ(log["runs"][0]["results"].size(), 1u);
  const auto& result = log["runs"][0]["results"][0];
  EXPECT_EQ(result["ruleId"], "leak.fields");
  EXPECT_EQ(result["level"], "error");
  EXPECT_FALSE(result.contains("suppressions"));
  EXPECT_EQ(result["partialFingerprints"]["cause/v1"], CauseOf(b.trace, verdict.violations[0]));
  EXPECT_FALSE(result.contains("relatedLocations"));
  const auto& place = result["locations"][0]["physicalLocation"];
  const Event& shown = b.trace.events()[verdict.violations[0].event];
  EXPECT_EQ(place["artifactLocation"]["uri"], shown.file);
  EXPECT_EQ(place["region"]["startLine"], shown.line);
}

// What follows from one saturation is one result; a host would otherwise open an alert for each face.
TEST(SarifReportTest, FacesOfACauseAreRelatedLocations) {
  TraceBuilder b;
  b.SaturateAndHang();
  const Verdict verdict = b.Judged(true);
  ASSERT_EQ(verdict.violations.size(), 2u);
  JudgedRun run = {TestSubject(), Scenario(), b.trace, verdict, {}};
  SarifReport report;
  report.Add(run);
  report.Add(run);
  const auto log = nlohmann::json::parse(report.Log().dump());
  ASSERT_EQ(log["runs"][0]["results"].size(), 1u);
  const auto& result = log["runs"][0]["results"][0];
  EXPECT_EQ(result["ruleId"], "refcount-dec-to-zero");
  ASSERT_EQ(result["relatedLocations"].size(), 1u);
  const auto& face = result["relatedLocations"][0];
  EXPECT_EQ(face["id"], 1);
  EXPECT_THAT(std::string(face["message"]["text"]), StartsWith(verdict.violations[1].Signature() + ": "));
  EXPECT_EQ(face["physicalLocation"]["artifactLocation"]["uri"], "f.cc");
}

// Every kind of event has a description, whatever values the event's fields have.
TEST(DescribeTest, EveryKind) {
  TraceBuilder b;
  ObjectId map = b.Alloc(kSetupOp, KERNEL_MAP);
  for (int kind = 0; kind <= static_cast<int>(EventKind::kFault); ++kind) {
    for (ObjectId object : {ObjectId{0}, map}) {
      uint32_t event = b.Add(static_cast<EventKind>(kind), kOpA, object, "F", 1, 1);
      EXPECT_NE(Describe(b.trace, event), "") << EventKindText(static_cast<EventKind>(kind));
    }
  }
}

TEST(DescribeTest, Values) {
  TraceBuilder b;
  ObjectId storage = b.Alloc(kSetupOp, KERNEL_STORAGE);
  EXPECT_EQ(ValueText(b.trace, PackPointer(storage, 24)), "storage0+24");
  EXPECT_EQ(ValueText(b.trace, PackPointer(storage, 0)), "storage0");
  EXPECT_EQ(ValueText(b.trace, kOtherPointer), "pointer");
  EXPECT_EQ(ValueText(b.trace, kTimedOut), "-ETIMEDOUT");
  EXPECT_EQ(ValueText(b.trace, static_cast<uint64_t>(-int64_t{77})), "-77");
  EXPECT_EQ(ValueText(b.trace, 3), "3");
  EXPECT_EQ(ValueText(b.trace, uint64_t{1} << 40), "0x10000000000");
}

TEST(LocksNeededTest, AFailureOnAFreeLockNeedsAny) {
  TraceBuilder none, contended, any;
  ObjectId buckets = none.Alloc(kSetupOp, KERNEL_BUCKETS);
  none.Lock(kOpA, buckets, "F");
  contended.Alloc(kSetupOp, KERNEL_BUCKETS);
  contended.Lock(kOpA, buckets, "F");
  contended.FailLock(kOpB, buckets, "F");
  any.Alloc(kSetupOp, KERNEL_BUCKETS);
  any.Lock(kOpA, buckets, "F");
  any.Add(EventKind::kUnlock, kOpA, buckets, "F", 0, 0, 8);
  any.FailLock(kOpB, buckets, "F");
  EXPECT_EQ(FindLocksNeeded(none.trace), LocksNeeded::kNone);
  EXPECT_EQ(FindLocksNeeded(contended.trace), LocksNeeded::kContended);
  EXPECT_EQ(FindLocksNeeded(any.trace), LocksNeeded::kAny);
}

TEST(OnDeathTest, WritesTheReportOnce) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  TraceBuilder b;
  b.Fault(Fault::kNullDereference, kOpA, 0, "Lookup");
  Verdict verdict = b.Judged(true);
  JudgedRun report = {TestSubject(), Scenario(), b.trace, verdict, {}};
  WriteReportOnDeath(ends[1], report);
  WriteReportOnDeath(ends[1], report);
  close(ends[1]);
  std::string text(65536, '\0');
  text.resize(static_cast<size_t>(read(ends[0], text.data(), text.size())));
  close(ends[0]);
  EXPECT_EQ(text, TextReport(report, {}));
  EXPECT_THAT(text, HasSubstr("==nofail== ERROR: null-dereference/-/Lookup"));
}

}  // namespace
}  // namespace nofail
