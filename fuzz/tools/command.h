// SPDX-License-Identifier: MIT
//
// What the subcommands of `nofail` share: exit codes, arguments, where a schedule comes from.
#ifndef NOFAIL_FUZZ_TOOLS_COMMAND_H_
#define NOFAIL_FUZZ_TOOLS_COMMAND_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "fuzz/base/exit_code.h"
#include "fuzz/schedule/codec.h"
#include "fuzz/schedule/text.h"
#include "fuzz/tools/subjects.h"

namespace nofail {

struct Command {
  const char* name;
  const char* summary;  // one line
  const char* help;     // usage, what it does, examples
  int (*run)(absl::Span<const std::string> arguments);
};
extern const Command kReplayCommand, kMinimizeCommand, kShowCommand, kConvertCommand, kSummarizeCommand;

struct TargetName {
  const char* name;
  Profile profile;
  const char* summary;
};
inline constexpr TargetName kTargets[] = {
    {"teardown", Profile::kTeardown, "map_free against destroy"},
    {"lifecycle", Profile::kLifecycle, "all operations"},
};

// A command's arguments, taken apart. What it does not allow is an error that says so.
struct Arguments {
  std::vector<std::string> files;
  bool verbose = false, json = false, html = false, sarif = false, force = false, update = false;
  std::string output;              // -o
  Subjects subjects;               // --subject, each once; empty: not given
  std::optional<Profile> profile;  // --target
  std::vector<uint32_t> seeds;     // --seed, each one a generated schedule
  std::string signature;           // --signature
  std::string as;                  // --as
};
// `allowed`: the flags, as in "--verbose --seed".
absl::StatusOr<Arguments> ParseArguments(absl::Span<const std::string> arguments, absl::string_view allowed);

// One schedule to work on.
struct Input {
  std::string name;  // "corpus/known/x.sched", "seed 7"
  ScheduleFile file;
  bool is_text = false;          // otherwise it was bytes, or generated
  const char* target = nullptr;  // what bytes were read as
};
// A file: text when it is called .sched or begins like one, else bytes. These are made to fit `target`, or the target
// whose fuzz binary the file's name has in it, as testcases of fuzzing services do, or teardown.
// Errors are one line each, and start with the path.
absl::StatusOr<Input> ReadInput(const std::string& path, std::optional<Profile> target);
Input GenerateInput(uint32_t seed, std::optional<Profile> target);
// The files themselves, and what is in the directories among them, sorted, without pages (*.md). An empty directory is
// an error.
absl::StatusOr<std::vector<std::string>> ExpandDirectories(const std::vector<std::string>& paths);

// Writes what `-o OUT` asks for: all of it or nothing. A file that exists is left alone unless `force`. Says what is
// wrong and returns the exit code.
int WriteOutput(const std::string& path, const std::string& content, bool force);
// Prints "nofail: MESSAGE" to stderr and returns the code.
int Fail(ExitCode code, absl::string_view message);
// Whether stdout wants ANSI escapes.
bool UseColour();

}  // namespace nofail
#endif  // NOFAIL_FUZZ_TOOLS_COMMAND_H_
