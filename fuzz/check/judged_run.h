// SPDX-License-Identifier: MIT
//
// One run and what was judged of it, as one value: what the executor returns, and what every report is written from.
#ifndef NOFAIL_FUZZ_CHECK_JUDGED_RUN_H_
#define NOFAIL_FUZZ_CHECK_JUDGED_RUN_H_

#include <vector>

#include "core/kernel/trace/trace.h"
#include "core/subjects/subject.h"
#include "fuzz/check/verdict.h"
#include "fuzz/schedule/schedule.h"

namespace nofail {

// The verdict is its own. Subject, schedule and trace are borrowed: the schedule is the one that was run, and the trace
// is the executor's, which its next run overwrites.
struct JudgedRun {
  const struct subject& subject;
  const Schedule* schedule;  // null where there is none, as in a test of reports: they leave it out
  const Trace& trace;
  Verdict verdict;
  std::vector<Deviation> ignored;  // of the schedule: never fired, or illegal where they landed
};

}  // namespace nofail
#endif  // NOFAIL_FUZZ_CHECK_JUDGED_RUN_H_
