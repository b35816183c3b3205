// SPDX-License-Identifier: MIT
// Tests the text form: round trips, and the error messages for malformed files.
#include <gmock/gmock.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "fuzz/schedule/codec.h"
#include "fuzz/schedule/generate.h"
#include "fuzz/schedule/text.h"

namespace nofail {
namespace {

using ::testing::ElementsAre;

constexpr char kFull[] = R"(# SPDX-License-Identifier: MIT
#
# What this is about.
nofail schedule 1
map   m0 type=sk value=16 fields=kptr+refcount clone
map   m1 type=task value=8 fields=kptr+uptr
owner o0 type=sk bucket=0 optmem=512
owner o1 type=sk bucket=7
owner o2 type=task bucket=1
mode  locks=any memory=weak rcu=non-preemptible cpus=4
setup: update m0 o0; update m0 o1 sleepable; update m0 o1 noexist lock; update m1 o2
setup: lookup m0 o0 cache sleepable; update m0 o0 exist
task A: map_free m0; map_free m1; delete m0 o1 sleepable; dump o1
task B: destroy o0; clone o1 o0; kptr m1 o2
deviate setup/update#4: alloc 1 fail
deviate A/map_free: preempt 7 to setup
deviate A/map_free: preempt 9 to cb/selem3
deviate A/map_free: preempt 4095 stay
deviate A/map_free: lock 1 timeout
deviate A/map_free: lock 2 granted
deviate A/map_free#2: gp 1 late 2
deviate A/map_free#2: resched 1
deviate A/map_free#2: resched 2 default
deviate B/destroy: preempt 3 to A
deviate B/destroy: lock 1 deadlock
deviate B/destroy: lock 2 peer-deadlock
deviate B/destroy: lock 3 both-deadlock
deviate B/destroy: load 5 older 2
deviate B/destroy: nmi 6 op 1
deviate end/1: alloc 1 default
deviate end/10: preempt 1 to end
deviate cb/storage0: preempt 1 to B
policy pct depth=3 seed=4294967295 v1
expect posted: leak.fields/selem/SelemUnlinkNofail/lock=buckets, warning/selem/Warn::On+f)"
                         R"( known=bucket-timeout see="https://example.org/#a, or issue #3"
expect other: pass
)";

// Returns the error message for the text, or "" if it is a valid file.
std::string ErrorOf(absl::string_view text) {
  absl::StatusOr<ScheduleFile> file = ParseText(text, "f.sched");
  return file.ok() ? "" : std::string(file.status().message());
}

TEST(Text, EverySentenceSurvivesTheRoundTrip) {
  absl::StatusOr<ScheduleFile> file = ParseText(kFull, "f.sched");
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_EQ(Problem(file->schedule), "");
  EXPECT_EQ(FormatText(*file), kFull);
  EXPECT_THAT(file->comment, ElementsAre(" SPDX-License-Identifier: MIT", "", " What this is about."));
  EXPECT_EQ(file->schedule.owners[0].optmem, 8);
  EXPECT_EQ(file->schedule.deviations.size(), 18u);
  EXPECT_EQ(file->expectations[0].see, "https://example.org/#a, or issue #3");
}

TEST(Text, RoundTripOfGeneratedSchedules) {
  Rng rng(1);
  for (int i = 0; i < 100000; ++i) {
    ScheduleFile file = {.schedule = Generate(i % 2 == 0 ? Profile::kTeardown : Profile::kLifecycle, rng)};
    if (rng.OneIn(4)) file.comment = {"", " # twice", "x"};
    if (rng.OneIn(4))
      file.expectations = {
          {"posted", {}}, {"linux", {"a.b/c+d/E", "e"}, "n", "see this: it is, \\ so"}, {"linux", {"f/g/h/by=i"}}};
    absl::StatusOr<ScheduleFile> again = ParseText(FormatText(file), "f.sched");
    ASSERT_TRUE(again.ok()) << again.status() << "\n" << FormatText(file);
    ASSERT_EQ(*again, file) << FormatText(file);
  }
}

TEST(Text, BlanksCommentsOrderAndDefaultsDoNotMatter) {
  absl::StatusOr<ScheduleFile> file = ParseText(
      "\r\n  # head\r\nnofail   schedule 1 # version\r\n\r\n"
      "map m0 type=sk   # a comment\r\n# another\r\nowner o0 type=sk\r\n"
      "task A: destroy o0;map_free m0\r\n"
      "deviate A/map_free: preempt 9 stay ; preempt 2 default\r\n"
      "setup : update m0 o0",
      "f.sched");
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_THAT(file->comment, ElementsAre(" head"));
  Schedule expected = {
      .maps = {{}},
      .owners = {{}},
      .setup = {{.kind = OpKind::kUpdate}},
      .tasks = {{{.kind = OpKind::kDestroy}, {.kind = OpKind::kMapFree}}},
      .deviations = {{{kTaskA, 1}, ChoiceKind::kPreempt, 2, 0}, {{kTaskA, 1}, ChoiceKind::kPreempt, 9, 0}}};
  EXPECT_EQ(file->schedule, expected);
}

TEST(Text, TheOrderOfDeclarationIsTheOrderInWhichTasksStart) {
  absl::StatusOr<ScheduleFile> file = ParseText(
      "nofail schedule 1\nmap m0 type=sk\nowner o0 type=sk\ntask B: destroy o0\ntask A: map_free m0\n"
      "deviate B/destroy: preempt 7 to A\n",
      "f.sched");
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_EQ(file->schedule.tasks[0][0].kind, OpKind::kDestroy);
  EXPECT_EQ(FormatDeviation(file->schedule, file->schedule.deviations[0]), "A/destroy: preempt 7 to B");
}

TEST(Text, NamesForReports) {
  Schedule s = {.setup = {{}, {.kind = OpKind::kDelete}, {}}, .tasks = {{{.kind = OpKind::kMapFree, .map = 2}}}};
  EXPECT_EQ(OpName(s, {kSetup, 2}), "setup/update#2");
  EXPECT_EQ(OpName(s, {kTaskA, 0}), "A/map_free");
  EXPECT_EQ(OpName(s, {kTaskA, 1}), "A/2") << "not in the schedule";
  EXPECT_EQ(OpName(s, {kEnd, 0}), "end/1");
  EXPECT_EQ(OpName(s, {kFirstCallback + uint8_t{KERNEL_STORAGE}, 1}), "cb/storage1");
  EXPECT_EQ(FormatOp(s.tasks[0][0]), "map_free m2");
}

std::string Lines(const Schedule& schedule) {
  return FormatText({{}, schedule, {}});
}

// Returns the contents of the files of corpus/seeds, by file name.
std::map<std::string, std::string> Seeds() {
  std::map<std::string, std::string> seeds;
  for (const auto& entry : std::filesystem::directory_iterator(NOFAIL_SEEDS)) {
    std::ostringstream text;
    text << std::ifstream(entry.path()).rdbuf();
    seeds[entry.path().filename().string()] = text.str();
  }
  return seeds;
}

TEST(Seeds, AreWrittenAsAProgramWouldWriteThem) {
  for (const auto& [name, text] : Seeds()) {
    absl::StatusOr<ScheduleFile> file = ParseText(text, name);
    ASSERT_TRUE(file.ok()) << file.status();
    EXPECT_EQ(FormatText(*file), text);
  }
}

TEST(Seeds, DecodeFromBytesToWhatTheirTextSays) {
  int for_teardown = 0, all = 0;
  for (const auto& [name, text] : Seeds()) {
    absl::StatusOr<ScheduleFile> file = ParseText(text, name);
    ASSERT_TRUE(file.ok()) << file.status();
    const std::vector<uint8_t> bytes = Encode(file->schedule);
    ASSERT_LE(bytes.size(), kMaxInputBytes) << name;
    for (const Profile profile : {Profile::kTeardown, Profile::kLifecycle}) {
      EXPECT_EQ(Lines(Decode(bytes, profile)), Lines(file->schedule)) << name;
      Schedule fitted = Decode(bytes, profile);
      FitToProfile(&fitted, profile);
      if (profile == Profile::kLifecycle) EXPECT_EQ(Lines(fitted), Lines(file->schedule)) << name;
      if (profile == Profile::kTeardown) for_teardown += fitted == file->schedule;
    }
    ++all;
  }
  EXPECT_GE(for_teardown, 5) << "too few seeds are teardown's own";
  EXPECT_GE(all, 16);
}

// Returns the error message for a file of five lines that most cases need, and then `line`, which is line 6.
std::string ErrorOfLine(absl::string_view line) {
  return ErrorOf(absl::StrCat(
      "nofail schedule 1\nmap m0 type=sk fields=kptr\nmap m1 type=task\nowner o0 type=sk\nowner o1 type=task\n", line));
}

struct BadLine {
  const char* line;
  const char* error;
};

TEST(TextErrors, SayWhereWhatWasExpectedAndWhatIsThere) {
  const BadLine kCases[] = {
      {"maps m2", "1: expected map, owner, mode, setup, task, deviate, policy or expect, found 'maps'"},
      {"map m0 type=sk", "5: expected m2 (maps are numbered in order), found 'm0'"},
      {"map", "4: expected m2 (maps are numbered in order), found end of line"},
      {"map m2 value=8", "8: expected type=, found 'value=8'"},
      {"map m2 type=socket", "13: expected sk, task, cgroup or inode, found 'socket'"},
      {"map m2 type= value=8", "13: expected sk, task, cgroup or inode, found nothing"},
      {"map m2 type=sk value=12", "22: expected a number from 8 to 64 that 8 divides, found '12'"},
      {"map m2 type=sk value=-8", "22: expected a number from 8 to 64 that 8 divides, found '-8'"},
      {"map m2 type=sk fields=kptr+lock", "28: expected kptr, uptr, spin_lock or refcount, found 'lock'"},
      {"map m2 type=sk fields=kptr+kptr", "28: expected each field once, found 'kptr'"},
      {"map m2 type=sk fields=uptr", "23: expected no uptr for a type other than task, found 'uptr'"},
      {"map m2 type=task fields=uptr+spin_lock", "30: expected not both uptr and spin_lock, found 'spin_lock'"},
      {"map m2 type=inode clone", "19: expected no clone for a type other than sk, found 'clone'"},
      {"map m2 type=sk clone value=8",
       "22: expected value=, fields=, clone, in this order, or end of line, found 'value=8'"},
      {"map m2 type=sk\nmap m3 type=sk\nmap m4 type=sk", "5: expected at most 4 maps, found 'm4'"},
      {"owner o2 type=inode", "15: expected the type of a map above, found 'inode'"},
      {"owner o2 type=sk bucket=8", "25: expected a number from 0 to 7, found '8'"},
      {"owner o2 type=task optmem=64", "20: expected no optmem= for a type other than sk, found 'optmem=64'"},
      {"owner o2 type=sk optmem=65", "25: expected a number from 64 to 4194240 that 64 divides, found '65'"},
      {"mode locks=some", "12: expected contended or any, found 'some'"},
      {"mode rcu=preemptible locks=any",
       "22: expected locks=, memory=, rcu=, cpus=, in this order, or end of line, found 'locks=any'"},
      {"mode cpus=9", "11: expected a number from 1 to 8, found '9'"},
      {"mode cpus=1\nmode cpus=2", "1: expected at most one mode sentence, found 'mode'"},
      {"setup update m0 o0", "7: expected ':', found 'update'"},
      {"setup:", "7: expected update, delete, lookup, kptr, clone, dump, destroy or map_free, found end of line"},
      {"setup: update m0 o0;",
       "21: expected update, delete, lookup, kptr, clone, dump, destroy or map_free, found end of line"},
      {"setup: update m2 o0", "15: expected a declared map (m0 or m1), found 'm2'"},
      {"setup: update m0", "17: expected a declared owner (o0 or o1), found end of line"},
      {"setup: update m0 o1", "18: expected an owner of type sk, as the map has, found 'o1'"},
      {"setup: kptr m1 o1", "13: expected a map with a kptr field, found 'm1'"},
      {"setup: dump o1", "13: expected an owner of type sk, found 'o1'"},
      {"setup: clone o0 o1", "17: expected an owner of type sk, found 'o1'"},
      {"setup: clone o0 o0", "17: expected an owner other than the parent, found 'o0'"},
      {"setup: update m0 o0 cache", "21: expected noexist, exist, lock, sleepable, ';' or end of line, found 'cache'"},
      {"setup: destroy o0, destroy o1", "18: expected ';' or end of line, found ','"},
      {"task E: destroy o0", "6: expected a task's letter (A, B, C or D), found 'E'"},
      {"task A: destroy o0\ntask A: destroy o1", "6: expected each task once, found 'A'"},
      {"task A destroy o0", "8: expected ':', found 'destroy'"},
      {"deviate A/destroy: lock 1 timeout", "9: expected a declared task (setup, end or cb/OBJECT), found 'A/destroy'"},
      {"policy none", "8: expected uniform, rate or pct, found 'none'"},
      {"policy rate 8 seed=1 v1", "13: expected a rate (1/8), found '8'"},
      {"policy rate 1/1 seed=1 v1", "15: expected a number from 2 to 64, found '1'"},
      {"policy pct seed=1 v1", "12: expected depth=, found 'seed=1'"},
      {"policy uniform seed=4294967296 v1", "21: expected a number from 0 to 4294967295, found '4294967296'"},
      {"policy uniform seed=1", "22: expected v1, found end of line"},
      {"policy uniform seed=1 v2", "23: expected v1, found 'v2'"},
      {"policy uniform seed=1 v1\npolicy uniform seed=1 v1", "1: expected at most one policy sentence, found 'policy'"},
      {"expect : pass", "8: expected a subject's name, found ':'"},
      {"expect posted pass", "15: expected ':', found 'pass'"},
      {"expect posted:", "15: expected pass or the signature of a violation, found end of line"},
      {"expect posted: a, pass", "19: expected pass or the signature of a violation, found 'pass'"},
      {"expect posted: pass known=x", "21: expected end of line, found 'known=x'"},
      {"expect posted: a b", "18: expected ',', known=, see= or end of line, found 'b'"},
      {"expect posted: a known=", "24: expected a name, found end of line"},
      {"expect posted: a see=\"x", "22: expected a text in quotes, found '\\\"x'"},
      {"expect posted: a see=x", "22: expected a text in quotes, found 'x'"},
      {"expect posted: pass\nexpect posted: a",
       "16: expected pass only where it is all that is said of a subject, found 'a'"},
      {"expect posted: a\nexpect posted: pass",
       "16: expected pass only where it is all that is said of a subject, found 'pass'"},
  };
  for (const BadLine& test : kCases) {
    int line = 6 + static_cast<int>(std::count(test.line, test.line + std::strlen(test.line), '\n'));
    EXPECT_EQ(ErrorOfLine(test.line), absl::StrCat("f.sched:", line, ":", test.error)) << test.line;
  }
}

TEST(TextErrors, Deviations) {
  const BadLine kCases[] = {
      {"deviate A: lock 1 timeout", "10: expected an op of this task (destroy, update or destroy#2), found nothing"},
      {"deviate A/map_free: lock 1 timeout",
       "11: expected an op of this task (destroy, update or destroy#2), found 'map_free'"},
      {"deviate B/destroy: lock 1 timeout",
       "9: expected a declared task (A, setup, end or cb/OBJECT), found 'B/destroy'"},
      {"deviate setup/update: lock 1 timeout", "15: expected a task with an op, found 'update'"},
      {"deviate end/11: lock 1 timeout", "13: expected a number from 1 to 10, found '11'"},
      {"deviate cb/elem3: lock 1 timeout", "12: expected an object (selem0, storage0), found 'elem3'"},
      {"deviate cb/selem256: lock 1 timeout", "12: expected an object (selem0, storage0), found 'selem256'"},
      {"deviate A/destroy lock 1 timeout", "19: expected ':', found 'lock'"},
      {"deviate A/destroy: switch 1", "20: expected preempt, lock, alloc, gp, load, nmi or resched, found 'switch'"},
      {"deviate A/destroy: lock 0 timeout", "25: expected a number from 1 to 4095, found '0'"},
      {"deviate A/destroy: lock 4096 timeout", "25: expected a number from 1 to 4095, found '4096'"},
      {"deviate A/destroy: lock 1 late",
       "27: expected granted, timeout, deadlock, peer-deadlock or both-deadlock, found 'late'"},
      {"deviate A/destroy: lock 1 timeout; lock 1 granted", "41: expected each lock of this op once, found '1'"},
      {"deviate A/destroy: lock 1 timeout lock 2 timeout", "35: expected ';' or end of line, found 'lock'"},
      {"deviate A/destroy: preempt 1 A", "30: expected to TASK, stay or default, found 'A'"},
      {"deviate A/destroy: preempt 1 to B", "33: expected a declared task (A, setup, end or cb/OBJECT), found 'B'"},
      {"deviate A/destroy: preempt 1 to cb/m", "36: expected an object (selem0, storage0), found 'm'"},
      {"deviate A/destroy: alloc 1", "27: expected fail or default, found end of line"},
      {"deviate A/destroy: gp 1 2", "25: expected late or default, found '2'"},
      {"deviate A/destroy: load 1 older 16", "33: expected a number from 1 to 15, found '16'"},
      {"deviate A/destroy: nmi 1 op 0", "29: expected a number from 1 to 15, found '0'"},
      {"deviate A/destroy: resched 1 2", "30: expected ';' or end of line, found '2'"},
  };
  for (const BadLine& test : kCases) {
    std::string text = absl::StrCat(
        "nofail schedule 1\nmap m0 type=sk\nowner o0 type=sk\ntask A: destroy o0; update m0 o0; destroy o0\n",
        test.line);
    EXPECT_EQ(ErrorOf(text), absl::StrCat("f.sched:5:", test.error)) << test.line;
  }
}

TEST(TextErrors, FilesAsAWhole) {
  EXPECT_EQ(ErrorOf(""), "f.sched:1:1: expected 'nofail schedule 1' before all else, found end of file");
  EXPECT_EQ(ErrorOf("# only\n"), "f.sched:2:1: expected 'nofail schedule 1' before all else, found end of file");
  EXPECT_EQ(ErrorOf("map m0 type=sk"), "f.sched:1:1: expected 'nofail schedule 1' before all else, found 'map'");
  EXPECT_EQ(ErrorOf("nofail schedule 0"), "f.sched:1:17: expected a number from 1 to 1, found '0'");
  EXPECT_EQ(ErrorOf("nofail schedule 2\nanything"),
            "f.sched:1:17: expected format version 1, found version 2, which a newer nofail wrote: use that one");
  EXPECT_EQ(ErrorOf("nofail schedule 1 2"), "f.sched:1:19: expected end of line, found '2'");
  EXPECT_EQ(ErrorOf("nofail schedule 1\n"), "f.sched:2:1: expected a map (map m0 type=sk), found end of file");
  EXPECT_EQ(ErrorOf("nofail schedule 1\nmap m0 type=sk"),
            "f.sched:2:1: expected an owner (owner o0 type=sk), found end of file");
  EXPECT_EQ(ErrorOf("nofail schedule 1\nmap m0 type=sk\nowner o0 type=sk\n"),
            "f.sched:4:1: expected a task (task A: destroy o0), found end of file");
  EXPECT_EQ(ErrorOf(absl::string_view("\0\xff", 2)),
            "f.sched:1:1: expected 'nofail schedule 1' before all else, found '\\x00\\xff'");
  EXPECT_EQ(
      ErrorOf(std::string(100, 'x')),
      absl::StrCat("f.sched:1:1: expected 'nofail schedule 1' before all else, found '", std::string(40, 'x'), "...'"));
  EXPECT_EQ(ErrorOf(std::string(kMaxTextBytes + 1, '\n')), "f.sched: expected at most 1048576 bytes, found 1048577");
}

TEST(TextErrors, TooMany) {
  std::string ops;
  for (int i = 0; i < 25; ++i) absl::StrAppend(&ops, i == 0 ? "" : ";", " destroy o0");
  EXPECT_EQ(ErrorOfLine("setup:" + ops), "f.sched:6:296: expected at most 24 set-up ops, found 'destroy'");
  EXPECT_EQ(ErrorOfLine("task A:" + ops), "f.sched:6:201: expected at most 16 ops in a task, found 'destroy'");
  std::string text = "task A: destroy o0";
  for (int i = 1; i <= 513; ++i) absl::StrAppend(&text, "\ndeviate A/destroy: preempt ", i, " stay");
  EXPECT_EQ(ErrorOfLine(text), "f.sched:519:20: expected at most 512 deviations, found 'preempt'");
}

// However a good file is changed, parsing it gives either an error or a valid schedule.
TEST(Text, MutatedFilesParseOrFailButNeverGiveAnInvalidSchedule) {
  Rng rng(2);
  for (int i = 0; i < 50000; ++i) {
    std::string text = kFull;
    for (uint32_t n = 1 + rng.Below(3); n > 0; --n) {
      size_t at = rng.Below(static_cast<uint32_t>(text.size()));
      size_t from = rng.Below(static_cast<uint32_t>(text.size()));
      text.replace(at, rng.Below(20), kFull + from % (sizeof(kFull) - 1), 0, rng.Below(20));
    }
    absl::StatusOr<ScheduleFile> file = ParseText(text, "f.sched");
    if (!file.ok()) continue;
    ASSERT_EQ(Problem(file->schedule), "") << text;
    absl::StatusOr<ScheduleFile> again = ParseText(FormatText(*file), "f.sched");
    ASSERT_TRUE(again.ok()) << again.status() << text;
    ASSERT_EQ(*again, *file) << text;
  }
}

}  // namespace
}  // namespace nofail
