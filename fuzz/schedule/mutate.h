// SPDX-License-Identifier: MIT
//
// Small changes to a schedule: a table of named mutators, and a crossover of two schedules.
//
// STANDS FOR: a fuzzing engine's mutation of an input. An engine changes bytes; a mutator changes ops, tasks, objects,
// deviations or the policy. Mutators know no engine: fuzz/engine/input.h decodes the input, applies mutators and
// encodes the result.
// GUARANTEES of Apply and Splice: the result is valid and fits the profile. The same schedule, facts and Rng give the
// same result. A mutator that moves an op to another index or task moves the op's deviations with it.
#ifndef NOFAIL_FUZZ_SCHEDULE_MUTATE_H_
#define NOFAIL_FUZZ_SCHEDULE_MUTATE_H_

#include <span>

#include "fuzz/schedule/codec.h"
#include "fuzz/schedule/rng.h"
#include "fuzz/schedule/schedule.h"

namespace nofail {

// What a run of the schedule has shown. Only mutators with `wants_facts` read it.
struct RunFacts {
  // Every answer of the run that was not the default, also those of the policy. May be empty. Borrowed.
  std::span<const Deviation> answers;
};

struct Mutator {
  const char* name;
  // PickMutator returns the mutator with probability `weight` / (sum of all weights of the table).
  uint32_t weight;
  // Changes the schedule, and may leave it invalid or half changed: call it through Apply. Returns false when the
  // mutator cannot change this schedule, for example because a mutator of deviations finds none.
  bool (*apply)(Schedule* schedule, const RunFacts& facts, Rng& rng);
  bool wants_facts = false;  // the mutator does nothing when the facts are empty
};

// The table of all mutators.
std::span<const Mutator> Mutators();

// Returns a random mutator of the table, by weight. REQUIRES: some weight is not 0.
const Mutator& PickMutator(std::span<const Mutator> table, Rng& rng);

// Applies the mutator, makes the result valid and fits it to the profile. Returns false when the schedule is the same
// as before.
bool Apply(const Mutator& mutator, Profile profile, const RunFacts& facts, Rng& rng, Schedule* schedule);

// Copies a random task of `other`, with its deviations, into the schedule. The copy replaces one of the schedule's
// tasks or becomes a new task. Maps and owners that only `other` has come along with their set-up ops. Sometimes the
// policy of `other` comes along too. Returns false when the schedule is the same as before.
bool Splice(const Schedule& other, Profile profile, Rng& rng, Schedule* schedule);

}  // namespace nofail
#endif  // NOFAIL_FUZZ_SCHEDULE_MUTATE_H_
