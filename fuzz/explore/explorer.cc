// SPDX-License-Identifier: MIT
#include "fuzz/explore/explorer.h"

#include <algorithm>
#include <map>
#include <utility>

#include "core/kernel/sim/rewind.h"
#include "core/kernel/sim/state.h"
#include "fuzz/base/harness_bug.h"
#include "fuzz/check/oracles.h"
#include "fuzz/check/record.h"
#include "fuzz/exec/choosers.h"
#include "fuzz/exec/executor.h"
#include "fuzz/exec/world.h"
#include "fuzz/explore/state_hash.h"
#include "fuzz/explore/visited.h"

namespace nofail {

namespace {

// How many steps the search takes between two calls of ExploreOptions::tell.
constexpr uint32_t kStepsBetween = 4096;
// The numbers of departures that a search allows in all, one after the other, before it allows all that the bounds do.
constexpr uint8_t kLevels[] = {0, 1, 2, 3};
// Bytes for the states in which runs end, as a share of the memory for states.
constexpr size_t kFinalsShare = 8;

// A question on the path, and what has been answered so far.
struct Node {
  Choice choice;  // its targets are on the stack of the task that asks
  int departure;
  Bounds left;  // before the answer
  uint16_t answer;
  uint16_t deviation;  // the answer as a Deviation has it
};

}  // namespace

struct Explorer::Impl final : Chooser, AccessObserver {
  Impl(const subject& the_subject, Sim& the_sim)
      : subject(the_subject),
        sim(the_sim),
        world(the_subject, the_sim),
        executor(the_subject, the_sim),
        rewind(the_sim),
        hasher(the_sim, world) {}

  // On the stack of a task:
  uint16_t Choose(const Choice& choice) override;
  void OnPlainAccess(const PlainAccess& access) override {
    if (!access.is_write) hasher.reader().Saw(const_cast<const void*>(access.address), access.size);
  }

  // The search.
  void Prepare();
  bool Level();
  bool Visit();
  void Ended();
  bool Advance();
  void TakeIn(const std::string& signature);
  void Replay();
  bool MustStop();
  Explored Explore();
  void Search();

  const struct subject& subject;
  Sim& sim;
  World world;
  Executor executor;
  Rewind rewind;
  StateHasher hasher;

  const Schedule* scenario = nullptr;
  const ExploreOptions* options = nullptr;
  std::unique_ptr<Visited> visited, finals;
  Explored result;
  std::map<std::string, Schedule> found;
  Verdict verdict;
  std::vector<Node> path;
  Choice question;          // that the run has paused at
  uint16_t answer = 0;      // to it
  Bounds left;              // of the bounds, at the question
  bool cut_by_all = false;  // whether a departure was left out only because of the bound on all kinds together
  uint32_t until_told = 0;
};

// ---- The chooser ----------------------------------------------------------------------------------------------------

uint16_t Explorer::Impl::Choose(const Choice& choice) {
  const uint16_t answers = AnswersTo(choice);
  if (answers < 2) return 0;
  const int departure = DepartureOf(choice);
  if (departure != kDepartures && !left.Allow(static_cast<Departure>(departure))) {
    if (left.left[departure] == 0) {
      ++result.cut[departure];
    } else {
      cut_by_all = true;
    }
    return 0;
  }
  question = choice;
  question.n = answers;
  rewind.Pause();
  return answer;
}

// ---- The search -----------------------------------------------------------------------------------------------------

void Explorer::Impl::Prepare() {
  rewind.Clear();
  rewind.Add(world.live().data(), world.live().size());
  rewind.Add(hasher.live().data(), hasher.live().size());
  rewind.Add(hasher.reader().live().data(), hasher.reader().live().size());
  subject_range ranges[SUBJECT_RANGES];
  const size_t count = subject.memory != nullptr ? subject.memory(ranges) : 0;
  for (size_t i = 0; i < count; ++i) rewind.Add(ranges[i].start, ranges[i].size);
  hasher.Begin(*scenario, options->seed);
}

// Searches with the bounds of `left`. Returns false when the search must end before that is done.
bool Explorer::Impl::Level() {
  const Bounds bounds = left;
  Prepare();
  path.clear();
  bool paused = rewind.Start(
      [](void* self) {
        auto& impl = *static_cast<Impl*>(self);
        impl.world.Run(*impl.scenario, &impl);
      },
      this);
  for (;;) {
    if (paused && Visit()) {
      paused = rewind.Continue();
      continue;
    }
    if (result.ended != nofail::Ended::kComplete) return false;
    if (!paused) Ended();
    if (result.ended != nofail::Ended::kComplete) return false;
    if (!Advance()) break;
    if (MustStop()) return false;
    paused = rewind.Continue();
  }
  left = bounds;
  return true;
}

// Goes into the state that the run has paused in. Returns false when the search has been there, or cannot go on.
bool Explorer::Impl::Visit() {
  const bool is_free = question.kind == ChoiceKind::kPreempt &&
                       (left.of(Departure::kPreemption) == Bounds::kUnbounded && left.all == Bounds::kUnbounded);
  const bool with_current = !is_free && (question.kind != ChoiceKind::kPreempt || MayStay(question));
  switch (visited->Visit(hasher.Hash(question.kind, with_current), left.Pack())) {
    case Visited::Answer::kSeen:
      ++result.progress.merges;
      return false;
    case Visited::Answer::kFull:
      result.ended = nofail::Ended::kMemory;
      return false;
    case Visited::Answer::kNew:
      break;
  }
  if (!rewind.Save()) {
    result.ended = nofail::Ended::kMemory;
    return false;
  }
  path.push_back({question, DepartureOf(question), left, 0, 0});
  result.progress.depth = std::max(result.progress.depth, static_cast<uint32_t>(path.size()));
  ++result.progress.steps;
  answer = 0;
  return true;
}

// The run has come to its end.
void Explorer::Impl::Ended() {
  ++result.progress.ends;
  const StateHash state = hasher.Hash(ChoiceKind::kPreempt, false);
  if (finals->Visit(state, 0) == Visited::Answer::kNew) {
    result.final_sum += state.low;
    result.final_xor ^= state.high;
  }
  Judge(world.view(), &verdict);
  for (const Violation& violation : verdict.violations) TakeIn(violation.Signature());
}

// Goes back to the last question that has another answer, and takes that. Returns false when there is none.
bool Explorer::Impl::Advance() {
  while (!path.empty() && path.back().answer + 1 == path.back().choice.n) {
    rewind.Drop();
    path.pop_back();
  }
  if (path.empty()) return false;
  rewind.Back();
  Node& node = path.back();
  answer = ++node.answer;
  // The targets lie on the stack of the task that asks, where going back has put them again.
  const bool is_switch = node.choice.kind == ChoiceKind::kPreempt;
  node.deviation = is_switch ? PackTarget(node.choice.targets[answer]) : answer;
  left = node.left;
  if (node.departure != kDepartures) left.Use(static_cast<Departure>(node.departure));
  ++result.progress.steps;
  return true;
}

void Explorer::Impl::TakeIn(const std::string& signature) {
  size_t deviations = 0;
  for (const Node& node : path) deviations += node.answer != 0;
  auto [it, is_new] = found.try_emplace(signature, *scenario);
  if (is_new && options->found && !options->found(signature)) result.ended = nofail::Ended::kStopped;
  if (!is_new && it->second.deviations.size() <= deviations) return;
  Schedule& schedule = it->second;
  schedule.deviations.clear();
  for (const Node& node : path) {
    if (node.answer == 0) continue;
    schedule.deviations.push_back({node.choice.where, node.choice.kind, node.choice.ordinal, node.deviation});
  }
  std::sort(schedule.deviations.begin(), schedule.deviations.end());
}

bool Explorer::Impl::MustStop() {
  if (until_told-- != 0) return false;
  until_told = kStepsBetween;
  result.progress.states = visited->states();
  if (options->tell && !options->tell(result.progress)) result.ended = nofail::Ended::kStopped;
  return result.ended != nofail::Ended::kComplete;
}

// Each schedule must show its violation again. If one does not, then what the search takes for a state does not decide
// what follows, or going back does not restore a run.
void Explorer::Impl::Replay() {
  for (auto& [signature, schedule] : found) {
    const Verdict& again = executor.Run(schedule).verdict;
    const bool shows = std::any_of(again.violations.begin(), again.violations.end(),
                                   [&](const Violation& violation) { return violation.Signature() == signature; });
    if (!shows) HarnessBug("a schedule that the search found does not show its violation again");
    result.found.push_back({signature, std::move(schedule)});
  }
}

Explored Explorer::Impl::Explore() {
  sim.SetAccessObserver(this);
  sim.DetectRaces(false);
  Search();
  sim.SetAccessObserver(nullptr);
  sim.DetectRaces(true);
  result.progress.states = visited->states();
  result.final_states = finals->states();
  Replay();
  return std::move(result);
}

void Explorer::Impl::Search() {
  const Bounds bounds = options->bounds;
  for (const uint8_t departures : kLevels) {
    if (!options->deepens || departures >= bounds.all) break;
    left = bounds;
    left.all = result.progress.departures = departures;
    cut_by_all = false;
    result.cut = {};
    if (!Level() || !cut_by_all) break;
  }
  const bool is_done = options->deepens && !cut_by_all && result.progress.departures < bounds.all;
  if (result.ended == nofail::Ended::kComplete && !is_done) {
    left = bounds;
    result.progress.departures = bounds.all;
    result.cut = {};
    Level();
  }
}

Explorer::Explorer(const subject& subject, Sim& sim) : impl_(std::make_unique<Impl>(subject, sim)) {}
Explorer::~Explorer() = default;

Explored Explorer::Explore(const Schedule& scenario, const ExploreOptions& options) {
  Schedule plain = scenario;
  plain.deviations.clear();
  plain.policy = {};
  impl_->scenario = &plain;
  impl_->options = &options;
  impl_->visited = std::make_unique<Visited>(options.memory);
  impl_->finals = std::make_unique<Visited>(options.memory / kFinalsShare);
  impl_->result = {};
  impl_->found.clear();
  return impl_->Explore();
}

}  // namespace nofail
