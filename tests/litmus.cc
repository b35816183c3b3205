// SPDX-License-Identifier: MIT
#include "tests/litmus.h"

namespace nofail {

namespace {

// The argument of a task: the body that it runs, and where the pointer to the shared memory will be.
struct Start {
  const Litmus::Body* body;
  Shared** shared;
};

void RunTask(void* argument) {
  const Start& start = *static_cast<Start*>(argument);
  Sim::Get().BeginOp(0, 0, 0);
  (*start.body)(**start.shared);
  Sim::Get().EndOp(0, 0);
}

// Lets the search answer only the choices that the test is about. All others get the default answer.
class Filter : public Chooser {
 public:
  Filter(Chooser* search, bool all) : search_(search), all_(all) {}
  uint16_t Choose(const Choice& choice) override {
    bool asked = all_ || choice.kind == ChoiceKind::kPreempt || choice.kind == ChoiceKind::kLock ||
                 choice.kind == ChoiceKind::kResched;
    return asked && choice.where.task != kSetup && choice.where.task != kEnd ? search_->Choose(choice) : 0;
  }

 private:
  Chooser* search_;
  bool all_;
};

}  // namespace

std::string Litmus::RunOnce(Chooser* chooser) {
  Sim& sim = Sim::Get();
  sim.Reset(config_, chooser);
  Body init = [this](Shared&) {
    shared_ = static_cast<Shared*>(kernel_alloc(KERNEL_OTHER, sizeof(Shared), KERNEL_HERE));
    init_(*shared_);
  };
  Shared* nothing = nullptr;
  Start setup = {&init, &nothing};
  alignas(Shared) static char placeholder[sizeof(Shared)];
  nothing = reinterpret_cast<Shared*>(placeholder);
  sim.Spawn(kSetup, &RunTask, &setup);
  std::string outcome;
  bool ended = sim.Run();
  if (ended) {
    std::vector<Start> starts(tasks_.size());
    for (size_t i = 0; i < tasks_.size(); ++i) {
      starts[i] = {&tasks_[i], &shared_};
      sim.Spawn(static_cast<TaskId>(kTaskA + i), &RunTask, &starts[i]);
    }
    ended = sim.Run();
  }
  if (ended) {
    Body end = [&](Shared& shared) { outcome = final_(shared); };
    Start start = {&end, &shared_};
    sim.Spawn(kEnd, &RunTask, &start);
    sim.Run();
  }
  for (const Event& event : sim.trace().events()) {
    if (event.kind == EventKind::kFault && (with_races_ || event.fault() != Fault::kDataRace)) {
      if (!outcome.empty()) outcome += ' ';
      outcome += std::string("!") + FaultText(event.fault());
    }
  }
  return outcome;
}

std::map<std::string, int> Litmus::Outcomes() {
  std::map<std::string, int> outcomes;
  ExhaustiveChooser search;
  Filter filter(&search, all_choices_);
  do {
    ++outcomes[RunOnce(&filter)];
  } while (search.Next());
  return outcomes;
}

std::vector<std::string> Keys(const std::map<std::string, int>& outcomes) {
  std::vector<std::string> keys;
  for (const auto& [outcome, executions] : outcomes) keys.push_back(outcome);
  return keys;
}

}  // namespace nofail
