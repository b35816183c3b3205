// SPDX-License-Identifier: MIT
//
// The report as one HTML page, for who has never seen one. First it says in three sentences what happened; then it
// shows the timeline; then come the details: the violations, the steps to the gravest one, the words that need
// explaining, the schedule, the lives of the objects involved, and the files that the functions are in.
//
// The page is self-contained: a browser loads no other file for it. It is readable without its script, which only moves
// a selection from row to row. The page is well-formed XML, too.
#ifndef NOFAIL_FUZZ_REPORT_TIMELINE_HTML_REPORT_H_
#define NOFAIL_FUZZ_REPORT_TIMELINE_HTML_REPORT_H_

#include <string>

#include "absl/strings/string_view.h"
#include "fuzz/check/judged_run.h"
#include "fuzz/report/source.h"

namespace nofail {

// Returns the text of the page. `name` is the name of the schedule, for the title. Of a run with very many events the
// page leaves out some in the middle, and says which. `source`: of the subject, to show the line of each step; null
// where there is none.
std::string HtmlReport(const JudgedRun& report, absl::string_view name, Source* source = nullptr);

}  // namespace nofail
#endif  // NOFAIL_FUZZ_REPORT_TIMELINE_HTML_REPORT_H_
