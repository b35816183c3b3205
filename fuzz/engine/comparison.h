// SPDX-License-Identifier: MIT
//
// Runs the baseline beside the subject while fuzzing goes on. The baseline is the subject that this one is compared
// with, such as the Linux tree before a patch. A regression can show with the signature of a listed violation, and
// after as many failures. Only running the baseline tells the two apart.
//
// Two kinds of run are compared:
//   - A fixed share of all executions, whatever they show. Each of them counts for the rates, which are therefore of
//     the same schedules on both subjects.
//   - A sample of the runs that show a listed violation: the 1st, 2nd, 4th, 8th, and so on. Where the baseline passes,
//     the schedule is a candidate for news, and is saved. It is news only if that remains so when it is minimized
//     (MinimizeOptions::baseline), because other code alone lets the same ordinals mean other scheduling points.
//
// NOT COMPARED: data races. ThreadSanitizer's memory of earlier runs decides whether it sees one, so one run more or
// less says nothing. Those that are news are compared after they have been minimized.
#ifndef NOFAIL_FUZZ_ENGINE_COMPARISON_H_
#define NOFAIL_FUZZ_ENGINE_COMPARISON_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "fuzz/engine/status_file.h"
#include "fuzz/exec/executor.h"

namespace nofail {

class Comparison {
 public:
  Comparison(const subject& baseline, Sim& sim) : executor_(baseline, sim) {}

  void AllowNoFailures() { executor_.AllowNoFailures(); }

  // Whether the execution with this number is one of the fixed share.
  static bool IsPaired(uint64_t execution) { return execution % kExecutionsBetweenPairs == 0; }
  // Runs the schedule on the baseline, and counts each violation as shown by both, by the subject alone, or by the
  // baseline alone. `shown`: the signatures that the subject showed on this schedule.
  void CountPair(const Schedule& schedule, const std::vector<std::string>& shown);

  // Whether to run the baseline when a violation is seen for the `count`-th time.
  static bool IsSample(const std::string& signature, uint64_t count);
  // Whether the baseline, on this very schedule, does not show the violation.
  bool Differs(const Schedule& schedule, const std::string& signature);

  // Adds the counts to the status.
  void AddTo(Status* status) const;

 private:
  static constexpr uint64_t kExecutionsBetweenPairs = 64;

  Executor executor_;  // of the baseline
  uint64_t pairs_ = 0;
  std::map<std::string, PairCount> counts_;  // by signature
};

// The signatures of the verdict that are compared: all but data races.
std::vector<std::string> ComparedSignatures(const Verdict& verdict);

}  // namespace nofail
#endif  // NOFAIL_FUZZ_ENGINE_COMPARISON_H_
