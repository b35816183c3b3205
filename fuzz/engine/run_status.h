// SPDX-License-Identifier: MIT
//
// Counts executions and violations, and writes the counts to a status file while fuzzing goes on.
#ifndef NOFAIL_FUZZ_ENGINE_RUN_STATUS_H_
#define NOFAIL_FUZZ_ENGINE_RUN_STATUS_H_

#include <sys/types.h>

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
  // What is known of one signature.
  struct Seen {
    const Listed* listed;   // nullptr: new; a signature of the baseline has an entry with the name "baseline"
    std::string signature;  // Violation::Signature()
    std::string name;       // Listed::name, or for a new one the name of its file in DIR without .sched (SlugOf)
    uint64_t first;         // number of executions when it was first seen
    uint64_t count;         // how often it was counted
  };

  RunStatus();

  // From now on, keeps a status file in `directory` up to date, which is this process's alone: .status.<pid>, or
  // .status.<pid>.2 if an earlier process had the same id, and so on. REQUIRES: the folder exists.
  void WriteTo(const std::string& directory);

  // Counts one run with its number of events and its Trace::interleaving(). Writes the status file when the last time
  // was at least a second ago.
  void CountExecution(uint32_t events, uint64_t interleaving);
  // Counts one violation. The result is valid as long as this object; its count is 1 at the first call for a signature.
  const Seen& CountViolation(const std::string& signature);
  // Whether the signature is neither listed nor in the baseline.
  bool IsNew(const std::string& signature) { return Find(signature).listed == nullptr; }
  // Whether the signature is not new, or was counted before.
  bool IsSettled(const std::string& signature) {
    const Seen& seen = Find(signature);
    return seen.listed != nullptr || seen.count != 0;
  }
  // Sets signatures that do not count as new, in addition to the listed ones. Called before the first violation.
  void SetBaseline(std::set<std::string> signatures) { baseline_ = std::move(signatures); }
  // How many executions were counted.
  uint64_t executions() const { return executions_; }

  // Writes the status file (fuzz/engine/status_file.h has its format); does nothing before WriteTo. The file is
  // replaced as a whole, so that a reader never sees half of it. A failure to write is ignored. `done` says whether the
  // process has come to its end.
  void Write(bool done);

 private:
  Seen& Find(const std::string& signature);

  std::set<std::string> baseline_;
  std::string directory_;
  std::string file_;  // the status file of the process `owner_`; "": there is none yet
  pid_t owner_ = 0;
  // The key is HashOfSignature. A map of strings would compare strings, and an engine puts strings that a process
  // compares into inputs, where signatures are of no use.
  std::map<uint64_t, Seen> seen_;
  uint64_t executions_ = 0, events_ = 0;
  HyperLogLog interleavings_;
  std::chrono::steady_clock::time_point start_, written_;
};

// A file name for a signature: its first 60 characters in lower case, with '_' for everything but letters, digits, dots
// and dashes, and then a hash that keeps it unique. For example, "leak.fields/selem/F" becomes
// "leak.fields_selem_f-" and 8 hexadecimal digits.
std::string SlugOf(const std::string& signature);

}  // namespace nofail
#endif  // NOFAIL_FUZZ_ENGINE_RUN_STATUS_H_
