// SPDX-License-Identifier: MIT
//
// Schedules that differ a little from one that was worth keeping: a table of small mutators, by name, and a crossover.
//
// STANDS FOR: what a fuzzing engine does to an input, on the level of what the input says. Knows no engine: the glue
// (fuzz/engine/mutator.cc) decodes, mutates and encodes.
// GUARANTEES: the result is valid and fits the profile; the same schedule, facts and Rng give the same result. Ops
// that move take their deviations with them.
#ifndef NOFAIL_FUZZ_SCHEDULE_MUTATE_H_
#define NOFAIL_FUZZ_SCHEDULE_MUTATE_H_

#include <span>

#include "fuzz/schedule/codec.h"
#include "fuzz/schedule/rng.h"
#include "fuzz/schedule/schedule.h"

namespace nofail {

// What a run of the schedule has shown, for the mutators that ask for it.
struct RunFacts {
  std::span<const Deviation> answers;  // every answer that was not the default one, the policy's included; may be empty
};

struct Mutator {
  const char* name;
  uint32_t weight;  // how often it is tried, against the others
  // Makes its change, which need not leave the schedule valid. False: there was nothing to change.
  bool (*apply)(Schedule* schedule, const RunFacts& facts, Rng& rng);
  bool wants_facts = false;  // does nothing without them
};

// All of them.
std::span<const Mutator> Mutators();

// A mutator of the table, each as likely as its weight says. REQUIRES: some weight is not 0.
const Mutator& PickMutator(std::span<const Mutator> table, Rng& rng);

// Applies one and repairs what it left. False: the schedule is as it was.
bool Apply(const Mutator& mutator, Profile profile, const RunFacts& facts, Rng& rng, Schedule* schedule);

// Puts a task of `other` into the schedule, with its deviations: in the place of one of its own or next to them. False:
// the schedule is as it was.
bool Splice(const Schedule& other, Profile profile, Rng& rng, Schedule* schedule);

}  // namespace nofail
#endif  // NOFAIL_FUZZ_SCHEDULE_MUTATE_H_
