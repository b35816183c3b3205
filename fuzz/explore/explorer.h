// SPDX-License-Identifier: MIT
//
// The explorer: searches every run of a scenario within bounds.
//
// It goes depth-first over the answers to a run's questions. At each question it looks whether it has been in this
// state before, with as much left of the bounds; then it does not go on, because nothing new can come. Otherwise it
// saves the run, answers, and goes back for the next answer (core/kernel/sim/rewind.h). So each state is gone into
// once, and each answer costs one step of one run.
//
// Where nothing bounds task switches, it tries one of two orders of independent steps (steps.h). It does so with sleep
// sets: once all has been searched that begins with a step of task A, A sleeps while others run, until one of them
// makes a step that depends on A's. What A would do before that has been searched in the other order. The visited
// states hold who slept, so that a state that is reached with A awake is searched for A's step alone. (P. Godefroid,
// Partial-Order Methods for the Verification of Concurrent Systems, 1996.) Where task switches are bounded, the other
// order may need more of them, so nothing sleeps there.
//
// By default the search deepens: first with no departure at all, then with one, and so on. So the first schedule that
// is found for a violation has the fewest departures.
//
// GUARANTEES: when the result is complete, then each violation that a run of the scenario within the bounds can have is
// in the result, but for what docs/explore.md names. The result is the same each time, unless `tell` ends it. Each
// schedule of the result has been replayed by an Executor and shows its violation there.
//
// Not searched: questions of the set-up and of the end get the default answer.
#ifndef NOFAIL_FUZZ_EXPLORE_EXPLORER_H_
#define NOFAIL_FUZZ_EXPLORE_EXPLORER_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/kernel/sim/sim.h"
#include "core/subjects/subject.h"
#include "fuzz/check/need.h"
#include "fuzz/explore/bounds.h"
#include "fuzz/schedule/schedule.h"

namespace nofail {

// How far a search has come.
struct Progress {
  uint64_t ends = 0;       // runs that came to their end
  uint64_t merges = 0;     // runs that came to a state where the search had been
  uint64_t states = 0;     // different states
  uint64_t steps = 0;      // answers tried, each of which is one step of a run
  uint32_t depth = 0;      // the most answers of one run
  uint8_t departures = 0;  // that the search allows in all at present
  int searched = -1;       // every schedule with at most so many departures has been searched
  double done = 0;         // how much of the search at these departures is done, from 0 to 1: an estimate
};

struct ExploreOptions {
  Bounds bounds;
  bool deepens = true;
  bool reduces = true;              // of two orders of independent steps it tries one (steps.h), where kAccessesSeen
  size_t memory = size_t{2} << 30;  // bytes for visited states
  uint64_t seed = 0;                // of the hash of states. Two seeds cannot both be wrong about the same two states
  // Called now and then. Returns false to end the search.
  std::function<bool(const Progress&)> tell;
  // Called with each signature when it is found first. Returns false to end the search.
  std::function<bool(const std::string&)> found;
};

// A violation, a schedule that shows it, and what fails in that before it shows.
struct FoundViolation {
  std::string signature;
  Schedule schedule;
  Need need;
};

// Why a search ended before it was complete.
enum class Ended : uint8_t { kComplete, kMemory, kStopped };

struct Explored {
  Ended ended = Ended::kComplete;
  Progress progress;
  // By kind of departure: how often one was left out because the bound was used up.
  std::array<uint64_t, kDepartures> cut = {};
  // The set of the states in which runs ended: how many, and two sums of their hashes, which do not depend on order.
  uint64_t final_states = 0;
  uint64_t final_sum = 0, final_xor = 0;
  std::vector<FoundViolation> found;  // in the order of their signatures
};

class Explorer {
 public:
  // `subject` and `sim` must outlive the explorer.
  Explorer(const subject& subject, Sim& sim);
  ~Explorer();

  // Searches the runs of the scenario. Deviations and policy of the schedule are left out. REQUIRES: `scenario` is
  // valid; kCanRewind.
  Explored Explore(const Schedule& scenario, const ExploreOptions& options);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace nofail
#endif  // NOFAIL_FUZZ_EXPLORE_EXPLORER_H_
