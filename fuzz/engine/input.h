// SPDX-License-Identifier: MIT
//
// Inputs of fuzz targets as schedules. An input is decoded into a schedule to be run, and it is mutated by mutating the
// schedule that it encodes.
#ifndef NOFAIL_FUZZ_ENGINE_INPUT_H_
#define NOFAIL_FUZZ_ENGINE_INPUT_H_

#include <cstddef>
#include <cstdint>
#include <span>

#include "fuzz/schedule/codec.h"
#include "fuzz/schedule/mutate.h"

namespace nofail {

// Decodes an input. If the input is text that parses as a schedule, the result is that schedule, unchanged. Otherwise
// the input is decoded as bytes, and the schedule is made to fit the profile.
void DecodeInput(Profile profile, std::span<const uint8_t> input, Schedule* schedule);

// What the caller provides for mutation.
struct Mutation {
  Profile profile;
  // The engine's own mutation of bytes, which uses its dictionary and the comparisons that it observed. It changes
  // `data` in place and returns the new size. Null where the engine has none.
  size_t (*mutate_bytes)(uint8_t* data, size_t size, size_t max_size);
  // Runs the schedule and returns the answers that were not the default. They are valid until the next call. Null where
  // no schedule can be run.
  RunFacts (*run)(const Schedule& schedule);
};

// Changes the input in place and returns its new size, at most max_size bytes. `seed` decides at random between three
// ways: forget the input and write a few random bytes; let the engine mutate the bytes; or apply one mutator to the
// schedule that the input encodes (fuzz/schedule/mutate.h). In the last two ways the schedule mostly gets a new policy,
// too. The bytes stay as they are when no mutator finds anything to do and the engine has no mutation.
size_t MutateInput(const Mutation& mutation, uint8_t* data, size_t size, size_t max_size, uint32_t seed);

// Crosses two inputs: writes to `out` the first input's schedule with a task of the second one's. Returns the size in
// bytes, or 0 when the schedules cannot be crossed or the result does not fit `out`.
size_t CrossInputs(Profile profile, std::span<const uint8_t> first, std::span<const uint8_t> second,
                   std::span<uint8_t> out, uint32_t seed);

}  // namespace nofail
#endif  // NOFAIL_FUZZ_ENGINE_INPUT_H_
