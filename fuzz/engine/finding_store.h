// SPDX-License-Identifier: MIT
//
// The folder in which a fuzz run keeps what it found: one schedule for each new signature.
#ifndef NOFAIL_FUZZ_ENGINE_FINDING_STORE_H_
#define NOFAIL_FUZZ_ENGINE_FINDING_STORE_H_

#include <string>
#include <vector>

#include "fuzz/schedule/text.h"

namespace nofail {

class FindingStore {
 public:
  // Makes the folder unless it is there. If that cannot be done, the process ends with one line and kUsage.
  explicit FindingStore(const std::string& directory);

  // Saves `file` under the name of each of the signatures (SlugOf, with .sched) that has no file yet: another worker of
  // the run may have been first, and its schedule is as good. If a file cannot be written, the process ends with one
  // line and kSetUpFailed.
  void Save(const ScheduleFile& file, const std::vector<std::string>& signatures) const;

 private:
  const std::string directory_;
};

}  // namespace nofail
#endif  // NOFAIL_FUZZ_ENGINE_FINDING_STORE_H_
