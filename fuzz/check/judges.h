// SPDX-License-Identifier: MIT
//
// The judges behind Judge (oracles.cc has the table of them) and how they file what they find. Private to this folder.
#ifndef NOFAIL_FUZZ_CHECK_JUDGES_H_
#define NOFAIL_FUZZ_CHECK_JUDGES_H_

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz/check/oracles.h"

namespace nofail {

// Files violations; those with the same signature become one, with their number in its sentence.
class Findings {
 public:
  explicit Findings(Verdict* verdict) : verdict_(*verdict) { verdict_.violations.clear(); }

  // Sorts the members of `violation` that are sets, then adds or merges it.
  void Add(Violation violation);
  // Puts violations in order and numbers into sentences. Called once, after the last Add.
  void Finish();

 private:
  Verdict& verdict_;
  std::vector<uint32_t> counts_;  // by violation: how often it was added
};

// Judges of faults: what a primitive noticed where it happened. `event` is the fault's.
void JudgeMemory(const RunView& run, uint32_t event, Findings* findings);
void JudgeDataRace(const RunView& run, uint32_t event, Findings* findings);
void JudgeFields(const RunView& run, uint32_t event, Findings* findings);
void JudgeLock(const RunView& run, uint32_t event, Findings* findings);
void JudgeRcu(const RunView& run, uint32_t event, Findings* findings);
void JudgeRefcount(const RunView& run, uint32_t event, Findings* findings);
void JudgeProgress(const RunView& run, uint32_t event, Findings* findings);

// Judges of whole runs.
void JudgeEventLimit(const RunView& run, Findings* findings);
void JudgeWarnings(const RunView& run, Findings* findings);
void JudgeState(const RunView& run, Findings* findings);
void JudgeCharge(const RunView& run, Findings* findings);
void JudgeLeaks(const RunView& run, Findings* findings);

}  // namespace nofail
#endif  // NOFAIL_FUZZ_CHECK_JUDGES_H_
