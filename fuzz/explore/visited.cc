// SPDX-License-Identifier: MIT
#include "fuzz/explore/visited.h"

#include <algorithm>
#include <bit>

#include "fuzz/explore/bounds.h"

namespace nofail {

namespace {

constexpr size_t kFirstSlots = 1 << 12;

// Whether all that can come of a state with `other` can come of it with `visit`, but for what sleeping tasks would do.
bool Includes(const Visit& visit, const Visit& other) {
  if (visit.task == other.task) return Covers(visit.bounds, other.bounds);
  Bounds left = Bounds::Unpack(visit.bounds);
  if (!left.Allow(Departure::kPreemption)) return false;
  left.Use(Departure::kPreemption);
  return Covers(left.Pack(), other.bounds);
}

}  // namespace

// While the table grows, the old one is there as well, with half the slots.
Visited::Visited(size_t bytes) : most_slots_(std::max(kFirstSlots, std::bit_floor(bytes * 2 / 3 / sizeof(Slot)))) {
  Clear();
}

void Visited::Clear() {
  slots_.assign(kFirstSlots, {});
  slots_.shrink_to_fit();
  shift_ = 64 - std::countr_zero(kFirstSlots);
  entries_ = states_ = 0;
}

size_t Visited::Next(size_t slot, StateHash state) const {
  while (slots_[slot].state != StateHash{} && slots_[slot].state != state) slot = (slot + 1) & (slots_.size() - 1);
  return slot;
}

Visited::Answer Visited::Note(StateHash state, Visit visit, uint16_t* missing) {
  if (state == StateHash{}) state.low = 1;
  if ((entries_ + 1) * 4 > slots_.size() * 3 && !Grow()) return Answer::kFull;
  const size_t home = Next(Home(state), state);
  const auto next = [&](size_t slot) { return Next((slot + 1) & (slots_.size() - 1), state); };
  *missing = 0;
  uint16_t asleep = visit.asleep;
  for (size_t slot = home; slots_[slot].state == state; slot = next(slot)) {
    const Visit& before = slots_[slot].visit;
    if (!Includes(before, visit)) continue;
    const auto awake_now = static_cast<uint16_t>(before.asleep & ~visit.asleep);
    if (awake_now == 0) return Answer::kSeen;
    if (*missing != 0 && std::popcount(awake_now) >= std::popcount(*missing)) continue;
    *missing = awake_now;
    asleep = before.asleep & visit.asleep;
  }
  visit.asleep = asleep;
  size_t slot = home;
  for (; slots_[slot].state == state; slot = next(slot)) {
    Visit& before = slots_[slot].visit;
    if (!Includes(visit, before) || (visit.asleep & ~before.asleep) != 0) continue;
    before = visit;
    return Answer::kNew;
  }
  slots_[slot] = {state, visit};
  ++entries_;
  states_ += slot == home;
  return Answer::kNew;
}

bool Visited::Grow() {
  if (slots_.size() * 2 > most_slots_) return false;
  std::vector<Slot> slots(slots_.size() * 2);
  slots.swap(slots_);
  --shift_;
  for (const Slot& old : slots) {
    if (old.state == StateHash{}) continue;
    size_t slot = Home(old.state);
    while (slots_[slot].state != StateHash{}) slot = (slot + 1) & (slots_.size() - 1);
    slots_[slot] = old;
  }
  return true;
}

}  // namespace nofail
