// SPDX-License-Identifier: MIT
//
// The inputs of the benchmarks. The suite's own engine and the usual way (usual_way.h) run the same pseudo-random
// bytes, so that their speeds can be compared.
#ifndef NOFAIL_BENCH_INPUTS_H_
#define NOFAIL_BENCH_INPUTS_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "fuzz/schedule/codec.h"

namespace nofail {

using Input = std::vector<uint8_t>;  // the bytes that an engine hands to a fuzz target

// Decodes `input` as the profile's fuzz target does, and stores the schedule in *schedule.
void DecodeAndFit(const Input& input, Profile profile, Schedule* schedule);

// Returns kInputs inputs, each of which the profile decodes to a schedule with two tasks. The promised speeds are about
// such schedules (docs/performance.md). The inputs are the same in every process.
const std::vector<Input>& TwoTaskInputs(Profile profile);
inline constexpr size_t kInputs = 256;

// Turns the bytes that libFuzzer made into an input for the two-task teardown. The result is valid until the next call.
//
//   map m0, owner o0; setup: update m0 o0; task A: map_free m0; task B: destroy o0
//
// This scenario is fixed; the bytes of `data` only say how the two tasks interleave. Each group of 6 bytes becomes a
// deviation, and all bytes together determine the policy. (nofail_teardown_fuzzer is no good for measuring speed: its
// inputs start with three tasks and grow, so its executions per second depend on which inputs it happens to keep.)
const Input& TwoTaskInput(const uint8_t* data, size_t size);

}  // namespace nofail
#endif  // NOFAIL_BENCH_INPUTS_H_
