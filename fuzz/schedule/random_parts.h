// SPDX-License-Identifier: MIT
//
// Random parts of schedules, for the generator (generate.cc) and the mutators (mutate.cc). The parts need not be valid:
// the caller repairs the schedule with Normalize. Internal to fuzz/schedule.
#ifndef NOFAIL_FUZZ_SCHEDULE_RANDOM_PARTS_H_
#define NOFAIL_FUZZ_SCHEDULE_RANDOM_PARTS_H_

#include <vector>

#include "fuzz/schedule/rng.h"
#include "fuzz/schedule/schedule.h"

namespace nofail {

// A random index into `items`. REQUIRES: `items` is not empty.
template <typename T>
uint8_t RandomIndex(const std::vector<T>& items, Rng& rng) {
  return static_cast<uint8_t>(rng.Below(static_cast<uint32_t>(items.size())));
}

// A random op of this kind.
inline Op RandomOp(const Schedule& s, OpKind kind, Rng& rng) {
  return {.kind = kind,
          .map = RandomIndex(s.maps, rng),
          .owner = RandomIndex(s.owners, rng),
          .other = RandomIndex(s.owners, rng),
          .flags = static_cast<uint8_t>(rng.OneIn(3) ? rng.Below(8) : 0),
          .sleepable = rng.OneIn(6)};
}

// A random op, for where a deviation is or which task a preemption switches to. Most are ops of the schedule's tasks.
// One in six is a callback, and a few are of the set-up or the end.
inline OpRef RandomOpRef(const Schedule& s, Rng& rng) {
  const auto small = [&rng] { return static_cast<uint8_t>(rng.Below(4)); };
  if (rng.OneIn(6)) {
    uint32_t kind = rng.OneIn(2) ? KERNEL_SELEM : KERNEL_STORAGE;
    return {static_cast<uint8_t>(kFirstCallback + kind), small()};
  }
  if (rng.OneIn(12)) return {rng.OneIn(2) ? kSetup : kEnd, small()};
  return {static_cast<uint8_t>(kTaskA + rng.Below(static_cast<uint32_t>(s.tasks.size()))), small()};
}

// A random ordinal of a choice within its op: one half from 1 to 3, the other half from 1 to 60, which is the length of
// a usual op.
inline uint16_t RandomOrdinal(Rng& rng) {
  return static_cast<uint16_t>(1 + rng.Below(rng.OneIn(2) ? 3 : 60));
}

}  // namespace nofail
#endif  // NOFAIL_FUZZ_SCHEDULE_RANDOM_PARTS_H_
