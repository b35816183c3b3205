// SPDX-License-Identifier: MIT
//
// The report that is written when something ends the process in the middle of a run, for example a signal.
#ifndef NOFAIL_FUZZ_REPORT_ON_DEATH_H_
#define NOFAIL_FUZZ_REPORT_ON_DEATH_H_

#include "fuzz/check/judged_run.h"

namespace nofail {

// Writes the text report of what happened so far to the file descriptor `fd`. The caller calls this last, just before
// the process ends. A second call writes nothing, so that a crash within the first call does not start another report.
//
// The function allocates memory. If the signal interrupted an allocator, it may therefore deadlock. The subject's own
// code cannot cause this, because it never allocates from the process's heap.
//
// `report.verdict` is whatever the caller knows of the run; it may be empty.
void WriteReportOnDeath(int fd, const JudgedRun& report);

}  // namespace nofail
#endif  // NOFAIL_FUZZ_REPORT_ON_DEATH_H_
