// SPDX-License-Identifier: MIT
//
// The trace as a table for a terminal: one column per task, one for all callbacks. What the set-up and the end do
// crosses the columns, since nothing runs beside them.
#ifndef NOFAIL_FUZZ_REPORT_COLUMNS_H_
#define NOFAIL_FUZZ_REPORT_COLUMNS_H_

#include <string>

#include "fuzz/check/judged_run.h"

namespace nofail {

struct ColumnOptions {
  int width;     // of the terminal
  bool verbose;  // every event instead of what matters
  bool colour;   // with ANSI escapes
};

// Marks with '>' the events at which violations show.
std::string TraceColumns(const JudgedRun& report, const ColumnOptions& options);

}  // namespace nofail
#endif  // NOFAIL_FUZZ_REPORT_COLUMNS_H_
