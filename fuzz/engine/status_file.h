// SPDX-License-Identifier: MIT
//
// The file in which a fuzz process says how far it is, once a second: `.status.<pid>` or `.status.<pid>.<number>` in
// the folder of its findings. No two processes share one, even if they have the same id in two containers. Whoever
// watches several processes reads their files and unites them; a process that dies costs a second of counts.
//
// Each line is a keyword and its values, separated by blanks:
//   state running|done
//   executions N / events N / seconds N.N
//   interleavings REGISTERS (HyperLogLog::Text)
//   violation known|finding|worse|new COUNT FIRST-EXECUTION NAME SIGNATURE
#ifndef NOFAIL_FUZZ_ENGINE_STATUS_FILE_H_
#define NOFAIL_FUZZ_ENGINE_STATUS_FILE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "fuzz/engine/hyperloglog.h"

namespace nofail {

struct ViolationCount {
  std::string listed;  // known, finding, worse or new
  uint64_t count = 0;
  uint64_t first = 0;  // the number of the execution that showed it first, in the process that was first
  std::string name;    // of the file that has the schedule, without .sched
  std::string signature;
};

struct Status {
  bool is_done = true;
  uint64_t executions = 0, events = 0;
  double seconds = 0;
  HyperLogLog interleavings;
  std::vector<ViolationCount> violations;  // each signature once for each value of `listed`
};

std::string FormatStatus(const Status& status);
// Errors are one line and name the line that cannot be read.
absl::StatusOr<Status> ParseStatus(absl::string_view text);
// Adds the counts of another process. The result's seconds are those of the process that ran longest.
void UniteStatus(const Status& other, Status* status);

}  // namespace nofail
#endif  // NOFAIL_FUZZ_ENGINE_STATUS_FILE_H_
