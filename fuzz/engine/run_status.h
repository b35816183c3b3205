// SPDX-License-Identifier: MIT
//
// How often each violation was seen, and the file that says so while fuzzing goes on.
#ifndef NOFAIL_FUZZ_ENGINE_RUN_STATUS_H_
#define NOFAIL_FUZZ_ENGINE_RUN_STATUS_H_

#include <chrono>
#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "fuzz/check/known.h"
#include "fuzz/engine/hyperloglog.h"

namespace nofail {

class RunStatus {
 public:
  // What is known of a signature.
  struct Seen {
    const Listed* listed;  // nullptr: new
    std::string signature;
    std::string name;  // of the file that has it, without .sched
    uint64_t first;    // execution
    uint64_t count;
  };

  RunStatus();

  // From now on .status.<pid> in `directory`, which exists, is kept up to date.
  void WriteTo(const std::string& directory);

  void CountExecution(uint32_t events, uint64_t interleaving);
  // The result is valid for ever; its count is 1 when it is the first of its signature.
  const Seen& CountViolation(const std::string& signature);
  bool IsNew(const std::string& signature) { return Find(signature).listed == nullptr; }
  // Listed, or counted before.
  bool IsSettled(const std::string& signature) {
    const Seen& seen = Find(signature);
    return seen.listed != nullptr || seen.count != 0;
  }
  // Signatures that are no news, besides those listed.
  void SetBaseline(std::set<std::string> signatures) { baseline_ = std::move(signatures); }
  uint64_t executions() const { return executions_; }

  // Replaces the file as a whole, so that a reader never sees half of it (fuzz/engine/status_file.h has its format).
  void Write(bool done);

 private:
  Seen& Find(const std::string& signature);

  std::set<std::string> baseline_;
  std::string directory_;
  // By hash: an engine learns the words that a process compares, and these would be of no use to it.
  std::map<uint64_t, Seen> seen_;
  uint64_t executions_ = 0, events_ = 0;
  HyperLogLog interleavings_;
  std::chrono::steady_clock::time_point start_, written_;
};

// A file name for a signature: its letters, digits, dots and dashes, shortened, and a hash that keeps it unique.
std::string SlugOf(const std::string& signature);

}  // namespace nofail
#endif  // NOFAIL_FUZZ_ENGINE_RUN_STATUS_H_
