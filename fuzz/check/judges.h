// SPDX-License-Identifier: MIT
//
// The judges that Judge calls, and the class in which they collect violations. oracles.cc has the table of the judges.
// This header is private to the folder.
#ifndef NOFAIL_FUZZ_CHECK_JUDGES_H_
#define NOFAIL_FUZZ_CHECK_JUDGES_H_

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz/check/oracles.h"

namespace nofail {

// Collects the violations of one run in a verdict. Violations with the same signature become one violation, whose
// sentence says how often it happened. Trace and verdict are borrowed. The
// verdict starts empty.
class Findings {
 public:
  Findings(const Trace& trace, Verdict* verdict) : trace_(trace), verdict_(*verdict) { verdict_.violations.clear(); }

  // Sorts `objects` and `functions` of the violation and drops duplicates in them. A violation that has neither,
  // because it shows before its op came to the subject, gets the op's keyword as its function. Then adds the violation,
  // or merges it into the one that has the same signature already.
  void Add(Violation violation);
  // Sorts the violations, and appends to the sentence of each merged one how often it happened. Called once, after the
  // last Add.
  void Finish();

 private:
  const Trace& trace_;
  Verdict& verdict_;
  std::vector<uint32_t> counts_;  // by violation: how often it was added
};

// Judges of faults. A primitive of the simulated kernel, or a sanitizer, noticed the fault where it happened. `event`
// is the fault's event in the trace.
void JudgeMemory(const RunView& run, uint32_t event, Findings* findings);
void JudgeDataRace(const RunView& run, uint32_t event, Findings* findings);
void JudgeFields(const RunView& run, uint32_t event, Findings* findings);
void JudgeLock(const RunView& run, uint32_t event, Findings* findings);
void JudgeRcu(const RunView& run, uint32_t event, Findings* findings);
void JudgeRefcount(const RunView& run, uint32_t event, Findings* findings);
void JudgeProgress(const RunView& run, uint32_t event, Findings* findings);

// Judges of whole runs. Each reads the complete trace, and is called once for each run.
void JudgeEventLimit(const RunView& run, Findings* findings);
void JudgeWarnings(const RunView& run, Findings* findings);
void JudgeState(const RunView& run, Findings* findings);
// Whether the event is a write that JudgeState reports.
bool IsWrongStateWrite(const RunView& run, uint32_t event);
void JudgeCharge(const RunView& run, Findings* findings);
void JudgeLeaks(const RunView& run, Findings* findings);

}  // namespace nofail
#endif  // NOFAIL_FUZZ_CHECK_JUDGES_H_
