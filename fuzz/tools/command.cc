// SPDX-License-Identifier: MIT
#include "fuzz/tools/command.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "fuzz/base/printable.h"
#include "fuzz/base/write_file.h"
#include "fuzz/schedule/generate.h"

namespace nofail {
namespace {

absl::Status Usage(absl::string_view message) {
  return absl::InvalidArgumentError(message);
}

absl::Status SetTarget(const std::string& name, std::optional<Profile>* profile) {
  std::string names;
  for (const TargetName& target : kTargets) {
    if (name == target.name) {
      *profile = target.profile;
      return absl::OkStatus();
    }
    absl::StrAppend(&names, names.empty() ? "" : ", ", target.name);
  }
  return Usage(absl::StrCat("--target ", name, ": there is no such target; there are ", names));
}

absl::Status AddSubject(const std::string& name, Subjects* subjects) {
  const subject* found = FindSubject(name);
  if (found == nullptr && name != "all") {
    return Usage(absl::StrCat("--subject ", name, ": there is no such subject here; there are ", NamesOf(AllSubjects()),
                              ", and all for all of them"));
  }
  for (const subject* subject : AllSubjects()) {
    const bool is_meant = found == nullptr || subject == found;
    if (is_meant && std::find(subjects->begin(), subjects->end(), subject) == subjects->end())
      subjects->push_back(subject);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error))
    return Usage(absl::StrCat(path, ": is a directory; name a file in it"));
  // A FIFO that nobody writes to is empty. Without O_NONBLOCK, opening it would wait for somebody.
  const int descriptor = open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (descriptor < 0) return Usage(absl::StrCat(path, ": ", strerror(errno)));
  fcntl(descriptor, F_SETFL, O_RDONLY);  // wait for all that a writer has, as in `nofail show <(command)`
  const std::unique_ptr<FILE, int (*)(FILE*)> file(fdopen(descriptor, "rb"), fclose);
  if (file == nullptr) return Usage(absl::StrCat(path, ": ", strerror(errno)));
  std::string text(kMaxTextBytes + 1, '\0');
  text.resize(fread(text.data(), 1, text.size(), file.get()));
  if (ferror(file.get())) return Usage(absl::StrCat(path, ": ", strerror(errno)));
  if (text.empty()) return Usage(absl::StrCat(path, ": is empty; a schedule is expected"));
  if (text.size() > kMaxTextBytes) {
    return Usage(absl::StrCat(path, ": is larger than ", kMaxTextBytes, " bytes, the most a schedule may have"));
  }
  return text;
}

}  // namespace

absl::StatusOr<Arguments> ParseArguments(absl::Span<const std::string> arguments, absl::string_view allowed) {
  const std::vector<absl::string_view> flags = absl::StrSplit(allowed, ' ');
  Arguments result;
  bool only_files = false;
  for (size_t i = 0; i < arguments.size(); ++i) {
    if (only_files || arguments[i].size() < 2 || arguments[i][0] != '-') {
      result.files.push_back(arguments[i]);
      continue;
    }
    if (arguments[i] == "--") {
      only_files = true;
      continue;
    }
    const std::vector<std::string> parts = absl::StrSplit(arguments[i], absl::MaxSplits('=', 1));
    const std::string& flag = parts[0];
    const bool is_own = std::find(flags.begin(), flags.end(), flag + "=") != flags.end();
    if (!is_own && std::find(flags.begin(), flags.end(), flag) == flags.end()) {
      return Usage(absl::StrCat(flag, ": there is no such option here; --help lists them"));
    }
    const bool takes_value = flag == "-o" || flag == "--target" || flag == "--seed" || flag == "--signature" ||
                             flag == "--as" || flag == "--subject" || flag == "--baseline" || is_own;
    if (!takes_value && parts.size() > 1) return Usage(absl::StrCat(flag, ": takes no value"));
    if (takes_value && parts.size() == 1 && i + 1 == arguments.size())
      return Usage(absl::StrCat(flag, ": needs a value"));
    const std::string value = !takes_value ? "" : parts.size() > 1 ? parts[1] : arguments[++i];
    result.given.insert(flag);
    if (is_own) result.values[flag] = value;
    if (flag == "--verbose") result.verbose = true;
    if (flag == "--json") result.json = true;
    if (flag == "--html") result.html = true;
    if (flag == "--sarif") result.sarif = true;
    if (flag == "--mail") result.mail = true;
    if (flag == "--perfetto") result.perfetto = true;
    if (flag == "--force") result.force = true;
    if (flag == "--update") result.update = true;
    if (flag == "--worse") result.worse = true;
    if (flag == "--continue") result.resumes = true;
    if (flag == "--no-reduction") result.reduces = false;
    if (flag == "--list") result.list = true;
    if (flag == "-o" && value.empty()) return Usage("-o: needs the name of a file");
    if (flag == "-o") result.output = value;
    if (flag == "--signature") result.signature = value;
    if (flag == "--as") result.as = value;
    if (flag == "--target") {
      if (absl::Status status = SetTarget(value, &result.profile); !status.ok()) return status;
    }
    if (flag == "--subject") {
      if (absl::Status status = AddSubject(value, &result.subjects); !status.ok()) return status;
    }
    if (flag == "--baseline") {
      result.baseline = FindSubject(value);
      if (result.baseline == nullptr) {
        return Usage(
            absl::StrCat("--baseline ", value, ": there is no such subject here; there are ", NamesOf(AllSubjects())));
      }
    }
    if (flag == "--seed" && !absl::SimpleAtoi(value, &result.seeds.emplace_back())) {
      return Usage(absl::StrCat("--seed ", value, ": expected a number from 0 to 4294967295"));
    }
  }
  return result;
}

// The target for which to decode bytes from the file `path`: the target `given`, or the one whose fuzz binary the file
// name contains, or teardown.
absl::StatusOr<TargetName> TargetOf(const std::string& path, std::optional<Profile> given) {
  const std::string name = std::filesystem::path(path).filename();
  for (const TargetName& target : kTargets) {
    const bool is_named = absl::StrContains(name, absl::StrCat("nofail_", target.name, "_fuzzer"));
    if (given ? *given == target.profile : is_named) return target;
  }
  if (absl::StrContains(name, "nofail_codec_fuzzer")) {
    return Usage(absl::StrCat(path, ": is for the codec, which runs no schedule; ./scripts/replay knows it"));
  }
  return kTargets[0];
}

absl::StatusOr<Input> ReadInput(const std::string& path, std::optional<Profile> given) {
  absl::StatusOr<std::string> text = ReadFile(path);
  if (!text.ok()) return text.status();
  absl::StatusOr<ScheduleFile> file = ParseText(*text, path);
  if (file.ok()) return Input{path, *std::move(file), true};
  if (absl::EndsWith(path, ".sched") || absl::StartsWith(*text, "nofail schedule")) return file.status();
  if (text->size() > kMaxInputBytes) {
    return Usage(absl::StrCat(path, ": is larger than ", kMaxInputBytes, " bytes, the most a fuzz input may have"));
  }
  const absl::StatusOr<TargetName> target = TargetOf(path, given);
  if (!target.ok()) return target.status();
  Input input{path, {}, false, target->name};
  input.file.schedule = Decode({reinterpret_cast<const uint8_t*>(text->data()), text->size()}, target->profile);
  FitToProfile(&input.file.schedule, target->profile);
  return input;
}

Input GenerateInput(uint32_t seed, std::optional<Profile> target) {
  Rng rng(seed);
  return {absl::StrCat("seed ", seed), {{}, Generate(target.value_or(Profile::kTeardown), rng), {}}, false};
}

absl::StatusOr<std::vector<std::string>> ExpandDirectories(const std::vector<std::string>& paths) {
  namespace fs = std::filesystem;
  std::vector<std::string> files;
  for (const std::string& path : paths) {
    std::error_code error;
    if (!fs::is_directory(path, error)) {
      files.push_back(path);
      continue;
    }
    const size_t before = files.size();
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(path, error)) {
      const bool hidden = absl::StartsWith(entry.path().filename().string(), ".");
      const bool is_page = entry.path().extension() == ".md";  // a document about the schedules in the folder
      if (entry.is_regular_file() && !hidden && !is_page) files.push_back(entry.path().string());
    }
    if (error) return Usage(absl::StrCat(path, ": ", error.message()));
    if (files.size() == before) return Usage(absl::StrCat(path, ": holds no file"));
    std::sort(files.begin() + static_cast<ptrdiff_t>(before), files.end());
  }
  return files;
}

absl::Status IsPlainFile(const std::string& path) {
  struct stat file;
  if (lstat(path.c_str(), &file) != 0) return Usage(absl::StrCat(path, ": ", strerror(errno)));
  if (S_ISDIR(file.st_mode)) return Usage(absl::StrCat(path, ": is a directory; name a file"));
  if (S_ISLNK(file.st_mode)) return Usage(absl::StrCat(path, ": is a link; name the file that it leads to"));
  if (!S_ISREG(file.st_mode)) return Usage(absl::StrCat(path, ": is no plain file; name one"));
  return absl::OkStatus();
}

absl::Status MayBeWritten(const std::string& path, bool force) {
  struct stat file;
  if (lstat(path.c_str(), &file) == 0) {
    if (absl::Status plain = IsPlainFile(path); !plain.ok()) return plain;
    if (!force) return Usage(absl::StrCat(path, ": exists; --force overwrites it, -o names another"));
  }
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  if (access(folder.empty() ? "." : folder.c_str(), W_OK) == 0) return absl::OkStatus();
  return Usage(absl::StrCat(path, ": cannot be written: ", strerror(errno), "; -o names another file"));
}

int WriteOutput(const std::string& path, const std::string& content, bool force) {
  if (const absl::Status may = MayBeWritten(path, force); !may.ok()) return Fail(kUsage, may.message());
  const absl::Status written = WriteFile(path, content);
  return written.ok() ? kAsExpected : Fail(kUsage, written.message());
}

int Fail(ExitCode code, absl::string_view message) {
  fprintf(stderr, "nofail: %s\n", Printable(message).c_str());
  return code;
}

bool UseColour() {
  const char* no_colour = getenv("NO_COLOR");
  const char* terminal = getenv("TERM");
  return isatty(STDOUT_FILENO) && (no_colour == nullptr || *no_colour == '\0') &&
         (terminal == nullptr || strcmp(terminal, "dumb") != 0);
}

}  // namespace nofail
