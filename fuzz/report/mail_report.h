// SPDX-License-Identifier: MIT
//
// The report as a mail to whoever maintains the code: plain text of 72 columns that stands alone. Its reader has none
// of the suite's files, and has never seen a trace.
#ifndef NOFAIL_FUZZ_REPORT_MAIL_REPORT_H_
#define NOFAIL_FUZZ_REPORT_MAIL_REPORT_H_

#include <string>

#include "fuzz/check/judged_run.h"

namespace nofail {

struct MailOptions {
  std::string file;     // the schedule's file, as commands in the mail name it
  std::string console;  // what a real kernel printed; "": nothing to quote
};

// The mail: a line with the subject, and the text. It is about the violation that Foremost names. Lines have at most 72
// characters, but for the subject, the lines of the schedule and of the console, which are quoted whole, and single
// words that are longer.
// REQUIRES: the run has a violation.
std::string MailReport(const JudgedRun& report, const MailOptions& options);

}  // namespace nofail
#endif  // NOFAIL_FUZZ_REPORT_MAIL_REPORT_H_
