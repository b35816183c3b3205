// SPDX-License-Identifier: MIT
#include "fuzz/engine/input.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "fuzz/schedule/text.h"

namespace nofail {
namespace {

// Shares of mutations, in percent. docs/performance.md has the measurements behind them.
constexpr uint32_t kBytes = 25;  // the engine mutates the bytes
constexpr uint32_t kFresh = 50;  // the input is forgotten, and a few random bytes encode a usual scenario
// This share of all other mutations replaces the policy, too. Otherwise runs would differ too little from earlier runs.
constexpr uint32_t kReseeded = 75;
constexpr size_t kMaxFreshBytes = 8;
constexpr size_t kMaxGrownBytes = 256;  // the engine's mutation may let a smaller input grow to this size
constexpr int kTries = 8;               // how many mutators are tried when they find nothing to do

// Encodes the schedule into `out`, without its last deviations if it does not fit. Returns the size in bytes, or 0 when
// the schedule does not fit even without deviations.
size_t EncodeInto(Schedule* schedule, std::span<uint8_t> out) {
  std::vector<uint8_t> bytes = Encode(*schedule);
  while (bytes.size() > out.size() && !schedule->deviations.empty()) {
    schedule->deviations.pop_back();
    bytes = Encode(*schedule);
  }
  if (bytes.size() > out.size()) return 0;
  std::copy(bytes.begin(), bytes.end(), out.begin());
  return bytes.size();
}

// Applies one mutator to the schedule that the input encodes. Returns the new size, or 0 when no mutator found anything
// to do or the result does not fit.
size_t MutateSchedule(const Mutation& mutation, uint8_t* data, size_t size, size_t max_size, Rng& rng) {
  Schedule schedule;
  DecodeInput(mutation.profile, {data, size}, &schedule);
  for (int i = 0; i < kTries; ++i) {
    const Mutator& mutator = PickMutator(Mutators(), rng);
    RunFacts facts;
    if (mutator.wants_facts && mutation.run != nullptr) facts = mutation.run(schedule);
    if (!Apply(mutator, mutation.profile, facts, rng, &schedule)) continue;
    if (!mutator.wants_facts && rng.Below(100) < kReseeded) schedule.policy = UsualPolicy(rng.Next());
    return EncodeInto(&schedule, {data, max_size});
  }
  return 0;
}

// Replaces the input by a few random bytes. Returns the new size.
size_t FreshInput(uint8_t* data, size_t max_size, Rng& rng) {
  const size_t size = std::min<size_t>(max_size, 1 + rng.Below(kMaxFreshBytes));
  for (size_t i = 0; i < size; ++i) data[i] = static_cast<uint8_t>(rng.Next());
  return size;
}

// Lets the engine mutate the bytes, and mostly gives the schedule that they encode a new policy. Returns the new size.
size_t MutateBytes(const Mutation& mutation, uint8_t* data, size_t size, size_t max_size, Rng& rng) {
  if (mutation.mutate_bytes == nullptr) return size;
  size = mutation.mutate_bytes(data, size, std::min<size_t>(max_size, std::max<size_t>(size, kMaxGrownBytes)));
  if (rng.Below(100) >= kReseeded) return size;
  Schedule schedule;
  DecodeInput(mutation.profile, {data, size}, &schedule);
  schedule.policy = UsualPolicy(rng.Next());
  const size_t got = EncodeInto(&schedule, {data, max_size});
  return got != 0 ? got : size;
}

}  // namespace

void DecodeInput(Profile profile, std::span<const uint8_t> input, Schedule* schedule) {
  const absl::string_view text(reinterpret_cast<const char*>(input.data()), input.size());
  if (!text.empty() && absl::string_view("n# \t\r\n").find(text[0]) != absl::string_view::npos) {
    if (absl::StatusOr<ScheduleFile> file = ParseText(text, "input"); file.ok()) {
      *schedule = std::move(file->schedule);
      return;
    }
  }
  Decode(input, profile, schedule);
  FitToProfile(schedule, profile);
}

size_t MutateInput(const Mutation& mutation, uint8_t* data, size_t size, size_t max_size, uint32_t seed) {
  Rng rng(seed);
  const uint32_t share = rng.Below(100);
  if (share < kFresh) return FreshInput(data, max_size, rng);
  if (share >= kFresh + kBytes || mutation.mutate_bytes == nullptr) {
    if (const size_t got = MutateSchedule(mutation, data, size, max_size, rng); got != 0) return got;
  }
  return MutateBytes(mutation, data, size, max_size, rng);
}

size_t CrossInputs(Profile profile, std::span<const uint8_t> first, std::span<const uint8_t> second,
                   std::span<uint8_t> out, uint32_t seed) {
  Rng rng(seed);
  Schedule schedule, other;
  DecodeInput(profile, first, &schedule);
  DecodeInput(profile, second, &other);
  return Splice(other, profile, rng, &schedule) ? EncodeInto(&schedule, out) : 0;
}

}  // namespace nofail
