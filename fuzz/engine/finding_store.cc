// SPDX-License-Identifier: MIT
#include "fuzz/engine/finding_store.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "fuzz/base/exit_code.h"
#include "fuzz/base/write_file.h"

namespace nofail {

FindingStore::FindingStore(const std::string& directory) : directory_(directory) {
  if (mkdir(directory.c_str(), 0777) == 0 || errno == EEXIST) return;
  fprintf(stderr, "nofail: --findings: cannot make the directory %s: %s\n", directory.c_str(), strerror(errno));
  _exit(kUsage);
}

void FindingStore::Save(const ScheduleFile& file, const std::string& name) const {
  const std::string path = absl::StrCat(directory_, "/", name, ".sched"), text = FormatText(file);
  const absl::StatusOr<bool> made = WriteNewFile(path, text);
  if (!made.ok()) {
    fprintf(stderr, "nofail: %s\n%s", std::string(made.status().message()).c_str(), text.c_str());
    _exit(kSetUpFailed);
  }
  if (*made) fprintf(stderr, "nofail: new: %s\n", path.c_str());
}

}  // namespace nofail
