// SPDX-License-Identifier: MIT
//
// The bounds of a search: how many departures of each kind a run may have.
#ifndef NOFAIL_FUZZ_EXPLORE_BOUNDS_H_
#define NOFAIL_FUZZ_EXPLORE_BOUNDS_H_

#include <array>
#include <cstdint>

#include "core/kernel/sim/choice.h"

namespace nofail {

// A departure is an answer that is not the default. These are counted:
enum class Departure : uint8_t {
  kPreemption,   // another task runs, although the one that ran could go on
  kLock,         // a lock attempt fails, and would not have failed by default
  kAllocation,   // an allocation fails
  kGracePeriod,  // a grace period that a task waits for ends later than it could
  kRestart,      // rescheduling is due
};
inline constexpr int kDepartures = 5;

// How many answers to the question the search tries; 1: it takes the default.
//
// How late a callback's grace period ends makes no difference, because the callback may run arbitrarily late anyway. A
// task that waits for a grace period may go on arbitrarily late as well, but it enters no reader section before, so
// others can pass a wait of their own. One task switch gives them the opportunity. What ends a kfree_rcu, or what ops
// poll for, ends at any of the times that the simulator has.
uint16_t AnswersTo(const Choice& choice);

// The departure that an answer other than the default is, as a number; kDepartures when it is none.
int DepartureOf(const Choice& choice);

// How many departures are left, by kind, and `all`: of all kinds together.
struct Bounds {
  // The largest bound. It stands for "no bound": a departure does not use it up.
  static constexpr uint8_t kUnbounded = 31;

  std::array<uint8_t, kDepartures> left = {kUnbounded, kUnbounded, kUnbounded, kUnbounded, 1};
  uint8_t all = kUnbounded;
  auto operator<=>(const Bounds&) const = default;

  uint8_t of(Departure kind) const { return left[static_cast<int>(kind)]; }
  uint8_t& of(Departure kind) { return left[static_cast<int>(kind)]; }
  bool Allow(Departure kind) const { return of(kind) != 0 && all != 0; }
  void Use(Departure kind) {
    if (of(kind) != kUnbounded) --of(kind);
    if (all != kUnbounded) --all;
  }
  // Five bits for each bound.
  uint32_t Pack() const {
    uint32_t packed = all;
    for (const uint8_t bound : left) packed = packed << 5 | bound;
    return packed;
  }
  static Bounds Unpack(uint32_t packed) {
    Bounds bounds;
    for (int i = kDepartures; i-- > 0; packed >>= 5) bounds.left[static_cast<size_t>(i)] = packed & 31;
    bounds.all = packed & 31;
    return bounds;
  }
};

// Whether each of the packed bounds is at least as large as that of `other`.
inline bool Covers(uint32_t packed, uint32_t other) {
  for (int i = 0; i <= kDepartures; ++i, packed >>= 5, other >>= 5) {
    if ((packed & 31) < (other & 31)) return false;
  }
  return true;
}

}  // namespace nofail
#endif  // NOFAIL_FUZZ_EXPLORE_BOUNDS_H_
