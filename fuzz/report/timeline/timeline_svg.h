// SPDX-License-Identifier: MIT
//
// Draws a timeline as inline SVG. Time runs downwards, and every Row of the timeline is one row of the picture. From
// left to right, the columns are the lanes, the grace periods, and the lives of objects.
//
// The picture is cut into strips that follow each other without a gap. So a printer can break pages between rows, and a
// browser paints only the strips that are visible. The style sheet page/page.css sets colours and fonts.
#ifndef NOFAIL_FUZZ_REPORT_TIMELINE_TIMELINE_SVG_H_
#define NOFAIL_FUZZ_REPORT_TIMELINE_TIMELINE_SVG_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "fuzz/report/source.h"
#include "fuzz/report/timeline.h"

namespace nofail {

struct TimelineSvg {
  std::string head;                 // an <svg> element with the names of the columns
  std::vector<std::string> strips;  // <svg> elements, from top to bottom
};

// Draws `rows`, which MakeRows made from `timeline`. `prefix` keeps element ids unique on a page with several pictures:
// the id of a row is `prefix` followed by the number of its first event.
//
// What the page says about a row when it is chosen is in the row's <title>: each event with its site, the source line
// there, and which word it changes, from what to what. `source` may be null.
TimelineSvg DrawTimeline(const JudgedRun& report, const Timeline& timeline, const std::vector<Row>& rows,
                         absl::string_view prefix, Source* source);

// Makes text safe to put into the page, as text or inside a quoted attribute. Characters of the markup (such as '<')
// are escaped; control characters other than line break and tab become '?'.
std::string EscapeMarkup(absl::string_view text);

}  // namespace nofail
#endif  // NOFAIL_FUZZ_REPORT_TIMELINE_TIMELINE_SVG_H_
