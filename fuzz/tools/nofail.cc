// SPDX-License-Identifier: MIT
//
// The `nofail` command. Each subcommand has a file of its own.
#include <cstdio>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "fuzz/check/known.h"
#include "fuzz/schedule/rng.h"
#include "fuzz/tools/command.h"

namespace nofail {
namespace {

const Command* const kCommands[] = {&kReplayCommand,  &kMinimizeCommand, &kShowCommand, &kExploreCommand,
                                    &kCompareCommand, &kConvertCommand,  &kListCommand, &kSummarizeCommand};

void PrintHelp() {
  absl::PrintF(R"(nofail: replays, minimizes, explains schedules of BPF local storage's teardown

usage: nofail COMMAND [ARGUMENT]...

A schedule is everything that determines one run: maps, owners, each task's
operations, and a short list of departures from the sequential, fault-free run.
It comes as text (.sched files; docs/schedule.md) or as bytes, as fuzzers have
it.

)");
  for (const Command* command : kCommands) absl::PrintF("  %-12s %s\n", command->name, command->summary);
  absl::PrintF(R"(
  --help       this; `nofail COMMAND --help` says more about one
  --version    the version, and the formats it reads
  --list       targets, subjects, and the violations that are listed as known

examples:
  nofail replay                     does the crash corpus still behave?
  nofail show crash-8a53b1          what happens in this fuzz input?
  nofail minimize crash-8a53b1      what does it take? A few sentences
  nofail show crash-8a53b1 --html -o crash.html     the same as a picture
  nofail replay --seed 7 --verbose  a generated schedule, with its report
)");
}

void PrintVersion() {
  absl::PrintF("nofail %s, text format %d, policy generator %d, subjects %s\n", NOFAIL_VERSION, kTextVersion,
               Rng::kVersion, NamesOf(AllSubjects()));
}

void PrintList() {
  absl::PrintF("targets\n");
  for (const TargetName& target : kTargets) absl::PrintF("  %-12s %s\n", target.name, target.summary);
  absl::PrintF("subjects\n");
  for (const subject* subject : AllSubjects()) absl::PrintF("  %s\n", subject->name);
  absl::PrintF("listed violations (docs/oracles.md says what is judged)\n");
  for (const Listed& listed : AllListed()) {
    absl::PrintF("  %-16s  %-10s  %s  %s\n", listed.is_known ? "known limitation" : "finding", listed.subject,
                 listed.name, listed.signature);
  }
  if (AllListed().empty()) absl::PrintF("  none\n");
}

int Main(const std::vector<std::string>& arguments) {
  if (arguments.empty()) {
    PrintHelp();
    return kUsage;
  }
  const std::string& first = arguments[0];
  if (first == "--help" || first == "-h" || first == "help") {
    PrintHelp();
    return kAsExpected;
  }
  if (first == "--version") {
    PrintVersion();
    return kAsExpected;
  }
  if (first == "--list") {
    PrintList();
    return kAsExpected;
  }
  for (const Command* command : kCommands) {
    if (first != command->name) continue;
    const auto rest = absl::MakeConstSpan(arguments).subspan(1);
    for (const std::string& argument : rest) {
      if (argument == "--") break;
      if (argument == "--help" || argument == "-h") {
        absl::PrintF("%s", command->help);
        return kAsExpected;
      }
    }
    return command->run(rest);
  }
  return Fail(kUsage, first + ": there is no such command; --help lists them");
}

}  // namespace
}  // namespace nofail

int main(int argc, char** argv) {
  const int code = nofail::Main(std::vector<std::string>(argv + 1, argv + argc));
  // Without this error, somebody could take a report of which only a part was written for the whole report.
  const bool flushed = fflush(stdout) == 0;
  if (flushed && !ferror(stdout)) return code;
  return nofail::Fail(nofail::kUsage, "the standard output cannot be written: the disk is full, or it is closed");
}
