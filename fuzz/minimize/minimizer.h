// SPDX-License-Identifier: MIT
//
// The minimizer: turns a schedule that violates into the fewest and plainest sentences that violate with the same
// signature.
#ifndef NOFAIL_FUZZ_MINIMIZE_MINIMIZER_H_
#define NOFAIL_FUZZ_MINIMIZE_MINIMIZER_H_

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "core/subjects/subject.h"
#include "fuzz/listing/listings.h"
#include "fuzz/minimize/passes.h"
#include "fuzz/schedule/schedule.h"

namespace nofail {

struct MinimizeOptions {
  // The signature of the violation to keep. "" stands for the gravest violation that is news, or for the gravest one
  // when none is (Gravest). If that one is worse than what is listed, it is kept as if `worse` was set.
  std::string signature;
  // Keeps the circumstances as well: no failure more than before, no other storage type, the same RCU configuration.
  // For a violation that is worse than what is listed.
  bool worse = false;
  // Keeps a difference as well: this other subject must not show the violation, neither on the schedule nor with
  // ordinals close by, and in the end not in a wide range either (ShowsNearby). Null: there is no other subject.
  const subject* baseline = nullptr;
  // Called once, with the signature, when two runs have shown the violation. When it returns false, the minimizer stops
  // with kNotAccepted.
  std::function<bool(const std::string& signature)> accept = [](const std::string&) { return true; };
  // Called when a pass begins, and before each candidate is run.
  std::function<void(const Pass& pass, const Search& search)> on_progress = [](const Pass&, const Search&) {};
  // Asked before each candidate. When it returns true, the minimizer stops with the best schedule so far.
  std::function<bool()> is_interrupted = [] { return false; };
};

struct Minimized {
  enum class Status {
    kDone,         // no pass finds anything simpler, and no sentence of the result can be left out
    kInterrupted,  // `is_interrupted` ended the search; the result is the best schedule so far
    kPasses,       // the schedule does not violate
    kInBaseline,   // the baseline shows the violation, too
    kOtherwise,    // the schedule violates, but not with the wanted signature; `signatures` has the others
    kUnstable,     // two runs of one schedule in fresh processes differ
    kHarnessBug,   // a bug of the suite itself, already reported on stderr
    kNotAccepted,  // `accept` returned false
  };
  Status status;
  // All signatures of the result, or of the first run of the schedule when there is no result.
  std::vector<std::string> signatures;
  std::vector<std::string> other_signatures;  // kUnstable: all signatures of the second run
  // The members below mean something only when there is a result (kDone, kInterrupted).
  std::string signature;           // the signature that was kept
  Schedule schedule;               // the result, without a policy
  std::vector<std::string> story;  // the interleaving, one numbered sentence a line
  uint64_t tried = 0;              // how many candidates were run
};

// The index of the violation to keep when nobody says which: of those that are news, or of all when none is, the
// gravest (fuzz/check/gravity.h); of several equally grave ones, the first. REQUIRES: there is a violation, and `news`
// is about the same violations as `signatures`, in the same order.
size_t Gravest(std::span<const std::string> signatures, std::span<const News> news);

// Minimizes `schedule`. Before the search, two runs, each in a process of its own, must show that `schedule` violates
// and that both runs are the same. After the search, two such runs must show the same for the result.
// GUARANTEES: the same input gives the same result, unless it was interrupted.
// REQUIRES: `schedule` is valid, and this process has run no subject.
Minimized Minimize(const subject& subject, const Schedule& schedule, const MinimizeOptions& options);

}  // namespace nofail
#endif  // NOFAIL_FUZZ_MINIMIZE_MINIMIZER_H_
