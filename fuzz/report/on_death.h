// SPDX-License-Identifier: MIT
//
// The report when something ends the process in the middle of a run: a sanitizer's death callback, a signal.
#ifndef NOFAIL_FUZZ_REPORT_ON_DEATH_H_
#define NOFAIL_FUZZ_REPORT_ON_DEATH_H_

#include "fuzz/check/judged_run.h"

namespace nofail {

// Writes the text report of what happened so far to `fd`. To be called last, and at most once: a second call, as from a
// crash within the first, writes nothing. Allocates memory, so a signal that interrupted an allocator may deadlock it;
// the subject never allocates from the process's heap.
// `report.verdict` is what the caller knows, usually from judging the trace so far as a run cut short.
void WriteReportOnDeath(int fd, const JudgedRun& report);

}  // namespace nofail
#endif  // NOFAIL_FUZZ_REPORT_ON_DEATH_H_
