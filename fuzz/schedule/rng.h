// SPDX-License-Identifier: MIT
//
// The one generator of pseudo-random numbers. Seeded policies, the generator of schedules and the mutators use it.
//
// GUARANTEES: the same version and seed give the same numbers for ever, because saved schedules name both.
// CHOICES: The generator is SplitMix64 (Steele, Lea, Flood, OOPSLA 2014). It has 64 bits of state, and no seed is worse
// than another.
#ifndef NOFAIL_FUZZ_SCHEDULE_RNG_H_
#define NOFAIL_FUZZ_SCHEDULE_RNG_H_

#include <cstdint>

namespace nofail {

// A bijection of 64-bit numbers. Flipping one bit of the input flips about half of the bits of the result.
constexpr uint64_t MixBits(uint64_t x) {
  x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
  x = (x ^ x >> 27) * 0x94d049bb133111eb;
  return x ^ x >> 31;
}

class Rng {
 public:
  static constexpr int kVersion = 1;  // grows when the numbers, or what a policy makes of them, change

  explicit constexpr Rng(uint64_t seed) : state_(seed) {}

  // 64 random bits.
  constexpr uint64_t Next() { return MixBits(state_ += 0x9e3779b97f4a7c15); }
  // A number in [0, n). REQUIRES: n > 0.
  constexpr uint32_t Below(uint32_t n) { return static_cast<uint32_t>((Next() >> 32) * n >> 32); }
  // True with probability 1/n. REQUIRES: n > 0.
  constexpr bool OneIn(uint32_t n) { return Below(n) == 0; }

 private:
  uint64_t state_;
};

}  // namespace nofail
#endif  // NOFAIL_FUZZ_SCHEDULE_RNG_H_
