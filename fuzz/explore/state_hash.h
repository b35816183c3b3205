// SPDX-License-Identifier: MIT
//
// The hash of a state: of the machine (core/kernel/sim/state.h), of the World, of the subject's static variables, and
// of what the run has on its record (fuzz/check/record.h).
#ifndef NOFAIL_FUZZ_EXPLORE_STATE_HASH_H_
#define NOFAIL_FUZZ_EXPLORE_STATE_HASH_H_

#include <cstdint>
#include <span>
#include <vector>

#include "core/kernel/sim/state.h"
#include "fuzz/exec/world.h"
#include "fuzz/explore/visited.h"

namespace nofail {

class StateHasher {
 public:
  // Both must outlive the object.
  StateHasher(Sim& sim, World& world) : world_(world), reader_(sim) {}

  // To be called before a run of the scenario begins.
  void Begin(const Schedule& scenario, uint64_t seed);
  // The hash of the state of the run under way, which is paused at a question of this kind or has ended. `with_current`
  // says whether the task that asks is part of it.
  StateHash Hash(ChoiceKind question, bool with_current);

  // What of this a run changes (core/kernel/sim/rewind.h).
  std::span<char> live() { return {reinterpret_cast<char*>(&live_), sizeof(live_)}; }
  StateReader& reader() { return reader_; }

 private:
  void AppendWorld();
  void AddToRecord();

  World& world_;
  StateReader reader_;
  const Schedule* scenario_ = nullptr;
  uint64_t seed_ = 0;
  subject_range ranges_[SUBJECT_RANGES];
  size_t range_count_ = 0;
  struct {
    uint32_t events;   // that have been looked at
    uint64_t entries;  // on the record: a sum, because their order does not matter
  } live_ = {};
  std::vector<uint64_t> words_;
};

}  // namespace nofail
#endif  // NOFAIL_FUZZ_EXPLORE_STATE_HASH_H_
