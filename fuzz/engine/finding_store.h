// SPDX-License-Identifier: MIT
//
// The folder in which a fuzz run saves its findings: one schedule for each new signature. Several processes (workers)
// of one fuzz run may share the folder.
#ifndef NOFAIL_FUZZ_ENGINE_FINDING_STORE_H_
#define NOFAIL_FUZZ_ENGINE_FINDING_STORE_H_

#include <string>

#include "fuzz/schedule/text.h"

namespace nofail {

class FindingStore {
 public:
  // Makes the folder unless it exists. If that fails, the process prints one line and ends with kUsage.
  explicit FindingStore(const std::string& directory);

  // Saves `file` as NAME.sched. A file that exists stays as it is: another worker was first, and its schedule is as
  // good. If the file cannot be written, the process prints one line and the schedule, so that it is not lost, and ends
  // with kSetUpFailed.
  void Save(const ScheduleFile& file, const std::string& name) const;

 private:
  const std::string directory_;
};

}  // namespace nofail
#endif  // NOFAIL_FUZZ_ENGINE_FINDING_STORE_H_
