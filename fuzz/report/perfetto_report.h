// SPDX-License-Identifier: MIT
//
// The run in the trace event format, which ui.perfetto.dev and chrome://tracing open: zoom, search, measure. The number
// of an event is its time in microseconds, so event 78 lies between 78 and 79 us.
#ifndef NOFAIL_FUZZ_REPORT_PERFETTO_REPORT_H_
#define NOFAIL_FUZZ_REPORT_PERFETTO_REPORT_H_

#include <string>

#include "fuzz/check/judged_run.h"

namespace nofail {

// Returns the text of a JSON object with these members:
//   "traceEvents"  in order of their times:
//     M      names of the process (the subject) and of the threads: one for each task, one for callbacks, one for the
//            set-up, the end and RCU
//     B, E   ops, sleeps, reader sections, locks that are held, waits for locks and functions, properly nested. A bar
//            that ends before one inside it does cuts that one in two
//     X      each event, one microsecond long, with its site and what it says in "args"
//     i      failures, and violations (for the whole process)
//     s, f   arrows: from a write to another task's read of it, from who holds a lock to the attempt that fails
//     b, n, e  grace periods, and lives of objects with what happens to them
//   "otherData"    {"subject", "trace_hash", "schedule"}
std::string PerfettoReport(const JudgedRun& report);

}  // namespace nofail
#endif  // NOFAIL_FUZZ_REPORT_PERFETTO_REPORT_H_
