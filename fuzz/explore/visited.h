// SPDX-License-Identifier: MIT
//
// The states that a search has been in: a hash table of 128-bit hashes, each with the bounds that were left there.
//
// A state is not gone into again when it was gone into with at least as much left of each bound. With more left of some
// bound, more is possible there, so it is gone into again. Then it has several entries, of which none covers another.
//
// Which task runs is no part of a state here, but of an entry. To let another runnable task run on costs a preemption.
// So an entry covers one of another task, too, if it has a preemption more left. An entry does not cover what its
// sleeping tasks would have done.
#ifndef NOFAIL_FUZZ_EXPLORE_VISITED_H_
#define NOFAIL_FUZZ_EXPLORE_VISITED_H_

#include <cstddef>
#include <cstdint>
#include <vector>

namespace nofail {

struct StateHash {
  uint64_t low, high;
  bool operator==(const StateHash&) const = default;
};

// What was left when the search went into a state, and who ran.
struct Visit {
  uint32_t bounds;  // Bounds::Pack
  uint16_t task;    // who may run on without a preemption; 0: whoever is chosen
  uint16_t asleep;  // the tasks that the search does not let run next (explorer.h), as bits
  bool operator==(const Visit&) const = default;
};

class Visited {
 public:
  // Takes at most `bytes` of memory.
  explicit Visited(size_t bytes);

  enum class Answer { kNew, kSeen, kFull };
  // Notes that the search is in the state. kSeen: nothing new can come of it. kFull: there is no memory left to note it
  // in.
  // `missing` becomes the tasks that slept at an earlier visit with as much left, and do not sleep now; with kNew, it
  // becomes 0 if there was no such visit. Nothing but to let these run is new then.
  Answer Note(StateHash state, Visit visit, uint16_t* missing);
  // How many different states there are.
  uint64_t states() const { return states_; }
  void Clear();

 private:
  // Doubles the table. Returns false when it may not grow.
  bool Grow();
  size_t Home(StateHash state) const { return state.low >> shift_; }

  struct Slot {
    StateHash state;  // {0, 0}: the slot is empty
    Visit visit;
  };
  // An empty slot, or one of the state, from `slot` on.
  size_t Next(size_t slot, StateHash state) const;

  const size_t most_slots_;
  std::vector<Slot> slots_;
  int shift_;  // 64 - log2(slots)
  uint64_t entries_ = 0;
  uint64_t states_ = 0;
};

}  // namespace nofail
#endif  // NOFAIL_FUZZ_EXPLORE_VISITED_H_
