// SPDX-License-Identifier: MIT
//
// One run together with its verdict, as one value. The executor returns it, and every report is written from it.
#ifndef NOFAIL_FUZZ_CHECK_JUDGED_RUN_H_
#define NOFAIL_FUZZ_CHECK_JUDGED_RUN_H_

#include <vector>

#include "core/kernel/trace/trace.h"
#include "core/subjects/subject.h"
#include "fuzz/check/verdict.h"
#include "fuzz/schedule/schedule.h"

namespace nofail {

// A JudgedRun owns its verdict and its list of ignored deviations. It borrows subject, schedule and trace. The trace
// belongs to the simulated kernel: the next run of any executor overwrites it.
struct JudgedRun {
  const struct subject& subject;
  const Schedule* schedule;  // the one that was run; null where there is none (tests of reports), and reports omit it
  const Trace& trace;
  Verdict verdict;
  std::vector<Deviation> ignored;  // deviations of the schedule that had no effect: never reached, or illegal there
};

}  // namespace nofail
#endif  // NOFAIL_FUZZ_CHECK_JUDGED_RUN_H_
