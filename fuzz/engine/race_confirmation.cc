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

JudgedRun ConfirmRaces(const JudgedRun& first, Executor* executor,
                       absl::FunctionRef<bool(const std::string&)> is_settled) {
  const auto is_doubtful = [&](const Violation& violation) {
    return IsRace(violation) && !is_settled(violation.Signature());
  };
  const std::vector<Violation>& violations = first.verdict.violations;
  if (std::none_of(violations.begin(), violations.end(), is_doubtful)) return first;
  const Verdict said_first = first.verdict;  // a copy, because the next run overwrites the verdict
  Sim::Get().RenewFibers();
  PrintRaces(true);
  JudgedRun second = executor->Run(*first.schedule);
  PrintRaces(false);
  std::erase_if(second.verdict.violations, [&](const Violation& violation) {
    return IsRace(violation) && !HasSignature(said_first, violation.Signature());
  });
  return second;
}

}  // namespace nofail
