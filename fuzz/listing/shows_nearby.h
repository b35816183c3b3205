// SPDX-License-Identifier: MIT
//
// Whether a subject shows a violation that another subject has shown: "was it so before?".
//
// A list of signatures does not answer this. A regression can show with the signature of a violation that the other
// subject has for another reason. So the schedule is run.
#ifndef NOFAIL_FUZZ_LISTING_SHOWS_NEARBY_H_
#define NOFAIL_FUZZ_LISTING_SHOWS_NEARBY_H_

#include <cstdint>
#include <string>

#include "fuzz/exec/executor.h"
#include "fuzz/schedule/schedule.h"

namespace nofail {

// Runs the schedule for its verdict alone: what sanitizers printed before and during the run is dropped.
const JudgedRun& RunAndDropReports(const Schedule& schedule, Executor* executor);
// Whether the run shows the violation with this signature, up to renamed functions (IsSameViolation).
bool HasViolation(const JudgedRun& run, const std::string& signature);
// How far around a schedule is looked: not at all; at what is close by (AnyShifted), in some milliseconds; or also at a
// large sample of what is further off (AnyScattered), in a second or so. The last is for the end of a minimization. A
// minimizer that looks close by at each step comes to rest where the other subject just does not show the violation.
enum class Range : uint8_t { kHere, kClose, kWide };
// Runs the schedule on the executor's subject, and schedules with other ordinals, until one shows the violation.
// Returns whether one did. Takes all reports of sanitizers.
bool ShowsNearby(const Schedule& schedule, const std::string& signature, Range range, Executor* executor);

}  // namespace nofail
#endif  // NOFAIL_FUZZ_LISTING_SHOWS_NEARBY_H_
