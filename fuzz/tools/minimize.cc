// SPDX-License-Identifier: MIT
//
// nofail minimize: reduces a schedule that violates something to a few sentences, and writes them as a .sched file that
// serves as a regression test.
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "core/kernel/sim/sanitizer.h"
#include "fuzz/base/printable.h"
#include "fuzz/base/write_file.h"
#include "fuzz/minimize/minimizer.h"
#include "fuzz/minimize/order.h"
#include "fuzz/minimize/sandbox.h"
#include "fuzz/sanitizers/sanitizer_hooks.h"
#include "fuzz/tools/command.h"

namespace nofail {
namespace {

// A folder of the corpus to which --as can write.
struct Folder {
  absl::string_view as;    // value of --as
  absl::string_view path;  // from the repository's root
  bool has_causes;         // it contains one folder for each cause
};
constexpr Folder kFolders[] = {{"regression", "corpus/regressions", false},
                               {"finding", "corpus/findings", true},
                               {"known", "corpus/known", false}};
constexpr absl::string_view kUnexplained = "unexplained";  // the cause of a finding that nobody has explained yet

volatile sig_atomic_t interrupted = 0;

// ---- Where the result is written ---------------------------------------------------------------------------------

// The name of the file for a signature: KIND.FUNCTIONS.ATTRIBUTES.sched. These are the parts of the signature without
// the kinds of object; characters that are unusual in file names become '-'.
std::string NameOf(const std::string& signature) {
  std::vector<std::string> parts = absl::StrSplit(signature, '/');
  if (parts.size() > 2) parts.erase(parts.begin() + 1);  // removes the kinds of object
  std::string name = absl::StrJoin(parts, ".");
  for (char& c : name) {
    if (!absl::ascii_isalnum(static_cast<unsigned char>(c)) &&
        absl::string_view("._+=-").find(c) == absl::string_view::npos)
      c = '-';
  }
  return name + ".sched";
}

// The folder to write to; "" when -o names a file instead.
absl::StatusOr<std::string> FolderOf(const Arguments& arguments) {
  if (!arguments.output.empty()) return std::string();
  const absl::string_view as = arguments.as.empty() ? "regression" : absl::string_view(arguments.as);
  const std::pair<absl::string_view, absl::string_view> what = absl::StrSplit(as, absl::MaxSplits('/', 1));
  for (const Folder& folder : kFolders) {
    if (folder.as != what.first || (absl::StrContains(as, '/') && !folder.has_causes)) continue;
    std::error_code error;
    if (!std::filesystem::is_directory("corpus", error)) {
      return absl::InvalidArgumentError(
          "minimize: there is no corpus/ here: say where to with -o FILE, or run it where the repository is");
    }
    if (!folder.has_causes) return std::string(folder.path);
    const absl::string_view cause = what.second.empty() ? kUnexplained : what.second;
    if (absl::StrContains(cause, '/') || absl::StartsWith(cause, ".")) break;
    return absl::StrCat(folder.path, "/", cause);
  }
  return absl::InvalidArgumentError(
      absl::StrCat("minimize: --as ", arguments.as, ": expected regression, finding, finding/CAUSE or known"));
}

// Makes the folder that the result goes to, unless -o names a file. This happens before anything is minimized, so that
// no result is lost for want of a place.
absl::Status MakeFolder(const std::string& folder) {
  std::error_code error;
  if (!folder.empty()) std::filesystem::create_directories(folder, error);
  if (!error) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(folder, ": cannot be made: ", error.message(), "; -o names a file elsewhere"));
}

// ---- What the command prints -------------------------------------------------------------------------------------

std::string Count(size_t count, absl::string_view what) {
  return absl::StrCat(count, " ", what, count == 1 ? "" : "s");
}

std::string SizeOf(const Schedule& schedule) {
  return absl::StrCat(Count(OpsIn(schedule), "operation"), ", ", Count(schedule.deviations.size(), "deviation"));
}

// Shows the progress on stderr: on a terminal as one line that is overwritten, elsewhere as a new line every ten
// seconds.
class Progress {
 public:
  void Show(const Pass& pass, const Search& search) {
    using Clock = std::chrono::steady_clock;
    static constexpr auto kOnTerminal = std::chrono::milliseconds(100), kElsewhere = std::chrono::milliseconds(10000);
    const auto now = Clock::now();
    if (now - shown_ < (terminal_ ? kOnTerminal : kElsewhere)) return;
    shown_ = now;
    fprintf(stderr, "%snofail: minimizing: %s; %s tried, now: %s%s", terminal_ ? "\r" : "",
            SizeOf(search.best()).c_str(), Count(search.tried(), "schedule").c_str(), pass.name,
            terminal_ ? "\x1b[K" : "\n");
    drawn_ = terminal_;
  }
  // Removes the progress line from the terminal, so that the next output has a line of its own.
  void Clear() {
    if (drawn_) fputs("\r\x1b[K", stderr);
    drawn_ = false;
  }

 private:
  const bool terminal_ = isatty(STDERR_FILENO);
  bool drawn_ = false;
  std::chrono::steady_clock::time_point shown_ = std::chrono::steady_clock::now();
};

std::string List(const std::vector<std::string>& signatures) {
  return signatures.empty() ? "pass" : absl::StrJoin(signatures, ", ");
}

std::string DifferText(const std::string& name, const std::vector<std::string>& first,
                       const std::vector<std::string>& second) {
  return absl::StrCat(name, ": two runs differ: ", List(first), " and ", List(second));
}

// Prints why there is nothing to write. Returns the exit code.
int Refuse(const std::string& name, const subject& subject, const Minimized& result, const Arguments& arguments) {
  switch (result.status) {
    case Minimized::Status::kPasses:
      return Fail(
          kNothingToMinimize,
          absl::StrCat(name, ": does not violate anything with subject ", subject.name, ", sanitizer ", kSanitizer,
                       kDetectsRaces ? "" : "; data races show in the builds tsan and explore only"));
    case Minimized::Status::kInBaseline:
      return Fail(kNothingToMinimize, absl::StrCat(name, ": subject ", arguments.baseline->name, " violates as ",
                                                   result.signature, ", too, on this schedule or one close by"));
    case Minimized::Status::kOtherwise:
      return Fail(kNothingToMinimize, absl::StrCat(name, ": does not violate as ", arguments.signature, "; it does as ",
                                                   List(result.signatures)));
    case Minimized::Status::kUnstable:
      return Fail(kHarnessBug, DifferText(name, result.signatures, result.other_signatures));
    default:
      return Fail(kHarnessBug, absl::StrCat(name, ": the suite itself failed, see above"));
  }
}

// The file to write. Its comment has the signature, the source and the interleaving as numbered sentences; the
// minimized schedule and what it is expected to violate follow.
ScheduleFile FileOf(const Input& input, const subject& subject, const Minimized& result) {
  ScheduleFile file;
  file.schedule = result.schedule;
  const std::string source = std::filesystem::path(input.name).filename().string();
  file.comment.push_back(absl::StrCat(" ", result.signature));
  file.comment.push_back(absl::StrCat(" Minimized from ", Printable(source), ", sanitizer ", kSanitizer, "."));
  for (const std::string& line : result.story) file.comment.push_back(absl::StrCat(" ", line));
  Expectation& expectation = file.expectations.emplace_back();
  expectation.subject = subject.name;
  expectation.signatures = result.signatures;
  // Minimizing does not change which known limitation this is (known=) and where the authors document it (see=).
  for (const Expectation& before : input.file.expectations) {
    if (before.subject != expectation.subject) continue;
    expectation.known = before.known;
    expectation.see = before.see;
  }
  return file;
}

// Rewrites the file `path` so that its `expect` line of the subject says what happens now. Expected data races stay in
// a build that does not detect data races. Returns the exit code.
int Update(const std::string& path, const Subjects& asked) {
  if (const absl::Status plain = IsPlainFile(path); !plain.ok()) return Fail(kUsage, plain.message());
  absl::StatusOr<Input> input = ReadInput(path, Profile::kTeardown);
  if (!input.ok()) return Fail(kUsage, input.status().message());
  if (!input->is_text) return Fail(kUsage, absl::StrCat(path, ": is no text; only that says what it expects"));
  const absl::StatusOr<const struct subject*> chosen = SubjectFor(input->file, asked);
  if (!chosen.ok()) return Fail(kUsage, absl::StrCat(path, ": ", chosen.status().message()));
  const subject& subject = **chosen;
  Sandbox sandbox(subject);
  const SandboxResult first = sandbox.Run(input->file.schedule);
  sandbox.Renew();
  const SandboxResult second = sandbox.Run(input->file.schedule);
  if (first.harness_bug || first.trace != second.trace || first.signatures != second.signatures) {
    return Fail(kHarnessBug, DifferText(path, first.signatures, second.signatures));
  }
  std::vector<Expectation>& expectations = input->file.expectations;
  auto expectation = std::find_if(expectations.begin(), expectations.end(),
                                  [&](const Expectation& e) { return e.subject == subject.name; });
  if (expectation == expectations.end()) {
    expectation = expectations.insert(expectations.end(), Expectation{.subject = subject.name});
  }
  std::vector<std::string> signatures = first.signatures;
  for (const std::string& before : expectation->signatures) {
    if (!kDetectsRaces && absl::StartsWith(before, "data-race/")) signatures.push_back(before);
  }
  expectation->signatures = std::move(signatures);
  if (const absl::Status written = WriteFile(path, FormatText(input->file)); !written.ok()) {
    return Fail(kUsage, written.message());
  }
  absl::PrintF("%s\n", path);
  return kAsExpected;
}

// The schedule that the command was given, as a file or as a seed.
absl::StatusOr<Input> InputOf(const Arguments& arguments) {
  if (arguments.files.empty()) return GenerateInput(arguments.seeds[0], arguments.profile);
  return ReadInput(arguments.files[0], arguments.profile);
}

absl::Status CheckUsage(const Arguments& arguments) {
  if (arguments.files.size() + arguments.seeds.size() != 1) {
    return absl::InvalidArgumentError("minimize: expected one file or one --seed");
  }
  if (!arguments.output.empty() && !arguments.as.empty()) {
    return absl::InvalidArgumentError("minimize: -o and --as both say where to; expected one of them");
  }
  const bool reduces = !arguments.output.empty() || !arguments.as.empty() || !arguments.signature.empty();
  if (arguments.update && (reduces || arguments.files.empty())) {
    return absl::InvalidArgumentError("minimize: --update expects one file, and nothing else");
  }
  return absl::OkStatus();
}

void StopOnInterrupt() {
  struct sigaction action = {};
  action.sa_handler = [](int) { interrupted = 1; };
  action.sa_flags = static_cast<int>(SA_RESETHAND);  // a second Ctrl-C ends the process at once
  sigaction(SIGINT, &action, nullptr);
}

// Minimizes the schedule and writes the result. `folder` is the folder to write to when the arguments do not name a
// file, and empty otherwise. Returns the exit code.
int Reduce(const Input& input, const subject& subject, const Arguments& arguments, const std::string& folder) {
  std::string path = arguments.output;
  absl::Status writable = absl::OkStatus();
  Progress progress;
  MinimizeOptions options;
  options.signature = arguments.signature;
  options.worse = arguments.worse;
  options.baseline = arguments.baseline;
  options.accept = [&](const std::string& signature) {
    if (path.empty()) path = absl::StrCat(folder, "/", NameOf(signature));
    writable = MakeFolder(folder);
    if (writable.ok()) writable = MayBeWritten(path, arguments.force);
    if (writable.ok()) {
      fprintf(stderr, "nofail: %s: violates as %s; %s\n", Printable(input.name).c_str(), signature.c_str(),
              SizeOf(input.file.schedule).c_str());
    }
    return writable.ok();
  };
  options.on_progress = [&](const Pass& pass, const Search& search) { progress.Show(pass, search); };
  options.is_interrupted = [] { return interrupted != 0; };
  StopOnInterrupt();

  const auto start = std::chrono::steady_clock::now();
  const Minimized result = Minimize(subject, input.file.schedule, options);
  progress.Clear();
  if (!writable.ok()) return Fail(kUsage, writable.message());
  const bool done = result.status == Minimized::Status::kDone;
  if (!done && result.status != Minimized::Status::kInterrupted) return Refuse(input.name, subject, result, arguments);

  if (const absl::Status written = WriteFile(path, FormatText(FileOf(input, subject, result))); !written.ok()) {
    return Fail(kUsage, written.message());
  }
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  fprintf(stderr, "nofail: %s%s; %s tried in %.1f s\n", SizeOf(result.schedule).c_str(),
          done ? "" : ", the best so far", Count(result.tried, "schedule").c_str(), seconds);
  absl::PrintF("%s\n", path);
  return done ? kAsExpected : kInterrupted;
}

int Run(absl::Span<const std::string> raw) {
  const absl::StatusOr<Arguments> arguments =
      ParseArguments(raw, "-o --as --signature --worse --baseline --force --update --target --seed --subject");
  if (!arguments.ok()) return Fail(kUsage, arguments.status().message());
  if (const absl::Status usage = CheckUsage(*arguments); !usage.ok()) return Fail(kUsage, usage.message());
  if (arguments->update) return Update(arguments->files[0], arguments->subjects);
  const absl::StatusOr<std::string> folder = FolderOf(*arguments);
  if (!folder.ok()) return Fail(kUsage, folder.status().message());
  const absl::StatusOr<Input> input = InputOf(*arguments);
  if (!input.ok()) return Fail(kUsage, input.status().message());
  const absl::StatusOr<const subject*> subject = SubjectFor(input->file, arguments->subjects);
  if (!subject.ok()) return Fail(kUsage, absl::StrCat(input->name, ": ", subject.status().message()));
  return Reduce(*input, **subject, *arguments, *folder);
}

}  // namespace

const Command kMinimizeCommand = {"minimize", "reduce a crash to a few sentences and keep it as a test",
                                  R"(usage: nofail minimize FILE [--as regression|finding|known] [-o OUT]
                            [--signature S] [--worse] [--baseline S]
                            [--force] [--target T]
       nofail minimize --seed N ...
       nofail minimize --update FILE

Runs a schedule, bytes or text, that violates something; takes out and shortens
whatever it can so that it still violates with the same signature; and writes
what is left, with the interleaving told as numbered sentences on top. Without
any one of its maps, owners, operations or deviations it does not violate any
more. A run that ends the process or hangs counts like any other violation.
Data races show in the builds tsan and explore only.

It goes to corpus/regressions/KIND.FUNCTIONS.sched, which is printed; a file
that exists is left alone. Ctrl-C writes the best so far.

  --as WHAT        regression (the default) or known: to corpus/regressions or
                   corpus/known; finding/CAUSE: to corpus/findings/CAUSE;
                   finding: to corpus/findings/unexplained
  -o OUT           to this file instead
  --signature S    the violation to keep, as `nofail replay` prints it; else
                   the gravest that is news (new, or worse than what is
                   listed), else the gravest
  --worse          also keeps the circumstances: nothing more fails than in
                   FILE, no storage type is added, RCU stays as it is. For a
                   violation that is listed in other circumstances only; where
                   --signature is not given, such a one always keeps them
  --baseline S     also keeps the difference to another subject, which does
                   not violate with that signature, neither on the schedule
                   nor with other ordinals nearby (the same point of the code
                   has other ordinals in other code)
  --force          overwrites a file that exists
  --update         reduces nothing: the file's `expect` line of the subject
                   becomes what it does now in this build, and the data races
                   it expects stay where the build detects none
  --seed N         the N-th generated schedule
  --target T       what bytes and seeds are about: teardown (the default) or
                   lifecycle

examples:
  nofail minimize crash-8a53b1
  nofail minimize crash-8a53b1 --signature leak.storage/storage/StorageFree
  nofail minimize findings/leak.sched --as finding/walked-again

exit code: 0 written; nothing is written at 2 wrong usage, unreadable input or
a file that exists, 3 two runs differ or bug of the suite itself, 4 nothing to
minimize: it does not violate, or not with that signature, or the baseline does,
too; 130 interrupted, and the best so far written
)",
                                  Run};

}  // namespace nofail
