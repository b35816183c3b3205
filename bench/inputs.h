// SPDX-License-Identifier: MIT
//
// The inputs that every benchmark runs: the same pseudo-random bytes for the engine and for the usual way.
#ifndef NOFAIL_BENCH_INPUTS_H_
#define NOFAIL_BENCH_INPUTS_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "fuzz/schedule/codec.h"

namespace nofail {

using Input = std::vector<uint8_t>;

// What a target makes of its input.
void DecodeAndFit(const Input& input, Profile profile, Schedule* schedule);

// kInputs inputs that become schedules of the profile with two tasks, which is what the promises speak of.
const std::vector<Input>& TwoTaskInputs(Profile profile);
inline constexpr size_t kInputs = 256;

// A libFuzzer input as the plain two-task teardown; valid until the next call.
//
//   map m0, owner o0; setup: update m0 o0; task A: map_free m0; task B: destroy o0
//
// The input only says how that goes: each 6 bytes are a deviation, and all of them together make the policy. (The
// inputs of nofail_teardown_fuzzer start from three tasks and grow, so how many of them it runs in a second depends on
// what it happens to keep.)
const Input& TwoTaskInput(const uint8_t* data, size_t size);

}  // namespace nofail
#endif  // NOFAIL_BENCH_INPUTS_H_
