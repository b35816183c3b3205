// SPDX-License-Identifier: MIT
#include "fuzz/explore/visited.h"

#include <algorithm>
#include <bit>

#include "fuzz/explore/bounds.h"

namespace nofail {

namespace {

constexpr size_t kFirstSlots = 1 << 12;
constexpr size_t kSlotBytes = sizeof(StateHash) + sizeof(uint32_t);

}  // namespace

// While the table grows, the old one is there as well, with half the slots.
Visited::Visited(size_t bytes) : most_entries_(std::max(kFirstSlots, std::bit_floor(bytes * 2 / 3 / kSlotBytes))) {
  Clear();
}

void Visited::Clear() {
  hashes_.assign(kFirstSlots, {});
  bounds_.assign(kFirstSlots, 0);
  hashes_.shrink_to_fit();
  bounds_.shrink_to_fit();
  shift_ = 64 - std::countr_zero(kFirstSlots);
  entries_ = states_ = 0;
}

Visited::Answer Visited::Visit(StateHash state, uint32_t bounds) {
  if (state == StateHash{}) state.low = 1;
  if ((entries_ + 1) * 4 > hashes_.size() * 3 && !Grow()) return Answer::kFull;
  bool is_known = false;
  size_t slot = Home(state);
  for (; hashes_[slot] != StateHash{}; slot = (slot + 1) & (hashes_.size() - 1)) {
    if (hashes_[slot] != state) continue;
    is_known = true;
    if (Covers(bounds_[slot], bounds)) return Answer::kSeen;
    if (!Covers(bounds, bounds_[slot])) continue;
    bounds_[slot] = bounds;
    return Answer::kNew;
  }
  hashes_[slot] = state;
  bounds_[slot] = bounds;
  ++entries_;
  states_ += !is_known;
  return Answer::kNew;
}

bool Visited::Grow() {
  if (hashes_.size() * 2 > most_entries_) return false;
  std::vector<StateHash> hashes(hashes_.size() * 2);
  std::vector<uint32_t> bounds(hashes.size());
  hashes.swap(hashes_);
  bounds.swap(bounds_);
  --shift_;
  for (size_t i = 0; i < hashes.size(); ++i) {
    if (hashes[i] == StateHash{}) continue;
    size_t slot = Home(hashes[i]);
    while (hashes_[slot] != StateHash{}) slot = (slot + 1) & (hashes_.size() - 1);
    hashes_[slot] = hashes[i];
    bounds_[slot] = bounds[i];
  }
  return true;
}

}  // namespace nofail
