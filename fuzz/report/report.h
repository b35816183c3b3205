// SPDX-License-Identifier: MIT
//
// What a report is made of. The report is this value first; text_report.h and json_report.h only print it.
#ifndef NOFAIL_FUZZ_REPORT_REPORT_H_
#define NOFAIL_FUZZ_REPORT_REPORT_H_

#include <string_view>

#include "core/kernel/trace/trace.h"
#include "core/subjects/subject.h"
#include "fuzz/check/verdict.h"

namespace nofail {

// One judged run. Borrows everything.
struct Report {
  const struct subject& subject;
  std::string_view schedule;  // its text form, printed as it is
  const Verdict& verdict;
  const Trace& trace;
};

}  // namespace nofail
#endif  // NOFAIL_FUZZ_REPORT_REPORT_H_
