// SPDX-License-Identifier: MIT
//
// From a schedule that violates to the fewest and plainest sentences that violate with the same signature.
#ifndef NOFAIL_FUZZ_MINIMIZE_MINIMIZER_H_
#define NOFAIL_FUZZ_MINIMIZE_MINIMIZER_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/subjects/subject.h"
#include "fuzz/minimize/passes.h"
#include "fuzz/schedule/schedule.h"

namespace nofail {

struct MinimizeOptions {
  std::string signature;  // the violation to keep; "": the first that is not listed, else the first
  // Called with the signature once the violation is proven; false: leave it at that.
  std::function<bool(const std::string& signature)> accept = [](const std::string&) { return true; };
  // Called before each schedule that is run, and when a pass begins.
  std::function<void(const Pass& pass, const Search& search)> on_progress = [](const Pass&, const Search&) {};
  // Whether to leave it at the best so far.
  std::function<bool()> is_interrupted = [] { return false; };
};

struct Minimized {
  enum class Status {
    kDone,         // nothing simpler violates that the passes know of; without any one sentence, nothing does
    kInterrupted,  // the best so far
    kPasses,       // it does not violate
    kOtherwise,    // it does, but not with the signature asked for: `signatures` has those it has
    kUnstable,     // two runs in fresh processes differ
    kHarnessBug,   // the suite's own fault, said on stderr
    kNotAccepted,  // `accept` said so
  };
  Status status;
  // Of the result; of the first run when there is none.
  std::vector<std::string> signatures;
  std::vector<std::string> other_signatures;  // kUnstable: of the second run
  // The rest is of results only.
  std::string signature;           // the one that was kept
  Schedule schedule;               // without a policy
  std::vector<std::string> story;  // the interleaving, one numbered sentence a line
  uint64_t tried = 0;              // schedules that were run
};

// Proves first that `schedule` violates, twice, each time in a process of its own; and in the end, that the result
// does. The same input gives the same result. REQUIRES: `schedule` is valid; this process has run no subject.
Minimized Minimize(const subject& subject, const Schedule& schedule, const MinimizeOptions& options);

}  // namespace nofail
#endif  // NOFAIL_FUZZ_MINIMIZE_MINIMIZER_H_
