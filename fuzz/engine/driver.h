// SPDX-License-Identifier: MIT
//
// The driver is the part that all fuzz targets share which run schedules. For each input it decodes a schedule, runs
// it, judges the run, counts the violations, and then stops the process or returns to the engine.
//
// A violation is *news* if it is not listed for the subject, or if it is worse than what is listed (fuzz/listing): for
// example, it shows after fewer failures. A signature that is a line of FILE is no news where --baseline=FILE was
// given. A bare binary, which services start often, goes by the names alone. Violations that are no news are only
// counted. What news leads to depends on the options:
//   - Without --findings (a bare binary), the driver prints the report and aborts, so that the engine files the input.
//   - With --findings=DIR, the driver saves the recorded schedule in DIR, once for each signature, and again
//     whenever it is worse than before; and goes on.
//   - With --findings=DIR and --stop-on-new, the driver prints the report, saves the schedule, and aborts.
// With --only-signature=S, a violation with the signature S is news, listed or not, and no other one is. So what an
// engine makes smaller with its own means, such as libFuzzer's -minimize_crash=1, stays the same bug.
//
// With --findings the driver does two more things. About once a second it writes the status file DIR/.status.<pid>
// (run_status.h). And it runs every thousandth input twice, to check that the suite is deterministic. --once switches
// this check off, for engines that would take the input for unstable.
//
// A bug of the suite itself ends the process with exit code 3. It is never filed as a crash of the subject.
//
// Each part of the driver has a file of its own: options, input (bytes to schedule), race_confirmation, run_status
// (counts and the status file), finding_store (saved schedules), feature_arrays (features besides coverage).
#ifndef NOFAIL_FUZZ_ENGINE_DRIVER_H_
#define NOFAIL_FUZZ_ENGINE_DRIVER_H_

#include <cstddef>
#include <cstdint>

#include "fuzz/engine/options.h"
#include "fuzz/schedule/codec.h"
#include "fuzz/schedule/mutate.h"

namespace nofail {

// Handles one input. If the input is text that parses as a schedule, that schedule runs unchanged. Otherwise the input
// is decoded as bytes, and the schedule is made to fit the profile. Returns what LLVMFuzzerTestOneInput has to return.
int FuzzOne(Profile profile, const uint8_t* data, size_t size);

// The next three functions are for the engines' mutation hooks, which are called between runs.

// The guidance that the options ask for.
const Guidance& CurrentGuidance();
// The profile of the last input; Profile::kTeardown before the first.
Profile LastProfile();
// Runs the schedule and returns every answer to a choice that was not the default. Valid until the next call.
RunFacts AnswersOf(const Schedule& schedule);

}  // namespace nofail
#endif  // NOFAIL_FUZZ_ENGINE_DRIVER_H_
