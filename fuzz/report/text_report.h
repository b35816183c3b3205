// SPDX-License-Identifier: MIT
//
// The report for a person at a terminal. Its parts are the headline, the violations by cause, the steps that lead to
// the one that the headline names, the lives of the objects involved, the schedule, the trace, and the files that the
// functions are in.
#ifndef NOFAIL_FUZZ_REPORT_TEXT_REPORT_H_
#define NOFAIL_FUZZ_REPORT_TEXT_REPORT_H_

#include <string>

#include "fuzz/check/judged_run.h"
#include "fuzz/check/known.h"
#include "fuzz/report/source.h"

namespace nofail {

struct TextOptions {
  int width = 80;            // of the terminal, in characters; 80 is enough for four tasks and callbacks
  bool verbose = false;      // true: print every event of the trace; false: only the events that matter
  bool colour = false;       // use ANSI escapes; the caller knows whether it writes to a terminal
  Source* source = nullptr;  // of the subject, to show the line of each step; borrowed
};

// The width to print for: $COLUMNS if it is a number from 40 to 1000, else the width of the terminal at stdout,
// else 80.
int TerminalWidth();

// Whether a violation is listed, in words: "new" for nullptr, otherwise "finding NAME" or "known limitation NAME".
std::string Standing(const Listed* listed);
// The first line of the report, without its line break. "==nofail== ERROR: SIGNATURE" names the gravest new violation;
// "==nofail== LISTED: SIGNATURE" names the gravest violation of a run in which every violation is listed; "==nofail==
// PASS" is for a run without violations.
std::string Headline(const JudgedRun& report);
// The whole report, with line breaks.
std::string TextReport(const JudgedRun& report, const TextOptions& options);

}  // namespace nofail
#endif  // NOFAIL_FUZZ_REPORT_TEXT_REPORT_H_
