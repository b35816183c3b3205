// SPDX-License-Identifier: MIT
//
// The report as one HTML page. The page has the violations, the timeline, the schedule, the lives of the objects
// involved, and the files that the functions are in.
//
// The page is self-contained: a browser loads no other file for it. It is readable without its script, which only moves
// a selection from row to row. The page is well-formed XML, too.
#ifndef NOFAIL_FUZZ_REPORT_TIMELINE_HTML_REPORT_H_
#define NOFAIL_FUZZ_REPORT_TIMELINE_HTML_REPORT_H_

#include <string>

#include "absl/strings/string_view.h"
#include "fuzz/check/judged_run.h"

namespace nofail {

// Returns the text of the page. `name` is the name of the schedule, for the title. Of a run with very many events the
// page leaves out some in the middle, and says which.
std::string HtmlReport(const JudgedRun& report, absl::string_view name);

}  // namespace nofail
#endif  // NOFAIL_FUZZ_REPORT_TIMELINE_HTML_REPORT_H_
