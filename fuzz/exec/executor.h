// SPDX-License-Identifier: MIT
//
// Runs schedules against a subject in the simulated kernel and judges the trace.
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

  // From now on no lock attempt and no allocation fails, whatever a schedule says (NoFailureChooser); recorded
  // schedules have no failure in them.
  void AllowNoFailures();

  // One run. REQUIRES: `schedule` is valid (Problem). `chooser` answers instead of the schedule's own deviations and
  // policy when given. The result and trace() are valid until the next call, and the
  // result as long as `schedule` is.
  const JudgedRun& Run(const Schedule& schedule, Chooser* chooser = nullptr);
  const Trace& trace() const;
  // What is there of a run that is under way, for a report on the process's death. The verdict is empty.
  JudgedRun Unjudged(const Schedule& schedule) const;

  // Runs `schedule` and returns it with every non-default answer as a deviation and without a policy. It runs the same.
  // A policy may depart from the default more than kMaxDeviations times; they are all returned.
  Schedule Record(const Schedule& schedule);

  // Runs it twice and compares the hashes: false is a harness bug.
  bool IsDeterministic(const Schedule& schedule);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace nofail
#endif  // NOFAIL_FUZZ_EXEC_EXECUTOR_H_
