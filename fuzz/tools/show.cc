// SPDX-License-Identifier: MIT
//
// nofail show: the report of one schedule.
#include <unistd.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "fuzz/exec/executor.h"
#include "fuzz/report/json_report.h"
#include "fuzz/report/text_report.h"
#include "fuzz/report/timeline/html_report.h"
#include "fuzz/sanitizers/sanitizer_hooks.h"
#include "fuzz/tools/command.h"

namespace nofail {
namespace {

int Run(absl::Span<const std::string> raw) {
  const absl::StatusOr<Arguments> arguments =
      ParseArguments(raw, "--verbose --json --html -o --force --target --seed --subject");
  if (!arguments.ok()) return Fail(kUsage, arguments.status().message());
  if (arguments->files.size() + arguments->seeds.size() != 1)
    return Fail(kUsage, "show: expected one file or one --seed");
  absl::StatusOr<Input> input = arguments->files.empty() ? GenerateInput(arguments->seeds[0], arguments->profile)
                                                         : ReadInput(arguments->files[0], arguments->profile);
  if (!input.ok()) return Fail(kUsage, input.status().message());
  if (!arguments->html && !arguments->output.empty()) return Fail(kUsage, "show: -o goes with --html");
  if (arguments->html && arguments->json) return Fail(kUsage, "show: --html and --json are two reports; ask for one");
  if (arguments->html && arguments->output.empty() && isatty(STDOUT_FILENO)) {
    return Fail(kUsage, "show: a page is nothing to read on a terminal; name its file with -o OUT.html");
  }
  const absl::StatusOr<const subject*> subject = SubjectFor(input->file, arguments->subjects);
  if (!subject.ok()) return Fail(kUsage, absl::StrCat(input->name, ": ", subject.status().message()));

  InstallSanitizerHooks(nullptr);
  Executor executor(**subject, Sim::Get());
  const JudgedRun& run = executor.Run(input->file.schedule);
  if (arguments->html) {
    const std::string page = HtmlReport(run, std::filesystem::path(input->name).filename().string());
    if (!arguments->output.empty()) return WriteOutput(arguments->output, page, arguments->force);
    absl::PrintF("%s", page);
  } else if (arguments->json) {
    absl::PrintF("%s\n", JsonReport(run, arguments->verbose).dump(2));
  } else {
    const TextOptions options{.width = TerminalWidth(), .verbose = arguments->verbose, .colour = UseColour()};
    absl::PrintF("%s%s", TextReport(run, options), TakeSanitizerReports());
  }
  return kAsExpected;
}

}  // namespace

const Command kShowCommand = {"show", "print or draw the report of one schedule",
                              R"(usage: nofail show FILE|--seed N [--subject S] [--target T]
                   [--verbose] [--json]
       nofail show FILE|--seed N [--subject S] [--target T] --html
                   [-o OUT.html] [--force]

Runs one schedule and prints its report: the violations, the life of each
object involved, the schedule as sentences, and the trace with one column for
each task. Colours are used on a terminal, unless NO_COLOR is set.

  --subject S   what to run it on; `nofail --list` has the names. Otherwise the
                first subject that the schedule's expect lines name, or posted
  --seed N      the N-th generated schedule
  --target T    what bytes and seeds are about: teardown (the default) or
                lifecycle
  --verbose     every event of the trace instead of what matters
  --json        the same as data
  --html        a page for a browser: a lane for each task, locks, reader
                sections and grace periods as bars, the objects' lives; every
                event is in it. Goes to the standard output without -o
  -o OUT        the page's file; one that exists is left alone
  --force       overwrites it

examples:
  nofail show crash-8a53b1
  nofail show crash-8a53b1 --html -o crash.html
  nofail show corpus/known/map_free-bucket-timeout.sched --verbose | less -S

exit code: 0 whatever the verdict, 2 unreadable input, wrong usage, or output
that cannot be written
)",
                              Run};

}  // namespace nofail
