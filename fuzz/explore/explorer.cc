// SPDX-License-Identifier: MIT
#include "fuzz/explore/explorer.h"

#include <algorithm>
#include <bit>
#include <map>
#include <span>
#include <utility>

#include "core/kernel/sim/rewind.h"
#include "core/kernel/sim/sanitizer.h"
#include "core/kernel/sim/state.h"
#include "fuzz/base/harness_bug.h"
#include "fuzz/check/oracles.h"
#include "fuzz/check/record.h"
#include "fuzz/exec/choosers.h"
#include "fuzz/exec/executor.h"
#include "fuzz/exec/world.h"
#include "fuzz/explore/state_hash.h"
#include "fuzz/explore/steps.h"
#include "fuzz/explore/visited.h"

namespace nofail {

namespace {

// How many steps the search takes between two calls of ExploreOptions::tell.
constexpr uint32_t kStepsBetween = 4096;
// The numbers of departures that a search allows in all, one after the other, before it allows all that the bounds do.
constexpr uint8_t kLevels[] = {0, 1, 2};
// Bytes for the states in which runs end, as a share of the memory for states.
constexpr size_t kFinalsShare = 8;

// A step of one of the tasks A to D, which the search has let run before others from the same state.
struct Step {
  uint8_t task;  // its TaskBit
  StepKind kind;
  uint32_t first, count;  // of its touches
};

// A question on the path, and what has been answered so far.
struct Node {
  Choice choice;  // its targets are on the stack of the task that asks
  int departure;
  bool is_free;    // no answer uses a bound up
  Bounds left;     // before the answer
  uint64_t awake;  // the answers that are tried, as bits
  uint16_t answer;
  uint16_t deviation;  // the answer as a Deviation has it
  // What the stacks had when the search came here.
  uint32_t touches, steps, sleepers;
};

static_assert(kMaxFibers <= 64, "Node::awake has a bit for each answer");

}  // namespace

struct Explorer::Impl final : Chooser, AccessObserver {
  Impl(const subject& the_subject, Sim& the_sim)
      : subject(the_subject),
        sim(the_sim),
        world(the_subject, the_sim),
        executor(the_subject, the_sim),
        rewind(the_sim),
        hasher(the_sim, world),
        watcher(hasher.reader()) {}

  // On the stack of a task:
  uint16_t Choose(const Choice& choice) override;
  void OnPlainAccess(const PlainAccess& access) override {
    if (!access.is_write && access.pc != 0) {
      hasher.reader().Saw(const_cast<const void*>(access.address), access.size);
    }
    if (reduces) watcher.Saw(access);
  }

  // The search.
  void Prepare();
  bool Level();
  bool GoOn();
  void StepEnded(bool paused);
  bool Visit();
  void Ended();
  bool Advance();
  uint64_t Awake(uint16_t missing) const;
  uint16_t AsleepBits() const;
  void Take(uint16_t the_answer);
  void Answer();
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
  StepWatcher watcher;

  const Schedule* scenario = nullptr;
  const ExploreOptions* options = nullptr;
  std::unique_ptr<Visited> visited, finals;
  Explored result;
  std::map<std::string, Schedule> found;
  Verdict verdict;
  std::vector<Node> path;
  Choice question;            // that the run has paused at
  uint16_t answer = 0;        // to it
  Bounds left;                // of the bounds, at the question
  bool looks_around = false;  // at the next question, even if there is nothing to choose: a departure has been used
  bool cut_by_all = false;    // whether a departure was left out only because of the bound on all kinds together
  uint32_t until_told = 0;
  bool reduces = false;
  std::vector<char> counts_before;  // World::counts before the step under way
  OpRef runner;                     // who makes the step under way
  bool is_first_step = false;       // it follows the answer to the last question of the path
  // Sleep sets: a task sleeps in a state when it has run before from an earlier state of the path, and no step since
  // depends on that step of it. To let it run now would only repeat the other order.
  std::vector<uint32_t> asleep;    // at the question that the run has paused at: indexes of `steps`
  std::vector<Touch> touches;      // of `steps`
  std::vector<Step> steps;         // by node of the path: made from there already
  std::vector<uint32_t> sleepers;  // by node of the path: `asleep`
};

// ---- The chooser ----------------------------------------------------------------------------------------------------

uint16_t Explorer::Impl::Choose(const Choice& choice) {
  uint16_t answers = AnswersTo(choice);
  if (answers < 2) return 0;
  const int departure = DepartureOf(choice);
  if (departure != kDepartures && !left.Allow(static_cast<Departure>(departure))) {
    if (left.left[departure] == 0) {
      ++result.cut[departure];
    } else {
      cut_by_all = true;
    }
    // There is nothing to choose. But others may have come here before, after other departures.
    if (!looks_around) return 0;
    answers = 1;
  }
  looks_around = false;
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
  touches.clear();
  steps.clear();
  sleepers.clear();
  asleep.clear();
  bool paused = rewind.Start(
      [](void* self) {
        auto& impl = *static_cast<Impl*>(self);
        impl.world.Run(*impl.scenario, &impl);
      },
      this);
  for (;;) {
    if (paused && Visit()) {
      paused = GoOn();
      continue;
    }
    if (result.ended != nofail::Ended::kComplete) return false;
    if (!paused) Ended();
    if (result.ended != nofail::Ended::kComplete) return false;
    if (!Advance()) break;
    if (MustStop()) return false;
    paused = GoOn();
  }
  left = bounds;
  return true;
}

// Lets the run go on with `answer`.
bool Explorer::Impl::GoOn() {
  if (!reduces) return rewind.Continue();
  watcher.Begin();
  const std::span<const char> counts = world.counts();
  counts_before.assign(counts.begin(), counts.end());
  const bool paused = rewind.Continue();
  StepEnded(paused);
  return paused;
}

// Wakes the tasks whose next step depends on the one that has ended. Notes the step itself if it may be left out later.
void Explorer::Impl::StepEnded(bool paused) {
  watcher.End(!std::ranges::equal(world.counts(), counts_before));
  const StepKind kind = watcher.kind();
  const uint8_t task = TaskBit(runner);
  std::erase_if(asleep, [&](uint32_t i) {
    const Step& step = steps[i];
    return ((kind.tasks | task) & step.task) != 0 ||
           !watcher.IsIndependentOf(step.kind, std::span(touches).subspan(step.first, step.count));
  });
  if (!std::exchange(is_first_step, false) || task == 0 || kind.tasks != task) return;
  const Node& node = path.back();
  const bool is_whole = !paused || question.kind == ChoiceKind::kPreempt;
  if (!is_whole || kind.counts_switches || !node.is_free) return;
  const uint32_t first = static_cast<uint32_t>(touches.size());
  touches.insert(touches.end(), watcher.touches().begin(), watcher.touches().end());
  steps.push_back({task, kind, first, static_cast<uint32_t>(touches.size()) - first});
}

// The answers to the question that the search tries: not those that let a sleeping task run. If the search has been in
// the state, then only those that let one run that slept then.
uint64_t Explorer::Impl::Awake(uint16_t missing) const {
  uint64_t awake = ~uint64_t{0} >> (64 - question.n);
  if (question.kind != ChoiceKind::kPreempt) return awake;
  const uint16_t asleep_bits = AsleepBits();
  for (uint16_t i = 0; i < question.n; ++i) {
    const uint16_t bit = TaskBit(question.targets[i]);
    if ((asleep_bits & bit) != 0 || (missing != 0 && (missing & bit) == 0)) awake &= ~(uint64_t{1} << i);
  }
  return awake;
}

uint16_t Explorer::Impl::AsleepBits() const {
  uint16_t bits = 0;
  for (const uint32_t i : asleep) bits |= steps[i].task;
  return bits;
}

// Goes into the state that the run has paused in. Returns false when the search has been there, or cannot go on.
bool Explorer::Impl::Visit() {
  const OpRef who = question.where;
  const bool is_preemption = DepartureOf(question) == static_cast<int>(Departure::kPreemption);
  const bool is_unbounded = left.of(Departure::kPreemption) == Bounds::kUnbounded && left.all == Bounds::kUnbounded;
  const bool needs_no_task = question.kind == ChoiceKind::kPreempt && (!is_preemption || is_unbounded);
  // A callback has no number of its own, so its state has its name.
  const bool by_number = is_preemption && !is_unbounded && TaskBit(who) != 0;
  const StateHash state = hasher.Hash(question.kind, !needs_no_task && !by_number);
  const uint16_t task = by_number ? who.task : uint16_t{0};
  uint16_t missing = 0;
  switch (visited->Note(state, {left.Pack(), task, AsleepBits()}, &missing)) {
    case Visited::Answer::kSeen:
      ++result.progress.merges;
      return false;
    case Visited::Answer::kFull:
      result.ended = nofail::Ended::kMemory;
      return false;
    case Visited::Answer::kNew:
      break;
  }
  const uint64_t awake = Awake(missing);
  if (awake == 0) return false;
  if (question.n == 1) {
    Take(0);
    return true;
  }
  if (!rewind.Save()) {
    result.ended = nofail::Ended::kMemory;
    return false;
  }
  path.push_back({question, DepartureOf(question), question.kind == ChoiceKind::kPreempt && is_unbounded, left, awake,
                  0, 0, static_cast<uint32_t>(touches.size()), static_cast<uint32_t>(steps.size()),
                  static_cast<uint32_t>(sleepers.size())});
  sleepers.insert(sleepers.end(), asleep.begin(), asleep.end());
  result.progress.depth = std::max(result.progress.depth, static_cast<uint32_t>(path.size()));
  Answer();
  return true;
}

// Answers the question that the run has paused at.
void Explorer::Impl::Take(uint16_t the_answer) {
  answer = the_answer;
  runner = question.kind == ChoiceKind::kPreempt ? question.targets[answer] : question.where;
}

// Answers the last question of the path with the first answer that has not been tried.
void Explorer::Impl::Answer() {
  Node& node = path.back();
  node.answer = static_cast<uint16_t>(std::countr_zero(node.awake));
  node.awake &= node.awake - 1;
  question = node.choice;  // its targets lie on the stack of the task that asks, where going back has put them again
  Take(node.answer);
  node.deviation = question.kind == ChoiceKind::kPreempt ? PackTarget(runner) : answer;
  left = node.left;
  if (answer != 0 && node.departure != kDepartures) left.Use(static_cast<Departure>(node.departure));
  looks_around = answer != 0;
  is_first_step = true;
  ++result.progress.steps;
}

// The run has come to its end.
void Explorer::Impl::Ended() {
  ++result.progress.ends;
  const StateHash state = hasher.Hash(ChoiceKind::kPreempt, false);
  uint16_t missing = 0;
  const Visited::Answer answer_of_finals = finals->Note(state, {}, &missing);
  if (answer_of_finals == Visited::Answer::kSeen) return;  // it has been judged
  if (answer_of_finals == Visited::Answer::kNew) {
    result.final_sum += state.low;
    result.final_xor ^= state.high;
  }
  Judge(world.view(), &verdict);
  for (const Violation& violation : verdict.violations) TakeIn(violation.Signature());
}

// Goes back to the last question that has another answer, and takes that. Returns false when there is none.
bool Explorer::Impl::Advance() {
  while (!path.empty() && path.back().awake == 0) {
    rewind.Drop();
    touches.resize(path.back().touches);
    steps.resize(path.back().steps);
    sleepers.resize(path.back().sleepers);
    path.pop_back();
  }
  if (path.empty()) return false;
  rewind.Back();
  const Node& node = path.back();
  // To sleep: who slept here, and who has run from here already.
  asleep.assign(sleepers.begin() + node.sleepers, sleepers.end());
  for (uint32_t i = node.steps; i < steps.size(); ++i) asleep.push_back(i);
  Answer();
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
  double share = 1;
  result.progress.done = 0;
  for (const Node& node : path) {
    share /= node.choice.n;
    result.progress.done += share * (node.choice.n - 1 - std::popcount(node.awake));
  }
  if (options->tell && !options->tell(result.progress)) result.ended = nofail::Ended::kStopped;
  return result.ended != nofail::Ended::kComplete;
}

// Each schedule must show its violation again. If one does not, then what the search takes for a state does not decide
// what follows, or going back does not restore a run.
void Explorer::Impl::Replay() {
  for (auto& [signature, schedule] : found) {
    const JudgedRun& run = executor.Run(schedule);
    const std::vector<Violation>& again = run.verdict.violations;
    const auto shown = std::find_if(again.begin(), again.end(),
                                    [&](const Violation& violation) { return violation.Signature() == signature; });
    if (shown == again.end()) HarnessBug("a schedule that the search found does not show its violation again");
    const Need need = NeedOf(run.trace, *shown);
    result.found.push_back({signature, std::move(schedule), need});
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
  reduces = options->reduces && kAccessesSeen;
  const Bounds bounds = options->bounds;
  for (const uint8_t departures : kLevels) {
    if (!options->deepens || departures >= bounds.all) break;
    left = bounds;
    left.all = result.progress.departures = departures;
    cut_by_all = false;
    result.cut = {};
    if (!Level() || !cut_by_all) break;
    result.progress.searched = departures;
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
