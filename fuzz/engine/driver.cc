// SPDX-License-Identifier: MIT
#include "fuzz/engine/driver.h"

#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "fuzz/base/exit_code.h"
#include "fuzz/base/harness_bug.h"
#include "fuzz/base/write_file.h"
#include "fuzz/check/known.h"
#include "fuzz/exec/executor.h"
#include "fuzz/exec/features.h"
#include "fuzz/report/crash_header.h"
#include "fuzz/report/on_death.h"
#include "fuzz/report/text_report.h"
#include "fuzz/schedule/text.h"
#include "core/kernel/sim/sim.h"
#include "fuzz/engine/input.h"
#include "fuzz/sanitizers/sanitizer_hooks.h"
#include "fuzz/engine/tally.h"

namespace nofail {
namespace {

constexpr uint64_t kExecutionsBetweenDeterminismChecks = 1000;

[[noreturn]] void HarnessBugAt(const char* what, const Schedule& schedule) {
  HarnessBug(what, FormatText({{}, schedule, {}}).c_str());
}

// A sanitizer that catches the signal has a stack to report that is the same for every violation. A crash is filed under
// what is printed last, so that one is not printed.
[[noreturn]] void StopAtNewViolation() {
  HideSanitizerReports();
  abort();
}

// What is not 0 here after a run, libFuzzer and Centipede count as covered, and clear; other engines leave it alone. They
// look through all of it after each run, used or not: 4096 would cost libFuzzer a tenth of its speed.
constexpr size_t kExtraFeatures = 512;
[[gnu::used, gnu::retain, gnu::section("__libfuzzer_extra_counters")]] uint8_t extra_counters[kExtraFeatures];
[[gnu::used, gnu::retain, gnu::section("__centipede_extra_features")]] uint64_t extra_features[kExtraFeatures];

volatile sig_atomic_t interrupted = 0;
void OnInterrupt(int) {
  interrupted = 1;
}

// The process's one driver. Made on the first use, since libFuzzer is the only engine sure to call Initialize.
class Driver {
 public:
  static Driver& Get() {
    static Driver* const driver = new Driver;  // lives for ever: fibers may still be suspended at exit
    return *driver;
  }

  void SaveFindingsIn(const std::string& directory, bool stop_on_new, bool once);
  void ReadBaseline(const std::string& path);
  void AllowNoFailures() { executor_.AllowNoFailures(); }
  void Run(Profile profile, std::span<const uint8_t> input);
  Profile profile() const { return profile_; }
  RunFacts AnswersOf(const Schedule& schedule);

 private:
  Driver() {
    InstallSanitizerHooks(OnDeath);
    PrintRaces(false);
  }
  static void OnDeath();

  Verdict Confirmed(const Verdict& first);
  void Judge(const Verdict& verdict);
  void Print(const Verdict& verdict, const Violation& headline);
  void Save(const Verdict& verdict);

  Executor executor_{*linked_subject};
  FeatureCollector features_{linked_subject->selem_state_offset};
  Profile profile_ = Profile::kTeardown;
  Schedule schedule_, recorded_;
  Tally tally_;
  std::string directory_;  // of the findings; "": none
  bool stop_on_new_ = true;
  bool checks_determinism_ = false;
};

void Driver::SaveFindingsIn(const std::string& directory, bool stop_on_new, bool once) {
  if (mkdir(directory.c_str(), 0777) != 0 && errno != EEXIST) {
    fprintf(stderr, "nofail: --findings: cannot make the directory %s: %s\n", directory.c_str(), strerror(errno));
    _exit(kUsage);
  }
  directory_ = directory;
  stop_on_new_ = stop_on_new;
  checks_determinism_ = !once;
  tally_.WriteTo(directory);
  struct sigaction action = {};
  action.sa_handler = OnInterrupt;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  atexit([] { Get().tally_.Write(true); });
}

void Driver::ReadBaseline(const std::string& path) {
  std::ifstream file(path);
  if (!file) {
    fprintf(stderr, "nofail: --baseline: cannot read %s: %s\n", path.c_str(), strerror(errno));
    _exit(kUsage);
  }
  std::set<std::string> signatures;
  for (std::string line; std::getline(file, line);) signatures.insert(line);
  tally_.SetBaseline(std::move(signatures));
}

void Driver::OnDeath() {
  Driver& driver = Get();
  driver.tally_.Write(true);
  WriteReportOnDeath(STDERR_FILENO,
                     {*linked_subject, FormatText({{}, driver.schedule_, {}}), Verdict(), driver.executor_.trace()});
}

void Driver::Run(Profile profile, std::span<const uint8_t> input) {
  if (interrupted) {
    tally_.Write(true);
    _exit(kInterrupted);
  }
  profile_ = profile;
  ReadInput(profile, input, &schedule_);
  const RunResult& result = executor_.Run(schedule_);
  if (guidance.features) features_.Collect(executor_.trace(), {extra_counters, extra_features});
  tally_.CountExecution(executor_.trace().size(), executor_.trace().interleaving());
  if (!result.verdict.pass()) Judge(Confirmed(Verdict(result.verdict)));
  // Not in a bare binary: nobody would be told, and an input that ran twice looks new to its engine.
  if (checks_determinism_ && tally_.executions() % kExecutionsBetweenDeterminismChecks == 0 &&
      !executor_.IsDeterministic(schedule_)) {
    HarnessBugAt("the same schedule gave two traces", schedule_);
  }
}

RunFacts Driver::AnswersOf(const Schedule& schedule) {
  recorded_ = executor_.Record(schedule);
  TakeSanitizerReports();
  return {recorded_.deviations};
}

// ThreadSanitizer forgets accesses: what it reports in one run it may miss in the next. Only races that it reports
// again as the first run of a process, as a replay is, are worth anything. That is asked once for each: a known one is
// only counted.
Verdict Driver::Confirmed(const Verdict& first) {
  const auto is_race = [](const Violation& violation) { return violation.kind == FaultText(Fault::kDataRace); };
  const auto is_doubtful = [&](const Violation& violation) {
    return is_race(violation) && !tally_.IsSettled(violation.Signature());
  };
  if (std::none_of(first.violations.begin(), first.violations.end(), is_doubtful)) return first;
  Sim::Get().RenewFibers();
  PrintRaces(true);
  Verdict second = executor_.Run(schedule_).verdict;
  PrintRaces(false);
  std::erase_if(second.violations, [&](const Violation& violation) {
    const auto is_same = [&](const Violation& other) { return other.Signature() == violation.Signature(); };
    return is_race(violation) && std::none_of(first.violations.begin(), first.violations.end(), is_same);
  });
  return second;
}

void Driver::Judge(const Verdict& verdict) {
  const Violation* headline = nullptr;  // the first one that is new
  bool is_first = false;
  for (const Violation& violation : verdict.violations) {
    const Tally::Seen& seen = tally_.CountViolation(violation.Signature());
    if (seen.listed != nullptr) continue;
    if (headline == nullptr) headline = &violation;
    is_first |= seen.count == 1;
  }
  const bool stop = headline != nullptr && stop_on_new_;
  if (stop) Print(verdict, *headline);
  TakeSanitizerReports();
  if (is_first && !directory_.empty()) {
    Save(verdict);
    tally_.Write(false);  // some engines end a process without a word
  }
  if (stop) {
    tally_.Write(true);
    StopAtNewViolation();
  }
}

void Driver::Print(const Verdict& verdict, const Violation& headline) {
  const std::string schedule = FormatText({{}, schedule_, {}});
  const Report report{*linked_subject, schedule, verdict, executor_.trace()};
  fputs(TextReport(report, {.width = TerminalWidth(), .colour = false}).c_str(), stderr);
  fputs(TakeSanitizerReports().c_str(), stderr);
  fputs(CrashHeader(headline, getpid()).c_str(), stderr);
}

// The recorded schedule, under the name of each signature that is not listed and has no file yet.
void Driver::Save(const Verdict& verdict) {
  const uint64_t hash = executor_.trace().Hash();
  ScheduleFile file;
  file.schedule = executor_.Record(schedule_);
  executor_.Run(file.schedule);
  if (executor_.trace().Hash() != hash) HarnessBugAt("a recorded schedule gives another trace", schedule_);
  TakeSanitizerReports();
  // A busy policy's answers may be more than a schedule holds; then its seed has to do.
  if (file.schedule.deviations.size() > kMaxDeviations) file.schedule = schedule_;
  file.comment = {absl::StrCat(" Found after ", tally_.executions(), " executions, sanitizer ", kSanitizer, ".")};
  Expectation& expectation = file.expectations.emplace_back();
  expectation.subject = linked_subject->name;
  for (const Violation& violation : verdict.violations) expectation.signatures.push_back(violation.Signature());
  const std::string text = FormatText(file);

  for (const std::string& signature : expectation.signatures) {
    if (!tally_.IsNew(signature)) continue;
    const std::string slug = SlugOf(signature);
    const std::string path = absl::StrCat(directory_, "/", slug, ".sched");
    // Another worker may have been first; its schedule is as good.
    const absl::StatusOr<bool> made = WriteNewFile(path, text);
    if (!made.ok()) {
      fprintf(stderr, "nofail: %s\n", std::string(made.status().message()).c_str());
      _exit(kSetUpFailed);
    }
    if (*made) fprintf(stderr, "nofail: new: %s\n", path.c_str());
  }
}

void ReadGuidance(absl::string_view word) {
  if (word != "none" && word != "mutator" && word != "features" && word != "all") {
    fprintf(stderr, "nofail: --guidance=%s: expected none, mutator, features or all\n", std::string(word).c_str());
    _exit(kUsage);
  }
  guidance = {.mutator = word == "mutator" || word == "all", .features = word == "features" || word == "all"};
}

}  // namespace

Guidance guidance;

Profile LastProfile() {
  return Driver::Get().profile();
}

RunFacts AnswersOf(const Schedule& schedule) {
  return Driver::Get().AnswersOf(schedule);
}

int FuzzOne(Profile profile, const uint8_t* data, size_t size) {
  Driver::Get().Run(profile, {data, size});
  return 0;
}

}  // namespace nofail

extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv) {
  nofail::Driver& driver = nofail::Driver::Get();  // hooks are in place before the first input
  std::string directory;
  bool stop_on_new = false, once = false;
  for (int i = 1; i < *argc; ++i) {
    absl::string_view argument((*argv)[i]);
    if (argument == "--stop-on-new") stop_on_new = true;
    if (argument == "--once") once = true;
    if (argument == "--no-failures") driver.AllowNoFailures();
    if (absl::ConsumePrefix(&argument, "--baseline=")) driver.ReadBaseline(std::string(argument));
    if (absl::ConsumePrefix(&argument, "--guidance=")) nofail::ReadGuidance(argument);
    if (absl::ConsumePrefix(&argument, "--findings=")) directory = std::string(argument);
  }
  if (!directory.empty()) driver.SaveFindingsIn(directory, stop_on_new, once);
  return 0;
}
