// SPDX-License-Identifier: MIT
//
// nofail compare: runs a schedule on two subjects, and says where the runs part.
#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/kernel/sim/sim.h"
#include "fuzz/exec/executor.h"
#include "fuzz/listing/shows_nearby.h"
#include "fuzz/report/json_report.h"
#include "fuzz/report/side_by_side.h"
#include "fuzz/report/text_report.h"
#include "fuzz/sanitizers/sanitizer_hooks.h"
#include "fuzz/tools/command.h"

namespace nofail {
namespace {

// Each run on fresh fibers: ThreadSanitizer remembers nothing of the other.
const JudgedRun& RunFresh(const Schedule& schedule, Executor* executor) {
  Sim::Get().RenewFibers();
  return RunAndDropReports(schedule, executor);
}

// The run with a trace of its own.
JudgedRun Keep(const JudgedRun& run, Trace* kept) {
  kept->CopyFrom(run.trace);
  return {run.subject, run.schedule, *kept, run.verdict, run.ignored};
}

std::set<std::string> SignaturesOf(const JudgedRun& run) {
  std::set<std::string> signatures;
  for (const Violation& violation : run.verdict.violations) signatures.insert(violation.Signature());
  return signatures;
}

int Run(absl::Span<const std::string> raw) {
  const absl::StatusOr<Arguments> arguments = ParseArguments(raw, "--subject --baseline --target --seed --json");
  if (!arguments.ok()) return Fail(kUsage, arguments.status().message());
  if (arguments->files.size() + arguments->seeds.size() != 1) {
    return Fail(kUsage, "compare: expected one file or one --seed");
  }
  if (arguments->baseline == nullptr) {
    return Fail(kUsage,
                absl::StrCat("compare: name the other subject with --baseline; there are ", NamesOf(AllSubjects())));
  }
  const absl::StatusOr<Input> input = arguments->files.empty() ? GenerateInput(arguments->seeds[0], arguments->profile)
                                                               : ReadInput(arguments->files[0], arguments->profile);
  if (!input.ok()) return Fail(kUsage, input.status().message());
  const absl::StatusOr<const struct subject*> subject = SubjectFor(input->file, arguments->subjects);
  if (!subject.ok()) return Fail(kUsage, absl::StrCat(input->name, ": ", subject.status().message()));
  InstallSanitizerHooks(nullptr);
  PrintRaces(false);
  Executor mine(**subject, Sim::Get()), other(*arguments->baseline, Sim::Get());
  Trace kept;
  const JudgedRun a = Keep(RunFresh(input->file.schedule, &mine), &kept);
  const JudgedRun& b = RunFresh(input->file.schedule, &other);
  if (arguments->json) {
    const auto first = FirstDifference(a, b);
    nlohmann::ordered_json report = {{"format", 1},
                                     {"first_difference", first ? nlohmann::ordered_json(*first) : nullptr},
                                     {"runs", {JsonReport(a, false), JsonReport(b, false)}}};
    absl::PrintF("%s\n", JsonText(report));
  } else {
    absl::PrintF("%s", SideBySide(a, b, static_cast<size_t>(TerminalWidth())));
  }
  return SignaturesOf(a) == SignaturesOf(b) ? kAsExpected : kUnexpected;
}

}  // namespace

const Command kCompareCommand = {"compare", "run a schedule on two subjects and say where the runs part",
                                 R"(usage: nofail compare FILE [--subject S] --baseline S [--target T] [--json]
       nofail compare --seed N ...

Runs a schedule on two subjects, and prints the last events that both runs have
in common, the first ones in which they differ, side by side, and what each
violates. Line numbers and places in structures may differ without notice, since
other code has others.

  --subject S   the one on the left; without it, as for `nofail minimize`
  --baseline S  the one on the right; `nofail --list` has the names
  --seed N      the N-th generated schedule
  --target T    what bytes and seeds are about: teardown (the default) or
                lifecycle
  --json        both runs as data

example:
  nofail compare leak.sched --subject linux-7.2 --baseline linux-6.12

exit code: 0 both violate the same, or nothing; 1 they do not; 2 wrong usage
)",
                                 Run};

}  // namespace nofail
