// SPDX-License-Identifier: MIT
//
// The one door for nondeterminism. Everything in a run that may go either way asks a Chooser; nothing in the simulator
// reads time, addresses or randomness.
#ifndef NOFAIL_CORE_KERNEL_SIM_CHOICE_H_
#define NOFAIL_CORE_KERNEL_SIM_CHOICE_H_

#include <span>

#include "core/kernel/trace/ids.h"

namespace nofail {

// One question. `ordinal` counts the questions of this kind within the op, from 1. kPreempt questions have `targets`:
// who may run, targets[0] being the default; an answer is an index into it.
struct Choice {
  ChoiceKind kind;
  OpRef where;
  uint16_t ordinal;
  uint16_t n;  // answers are in [0, n); n >= 1
  std::span<const OpRef> targets;
};

// Answers the questions of one run, in the order they come up.
class Chooser {
 public:
  virtual ~Chooser() = default;
  // Called once before a run.
  virtual void Begin() {}
  // GUARANTEES: the result is below choice.n. Must depend on the questions alone, and change nothing in the simulator.
  virtual uint16_t Choose(const Choice& choice) = 0;
};

}  // namespace nofail
#endif  // NOFAIL_CORE_KERNEL_SIM_CHOICE_H_
