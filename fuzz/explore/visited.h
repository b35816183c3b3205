// SPDX-License-Identifier: MIT
//
// The states that a search has been in: a hash table of 128-bit hashes, each with the bounds that were left there.
//
// A state is not gone into again when it was gone into with at least as much left of each bound. With more left of some
// bound, more is possible there, so it is gone into again. Then it has several entries, of which none covers another.
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

class Visited {
 public:
  // Takes at most `bytes` of memory.
  explicit Visited(size_t bytes);

  enum class Answer { kNew, kSeen, kFull };
  // Notes that the search is in the state with these bounds left (Bounds::Pack). kSeen: nothing new can come of it.
  // kFull: there is no memory left to note it in.
  Answer Visit(StateHash state, uint32_t bounds);
  // How many different states there are.
  uint64_t states() const { return states_; }
  void Clear();

 private:
  // Doubles the table. Returns false when it may not grow.
  bool Grow();
  size_t Home(StateHash state) const { return state.low >> shift_; }

  const size_t most_entries_;
  std::vector<StateHash> hashes_;  // {0, 0}: the slot is empty
  std::vector<uint32_t> bounds_;   // by slot
  int shift_;                      // 64 - log2(slots)
  uint64_t entries_ = 0;
  uint64_t states_ = 0;
};

}  // namespace nofail
#endif  // NOFAIL_FUZZ_EXPLORE_VISITED_H_
