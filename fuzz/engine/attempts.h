// SPDX-License-Identifier: MIT
//
// What became of attempts that may fail: to take an rqspinlock, and to allocate. They are counted by where in the
// source they are made, so that a report can say which failures were tried at which lock.
#ifndef NOFAIL_FUZZ_ENGINE_ATTEMPTS_H_
#define NOFAIL_FUZZ_ENGINE_ATTEMPTS_H_

#include <compare>
#include <cstdint>
#include <map>

#include "core/kernel/trace/trace.h"
#include "fuzz/check/lock_holders.h"
#include "fuzz/engine/status_file.h"

namespace nofail {

class Attempts {
 public:
  // Counts the attempts of one run.
  void Count(const Trace& trace);
  // Adds the counts to the status.
  void AddTo(Status* status) const;

 private:
  // `file` and `function` are those of events, which live for ever. A function may have several addresses for its name;
  // then it is counted in parts, which AddTo puts together.
  struct Site {
    const char* file;
    const char* function;
    uint32_t line;
    const char* result;  // one of those that AttemptCount names
    auto operator<=>(const Site&) const = default;
  };

  uint64_t runs_ = 0;
  std::map<Site, uint64_t> counts_;
  LockHolders holders_;
};

}  // namespace nofail
#endif  // NOFAIL_FUZZ_ENGINE_ATTEMPTS_H_
