// SPDX-License-Identifier: MIT
//
// Inputs of fuzz targets as schedules, on the way in and from one input to the next.
#ifndef NOFAIL_FUZZ_ENGINE_INPUT_H_
#define NOFAIL_FUZZ_ENGINE_INPUT_H_

#include <cstddef>
#include <cstdint>
#include <span>

#include "fuzz/schedule/codec.h"
#include "fuzz/schedule/mutate.h"

namespace nofail {

// Text that parses as a schedule is taken as it stands; everything else is decoded as bytes and made to fit the
// profile.
void DecodeInput(Profile profile, std::span<const uint8_t> input, Schedule* schedule);

// What an engine and a target have to offer to mutation.
struct Mutation {
  Profile profile;
  // The engine's own mutation of bytes, with its dictionary and what it learned from comparisons; may be null.
  size_t (*mutate_bytes)(uint8_t* data, size_t size, size_t max_size);
  // What a run of the schedule answers; valid until the next call. May be null.
  RunFacts (*run)(const Schedule& schedule);
};

// Changes the input in place and returns its new size, at most max_size. Mostly it becomes the bytes of a schedule that
// differs in one thing; now and then the engine's own mutation does it.
size_t MutateInput(const Mutation& mutation, uint8_t* data, size_t size, size_t max_size, uint32_t seed);

// Writes the first input with a task of the second one to `out`; returns its size, or 0 when nothing came of it.
size_t CrossInputs(Profile profile, std::span<const uint8_t> first, std::span<const uint8_t> second,
                   std::span<uint8_t> out, uint32_t seed);

}  // namespace nofail
#endif  // NOFAIL_FUZZ_ENGINE_INPUT_H_
