// SPDX-License-Identifier: MIT
//
// nofail replay: runs schedules and compares the violations of each with those that its `expect` lines name.
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "core/kernel/sim/sanitizer.h"
#include "core/kernel/sim/sim.h"
#include "fuzz/base/harness_bug.h"
#include "fuzz/base/printable.h"
#include "fuzz/check/known.h"
#include "fuzz/exec/executor.h"
#include "fuzz/report/json_report.h"
#include "fuzz/report/text_report.h"
#include "fuzz/sanitizers/sanitizer_hooks.h"
#include "fuzz/tools/command.h"

namespace nofail {
namespace {

using Signatures = std::set<std::string>;

constexpr const char* kCrashCorpus[] = {"corpus/regressions", "corpus/known", "corpus/findings"};

volatile sig_atomic_t interrupted = 0;

bool IsDataRace(const std::string& signature) {
  return absl::StartsWith(signature, "data-race/");
}

// The signatures that the file expects of the subject. In a build that detects no data races the result has none.
Signatures Expected(const ScheduleFile& file, const subject& subject) {
  Signatures expected;
  for (const Expectation& expectation : file.expectations) {
    if (expectation.subject != subject.name) continue;
    for (const std::string& signature : expectation.signatures) {
      if (kDetectsRaces || !IsDataRace(signature)) expected.insert(signature);
    }
  }
  return expected;
}

bool ExpectsDataRace(const ScheduleFile& file, const Subjects& subjects) {
  for (const Expectation& expectation : file.expectations) {
    if (std::find(subjects.begin(), subjects.end(), FindSubject(expectation.subject)) == subjects.end()) continue;
    if (std::any_of(expectation.signatures.begin(), expectation.signatures.end(), IsDataRace)) return true;
  }
  return false;
}

Signatures Seen(const Verdict& verdict) {
  Signatures seen;
  for (const Violation& violation : verdict.violations) seen.insert(violation.Signature());
  return seen;
}

std::string Join(const Signatures& signatures) {
  return signatures.empty() ? "pass" : Printable(absl::StrJoin(signatures, ", "));
}

// Advice for the user about a schedule whose run did not go as expected.
const char* Advice(const Input& input, const Signatures& seen, bool all_listed) {
  if (input.target != nullptr) {
    return all_listed ? "it is listed (--verbose says where): if it was filed somewhere, this build closes it"
                      : "`nofail show FILE` says what happens, `./scripts/minimize FILE` shortens and keeps it";
  }
  return seen.empty()
             ? "it no longer violates: if that is what was mended, `nofail minimize --update FILE` makes it expect "
               "pass for ever; if other code moved, adjust its ordinals"
             : "look at it with `nofail show FILE`; if this is right, `nofail minimize --update FILE` expects it";
}

struct ReplayResult {
  bool as_expected;
  nlohmann::ordered_json json;
};

ReplayResult Replay(Executor& executor, const subject& subject, const Input& input, const Arguments& arguments) {
  const Schedule& schedule = input.file.schedule;
  if (!executor.IsDeterministic(schedule)) {
    HarnessBug(absl::StrCat(input.name, " gave two traces on ", subject.name).c_str());
  }
  TakeSanitizerReports();
  Sim::Get().RenewFibers();
  const JudgedRun& run = executor.Run(schedule);
  const Signatures expected = Expected(input.file, subject), seen = Seen(run.verdict);
  ReplayResult result{expected == seen, {}};
  Source source(RootsOf(subject));
  if (arguments.json) {
    result.json = {{"file", input.name}, {"as_expected", result.as_expected}, {"expected", expected}};
    auto& ignored = result.json["ignored"] = nlohmann::ordered_json::array();
    for (const Deviation& deviation : run.ignored) ignored.push_back(FormatDeviation(schedule, deviation));
    result.json.update(JsonReport(run, arguments.verbose, &source));
    return result;
  }
  const bool all_listed = Headline(run.verdict, subject.name) == nullptr;
  // An input of bytes has no `expect` lines.
  const bool is_bytes = input.target != nullptr;
  const char* word = result.as_expected ? (all_listed ? "ok" : "ok (not listed)")
                     : is_bytes         ? "VIOLATES"
                                        : "UNEXPECTED";
  absl::PrintF("%-10s  %s%s  %s  trace %016x  %s\n", word, Printable(input.name),
               is_bytes ? absl::StrCat(" (", input.target, ")") : "", subject.name, run.trace.Hash(), Join(seen));
  if (!result.as_expected) {
    if (!is_bytes) absl::PrintF("            expected: %s\n", Join(expected));
    absl::PrintF("            %s\n", Advice(input, seen, all_listed));
  }
  for (const Deviation& deviation : run.ignored) {
    absl::PrintF("            ignored, for it never fired: %s\n", FormatDeviation(schedule, deviation));
  }
  if (arguments.verbose) {
    const TextOptions options{.width = TerminalWidth(), .colour = UseColour(), .source = &source};
    absl::PrintF("%s%s\n", TextReport(run, options), TakeSanitizerReports());
  }
  fflush(stdout);
  return result;
}

absl::StatusOr<std::vector<Input>> Inputs(const Arguments& arguments) {
  std::vector<std::string> paths = arguments.files;
  if (paths.empty() && arguments.seeds.empty()) {
    if (!std::filesystem::is_directory("corpus")) {
      return absl::InvalidArgumentError(
          "there is no corpus/ here: name files or directories, or run it where the repository is");
    }
    for (const char* path : kCrashCorpus) {
      std::error_code error;
      if (!std::filesystem::is_empty(path, error) && !error) paths.push_back(path);
    }
  }
  absl::StatusOr<std::vector<std::string>> files = ExpandDirectories(paths);
  if (!files.ok()) return files.status();
  std::vector<Input> inputs;
  for (const std::string& file : *files) {
    absl::StatusOr<Input> input = ReadInput(file, arguments.profile);
    if (!input.ok()) return input.status();
    inputs.push_back(*std::move(input));
  }
  for (const uint32_t seed : arguments.seeds) inputs.push_back(GenerateInput(seed, arguments.profile));
  return inputs;
}

// Runs schedules one after the other, and counts how many went as expected.
class Replayer {
 public:
  explicit Replayer(const Arguments& arguments) : arguments_(arguments) {}

  void Replay(const Input& input);
  // Prints the summary after the last schedule. Returns the exit code.
  int Finish();

 private:
  const Arguments& arguments_;
  std::map<const subject*, Executor> executors_;
  std::set<std::string> missing_;  // subjects that schedules name and that are not linked
  size_t schedules_ = 0, not_run_ = 0, unexpected_ = 0;
  bool skips_races_ = false;
  nlohmann::ordered_json runs_ = nlohmann::ordered_json::array();
};

void Replayer::Replay(const Input& input) {
  const Subjects subjects = SubjectsFor(input.file, arguments_.subjects);
  if (arguments_.subjects.empty()) AddMissing(input.file, &missing_);
  bool as_expected = true;
  for (const subject* subject : subjects) {
    Executor& executor = executors_.try_emplace(subject, *subject, Sim::Get()).first->second;
    ReplayResult result = nofail::Replay(executor, *subject, input, arguments_);
    as_expected &= result.as_expected;
    if (arguments_.json) runs_.push_back(std::move(result.json));
  }
  ++schedules_;
  not_run_ += subjects.empty();
  unexpected_ += !as_expected;
  skips_races_ |= !kDetectsRaces && ExpectsDataRace(input.file, subjects);
}

int Replayer::Finish() {
  const std::string missing = absl::StrJoin(missing_, ", ");
  if (arguments_.json) {
    const nlohmann::ordered_json all = {{"format", 1}, {"runs", std::move(runs_)}, {"not_linked", missing_}};
    absl::PrintF("%s\n", JsonText(all));
  } else {
    if (schedules_ != 1) {
      absl::PrintF("%d schedules: %d as expected, %d not%s\n", schedules_, schedules_ - not_run_ - unexpected_,
                   unexpected_, not_run_ == 0 ? "" : absl::StrCat(", ", not_run_, " not run"));
    }
    if (!missing.empty()) absl::PrintF("not run on what is not linked here: %s\n", Printable(missing));
    if (skips_races_) absl::PrintF("data races are checked in the builds tsan and explore only\n");
  }
  if (interrupted) return kInterrupted;
  if (schedules_ != 0 && not_run_ == schedules_) {
    return Fail(kUsage, absl::StrCat("nothing was run: ", missing,
                                     " is not linked here; --subject runs it on another: ", NamesOf(AllSubjects())));
  }
  return unexpected_ == 0 ? kAsExpected : kUnexpected;
}

int Run(absl::Span<const std::string> raw) {
  const absl::StatusOr<Arguments> arguments = ParseArguments(raw, "--verbose --json --target --seed --subject");
  if (!arguments.ok()) return Fail(kUsage, arguments.status().message());
  // All inputs are read before the first one runs, so that nothing runs when one of them cannot be read.
  const absl::StatusOr<std::vector<Input>> inputs = Inputs(*arguments);
  if (!inputs.ok()) return Fail(kUsage, inputs.status().message());

  InstallSanitizerHooks(nullptr);
  signal(SIGINT, [](int) { interrupted = 1; });
  Replayer replayer(*arguments);
  for (const Input& input : *inputs) {
    if (interrupted) break;
    replayer.Replay(input);
  }
  return replayer.Finish();
}

}  // namespace

const Command kReplayCommand = {"replay", "run schedules and compare with what each expects",
                                R"(usage: nofail replay [FILE|DIR]... [--seed N]... [--subject S]...
                     [--target T] [--verbose] [--json]

Runs each schedule on each subject asked for and prints one line: whether it
went as expected, its name, the subject, the hash of its trace (the same in
every run and build) and the signature of each violation. Without arguments it
runs the crash corpus: corpus/regressions, corpus/known and corpus/findings.

A .sched file says what it expects in its `expect SUBJECT: ...` lines, and is
run on those subjects; everything else is expected to pass, and is run on
posted. `ok (not listed)`: as expected, but neither in corpus/known nor in
corpus/findings when this was built. Deviations that had no effect are listed.
Data races are checked in the thread build only.

  --subject S   runs everything on this one (may be given several times), or
                on `all`; `nofail --list` has the names
  --seed N      runs the N-th generated schedule (may be given several times)
  --target T    what bytes and seeds are about: teardown (the default) or
                lifecycle
  --verbose     adds the report: violations, the objects' lives, the schedule,
                the trace
  --json        prints all of it as data; with --verbose, every event

examples:
  nofail replay                              the crash corpus
  nofail replay crash-8a53b1 --verbose       what a fuzzer left behind
  nofail replay --seed 7 --target lifecycle
  nofail replay corpus/known --subject posted --subject linux-7.2

exit code: 0 all as expected, 1 some not, 2 unreadable input or wrong usage
(nothing is run), or output that cannot be written, 3 bug of the suite itself,
130 interrupted
)",
                                Run};

}  // namespace nofail
