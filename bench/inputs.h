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

}  // namespace nofail
#endif  // NOFAIL_BENCH_INPUTS_H_
