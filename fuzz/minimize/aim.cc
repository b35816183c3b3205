// SPDX-License-Identifier: MIT
#include "fuzz/minimize/aim.h"

#include <optional>
#include <utility>

#include "fuzz/minimize/edit.h"
#include "fuzz/minimize/order.h"

namespace nofail {
namespace {

// TryReaimed tries each ordinal of a preemption from 1 to less than this far behind its old ordinal.
constexpr uint16_t kReaim = 16;
// TryOpsShifted moves the deviations of an op together, earlier and later, by up to so many scheduling points and lock
// attempts.
constexpr int kShiftedPoints = 8;
constexpr int kShiftedLocks = 1;

// Returns `candidate` with other ordinals for some deviations of the op that `first` is about: `points` is added to the
// ordinals of its preemptions, and `locks` to those of its lock attempts. Deviations of the kind of `first` change only
// from `first` on; those of the other kind all change. Returns nothing when an ordinal would be below 1.
std::optional<Schedule> WithOpShifted(Schedule candidate, const Deviation& first, int points, int locks) {
  for (Deviation& d : candidate.deviations) {
    if (d.where != first.where || (d.kind == first.kind && d.ordinal < first.ordinal)) continue;
    const int ordinal = d.ordinal + (d.kind == ChoiceKind::kPreempt ? points : d.kind == ChoiceKind::kLock ? locks : 0);
    if (ordinal < 1) return std::nullopt;
    d.ordinal = static_cast<uint16_t>(ordinal);
  }
  Normalize(&candidate);
  return candidate;
}

// Tries `candidate` with the later deviations of one op moved together. An op that waits for a lock passes more
// scheduling points and attempts the lock a second time. So when a dropped deviation made the op wait (or when the op
// waits only now), what the op does later has other ordinals.
bool TryOpsShifted(Search* s, const Schedule& candidate) {
  for (const Deviation& first : candidate.deviations) {
    if (first.kind != ChoiceKind::kPreempt && first.kind != ChoiceKind::kLock) continue;
    const int most_points = first.kind == ChoiceKind::kPreempt ? kShiftedPoints : 0;
    for (int locks = -kShiftedLocks; locks <= kShiftedLocks; ++locks) {
      for (int points = -most_points; points <= most_points; ++points) {
        const std::optional<Schedule> shifted = WithOpShifted(candidate, first, points, locks);
        if (shifted && s->Try(*shifted)) return true;
      }
    }
  }
  return false;
}

}  // namespace

bool TryReaimed(Search* s, const Schedule& candidate) {
  if (s->Try(candidate) || TryOpsShifted(s, candidate)) return true;
  for (size_t i = 0; i < candidate.deviations.size(); ++i) {
    if (candidate.deviations[i].kind != ChoiceKind::kPreempt) continue;
    const uint16_t last = static_cast<uint16_t>(candidate.deviations[i].ordinal + kReaim);
    for (uint16_t ordinal = 1; ordinal < last; ++ordinal) {
      Schedule reaimed = candidate;
      reaimed.deviations[i].ordinal = ordinal;
      Normalize(&reaimed);
      if (s->Try(reaimed)) return true;
    }
  }
  return false;
}

bool TryMoved(Search* s, const Drop& drop) {
  const Schedule whole = s->best();
  for (size_t i = 0; i < whole.deviations.size(); ++i) {
    const Deviation& moved = whole.deviations[i];
    const uint16_t last = moved.kind == ChoiceKind::kPreempt ? kMovedPoints : uint16_t{1};
    for (const OpRef& to : AllOps(whole)) {
      if (to.task == kSetup || to == moved.where) continue;
      for (uint16_t ordinal = 0; ordinal <= last; ++ordinal) {  // 0 stands for the same ordinal
        const Schedule candidate = drop(WithDeviationMoved(whole, i, to, ordinal == 0 ? moved.ordinal : ordinal));
        // Not shorter: what was to go is what was moved.
        if (SentencesOf(candidate) < SentencesOf(whole) && s->Try(candidate)) return true;
      }
    }
  }
  return false;
}

}  // namespace nofail
