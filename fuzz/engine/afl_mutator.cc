// SPDX-License-Identifier: MIT
//
// AFL++'s mutation hooks. AFL++ mutates in afl-fuzz, not in the target, so they are a library of their own for each
// profile (NOFAIL_PROFILE), which afl-fuzz is told of by AFL_CUSTOM_MUTATOR_LIBRARY. What mutation has in the target
// and lacks here: runs of the schedule, and the engine's own mutations.
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

// libFuzzer goes on from an input that it has just mutated, up to this often. AFL++ forgets one that found nothing, so
// several steps must be in one.
constexpr uint32_t kMaxSteps = 5;
constexpr uint32_t kOneInCrosses = 8;
// How often an input is mutated before it is the next one's turn. With the hundreds that are usual it takes ten times
// as long to find what lies deep (docs/performance.md): half of the inputs start afresh whatever they are made from.
constexpr unsigned kMutationsOfAnInput = 16;

// What AFL++ keeps for us between calls.
struct AflMutator {
  Rng rng;
  std::vector<uint8_t> input = std::vector<uint8_t>(kMaxInputBytes);
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
