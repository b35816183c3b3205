// SPDX-License-Identifier: MIT
//
// What an engine is told about an interleaving besides which code ran: each feature is a small number, the same on
// every machine, in every build and process.
//
//   who wrote what another task then read, by the two sites in the subject; locks count as words that unlocking writes
//   what an rqspinlock attempt came to, where it is not the lock at once: by site
//   steps of selem->state, by site
//   which kinds of op a callback, or the end of a wait for a grace period, falls into
//
// The set-up and the end take no part: they are not what is explored. Once or often is the same, since how often
// depends on the number of ops and would make inputs grow.
#ifndef NOFAIL_FUZZ_EXEC_FEATURES_H_
#define NOFAIL_FUZZ_EXEC_FEATURES_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "core/kernel/trace/trace.h"

namespace nofail {

class FeatureCollector {
 public:
  // `state_offset`: subject::selem_state_offset.
  explicit FeatureCollector(size_t state_offset);
  ~FeatureCollector();

  // Two arrays in the forms that engines read and clear, of the same size, a power of two: at a place that depends on
  // the feature, a counter is 1 and a word holds its number, the class in the upper half. Two features may share a
  // place.
  struct Arrays {
    std::span<uint8_t> counters;
    std::span<uint64_t> words;
  };
  // Fills in the features of the run, and clears all others. One pass over the events.
  void Collect(const Trace& trace, const Arrays& arrays);

 private:
  class Pass;
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace nofail
#endif  // NOFAIL_FUZZ_EXEC_FEATURES_H_
