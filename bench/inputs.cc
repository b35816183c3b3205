// SPDX-License-Identifier: MIT
#include "bench/inputs.h"

#include "fuzz/schedule/rng.h"

namespace nofail {
namespace {

// Bounds of the length of an input, in bytes. kLongest itself does not occur.
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
  FitToProfile(schedule, profile);
}

const std::vector<Input>& TwoTaskInputs(Profile profile) {
  static const std::vector<Input> teardown = MakeInputs(Profile::kTeardown);
  static const std::vector<Input> lifecycle = MakeInputs(Profile::kLifecycle);
  return profile == Profile::kTeardown ? teardown : lifecycle;
}

const Input& TwoTaskInput(const uint8_t* data, size_t size) {
  constexpr uint8_t kDeviation = 1;  // the first byte of a deviation's record (codec.cc)
  constexpr size_t kOperands = 6;    // bytes of operands in the record of a deviation, and in that of a policy
  static const Input scenario = [] {
    Input bytes = Encode({.maps = {{}},
                          .owners = {{}},
                          .setup = {{.kind = OpKind::kUpdate}},
                          .tasks = {{{.kind = OpKind::kMapFree}}, {{.kind = OpKind::kDestroy}}}});
    bytes.resize(bytes.size() - 1 - kOperands);  // takes off the policy's record, which comes last
    return bytes;
  }();
  static Input input;
  input.assign(scenario.begin(), scenario.end());
  for (; size >= kOperands; data += kOperands, size -= kOperands) {
    input.push_back(kDeviation);
    input.insert(input.end(), data, data + kOperands);
  }
  return input;
}

}  // namespace nofail
