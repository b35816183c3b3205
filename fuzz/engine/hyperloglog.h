// SPDX-License-Identifier: MIT
//
// About how many different values were seen, in constant memory, and so that several processes' counts can be united:
// HyperLogLog (Flajolet, Fusy, Gandouet, Meunier, AofA 2007). The estimate's standard error is 3 %.
#ifndef NOFAIL_FUZZ_ENGINE_HYPERLOGLOG_H_
#define NOFAIL_FUZZ_ENGINE_HYPERLOGLOG_H_

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <string>

#include "fuzz/schedule/rng.h"

namespace nofail {

class HyperLogLog {
 public:
  static constexpr int kBits = 10;

  void Add(uint64_t value) {
    const uint64_t hash = MixBits(value);
    uint8_t& longest = registers_[hash >> (64 - kBits)];
    longest = std::max(longest, static_cast<uint8_t>(std::countl_zero(hash << kBits | 1) + 1));
  }

  // One character for each register, its value above '0'. To unite two, take the larger of each; the reader estimates.
  std::string Text() const {
    std::string text;
    for (const uint8_t longest : registers_) text.push_back(static_cast<char>('0' + longest));
    return text;
  }

 private:
  std::array<uint8_t, 1 << kBits> registers_ = {};
};

}  // namespace nofail
#endif  // NOFAIL_FUZZ_ENGINE_HYPERLOGLOG_H_
