// SPDX-License-Identifier: MIT
#include "fuzz/engine/race_confirmation.h"

#include <algorithm>

#include "core/kernel/sim/sim.h"
#include "fuzz/sanitizers/sanitizer_hooks.h"

namespace nofail {
namespace {

bool IsRace(const Violation& violation) {
  return violation.kind == FaultText(Fault::kDataRace);
}

bool HasSignature(const Verdict& verdict, const std::string& signature) {
  return std::any_of(verdict.violations.begin(), verdict.violations.end(),
                     [&](const Violation& violation) { return violation.Signature() == signature; });
}

}  // namespace

Verdict ConfirmRaces(const Verdict& first, const Schedule& schedule, Executor* executor,
                     absl::FunctionRef<bool(const std::string&)> is_settled) {
  const auto is_doubtful = [&](const Violation& violation) {
    return IsRace(violation) && !is_settled(violation.Signature());
  };
  if (std::none_of(first.violations.begin(), first.violations.end(), is_doubtful)) return first;
  Sim::Get().RenewFibers();
  PrintRaces(true);
  Verdict second = executor->Run(schedule).verdict;
  PrintRaces(false);
  std::erase_if(second.violations, [&](const Violation& violation) {
    return IsRace(violation) && !HasSignature(first, violation.Signature());
  });
  return second;
}

}  // namespace nofail
