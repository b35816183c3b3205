// SPDX-License-Identifier: MIT
#include "fuzz/base/write_file.h"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "absl/strings/str_cat.h"

namespace nofail {
namespace {

// The error that errno stands for. Removes the temporary file.
absl::Status Failed(const std::string& path, const std::string& temporary) {
  const int error = errno;
  unlink(temporary.c_str());
  return absl::InvalidArgumentError(absl::StrCat(path, ": cannot be written: ", strerror(error)));
}

// The path of the temporary file for `path`. Its name begins with ".new-", so that nobody who looks for .status.* or
// *.sched files reads it half written.
std::string TemporaryBeside(const std::string& path) {
  const size_t name = path.rfind('/') + 1;  // npos + 1 is 0
  return absl::StrCat(path.substr(0, name), ".new-", path.substr(name), ".", getpid());
}

bool WriteAll(const std::string& path, absl::string_view content) {
  FILE* file = fopen(path.c_str(), "wb");
  if (file == nullptr) return false;
  const bool written = fwrite(content.data(), 1, content.size(), file) == content.size();
  return fclose(file) == 0 && written;
}

}  // namespace

absl::Status WriteFile(const std::string& path, absl::string_view content) {
  const std::string temporary = TemporaryBeside(path);
  if (!WriteAll(temporary, content) || rename(temporary.c_str(), path.c_str()) != 0) return Failed(path, temporary);
  return absl::OkStatus();
}

absl::StatusOr<bool> WriteNewFile(const std::string& path, absl::string_view content) {
  const std::string temporary = TemporaryBeside(path);
  if (!WriteAll(temporary, content)) return Failed(path, temporary);
  const bool made = link(temporary.c_str(), path.c_str()) == 0;
  if (!made && errno != EEXIST) return Failed(path, temporary);
  unlink(temporary.c_str());
  return made;
}

}  // namespace nofail
