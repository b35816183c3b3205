// SPDX-License-Identifier: MIT
#include "fuzz/engine/driver.h"

#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "fuzz/base/exit_code.h"
#include "fuzz/base/harness_bug.h"
#include "fuzz/engine/access_orders.h"
#include "fuzz/engine/comparison.h"
#include "fuzz/engine/feature_arrays.h"
#include "fuzz/engine/finding_store.h"
#include "fuzz/engine/input.h"
#include "fuzz/engine/race_confirmation.h"
#include "fuzz/engine/run_status.h"
#include "fuzz/exec/executor.h"
#include "fuzz/listing/list_by_replay.h"
#include "fuzz/report/crash_header.h"
#include "fuzz/report/on_death.h"
#include "fuzz/report/text_report.h"
#include "fuzz/sanitizers/sanitizer_hooks.h"
#include "fuzz/schedule/text.h"

namespace nofail {
namespace {

constexpr uint64_t kExecutionsBetweenDeterminismChecks = 1000;
constexpr uint64_t kExecutionsBetweenCounts = 8;

[[noreturn]] void HarnessBugAt(const char* what, const Schedule& schedule) {
  HarnessBug(what, FormatText({{}, schedule, {}}).c_str());
}

// Aborts. A sanitizer that catches the signal would report a stack that is the same for every violation. Services file
// a crash under the last report that a process printed. So the sanitizer's report is hidden.
[[noreturn]] void StopAtNewViolation() {
  HideSanitizerReports();
  abort();
}

// A violation that is news for the first time: the name of its file, and a line for that file that says why it is news.
struct Fresh {
  std::string name;
  std::string standing;
};

std::string StandingText(const JudgedRun& run, const Violation& violation, const RunStatus::Seen& seen) {
  if (!seen.is_news()) return absl::StrCat(" Listed as ", seen.name, ": ", seen.signature);
  if (seen.listing == nullptr) return absl::StrCat(" New: ", seen.signature);
  return absl::StrCat(" Worse: ", seen.signature, " with ", SightingText(SightingOf(run, violation)),
                      "; it is listed as ", seen.listing->name, ", which needs more");
}

volatile sig_atomic_t interrupted = 0;
void OnInterrupt(int) {
  interrupted = 1;
}

// The only driver of the process. It runs inputs and passes the results to the other parts of this folder. It is made
// at its first use, because libFuzzer is the only engine that is sure to call LLVMFuzzerInitialize.
class Driver {
 public:
  static Driver& Get() {
    static Driver* const driver = new Driver;  // lives for ever: fibers may still be suspended at exit
    return *driver;
  }

  // Applies the options. Called at most once, before the first input.
  void Configure(Options options);
  // Handles one input (FuzzOne).
  void Run(Profile profile, std::span<const uint8_t> input);
  Profile profile() const { return profile_; }
  const Guidance& guidance() const { return options_.guidance; }
  RunFacts AnswersOf(const Schedule& schedule);

 private:
  Driver() {
    InstallSanitizerHooks(OnDeath);
    PrintRaces(false);
  }
  // Called when a signal is about to end the process.
  static void OnDeath();

  // Whether every thousandth input runs twice. A bare binary does not do this: nobody would hear of the result, and its
  // engine would take an input that ran twice for new.
  bool ChecksDeterminism() const { return store_.has_value() && !options_.once; }
  // Whether a new violation stops the process. A bare binary stops, so that its engine files the input.
  bool StopsOnNew() const { return !store_.has_value() || options_.stop_on_new; }

  // Whether the violation is news (driver.h). HashOfSignature: see RunStatus.
  bool IsNews(const RunStatus::Seen& seen) const {
    return options_.only_signature.empty()
               ? seen.is_news()
               : HashOfSignature(seen.signature) == HashOfSignature(options_.only_signature);
  }

  void StartComparison();
  // Whether this execution also runs on the baseline, for the rates.
  bool IsPaired() const { return comparison_ && !options_.once && Comparison::IsPaired(status_.executions()); }
  // Counts the violations of a run. Prints, saves and stops as driver.h says.
  void CountAndReport(const JudgedRun& run);
  // Prints the report of a run to stderr, for a process that is about to stop.
  void Print(const JudgedRun& run, const Violation& headline);
  // Runs the baseline on the last schedule, which shows this listed violation; adds the violation to `fresh` if the
  // baseline does not show it, and this is to be saved.
  void CompareSample(const RunStatus::Seen& listed, std::vector<Fresh>* fresh);
  void Save(const Verdict& verdict, uint64_t hash, const std::vector<Fresh>& fresh);

  Options options_;
  Executor executor_{*linked_subject, Sim::Get()};
  FeatureCollector features_{linked_subject->selem_state_offset};
  RunStatus status_;
  std::optional<FindingStore> store_;     // absent in a bare binary
  std::optional<Comparison> comparison_;  // absent without a baseline, and in a bare binary
  std::optional<AccessOrders> orders_;    // absent if nobody asked, and in a bare binary
  Profile profile_ = Profile::kTeardown;  // of the last input
  Schedule schedule_, recorded_;          // of the last input; of the last call of AnswersOf
};

void Driver::Configure(Options options) {
  options_ = std::move(options);
  Listings listings =
      options_.SavesFindings() ? ListByReplay(linked_subject->name, &executor_) : ListByName(linked_subject->name);
  status_.SetListings(std::move(listings), std::move(options_.baseline));
  if (options_.no_failures) executor_.AllowNoFailures();
  if (!options_.SavesFindings()) return;
  if (&linked_baseline != nullptr) StartComparison();
  if (!options_.orders.empty()) status_.SetOrders(orders_.emplace(options_.orders, Sim::Get()));
  store_.emplace(options_.findings);
  status_.WriteTo(options_.findings);
  struct sigaction action = {};
  action.sa_handler = OnInterrupt;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  atexit([] { Get().status_.Write(true); });
}

void Driver::StartComparison() {
  comparison_.emplace(*linked_baseline, Sim::Get());
  if (options_.no_failures) comparison_->AllowNoFailures();
  status_.SetComparison(*comparison_);
}

void Driver::OnDeath() {
  Driver& driver = Get();
  driver.status_.Write(true);
  WriteReportOnDeath(STDERR_FILENO, driver.executor_.Unjudged(driver.schedule_));
}

void Driver::Run(Profile profile, std::span<const uint8_t> input) {
  if (interrupted) {
    status_.Write(true);
    _exit(kInterrupted);
  }
  profile_ = profile;
  DecodeInput(profile, input, &schedule_);
  const bool counts = status_.executions() % kExecutionsBetweenCounts == 0;
  if (counts && orders_) orders_->Begin();
  const JudgedRun& run = executor_.Run(schedule_);
  if (counts && orders_) orders_->Count(run.trace);
  if (counts) status_.CountAttempts(run.trace);
  if (options_.guidance.features) features_.Collect(run.trace, FeatureArrays());
  status_.CountExecution(run.trace.size(), run.trace.interleaving());
  std::vector<std::string> shown;  // for the baseline, which runs when this run has been told
  if (IsPaired()) shown = ComparedSignatures(run.verdict);
  if (!run.verdict.pass()) {
    const auto is_settled = [this](const std::string& signature) { return status_.IsSettled(signature); };
    CountAndReport(ConfirmRaces(run, &executor_, is_settled));
  }
  if (IsPaired()) comparison_->CountPair(schedule_, shown);
  if (ChecksDeterminism() && status_.executions() % kExecutionsBetweenDeterminismChecks == 0 &&
      !executor_.IsDeterministic(schedule_)) {
    HarnessBugAt("the same schedule gave two traces", schedule_);
  }
}

RunFacts Driver::AnswersOf(const Schedule& schedule) {
  recorded_ = executor_.Record(schedule);
  TakeSanitizerReports();
  return {recorded_.deviations};
}

void Driver::CountAndReport(const JudgedRun& run) {
  const Violation* headline = nullptr;          // the first one that is news
  std::vector<Fresh> fresh;                     // what is news for the first time
  std::vector<const RunStatus::Seen*> samples;  // of listed violations, to be run on the baseline
  for (const Violation& violation : run.verdict.violations) {
    const auto& [seen, is_fresh] = status_.CountViolation(run, violation);
    if (comparison_ && !seen.is_news() && Comparison::IsSample(seen.signature, seen.count)) samples.push_back(&seen);
    if (!IsNews(seen)) continue;
    if (headline == nullptr) headline = &violation;
    const std::string name = seen.is_news() ? seen.name : SlugOf(seen.signature);
    if (is_fresh) fresh.push_back({name, StandingText(run, violation, seen)});
  }
  const bool stop = headline != nullptr && StopsOnNew();
  if (stop) Print(run, *headline);
  TakeSanitizerReports();
  if (!fresh.empty() || !samples.empty()) {
    const uint64_t hash = run.trace.Hash();  // the next run overwrites the trace
    for (const RunStatus::Seen* listed : samples) CompareSample(*listed, &fresh);
    if (!fresh.empty() && store_.has_value()) Save(run.verdict, hash, fresh);
    if (!fresh.empty()) status_.Write(false);  // now, because some engines end the process without notice
  }
  if (stop) {
    status_.Write(true);
    StopAtNewViolation();
  }
}

void Driver::Print(const JudgedRun& run, const Violation& headline) {
  fputs(TextReport(run, {.width = TerminalWidth(), .colour = false}).c_str(), stderr);
  fputs(TakeSanitizerReports().c_str(), stderr);
  fputs(CrashHeader(run.trace, headline, getpid()).c_str(), stderr);
}

void Driver::CompareSample(const RunStatus::Seen& listed, std::vector<Fresh>* fresh) {
  if (!comparison_->Differs(schedule_, listed.signature)) return;
  const auto& [seen, is_fresh] = status_.CountDiffering(listed);
  if (!is_fresh) return;
  fresh->push_back({seen.name, absl::StrCat(" Differs: ", seen.signature, "; ", linked_baseline->name,
                                            " does not show it on this schedule")});
}

// Saves the last schedule once for each violation that is news for the first time. The saved schedule is recorded:
// every answer of its policy is a deviation. `hash` is that of the run's trace.
void Driver::Save(const Verdict& verdict, uint64_t hash, const std::vector<Fresh>& fresh) {
  ScheduleFile file;
  file.schedule = executor_.Record(schedule_);
  executor_.Run(file.schedule);
  if (executor_.trace().Hash() != hash) HarnessBugAt("a recorded schedule gives another trace", schedule_);
  TakeSanitizerReports();
  // A policy may give more answers than a schedule can have deviations. Then the schedule is saved with its policy.
  if (file.schedule.deviations.size() > kMaxDeviations) file.schedule = schedule_;
  Expectation& expectation = file.expectations.emplace_back();
  expectation.subject = linked_subject->name;
  for (const Violation& violation : verdict.violations) expectation.signatures.push_back(violation.Signature());
  for (const auto& [name, standing] : fresh) {
    file.comment = {absl::StrCat(" Found after ", status_.executions(), " executions, sanitizer ", kSanitizer, "."),
                    standing};
    store_->Save(file, name);
  }
}

}  // namespace

const Guidance& CurrentGuidance() {
  return Driver::Get().guidance();
}

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
  nofail::Driver::Get().Configure(nofail::ParseOptions(*argc, *argv));
  return 0;
}
