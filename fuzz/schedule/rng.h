// SPDX-License-Identifier: MIT
//
// The suite's one pseudo-random generator: what seeded policies answer with and what the generator of schedules uses.
//
// Versioned: the same version and seed give the same numbers for ever, because saved schedules name both. It is
// SplitMix64 (Steele, Lea, Flood, OOPSLA 2014): one word of state, any seed is as good as another.
#ifndef NOFAIL_FUZZ_SCHEDULE_RNG_H_
#define NOFAIL_FUZZ_SCHEDULE_RNG_H_

#include <cstdint>

namespace nofail {

// A bijection of 64-bit words in which every input bit moves about half of the output bits.
constexpr uint64_t MixBits(uint64_t x) {
  x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
  x = (x ^ x >> 27) * 0x94d049bb133111eb;
  return x ^ x >> 31;
}

class Rng {
 public:
  static constexpr int kVersion = 1;

  explicit constexpr Rng(uint64_t seed) : state_(seed) {}

  constexpr uint64_t Next() { return MixBits(state_ += 0x9e3779b97f4a7c15); }
  // In [0, n). REQUIRES: n > 0.
  constexpr uint32_t Below(uint32_t n) { return static_cast<uint32_t>((Next() >> 32) * n >> 32); }
  constexpr bool OneIn(uint32_t n) { return Below(n) == 0; }

 private:
  uint64_t state_;
};

}  // namespace nofail
#endif  // NOFAIL_FUZZ_SCHEDULE_RNG_H_
