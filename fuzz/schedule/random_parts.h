// SPDX-License-Identifier: MIT
//
// Random parts of schedules, for what makes new ones (generate.cc) and what changes old ones (mutate.cc). What is drawn
// need not be valid: Normalize repairs. Internal to fuzz/schedule.
#ifndef NOFAIL_FUZZ_SCHEDULE_RANDOM_PARTS_H_
#define NOFAIL_FUZZ_SCHEDULE_RANDOM_PARTS_H_

#include <vector>

#include "fuzz/schedule/rng.h"
#include "fuzz/schedule/schedule.h"

namespace nofail {

// An index into `items`. REQUIRES: there are some.
template <typename T>
uint8_t RandomIndex(const std::vector<T>& items, Rng& rng) {
  return static_cast<uint8_t>(rng.Below(static_cast<uint32_t>(items.size())));
}

inline Op RandomOp(const Schedule& s, OpKind kind, Rng& rng) {
  return {.kind = kind,
          .map = RandomIndex(s.maps, rng),
          .owner = RandomIndex(s.owners, rng),
          .other = RandomIndex(s.owners, rng),
          .flags = static_cast<uint8_t>(rng.OneIn(3) ? rng.Below(8) : 0),
          .sleepable = rng.OneIn(6)};
}

// Where a choice comes up, and who is to run: the schedule's own tasks mostly, sometimes a callback.
inline OpRef RandomOpRef(const Schedule& s, Rng& rng) {
  const auto small = [&rng] { return static_cast<uint8_t>(rng.Below(4)); };
  if (rng.OneIn(6)) {
    uint32_t kind = rng.OneIn(2) ? KERNEL_SELEM : KERNEL_STORAGE;
    return {static_cast<uint8_t>(kFirstCallback + kind), small()};
  }
  if (rng.OneIn(12)) return {rng.OneIn(2) ? kSetup : kEnd, small()};
  return {static_cast<uint8_t>(kTaskA + rng.Below(static_cast<uint32_t>(s.tasks.size()))), small()};
}

// Of a choice within its op: the first few, or somewhere in an op of usual length.
inline uint16_t RandomOrdinal(Rng& rng) {
  return static_cast<uint16_t>(1 + rng.Below(rng.OneIn(2) ? 3 : 60));
}

}  // namespace nofail
#endif  // NOFAIL_FUZZ_SCHEDULE_RANDOM_PARTS_H_
