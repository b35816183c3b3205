// SPDX-License-Identifier: MIT
#include "fuzz/listing/shifted.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <numeric>
#include <optional>
#include <tuple>
#include <utility>
#include <vector>

#include "fuzz/schedule/rng.h"

namespace nofail {
namespace {

// Indexes of the deviations whose ordinals are shifted together.
using Group = std::vector<size_t>;

// Groups of deviations that say when tasks switch come first, because every access is such a question.
std::vector<Group> GroupsIn(const Schedule& schedule, Reach reach) {
  const std::vector<Deviation>& all = schedule.deviations;
  std::vector<Group> groups;
  for (const bool is_switch : {true, false}) {
    for (size_t i = 0; i < all.size(); ++i) {
      if ((all[i].kind == ChoiceKind::kPreempt) != is_switch) continue;
      const auto same = std::find_if(groups.begin(), groups.end(), [&](const Group& group) {
        const Deviation& first = all[group[0]];
        return !reach.apart && first.where == all[i].where && first.kind == all[i].kind;
      });
      if (same == groups.end()) {
        groups.push_back({i});
      } else {
        same->push_back(i);
      }
    }
  }
  if (groups.size() > reach.groups) groups.resize(reach.groups);
  return groups;
}

// A shift for each group.
using Shifts = std::vector<int>;

int DistanceOf(const Shifts& shifts) {
  return std::accumulate(shifts.begin(), shifts.end(), 0, [](int sum, int shift) { return sum + std::abs(shift); });
}

// All combinations but the one without a shift, the nearest first.
std::vector<Shifts> AllShifts(size_t groups, int most) {
  std::vector<Shifts> all = {{}};
  for (size_t i = 0; i < groups; ++i) {
    std::vector<Shifts> longer;
    for (const Shifts& shifts : all) {
      for (int shift = -most; shift <= most; ++shift) {
        longer.push_back(shifts);
        longer.back().push_back(shift);
      }
    }
    all = std::move(longer);
  }
  std::sort(all.begin(), all.end(), [](const Shifts& a, const Shifts& b) {
    const int to_a = DistanceOf(a), to_b = DistanceOf(b);
    return std::tie(to_a, a) < std::tie(to_b, b);
  });
  all.erase(all.begin());
  return all;
}

// Nothing when an ordinal would be out of range, or two deviations would answer one question.
std::optional<Schedule> Shifted(Schedule schedule, const std::vector<Group>& groups, const Shifts& shifts) {
  for (size_t i = 0; i < groups.size(); ++i) {
    for (const size_t index : groups[i]) {
      uint16_t& ordinal = schedule.deviations[index].ordinal;
      ordinal = static_cast<uint16_t>(ordinal + shifts[i]);
    }
  }
  std::sort(schedule.deviations.begin(), schedule.deviations.end());
  if (!Problem(schedule).empty()) return std::nullopt;
  return schedule;
}

// How far AnyScattered shifts ordinals. Between two attempts on a lock there are many scheduling points.
constexpr int kScatteredPoints = 8, kScatteredOthers = 2;

// A shift for the ordinal of the deviation: none in one of three cases.
int RandomShift(const Deviation& deviation, Rng* rng) {
  const int most = deviation.kind == ChoiceKind::kPreempt ? kScatteredPoints : kScatteredOthers;
  return rng->OneIn(3) ? 0 : static_cast<int>(rng->Below(static_cast<uint32_t>(2 * most + 1))) - most;
}

}  // namespace

bool AnyShifted(const Schedule& schedule, Reach reach, const std::function<bool(const Schedule&)>& try_one) {
  const std::vector<Group> groups = GroupsIn(schedule, reach);
  const std::vector<Shifts> all = AllShifts(groups.size(), reach.shift);
  return std::any_of(all.begin(), all.end(), [&](const Shifts& shifts) {
    const std::optional<Schedule> shifted = Shifted(schedule, groups, shifts);
    return shifted && try_one(*shifted);
  });
}

bool AnyScattered(const Schedule& schedule, int count, const std::function<bool(const Schedule&)>& try_one) {
  const std::vector<Deviation>& all = schedule.deviations;
  std::vector<Group> groups;
  for (size_t i = 0; i < all.size(); ++i) groups.push_back({i});
  Rng rng(1);
  for (int i = 0; i < count && !groups.empty(); ++i) {
    Shifts shifts;
    for (const Deviation& deviation : all) shifts.push_back(RandomShift(deviation, &rng));
    const std::optional<Schedule> shifted = Shifted(schedule, groups, shifts);
    if (shifted && try_one(*shifted)) return true;
  }
  return false;
}

}  // namespace nofail
