// SPDX-License-Identifier: MIT
#include "fuzz/listing/shows_nearby.h"

#include <algorithm>

#include "fuzz/listing/same_violation.h"
#include "fuzz/listing/shifted.h"
#include "fuzz/sanitizers/sanitizer_hooks.h"

namespace nofail {
namespace {

// At most 728 schedules each, which take some milliseconds.
constexpr Reach kNearby = {4, 3}, kNearbyApart = {4, 3, true};
constexpr int kScattered = 20'000;

}  // namespace

bool HasViolation(const JudgedRun& run, const std::string& signature) {
  return std::any_of(run.verdict.violations.begin(), run.verdict.violations.end(), [&](const Violation& violation) {
    return IsSameViolation(signature, violation.Signature(), run.trace);
  });
}

const JudgedRun& RunAndDropReports(const Schedule& schedule, Executor* executor) {
  TakeSanitizerReports();
  const JudgedRun& run = executor->Run(schedule);
  TakeSanitizerReports();
  return run;
}

bool ShowsNearby(const Schedule& schedule, const std::string& signature, Range range, Executor* executor) {
  const auto shows = [&](const Schedule& candidate) {
    return HasViolation(RunAndDropReports(candidate, executor), signature);
  };
  if (shows(schedule)) return true;
  if (range == Range::kHere) return false;
  if (AnyShifted(schedule, kNearby, shows) || AnyShifted(schedule, kNearbyApart, shows)) return true;
  return range == Range::kWide && AnyScattered(schedule, kScattered, shows);
}

}  // namespace nofail
