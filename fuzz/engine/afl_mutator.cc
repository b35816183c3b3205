// SPDX-License-Identifier: MIT
//
// AFL++'s mutation hooks. AFL++ mutates inputs in the process of afl-fuzz, not in the target. So there is one library
// with these hooks for each profile (NOFAIL_PROFILE); the variable AFL_CUSTOM_MUTATOR_LIBRARY tells afl-fuzz which one
// to load. Mutation lacks two things here that it has in a target: it cannot run a schedule, and it cannot call the
// engine's own mutation.
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "fuzz/base/limits.h"
#include "fuzz/engine/input.h"
#include "fuzz/schedule/rng.h"

namespace nofail {
namespace {

// The most mutations in a row. libFuzzer mutates an input up to this often in a row, one run after the other. AFL++
// discards a mutated input that found nothing new, so this mutator takes several steps in one call.
constexpr uint32_t kMaxSteps = 5;
constexpr uint32_t kOneInCrosses = 8;  // one call in this many crosses two inputs
// How often AFL++ mutates an input before it takes the next one. AFL++'s usual hundreds would make deep bugs take ten
// times as long to find (docs/performance.md), because half of the mutations start afresh whatever the input is.
constexpr unsigned kMutationsOfAnInput = 16;

// The state that AFL++ keeps for this library between calls.
struct AflMutator {
  Rng rng;
  std::vector<uint8_t> input = std::vector<uint8_t>(kMaxInputBytes);  // the result of the last call
};

size_t Mutate(AflMutator& mutator, std::span<const uint8_t> input, std::span<const uint8_t> other, size_t max_size) {
  Rng& rng = mutator.rng;
  const std::span<uint8_t> room(mutator.input.data(), std::min(max_size, mutator.input.size()));
  if (!other.empty() && rng.OneIn(kOneInCrosses)) {
    const size_t size = CrossInputs(NOFAIL_PROFILE, input, other, room, rng.Next());
    if (size != 0) return size;
  }
  size_t size = std::min(input.size(), room.size());
  std::copy_n(input.begin(), size, room.begin());
  for (uint32_t steps = 1 + rng.Below(kMaxSteps); steps > 0; --steps) {
    size = MutateInput({NOFAIL_PROFILE, nullptr, nullptr}, room.data(), size, room.size(), rng.Next());
  }
  return size;
}

}  // namespace
}  // namespace nofail

extern "C" {

void* afl_custom_init(void*, unsigned seed) {
  return new nofail::AflMutator{nofail::Rng(seed)};
}

unsigned afl_custom_fuzz_count(void*, const uint8_t*, size_t) {
  return nofail::kMutationsOfAnInput;
}

size_t afl_custom_fuzz(void* data, uint8_t* input, size_t size, uint8_t** out, uint8_t* other, size_t other_size,
                       size_t max_size) {
  nofail::AflMutator& mutator = *static_cast<nofail::AflMutator*>(data);
  *out = mutator.input.data();
  return nofail::Mutate(mutator, {input, size}, {other, other == nullptr ? 0 : other_size}, max_size);
}

void afl_custom_deinit(void* data) {
  delete static_cast<nofail::AflMutator*>(data);
}

}  // extern "C"
