// SPDX-License-Identifier: MIT
//
// What the subcommands of `nofail` share: parsing arguments, reading schedules, writing output, and exit codes.
#ifndef NOFAIL_FUZZ_TOOLS_COMMAND_H_
#define NOFAIL_FUZZ_TOOLS_COMMAND_H_

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "fuzz/base/exit_code.h"
#include "fuzz/schedule/codec.h"
#include "fuzz/schedule/text.h"
#include "fuzz/tools/subjects.h"

namespace nofail {

// A subcommand, such as `nofail replay`.
struct Command {
  const char* name;     // as it is typed
  const char* summary;  // one line
  const char* help;     // usage, what the command does, examples
  // Runs the command with the arguments behind its name. Returns the exit code (ExitCode).
  int (*run)(absl::Span<const std::string> arguments);
};
extern const Command kReplayCommand, kMinimizeCommand, kShowCommand, kConvertCommand, kListCommand, kSummarizeCommand,
    kCompareCommand, kExploreCommand;

// A fuzz target, as --target names it.
struct TargetName {
  const char* name;
  Profile profile;
  const char* summary;  // a few words for help texts
};
inline constexpr TargetName kTargets[] = {
    {"teardown", Profile::kTeardown, "map_free against destroy"},
    {"lifecycle", Profile::kLifecycle, "all operations"},
};

// The parsed arguments of a command. `files` are the arguments that are not flags; the bools are flags of their names.
struct Arguments {
  std::vector<std::string> files;
  bool verbose = false, json = false, html = false, sarif = false, mail = false, perfetto = false, force = false,
       update = false, worse = false, resumes = false, list = false, reduces = true;
  std::string output;                         // -o
  Subjects subjects;                          // --subject, without repetitions; empty: not given
  std::optional<Profile> profile;             // --target
  std::vector<uint32_t> seeds;                // --seed; each number stands for one generated schedule
  std::string signature;                      // --signature
  const subject* baseline = nullptr;          // --baseline; null: not given
  std::string as;                             // --as
  std::set<std::string> given;                // all flags that were given, for example "--merge"
  std::map<std::string, std::string> values;  // of the flags that one command alone has, for example "--jobs"
};
// Parses arguments. `allowed` lists the flags of the command, for example "--verbose --seed"; any other flag is an
// error. A flag that the list ends with "=", as in "--jobs=", is the command's own and takes a value. Errors are one
// line for the user.
absl::StatusOr<Arguments> ParseArguments(absl::Span<const std::string> arguments, absl::string_view allowed);

// One schedule to work on.
struct Input {
  std::string name;  // for messages: "corpus/known/x.sched", "seed 7"
  ScheduleFile file;
  bool is_text = false;          // the input was text; false: it was bytes, or was generated
  const char* target = nullptr;  // for bytes, the name of the target for which they were decoded; otherwise null
};
// Reads a schedule from a file. A file that parses as a schedule's text is text. A file that does not, although its
// name ends with .sched or it begins with "nofail schedule", is an error. Every other file is bytes.
//
// Bytes are decoded for `target`. Without `target`, a file whose name contains the name of a fuzz binary is decoded for
// that binary's target (testcases of fuzzing services have such names), and any other file for teardown. A file that is
// for the codec's fuzz binary is an error, because the codec's target runs no schedule.
//
// An error is one line that starts with the path.
absl::StatusOr<Input> ReadInput(const std::string& path, std::optional<Profile> target);
// Generates a random schedule from `seed`.
Input GenerateInput(uint32_t seed, std::optional<Profile> target);
// Replaces each directory among `paths` by the files in it and in its subdirectories, sorted. Hidden files and *.md
// files are left out. It is an error when a directory has no file that is left.
absl::StatusOr<std::vector<std::string>> ExpandDirectories(const std::vector<std::string>& paths);

// Whether `path` is a file that may be replaced: a directory, a link, a device and a FIFO are an error.
absl::Status IsPlainFile(const std::string& path);
// Whether the file `path` may be written, for the flag `-o OUT`. It is an error when there is something that is no
// plain file, when there is a file and not `force`, or when its folder is not there or cannot be written to.
absl::Status MayBeWritten(const std::string& path, bool force);
// Writes `content` to the file `path` if MayBeWritten. After an error no part of it is there. A file that is replaced
// keeps its permissions. Prints an error to stderr. Returns the exit code.
int WriteOutput(const std::string& path, const std::string& content, bool force);
// Prints "nofail: MESSAGE" to stderr, without its control characters, and returns `code`.
int Fail(ExitCode code, absl::string_view message);
// Whether output to stdout should have ANSI escapes.
bool UseColour();

}  // namespace nofail
#endif  // NOFAIL_FUZZ_TOOLS_COMMAND_H_
