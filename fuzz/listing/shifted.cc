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

namespace nofail {
namespace {

// Deviations whose ordinals are shifted together: those of one kind in one op, since their questions are counted
// together. Those that say when tasks switch come first, because every access is such a question.
struct Group {
  OpRef where;
  ChoiceKind kind;
  bool operator==(const Group&) const = default;
};

std::vector<Group> GroupsIn(const Schedule& schedule, size_t most) {
  std::vector<Group> groups;
  for (const bool is_switch : {true, false}) {
    for (const Deviation& d : schedule.deviations) {
      const Group group = {d.where, d.kind};
      if ((d.kind == ChoiceKind::kPreempt) != is_switch) continue;
      if (std::find(groups.begin(), groups.end(), group) == groups.end()) groups.push_back(group);
    }
  }
  if (groups.size() > most) groups.resize(most);
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

// Nothing when an ordinal would be out of range.
std::optional<Schedule> Shifted(Schedule schedule, const std::vector<Group>& groups, const Shifts& shifts) {
  for (Deviation& d : schedule.deviations) {
    const auto group = std::find(groups.begin(), groups.end(), Group{d.where, d.kind});
    if (group == groups.end()) continue;
    d.ordinal = static_cast<uint16_t>(d.ordinal + shifts[static_cast<size_t>(group - groups.begin())]);
  }
  if (!Problem(schedule).empty()) return std::nullopt;
  return schedule;
}

}  // namespace

bool AnyShifted(const Schedule& schedule, Reach reach, const std::function<bool(const Schedule&)>& try_one) {
  const std::vector<Group> groups = GroupsIn(schedule, reach.groups);
  const std::vector<Shifts> all = AllShifts(groups.size(), reach.shift);
  return std::any_of(all.begin(), all.end(), [&](const Shifts& shifts) {
    const std::optional<Schedule> shifted = Shifted(schedule, groups, shifts);
    return shifted && try_one(*shifted);
  });
}

}  // namespace nofail
