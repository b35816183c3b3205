// SPDX-License-Identifier: MIT
//
// Tests the minimizer on real runs: which schedules it refuses, what it counts as a violation, and that nothing can be
// taken out of its results. This process runs no subject itself; child processes do (fuzz/minimize/sandbox.h).
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "fuzz/minimize/minimizer.h"
#include "fuzz/minimize/sandbox.h"
#include "fuzz/schedule/text.h"

namespace nofail {
namespace {

using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Le;
using ::testing::SizeIs;
using Status = Minimized::Status;

Schedule Parse(const std::string& sentences) {
  auto file = ParseText("nofail schedule 1\n" + sentences, "test");
  EXPECT_TRUE(file.ok()) << file.status();
  return file.ok() ? file->schedule : Schedule();
}
std::string Text(const Schedule& schedule) {
  return FormatText({{}, schedule, {}});
}

// The tests let a dump misbehave. In this schedule that is the dump of o1; everything else is noise.
Schedule DumpAmongNoise() {
  return Parse(
      "map m0 type=sk value=16 fields=kptr\nmap m1 type=sk value=8\nowner o0 type=sk\nowner o1 type=sk bucket=3\n"
      "setup: update m0 o0; update m1 o1\n"
      "task A: lookup m0 o0; map_free m0\ntask B: destroy o0; dump o1\ndeviate A/map_free: preempt 3 to B\n");
}
constexpr char kOneDump[] = "map m0 type=sk value=8\nowner o0 type=sk\ntask A: dump o0\n";

// The posted subject with another function for dump.
subject WithDump(int (*dump)(void*)) {
  subject copy = *linked_subject;
  copy.dump = dump;
  return copy;
}

// A way in which a dump can end the process, and what its signature has to contain.
struct Ending {
  int (*dump)(void*);
  const char* signature;
};
class MinimizeEndings : public testing::TestWithParam<Ending> {};

TEST_P(MinimizeEndings, CountAsTheSameViolation) {
  const subject misbehaving = WithDump(GetParam().dump);
  const Minimized result = Minimize(misbehaving, DumpAmongNoise(), {});
  EXPECT_EQ(result.status, Status::kDone);
  EXPECT_THAT(result.signature, HasSubstr(GetParam().signature));
  EXPECT_EQ(Text(result.schedule), Text(Parse(kOneDump)));
}

// Passes a scheduling point whose site is in the function Dump.
void GoOn() {
  kernel_fence(KERNEL_FULL, {"Dump", "dump.cc", 1});
}
int Abort(void*) {
  GoOn();
  abort();
}
int Segfault(void*) {
  GoOn();
  *reinterpret_cast<volatile int*>(uintptr_t{8}) = 1;
  return 0;
}
int Exit(void*) {
  _exit(7);
}
int Kill(void*) {
  return raise(SIGTERM);
}
int LoopForEver(void*) {
  GoOn();
  for (;;) asm volatile("");
}
INSTANTIATE_TEST_SUITE_P(, MinimizeEndings,
                         testing::Values(Ending{Abort, "crash/SIGABRT/Dump"}, Ending{Segfault, "crash/SIGSEGV/Dump"},
                                         Ending{Exit, "crash/exit-7/-"}, Ending{Kill, "crash/SIGTERM/-"},
                                         Ending{LoopForEver, "crash/hang/Dump"}));

TEST(Minimize, ACrashIsNamedAfterTheLastPlaceInTheSubject) {
  const subject misbehaving = WithDump([](void*) -> int { abort(); });
  const Minimized result =
      Minimize(misbehaving,
               Parse("map m0 type=sk value=8\nowner o0 type=sk\nsetup: update m0 o0\ntask A: map_free m0; dump o0\n"),
               {.accept = [](const std::string& signature) {
                 EXPECT_EQ(signature, "crash/SIGABRT/MapFree");
                 return false;
               }});
  EXPECT_EQ(result.status, Status::kNotAccepted);
}

TEST(Minimize, RefusesWhatDoesNotViolate) {
  const Minimized result = Minimize(*linked_subject, Parse(kOneDump), {});
  EXPECT_EQ(result.status, Status::kPasses);
}

TEST(Minimize, RefusesWhatViolatesOtherwise) {
  const subject misbehaving = WithDump(Abort);
  const Minimized result = Minimize(misbehaving, DumpAmongNoise(), {.signature = "leak.selem/selem/Nobody"});
  EXPECT_EQ(result.status, Status::kOtherwise);
  EXPECT_THAT(result.signatures, ElementsAre(HasSubstr("crash/SIGABRT/")));
}

TEST(Minimize, RefusesWhatViolatesInOneRunOnly) {
  // The first run leaves a folder behind, so that later runs do something else.
  static const std::string trace = testing::TempDir() + "minimize_test." + std::to_string(getpid());
  const subject moody = WithDump([](void*) -> int {
    if (mkdir(trace.c_str(), 0700) == 0) abort();
    return 0;
  });
  EXPECT_EQ(Minimize(moody, DumpAmongNoise(), {}).status, Status::kUnstable);
  rmdir(trace.c_str());
}

TEST(Minimize, LeavesTheBestSoFarWhenInterrupted) {
  const subject misbehaving = WithDump(Abort);
  int asked = 0;
  MinimizeOptions options;
  options.is_interrupted = [&] { return ++asked > 3; };
  const Minimized result = Minimize(misbehaving, DumpAmongNoise(), options);
  EXPECT_EQ(result.status, Status::kInterrupted);
  EXPECT_NE(Text(result.schedule), Text(Parse(kOneDump)));
  EXPECT_NE(Text(result.schedule), Text(DumpAmongNoise()));
  EXPECT_THAT(Sandbox(misbehaving).Run(result.schedule).signatures, Contains(result.signature));
}

// ---- Which violation is kept -------------------------------------------------------------------------------------

constexpr News kNone = News::kNone, kWorse = News::kWorse, kNew = News::kNew;

TEST(Gravest, OfWhatIsNews) {
  const std::string signatures[] = {"warning/-/F", "use-after-free/selem/F", "leak.fields/selem/F"};
  EXPECT_EQ(Gravest(signatures, std::array{kNew, kNone, kNone}), 0u);
  EXPECT_EQ(Gravest(signatures, std::array{kNew, kNone, kWorse}), 2u);
  EXPECT_EQ(Gravest(signatures, std::array{kNew, kWorse, kNew}), 1u);
}

TEST(Gravest, OfEverythingWhereNothingIsNews) {
  const std::string signatures[] = {"warning/-/F", "livelock/-/F", "deadlock/-/G"};
  EXPECT_EQ(Gravest(signatures, std::array{kNone, kNone, kNone}), 1u);  // the first of two that are equally grave
}

TEST(Minimize, KeepsACrashWhoseListingsCannotBeRun) {
  // The crash corpus has schedules with a dump, too.
  const subject misbehaving = WithDump(Abort);
  const SandboxResult result = Sandbox(misbehaving).Rate(DumpAmongNoise());
  EXPECT_THAT(result.signatures, ElementsAre(HasSubstr("crash/SIGABRT/")));
  EXPECT_THAT(result.news, ElementsAre(kNew));
}

TEST(Minimize, APolicyBecomesDeviations) {
  const std::string start =
      "map m0 type=sk value=8 fields=kptr\nowner o0 type=sk\nowner o1 type=sk\nmode locks=any\n"
      "setup: update m0 o0; update m0 o1; kptr m0 o1\ntask A: map_free m0\ntask B: destroy o0\ntask C: destroy o1\n";
  for (int seed = 1; seed < 200; ++seed) {
    const Schedule schedule = Parse(start + "policy uniform seed=" + std::to_string(seed) + " v1\n");
    const Minimized result = Minimize(*linked_subject, schedule, {});
    if (result.status == Status::kPasses) continue;
    ASSERT_EQ(result.status, Status::kDone);
    EXPECT_EQ(result.schedule.policy.kind, PolicyKind::kNone);
    EXPECT_EQ(Problem(result.schedule), "");
    return;
  }
  FAIL() << "no seed violates";
}

// ---- Nothing can be taken out ------------------------------------------------------------------------------------
// These functions share no code with the minimizer's own edits, whose mistakes they could not see otherwise.

void DropOp(Schedule* s, uint8_t task, size_t index) {
  std::vector<Op>& ops = task == kSetup ? s->setup : s->tasks[task - kTaskA];
  ops.erase(ops.begin() + static_cast<ptrdiff_t>(index));
  std::vector<Deviation> kept;
  for (Deviation d : s->deviations) {
    if (d.where.task == task && d.where.op == index) continue;
    if (d.where.task == task && d.where.op > index) --d.where.op;
    kept.push_back(d);
  }
  s->deviations = kept;
}

// Returns every schedule that has one deviation or one op less than `whole`. A task whose only op is dropped goes, too.
// Maps and owners are not dropped here, since one that is used cannot go.
std::vector<Schedule> WithOneSentenceLess(const Schedule& whole) {
  std::vector<Schedule> less;
  for (size_t i = 0; i < whole.deviations.size(); ++i) {
    less.push_back(whole);
    less.back().deviations.erase(less.back().deviations.begin() + static_cast<ptrdiff_t>(i));
  }
  for (uint8_t task = kSetup; task < kTaskA + whole.tasks.size(); ++task) {
    const size_t ops = task == kSetup ? whole.setup.size() : whole.tasks[task - kTaskA].size();
    if (task != kSetup && ops == 1 && whole.tasks.size() == 1) continue;  // a schedule must have a task with an op
    for (size_t i = 0; i < ops; ++i) {
      less.push_back(whole);
      DropOp(&less.back(), task, i);
    }
  }
  for (Schedule& schedule : less) Normalize(&schedule);
  return less;
}

class MinimizeCorpus : public testing::TestWithParam<std::string> {};

TEST_P(MinimizeCorpus, LeavesNothingThatCouldGo) {
  std::ifstream in(GetParam());
  std::stringstream text;
  text << in.rdbuf();
  const auto file = ParseText(text.str(), GetParam());
  ASSERT_TRUE(file.ok()) << file.status();
  Sandbox sandbox(*linked_subject);
  for (const std::string& signature : sandbox.Run(file->schedule).signatures) {
    SCOPED_TRACE(signature);
    const Minimized result = Minimize(*linked_subject, file->schedule, {.signature = signature});
    ASSERT_EQ(result.status, Status::kDone);
    EXPECT_THAT(result.signatures, Contains(signature));
    EXPECT_THAT(result.story, Each(SizeIs(Le(118))));
    const Minimized again = Minimize(*linked_subject, file->schedule, {.signature = signature});
    EXPECT_EQ(Text(result.schedule), Text(again.schedule)) << "the same input, another result";
    for (const Schedule& less : WithOneSentenceLess(result.schedule)) {
      EXPECT_THAT(sandbox.Run(less).signatures, testing::Not(Contains(signature)))
          << "of\n"
          << Text(result.schedule) << "this is enough:\n"
          << Text(less);
    }
  }
}

// Whether this build has to minimize the schedule. The thread build is slow, and what it alone can see is data races.
// So it leaves the schedules that show none to the other builds.
bool IsForThisBuild([[maybe_unused]] const std::filesystem::path& path) {
#if NOFAIL_TSAN
  std::stringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str().find("data-race/") != std::string::npos;
#else
  return true;
#endif
}

std::vector<std::string> CorpusFiles() {
  std::vector<std::string> files;
  for (const char* folder : {"known", "findings"}) {
    const std::filesystem::path path = std::filesystem::path(NOFAIL_CORPUS) / folder;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(path)) {
      if (entry.path().extension() == ".sched" && IsForThisBuild(entry.path())) files.push_back(entry.path().string());
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}
std::string NameOf(const testing::TestParamInfo<std::string>& info) {
  const std::filesystem::path path(info.param);
  std::string name = path.parent_path().filename().string() + "_" + path.stem().string();
  for (char& c : name) {
    if (!isalnum(static_cast<unsigned char>(c))) c = '_';
  }
  return name;
}
INSTANTIATE_TEST_SUITE_P(, MinimizeCorpus, testing::ValuesIn(CorpusFiles()), NameOf);

}  // namespace
}  // namespace nofail
