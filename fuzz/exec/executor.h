// SPDX-License-Identifier: MIT
//
// The executor: runs schedules against a subject in the simulated kernel, and judges each run by the oracles.
#ifndef NOFAIL_FUZZ_EXEC_EXECUTOR_H_
#define NOFAIL_FUZZ_EXEC_EXECUTOR_H_

#include <memory>
#include <vector>

#include "core/kernel/sim/choice.h"
#include "core/kernel/sim/sim.h"
#include "core/kernel/trace/trace.h"
#include "core/subjects/subject.h"
#include "fuzz/check/judged_run.h"
#include "fuzz/schedule/schedule.h"

namespace nofail {

class Executor {
 public:
  // `sim` must outlive the executor. Executors may share one, since only one of them runs at a time.
  Executor(const subject& subject, Sim& sim);
  ~Executor();

  // From now on, no lock attempt and no allocation fails, whatever a schedule says (NoFailureChooser). Schedules that
  // Record returns then have no such deviation. A run with a chooser of its own is not affected.
  void AllowNoFailures();

  // Runs the schedule once and judges the run. `chooser`, if not null, answers instead of the schedule's own deviations
  // and policy. The result and trace() are valid until the next run. The result refers to `schedule`, so the schedule
  // must outlive it. REQUIRES: `schedule` is valid (Problem).
  const JudgedRun& Run(const Schedule& schedule, Chooser* chooser = nullptr);
  const Trace& trace() const;
  // The run that is under way, as far as it has come, for a report on the death of the process. The verdict is empty.
  JudgedRun Unjudged(const Schedule& schedule) const;

  // Runs `schedule` and returns a schedule that runs the same without a policy: every answer that was not the default
  // is a deviation. The result may have more than kMaxDeviations deviations, because a policy may depart from the
  // default more often; such a result is not valid.
  Schedule Record(const Schedule& schedule);

  // Runs the schedule twice and returns whether both runs have the same trace hash. False is a harness bug.
  bool IsDeterministic(const Schedule& schedule);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace nofail
#endif  // NOFAIL_FUZZ_EXEC_EXECUTOR_H_
