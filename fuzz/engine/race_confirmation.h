// SPDX-License-Identifier: MIT
//
// Decides which of the data races that ThreadSanitizer reported in a run are kept in the verdict.
//
// ThreadSanitizer remembers only four accesses to a word of memory. So it may report a race in one run and miss the
// same race in the next. A report is useful only if a replay shows the race, too. A replay runs the schedule as the
// first one of a process, so ConfirmRaces runs it a second time on fresh fibers.
#ifndef NOFAIL_FUZZ_ENGINE_RACE_CONFIRMATION_H_
#define NOFAIL_FUZZ_ENGINE_RACE_CONFIRMATION_H_

#include "absl/functional/function_ref.h"
#include "fuzz/check/judged_run.h"
#include "fuzz/exec/executor.h"

namespace nofail {

// Returns `first`, the last result of `executor`, if every race in it is settled. Otherwise runs the schedule of
// `first` once more on fresh fibers, and returns the result of the second run, without those races that the first run
// did not show. So a race that is not settled stays only if both runs show it. `is_settled` says of a signature whether
// it needs no confirmation, because it is listed or was confirmed before.
JudgedRun ConfirmRaces(const JudgedRun& first, Executor* executor,
                       absl::FunctionRef<bool(const std::string&)> is_settled);

}  // namespace nofail
#endif  // NOFAIL_FUZZ_ENGINE_RACE_CONFIRMATION_H_
