// SPDX-License-Identifier: MIT
//
// Which of the data races that ThreadSanitizer reported in a run are worth telling.
//
// ThreadSanitizer remembers four accesses to a word and forgets the others, so what it reports in one run it may miss
// in the next. A race is worth something only if it is reported again when the schedule runs as the first of a process,
// as a replay does.
#ifndef NOFAIL_FUZZ_ENGINE_RACE_CONFIRMATION_H_
#define NOFAIL_FUZZ_ENGINE_RACE_CONFIRMATION_H_

#include "absl/functional/function_ref.h"
#include "fuzz/check/judged_run.h"
#include "fuzz/exec/executor.h"

namespace nofail {

// `first` is what `executor` said last. If it has a race that is not settled, its schedule runs once more on fresh
// fibers, and the result is the second run, without the races that it alone showed. Otherwise it is `first`.
// `is_settled`: whether nothing more has to be asked about a signature, because it is listed or was confirmed before.
JudgedRun ConfirmRaces(const JudgedRun& first, Executor* executor,
                       absl::FunctionRef<bool(const std::string&)> is_settled);

}  // namespace nofail
#endif  // NOFAIL_FUZZ_ENGINE_RACE_CONFIRMATION_H_
