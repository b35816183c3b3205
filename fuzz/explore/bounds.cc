// SPDX-License-Identifier: MIT
#include "fuzz/explore/bounds.h"

#include "fuzz/exec/choosers.h"

namespace nofail {

int DepartureOf(const Choice& choice) {
  switch (choice.kind) {
    case ChoiceKind::kPreempt:
      return MayStay(choice) ? static_cast<int>(Departure::kPreemption) : kDepartures;
    case ChoiceKind::kLock:
      return static_cast<int>(Departure::kLock);
    case ChoiceKind::kAlloc:
      return static_cast<int>(Departure::kAllocation);
    case ChoiceKind::kGracePeriod:
      return static_cast<int>(Departure::kGracePeriod);
    case ChoiceKind::kResched:
      return static_cast<int>(Departure::kRestart);
    default:
      return kDepartures;
  }
}

uint16_t AnswersTo(const Choice& choice) {
  if (choice.where.task == kSetup || choice.where.task == kEnd) return 1;
  if (choice.kind == ChoiceKind::kGracePeriod && !choice.targets.empty()) return choice.targets[0].IsCallback() ? 1 : 2;
  return choice.n;
}

}  // namespace nofail
