// SPDX-License-Identifier: MIT
//
// The interface through which all nondeterminism enters a run. Whenever something in a run may go more than one way,
// the simulator asks a Chooser. Nothing in the simulator depends on time, addresses or random numbers.
#ifndef NOFAIL_CORE_KERNEL_SIM_CHOICE_H_
#define NOFAIL_CORE_KERNEL_SIM_CHOICE_H_

#include <span>

#include "core/kernel/trace/ids.h"

namespace nofail {

// One question.
struct Choice {
  ChoiceKind kind;
  OpRef where;       // the op that comes to the question
  uint16_t ordinal;  // the number of this question among those of its kind within the op, from 1
  uint16_t n;        // answers are in [0, n), and 0 is the default; n >= 1, and the simulator asks only with n >= 2
  // Of a kPreempt question: the tasks that may run. An answer is an index into it, so targets[0] is the default.
  // Of a kGracePeriod question: who goes on at the end of the grace period, either an op that waits for it or a
  // callback. Nobody, if the end frees an object (kfree_rcu) or ops only poll for it. Empty for other kinds.
  std::span<const OpRef> targets;
};

// Answers the questions of one run, in the order they come up.
class Chooser {
 public:
  virtual ~Chooser() = default;
  // Called once before the first question of a run, or of the rest of one (Sim::SetChooser).
  virtual void Begin() {}
  // Answers one question. GUARANTEES: the result is below choice.n. It depends on nothing but the questions so far, and
  // the call changes nothing in the simulator.
  virtual uint16_t Choose(const Choice& choice) = 0;
};

}  // namespace nofail
#endif  // NOFAIL_CORE_KERNEL_SIM_CHOICE_H_
