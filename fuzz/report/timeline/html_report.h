// SPDX-License-Identifier: MIT
//
// The report as one page for a browser: the timeline, the violations, the objects' lives, the schedule, where each
// function stands. Self-contained: it loads nothing. Readable without its script, which only steps from row to row;
// well-formed as XML too.
#ifndef NOFAIL_FUZZ_REPORT_TIMELINE_HTML_REPORT_H_
#define NOFAIL_FUZZ_REPORT_TIMELINE_HTML_REPORT_H_

#include <string>

#include "absl/strings/string_view.h"
#include "fuzz/check/judged_run.h"

namespace nofail {

// `name` is the schedule's, for the title. A run of very many events is cut in its middle, and the page says where.
std::string HtmlReport(const JudgedRun& report, absl::string_view name);

}  // namespace nofail
#endif  // NOFAIL_FUZZ_REPORT_TIMELINE_HTML_REPORT_H_
