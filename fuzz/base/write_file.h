// SPDX-License-Identifier: MIT
//
// Writing a file so that whoever reads it, also after a crash or with the disk full, finds the old content or the new
// one and nothing in between.
#ifndef NOFAIL_FUZZ_BASE_WRITE_FILE_H_
#define NOFAIL_FUZZ_BASE_WRITE_FILE_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace nofail {

// Replaces the file at `path`. The content is written to a file beside it (.new-NAME.PID), which is then renamed.
// ERRORS: one line that starts with the path. The file beside it is gone then.
absl::Status WriteFile(const std::string& path, absl::string_view content);

// The same for a file that may not be there yet. Returns whether it was made; false when there was one, which is left
// as it is.
absl::StatusOr<bool> WriteNewFile(const std::string& path, absl::string_view content);

}  // namespace nofail
#endif  // NOFAIL_FUZZ_BASE_WRITE_FILE_H_
