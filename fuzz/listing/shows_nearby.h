// SPDX-License-Identifier: MIT
//
// Whether a subject shows a violation that another subject has shown: "was it so before?".
//
// A list of signatures does not answer this. A regression can show with the signature of a violation that the other
// subject has for another reason. So the schedule is run.
#ifndef NOFAIL_FUZZ_LISTING_SHOWS_NEARBY_H_
#define NOFAIL_FUZZ_LISTING_SHOWS_NEARBY_H_

#include <string>

#include "fuzz/exec/executor.h"
#include "fuzz/schedule/schedule.h"

namespace nofail {

// Runs the schedule for its verdict alone: what sanitizers printed before and during the run is dropped.
const JudgedRun& RunAndDropReports(const Schedule& schedule, Executor* executor);
// Whether the run shows the violation with this signature, up to renamed functions (IsSameViolation).
bool HasViolation(const JudgedRun& run, const std::string& signature);
// Runs the schedule on the executor's subject, and schedules with ordinals close by (AnyShifted), until one shows the
// violation. Returns whether one did. Takes all reports of sanitizers.
bool ShowsNearby(const Schedule& schedule, const std::string& signature, Executor* executor);

}  // namespace nofail
#endif  // NOFAIL_FUZZ_LISTING_SHOWS_NEARBY_H_
