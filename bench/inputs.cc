// SPDX-License-Identifier: MIT
#include "bench/inputs.h"

#include "fuzz/schedule/rng.h"

namespace nofail {
namespace {

constexpr size_t kShortest = 32;
constexpr size_t kLongest = 160;

std::vector<Input> MakeInputs(Profile profile) {
  Rng rng(1);
  Schedule schedule;
  std::vector<Input> inputs;
  while (inputs.size() < kInputs) {
    Input input(kShortest + rng.Below(kLongest - kShortest));
    for (uint8_t& byte : input) byte = static_cast<uint8_t>(rng.Next());
    DecodeAndFit(input, profile, &schedule);
    if (schedule.tasks.size() == 2) inputs.push_back(input);
  }
  return inputs;
}

}  // namespace

void DecodeAndFit(const Input& input, Profile profile, Schedule* schedule) {
  Decode(input, profile, schedule);
  Fit(schedule, profile);
}

const std::vector<Input>& TwoTaskInputs(Profile profile) {
  static const std::vector<Input> teardown = MakeInputs(Profile::kTeardown);
  static const std::vector<Input> lifecycle = MakeInputs(Profile::kLifecycle);
  return profile == Profile::kTeardown ? teardown : lifecycle;
}

}  // namespace nofail
