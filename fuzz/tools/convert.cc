// SPDX-License-Identifier: MIT
//
// nofail convert: schedules from bytes to text and back.
#include <filesystem>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "fuzz/tools/command.h"

namespace nofail {
namespace {

int Write(const std::string& path, absl::string_view content) {
  const absl::Status written = WriteFile(path, content);
  return written.ok() ? kAsExpected : Fail(kUsage, written.message());
}

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
  std::error_code error;
  if (std::filesystem::is_directory(output, error)) return Fail(kUsage, absl::StrCat(output, ": is a directory"));
  if (std::filesystem::exists(output, error) && !arguments->force) {
    return Fail(kUsage, absl::StrCat(output, ": exists; --force overwrites it"));
  }
  if (absl::EndsWith(output, ".sched")) return Write(output, FormatText(input->file));
  const std::vector<uint8_t> bytes = Encode(input->file.schedule);
  return Write(output, std::string(bytes.begin(), bytes.end()));
}

}  // namespace

const Command kConvertCommand = {
    "convert",
    "turn bytes into text and back",
    R"(usage: nofail convert FILE [-o OUT] [--force] [--target T]
       nofail convert --seed N [-o OUT] [--force] [--target T]

Reads a schedule, bytes or text, and writes it: as text when OUT ends in .sched, otherwise as bytes; without -o as text to
the standard output. The bytes hold the schedule alone: comments and `expect` lines are left behind.

  -o OUT        where to; a file that exists is left alone
  --force       overwrites it
  --seed N      the N-th generated schedule
  --target T    what bytes and seeds are about: teardown (the default) or lifecycle

examples:
  nofail convert crash-8a53b1                    reads it to you
  nofail convert crash-8a53b1 -o crash.sched     to edit it
  nofail convert crash.sched -o seeds/crash      to fuzz from it

exit code: 0 written, 2 unreadable input, wrong usage, or output that cannot be written
)",
    Run};

}  // namespace nofail
