// SPDX-License-Identifier: MIT
//
// nofail show: the report of one schedule.
#include <string>

#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "fuzz/exec/executor.h"
#include "fuzz/report/json_report.h"
#include "fuzz/report/text_report.h"
#include "fuzz/targets/sanitizer_hooks.h"
#include "fuzz/tools/command.h"

namespace nofail {
namespace {

int Run(absl::Span<const std::string> raw) {
  const absl::StatusOr<Arguments> arguments = ParseArguments(raw, "--verbose --json --target --seed");
  if (!arguments.ok()) return Fail(kUsage, arguments.status().message());
  if (arguments->files.size() + arguments->seeds.size() != 1) return Fail(kUsage, "show: expected one file or one --seed");
  absl::StatusOr<Input> input = arguments->files.empty() ? GenerateInput(arguments->seeds[0], arguments->profile)
                                                         : ReadInput(arguments->files[0], arguments->profile);
  if (!input.ok()) return Fail(kUsage, input.status().message());

  InstallSanitizerHooks(nullptr);
  Executor executor(*linked_subject);
  const RunResult& result = executor.Run(input->file.schedule);
  const std::string text = FormatText({{}, input->file.schedule, {}});
  const Report report{*linked_subject, text, result.verdict, executor.trace()};
  if (arguments->json) {
    absl::PrintF("%s\n", JsonReport(report, arguments->verbose).dump(2));
  } else {
    const TextOptions options{.width = TerminalWidth(), .verbose = arguments->verbose, .colour = UseColour()};
    absl::PrintF("%s%s", TextReport(report, options), TakeSanitizerReports());
  }
  return kAsExpected;
}

}  // namespace

const Command kShowCommand = {
    "show",
    "print the report of one schedule",
    R"(usage: nofail show FILE [--target T] [--verbose] [--json]
       nofail show --seed N [--target T] [--verbose] [--json]

Runs one schedule and prints its report: the violations, the life of each object involved, the schedule as sentences, and
the trace with one column for each task. Colours are used on a terminal, unless NO_COLOR is set.

  --seed N      the N-th generated schedule
  --target T    what bytes and seeds are about: teardown (the default) or lifecycle
  --verbose     every event of the trace instead of what matters
  --json        the same as data

examples:
  nofail show crash-8a53b1
  nofail show corpus/known/map_free-bucket-timeout.sched --verbose | less -S

exit code: 0 whatever the verdict, 2 unreadable input, wrong usage, or output that cannot be written
)",
    Run};

}  // namespace nofail
