// SPDX-License-Identifier: MIT
//
// What all targets that run schedules share: input -> schedule -> run -> verdict -> stop, count or go on.
//
// A violation that is listed for the subject (fuzz/check/known.h) never stops anything, nor one whose signature is a
// line of FILE with --baseline=FILE. At any other one
//   - a bare binary prints the report and aborts, so that its engine files the input;
//   - with --findings=DIR the recorded schedule is saved there, once per signature, and fuzzing goes on, unless
//     --stop-on-new. DIR also gets .status.<pid>, about once a second (run_status.h). Now and then an input runs twice,
//     to see whether that is the same: not with --once, for engines to whom it then looks unstable.
// What is wrong with the suite itself ends the process with exit code 3 and is never filed as a crash of the subject.
//
// Each part has a file of its own: options, input (bytes to schedule), race_confirmation, run_status (counts, and the
// file that tells them), finding_store (files), feature_arrays (what engines see besides coverage).
#ifndef NOFAIL_FUZZ_ENGINE_DRIVER_H_
#define NOFAIL_FUZZ_ENGINE_DRIVER_H_

#include <cstddef>
#include <cstdint>

#include "fuzz/engine/options.h"
#include "fuzz/schedule/codec.h"
#include "fuzz/schedule/mutate.h"

namespace nofail {

// One input. Text that parses as a schedule is run as it stands; everything else is decoded as bytes and made to fit
// the profile. Returns what LLVMFuzzerTestOneInput has to.
int FuzzOne(Profile profile, const uint8_t* data, size_t size);

// For the engines' mutation hooks, which are called between runs: what they shall do, what the last input was run as,
// and the answers a run of the schedule gives, valid until the next call.
const Guidance& CurrentGuidance();
Profile LastProfile();
RunFacts AnswersOf(const Schedule& schedule);

}  // namespace nofail
#endif  // NOFAIL_FUZZ_ENGINE_DRIVER_H_
