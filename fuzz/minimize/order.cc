// SPDX-License-Identifier: MIT
#include "fuzz/minimize/order.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstdlib>
#include <tuple>

namespace nofail {
namespace {

// How many ops the tasks have together.
size_t TaskOps(const Schedule& s) {
  size_t count = 0;
  for (const std::vector<Op>& task : s.tasks) count += task.size();
  return count;
}

// The sum of word(item) over the items.
template <typename Word>
size_t Sum(const auto& items, Word word) {
  size_t sum = 0;
  for (const auto& item : items) sum += static_cast<size_t>(word(item));
  return sum;
}

// How many keywords the op has after its operands.
size_t OpKeywords(const Op& op) {
  return static_cast<size_t>(std::popcount(op.flags) + op.sleepable);
}

// How many keywords and attributes the schedule has beyond those of the plainest map, owner, op and modes.
size_t Keywords(const Schedule& s) {
  size_t keywords = Sum(s.maps, [](const MapSpec& map) { return std::popcount(map.fields) + map.clone; });
  keywords += Sum(s.owners, [](const OwnerSpec& owner) { return owner.optmem != 0; });
  keywords += Sum(s.setup, OpKeywords);
  for (const std::vector<Op>& task : s.tasks) keywords += Sum(task, OpKeywords);
  return keywords + (s.modes.cpus != Modes{}.cpus);
}

// The sum of all numbers that a person reads, such as value sizes, buckets, ordinals and answers. The answer of a
// preemption does not count, because it names a task.
size_t Numbers(const Schedule& s) {
  size_t numbers = Sum(s.maps, [](const MapSpec& map) { return map.bytes / 8 + map.type; });
  numbers += Sum(s.owners, [](const OwnerSpec& owner) { return owner.bucket + owner.optmem + owner.type; });
  numbers += static_cast<size_t>(std::abs(s.modes.cpus - Modes{}.cpus));
  return numbers + Sum(s.deviations,
                       [](const Deviation& d) { return d.ordinal + (d.kind == ChoiceKind::kPreempt ? 0 : d.answer); });
}

// What IsSimpler compares first, the most important measure first.
auto Measures(const Schedule& s) {
  const size_t failures = Sum(s.deviations, [](const Deviation& d) { return d.kind != ChoiceKind::kPreempt; });
  return std::array<size_t, 9>{s.modes.locks == LockMode::kAny,
                               s.modes.memory == MemoryMode::kWeak,
                               !s.modes.preemptible_rcu,
                               SentencesOf(s),
                               s.tasks.size(),
                               TaskOps(s),
                               failures,
                               Keywords(s),
                               Numbers(s)};
}

}  // namespace

size_t OpsIn(const Schedule& s) {
  return s.setup.size() + TaskOps(s);
}

size_t SentencesOf(const Schedule& s) {
  return s.maps.size() + s.owners.size() + s.tasks.size() + OpsIn(s) + s.deviations.size() +
         (s.policy.kind != PolicyKind::kNone);
}

bool IsSimpler(const Schedule& a, const Schedule& b) {
  const auto left = Measures(a), right = Measures(b);
  if (left != right) return left < right;
  return std::tie(a.deviations, a.maps, a.owners, a.setup, a.tasks, a.modes, a.policy) <
         std::tie(b.deviations, b.maps, b.owners, b.setup, b.tasks, b.modes, b.policy);
}

}  // namespace nofail
