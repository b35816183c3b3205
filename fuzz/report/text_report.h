// SPDX-License-Identifier: MIT
//
// The report for a person at a terminal: headline, violations, objects with their lives, schedule, trace.
#ifndef NOFAIL_FUZZ_REPORT_TEXT_REPORT_H_
#define NOFAIL_FUZZ_REPORT_TEXT_REPORT_H_

#include <string>

#include "fuzz/check/judged_run.h"
#include "fuzz/check/known.h"

namespace nofail {

struct TextOptions {
  int width = 80;        // of the terminal; 80 is enough for four tasks and callbacks
  bool verbose = false;  // every event of the trace instead of what matters
  bool colour = false;   // ANSI escapes; the caller knows whether it writes to a terminal
};

// $COLUMNS where it is a sensible number, else what the terminal says, else 80.
int TerminalWidth();

// "new", "finding NAME", "known limitation NAME".
std::string Standing(const Listed* listed);
// "==nofail== ERROR: SIGNATURE", and LISTED or PASS where nothing is new. One line, no newline.
std::string Headline(const JudgedRun& report);
std::string TextReport(const JudgedRun& report, const TextOptions& options);

}  // namespace nofail
#endif  // NOFAIL_FUZZ_REPORT_TEXT_REPORT_H_
