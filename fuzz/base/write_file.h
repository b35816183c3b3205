// SPDX-License-Identifier: MIT
//
// Writes whole files, such that every reader finds either the old content or the new content, also after a crash or
// when the disk is full.
#ifndef NOFAIL_FUZZ_BASE_WRITE_FILE_H_
#define NOFAIL_FUZZ_BASE_WRITE_FILE_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace nofail {

// Replaces or creates the file at `path`. Writes the content to a temporary file in the same directory
// (.new-NAME.PID.N), then renames that file to `path`. A file that is replaced keeps its permissions. ERRORS:
// InvalidArgument, with one line of text that starts with the path. The temporary file is removed.
absl::Status WriteFile(const std::string& path, absl::string_view content);

// Creates the file at `path` unless there is one. Returns whether it created the file. A file that exists is left as it
// is, and the result is false. ERRORS: as for WriteFile.
absl::StatusOr<bool> WriteNewFile(const std::string& path, absl::string_view content);

}  // namespace nofail
#endif  // NOFAIL_FUZZ_BASE_WRITE_FILE_H_
