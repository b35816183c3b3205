// SPDX-License-Identifier: MIT
//
// Draws the trace as a table for a terminal. Each task has a column, and all callbacks share one more. Events of the
// set-up and of the end are written across all columns, because no task runs beside these phases.
#ifndef NOFAIL_FUZZ_REPORT_COLUMNS_H_
#define NOFAIL_FUZZ_REPORT_COLUMNS_H_

#include <string>

#include "fuzz/check/judged_run.h"

namespace nofail {

struct ColumnOptions {
  int width;     // of the terminal, in characters
  bool verbose;  // true: print every event; false: print only the events that matter (Timeline::matters)
  bool colour;   // use ANSI escapes
};

// Returns the table as text with line breaks. The table marks the events at which violations show with '>'.
std::string TraceColumns(const JudgedRun& report, const ColumnOptions& options);

}  // namespace nofail
#endif  // NOFAIL_FUZZ_REPORT_COLUMNS_H_
