// SPDX-License-Identifier: MIT
#include "fuzz/base/write_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "absl/strings/str_cat.h"

namespace nofail {
namespace {

// The temporary file from which the file at a path is made.
class Temporary {
 public:
  // Creates the file beside `path`. Its name begins with ".new-", so that nobody who looks for .status.* or *.sched
  // files reads it half written. Two processes that share a folder may have the same id, each in its own container. So
  // the name ends with the first number that is free.
  explicit Temporary(const std::string& path) : path_(path) {
    const size_t name = path.rfind('/') + 1;  // npos + 1 is 0
    const std::string stem = absl::StrCat(path.substr(0, name), ".new-", path.substr(name), ".", getpid(), ".");
    int number = 0;
    do {
      name_ = absl::StrCat(stem, number++);
      file_ = open(name_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    } while (file_ < 0 && errno == EEXIST);
  }
  Temporary(const Temporary&) = delete;
  Temporary& operator=(const Temporary&) = delete;

  // Writes all of the file. Gives it the permissions of the file at the path, if there is one.
  bool Write(absl::string_view content) {
    struct stat old;
    if (file_ < 0) return false;
    if (stat(path_.c_str(), &old) == 0 && fchmod(file_, old.st_mode & 07777) != 0) return CloseAfterError();
    FILE* const stream = fdopen(file_, "wb");
    if (stream == nullptr) return CloseAfterError();
    const bool written = fwrite(content.data(), 1, content.size(), stream) == content.size();
    return fclose(stream) == 0 && written;
  }

  // The error that errno stands for. Removes the file.
  absl::Status Failed() const {
    const int error = errno;
    if (file_ >= 0) unlink(name_.c_str());
    return absl::InvalidArgumentError(absl::StrCat(path_, ": cannot be written: ", strerror(error)));
  }

  const char* name() const { return name_.c_str(); }

 private:
  bool CloseAfterError() const {
    const int error = errno;
    close(file_);
    errno = error;
    return false;
  }

  const std::string path_;
  std::string name_;
  int file_;
};

}  // namespace

absl::Status WriteFile(const std::string& path, absl::string_view content) {
  Temporary temporary(path);
  if (!temporary.Write(content) || rename(temporary.name(), path.c_str()) != 0) return temporary.Failed();
  return absl::OkStatus();
}

absl::StatusOr<bool> WriteNewFile(const std::string& path, absl::string_view content) {
  Temporary temporary(path);
  if (!temporary.Write(content)) return temporary.Failed();
  const bool made = link(temporary.name(), path.c_str()) == 0;
  if (!made && errno != EEXIST) return temporary.Failed();
  unlink(temporary.name());
  return made;
}

}  // namespace nofail
