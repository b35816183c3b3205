// SPDX-License-Identifier: MIT
#include "fuzz/exec/executor.h"

#include <algorithm>

#include "fuzz/check/oracles.h"
#include "fuzz/exec/choosers.h"
#include "fuzz/exec/world.h"

namespace nofail {

struct Executor::Impl {
  Impl(const subject& subject, Sim& sim)
      : sim(sim), world(subject, sim), result{subject, nullptr, sim.trace(), {}, {}} {}

  Sim& sim;
  World world;
  ScheduleChooser chooser;
  NoFailureChooser no_failures{&chooser};
  Chooser* answers = &chooser;  // answers in runs that are given no chooser
  JudgedRun result;
};

Executor::Executor(const subject& subject, Sim& sim) : impl_(std::make_unique<Impl>(subject, sim)) {}
Executor::~Executor() = default;

const Trace& Executor::trace() const {
  return impl_->sim.trace();
}

JudgedRun Executor::Unjudged(const Schedule& schedule) const {
  return {impl_->world.subject(), &schedule, trace(), {}, {}};
}

void Executor::AllowNoFailures() {
  impl_->answers = &impl_->no_failures;
}

const JudgedRun& Executor::Run(const Schedule& schedule, Chooser* chooser) {
  Impl& impl = *impl_;
  impl.result.schedule = &schedule;
  impl.result.ignored.clear();
  if (chooser == nullptr) impl.chooser.Set(schedule);
  impl.world.Run(schedule, chooser != nullptr ? chooser : impl.answers);
  if (chooser == nullptr) impl.chooser.Ignored(&impl.result.ignored);
  Judge(impl.world.view(), &impl.result.verdict);
  return impl.result;
}

Schedule Executor::Record(const Schedule& schedule) {
  impl_->chooser.Set(schedule);
  RecordingChooser recorder(impl_->answers);
  Run(schedule, &recorder);
  Schedule recorded = schedule;
  recorded.policy = {};
  recorded.deviations = recorder.deviations();
  std::sort(recorded.deviations.begin(), recorded.deviations.end());
  return recorded;
}

bool Executor::IsDeterministic(const Schedule& schedule) {
  Run(schedule);
  const uint64_t first = trace().Hash();
  Run(schedule);
  return trace().Hash() == first;
}

}  // namespace nofail
