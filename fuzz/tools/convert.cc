// SPDX-License-Identifier: MIT
//
// nofail convert: turns schedules from bytes into text and back.
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_format.h"
#include "fuzz/tools/command.h"

namespace nofail {
namespace {

int Run(absl::Span<const std::string> raw) {
  const absl::StatusOr<Arguments> arguments = ParseArguments(raw, "-o --force --target --seed");
  if (!arguments.ok()) return Fail(kUsage, arguments.status().message());
  if (arguments->files.size() + arguments->seeds.size() != 1) {
    return Fail(kUsage, "convert: expected one file or one --seed");
  }
  absl::StatusOr<Input> input = arguments->files.empty() ? GenerateInput(arguments->seeds[0], arguments->profile)
                                                         : ReadInput(arguments->files[0], arguments->profile);
  if (!input.ok()) return Fail(kUsage, input.status().message());

  const std::string& output = arguments->output;
  if (output.empty()) {
    absl::PrintF("%s", FormatText(input->file));
    return kAsExpected;
  }
  if (absl::EndsWith(output, ".sched")) return WriteOutput(output, FormatText(input->file), arguments->force);
  const std::vector<uint8_t> bytes = Encode(input->file.schedule);
  return WriteOutput(output, std::string(bytes.begin(), bytes.end()), arguments->force);
}

}  // namespace

const Command kConvertCommand = {"convert", "turn bytes into text and back",
                                 R"(usage: nofail convert FILE [-o OUT] [--force] [--target T]
       nofail convert --seed N [-o OUT] [--force] [--target T]

Reads a schedule, bytes or text, and writes it: as text when OUT ends in
.sched, otherwise as bytes; without -o as text to the standard output. The
bytes hold the schedule alone: comments and `expect` lines are left behind.

  -o OUT        where to; a file that exists is left alone
  --force       overwrites it
  --seed N      the N-th generated schedule
  --target T    what bytes and seeds are about: teardown (the default) or
                lifecycle

examples:
  nofail convert crash-8a53b1                    reads it to you
  nofail convert crash-8a53b1 -o crash.sched     to edit it
  nofail convert crash.sched -o seeds/crash      to fuzz from it

exit code: 0 written, 2 unreadable input, wrong usage, or output that cannot
be written
)",
                                 Run};

}  // namespace nofail
