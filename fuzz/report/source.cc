// SPDX-License-Identifier: MIT
#include "fuzz/report/source.h"

#include <filesystem>
#include <fstream>
#include <system_error>
#include <utility>

#include "absl/strings/ascii.h"

namespace nofail {
namespace {

namespace fs = std::filesystem;

// A build makes a program after the files that it is made of. So a file that is newer has been changed since.
bool IsOlderThanThisProgram(const fs::path& file) {
  std::error_code error;
  const fs::file_time_type changed = fs::last_write_time(file, error);
  if (error) return false;
  const fs::file_time_type built = fs::last_write_time("/proc/self/exe", error);
  return !error && changed <= built;
}

}  // namespace

std::vector<std::string> Source::Read(absl::string_view file) const {
  for (const std::string& root : roots_) {
    const fs::path path = fs::path(root) / std::string(file);
    std::ifstream stream(path);
    if (!stream) continue;
    std::vector<std::string> lines;
    if (!IsOlderThanThisProgram(path)) return lines;
    for (std::string line; std::getline(stream, line);) lines.emplace_back(absl::StripAsciiWhitespace(line));
    return lines;
  }
  return {};
}

absl::string_view Source::Line(absl::string_view file, uint32_t line) {
  const auto [place, is_first] = lines_.try_emplace(std::string(file));
  if (is_first) place->second = Read(file);
  const std::vector<std::string>& lines = place->second;
  return line == 0 || line > lines.size() ? absl::string_view() : lines[line - 1];
}

absl::string_view Source::Line(const Event& event) {
  return event.file == nullptr ? absl::string_view() : Line(event.file, event.line);
}

}  // namespace nofail
