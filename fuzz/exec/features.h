// SPDX-License-Identifier: MIT
//
// Features: what a fuzzing engine is told about the interleaving of a run, besides which code ran. A feature is a
// number below 2^27 in one of five classes. An interleaving has the same features on every machine, in every build and
// process.
//
// A run has these features:
//   - Reads-from: one task reads a word that another task wrote last. The feature is the pair of the writer's site and
//     the reader's site. A lock counts as a word that unlocking writes and locking reads.
//   - Lock answer: an rqspinlock attempt fails. The feature is the site and the answer (LockAnswer).
//   - Lock wait: an rqspinlock attempt waits for another task. The feature is the site.
//   - State: an atomic operation on selem->state. The feature is the site, the old value, the new value and whether the
//     operation wrote.
//   - Grace period: a callback begins, or a wait for a grace period returns. The feature is which of the two, the kind
//     of object, and the set of kinds of op that the tasks A to D are in at that moment.
// CHOICES: The set-up and the end have no features, because fuzzing does not explore them. A feature counts once,
// however often it occurs in the run: a count would grow with the number of ops, so an engine would prefer large
// inputs.
#ifndef NOFAIL_FUZZ_EXEC_FEATURES_H_
#define NOFAIL_FUZZ_EXEC_FEATURES_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "core/kernel/trace/trace.h"

namespace nofail {

// Finds the features of runs. One collector serves any number of runs, one after the other.
class FeatureCollector {
 public:
  // `state_offset` is subject::selem_state_offset, in bytes.
  explicit FeatureCollector(size_t state_offset);
  ~FeatureCollector();

  // The arrays that the features are written to, in the forms that engines read. REQUIRES: both have the same size, and
  // it is a power of two. The feature chooses its slot, the same index in both arrays. There, the counter becomes 1,
  // and the word becomes the feature: the class in the upper 32 bits, the number in the lower ones. Two features may
  // share a slot: then the counter is 1, and the word holds the later feature.
  struct Arrays {
    std::span<uint8_t> counters;
    std::span<uint64_t> words;
  };
  // Clears both arrays, then writes the features of the run to them. Takes one pass over the events.
  void Collect(const Trace& trace, const Arrays& arrays);

 private:
  class Pass;
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace nofail
#endif  // NOFAIL_FUZZ_EXEC_FEATURES_H_
