// SPDX-License-Identifier: MIT
//
// A timeline as inline SVG: time runs downwards, a row for each event or fold, a column for each lane, then grace
// periods, then the objects' lives. Cut into strips that stand below each other without a gap, so that a printer breaks
// pages between rows and a browser paints only what it shows. Colours and fonts are page.css's.
#ifndef NOFAIL_FUZZ_REPORT_TIMELINE_TIMELINE_SVG_H_
#define NOFAIL_FUZZ_REPORT_TIMELINE_TIMELINE_SVG_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "fuzz/report/timeline.h"

namespace nofail {

struct TimelineSvg {
  std::string head;                 // names of the columns
  std::vector<std::string> strips;  // from top to bottom
};

// `prefix` makes ids unique where a page holds several: an event's row is PREFIX + its number.
TimelineSvg DrawTimeline(const JudgedRun& report, const Timeline& timeline, const std::vector<Row>& rows,
                         absl::string_view prefix);

// For text and for attributes in quotes: markup is escaped, control characters become '?'.
std::string EscapeMarkup(absl::string_view text);

}  // namespace nofail
#endif  // NOFAIL_FUZZ_REPORT_TIMELINE_TIMELINE_SVG_H_
