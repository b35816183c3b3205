// SPDX-License-Identifier: MIT
//
// Estimates how many different values were added, in constant memory. The method is HyperLogLog (Flajolet, Fusy,
// Gandouet, Meunier, AofA 2007). Counts of several processes can be united. The standard error of the estimate is 3 %.
//
// How it works: the first kBits bits of a value's hash select a register. Each register holds the longest run of zeros
// with which the rest of such a hash began, plus 1. Long runs are rare, so they show that many different values came.
#ifndef NOFAIL_FUZZ_ENGINE_HYPERLOGLOG_H_
#define NOFAIL_FUZZ_ENGINE_HYPERLOGLOG_H_

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "fuzz/schedule/rng.h"

namespace nofail {

class HyperLogLog {
 public:
  static constexpr int kBits = 10;  // there are 1 << kBits registers

  // Adds a value. Adding the same value again changes nothing.
  void Add(uint64_t value) {
    const uint64_t hash = MixBits(value);
    uint8_t& longest = registers_[hash >> (64 - kBits)];
    longest = std::max(longest, static_cast<uint8_t>(std::countl_zero(hash << kBits | 1) + 1));
  }

  // Makes this the counter of every value that either of the two counters has seen.
  void Unite(const HyperLogLog& other) {
    for (size_t i = 0; i < registers_.size(); ++i) registers_[i] = std::max(registers_[i], other.registers_[i]);
  }

  // Returns about how many different values were added. While registers are empty the estimate counts those instead
  // (linear counting), which is closer for small numbers.
  uint64_t Estimate() const {
    const double size = static_cast<double>(registers_.size());
    double sum = 0;
    for (const uint8_t longest : registers_) sum += std::ldexp(1.0, -longest);
    const double estimate = 0.7213 / (1 + 1.079 / size) * size * size / sum;
    const auto empty = static_cast<double>(std::count(registers_.begin(), registers_.end(), 0));
    return static_cast<uint64_t>(
        std::llround(estimate <= 2.5 * size && empty != 0 ? size * std::log(size / empty) : estimate));
  }

  // Returns one character for each register: '0' plus the register's value.
  std::string Text() const {
    std::string text;
    for (const uint8_t longest : registers_) text.push_back(static_cast<char>('0' + longest));
    return text;
  }
  // Reads what Text() returned; nothing when `text` cannot have come from there.
  static std::optional<HyperLogLog> FromText(std::string_view text) {
    HyperLogLog result;
    if (text.size() != result.registers_.size()) return std::nullopt;
    for (size_t i = 0; i < text.size(); ++i) {
      const int value = text[i] - '0';
      if (value < 0 || value > 64) return std::nullopt;
      result.registers_[i] = static_cast<uint8_t>(value);
    }
    return result;
  }

 private:
  std::array<uint8_t, 1 << kBits> registers_ = {};
};

}  // namespace nofail
#endif  // NOFAIL_FUZZ_ENGINE_HYPERLOGLOG_H_
