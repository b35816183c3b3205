// SPDX-License-Identifier: MIT
#include "fuzz/report/timeline/html_report.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "fuzz/check/cause.h"
#include "fuzz/check/known.h"
#include "fuzz/report/describe.h"
#include "fuzz/report/text_report.h"
#include "fuzz/report/timeline.h"
#include "fuzz/report/timeline/timeline_svg.h"

namespace nofail {
namespace {

constexpr char kCss[] =
#include "page_css.inc"
    ;
constexpr char kScript[] =
#include "page_js.inc"
    ;
// The part that is the same in every page: the markers of arrows and the legend.
constexpr char kLegend[] =
#include "legend_html.inc"
    ;

// The most rows of the two views. With more, a browser becomes slow.
constexpr size_t kMaxFoldedRows = 1000, kMaxRows = 2500;

// The first event of the row that the event is in. The ids of rows contain this number.
uint32_t RowBegin(const std::vector<Row>& rows, uint32_t event) {
  for (const Row& row : rows) {
    if (event <= row.last) return row.first;
  }
  return event;
}

// One view: a timeline as a table of strips.
std::string View(const JudgedRun& report, const Timeline& timeline, const std::vector<Row>& rows, absl::string_view id,
                 absl::string_view prefix) {
  const TimelineSvg svg = DrawTimeline(report, timeline, rows, prefix);
  std::string html = absl::StrCat("<table class=\"view\" id=\"", id, "\">\n<thead><tr><td>", svg.head,
                                  "</td></tr></thead>\n<tbody>\n");
  for (const std::string& strip : svg.strips) absl::StrAppend(&html, "<tr><td>", strip, "</td></tr>\n");
  return html + "</tbody></table>\n";
}

// One violation, as the content of an item of a list.
std::string OneViolation(const JudgedRun& report, const std::vector<Row>& rows, const Violation& violation) {
  const std::string signature = violation.Signature();
  return absl::StrCat("<code class=\"signature\">", EscapeMarkup(signature), "</code> <span class=\"standing\">",
                      EscapeMarkup(Standing(FindListed(report.subject.name, signature))), "</span><br/>",
                      "<a class=\"to-violation\" href=\"#e", RowBegin(rows, violation.event), "\">#", violation.event,
                      "</a> ", EscapeMarkup(violation.detail), ".");
}

// Each cause is an item of the list. Below its first face are the others.
std::string Violations(const JudgedRun& report, const std::vector<Row>& rows) {
  std::string html;
  for (const std::vector<size_t>& faces : FacesByCause(report.trace, report.verdict)) {
    std::string others;
    for (size_t i = 1; i < faces.size(); ++i) {
      const Violation& face = report.verdict.violations[faces[i]];
      absl::StrAppend(&others, "<li>", OneViolation(report, rows, face), "</li>\n");
    }
    if (!others.empty()) others = absl::StrCat("\n<ul class=\"faces\">\n", others, "</ul>\n");
    const Violation& first = report.verdict.violations[faces[0]];
    absl::StrAppend(&html, "<li>", OneViolation(report, rows, first), others, "</li>\n");
  }
  return html.empty() ? "" : absl::StrCat("<ol class=\"violations\">\n", html, "</ol>\n");
}

std::string Lives(const JudgedRun& report, const Timeline& timeline, const std::vector<Row>& rows) {
  std::string html;
  for (const Life& life : timeline.lives) {
    if (!life.involved) continue;
    const ObjectInfo& info = report.trace.objects()[life.object];
    absl::StrAppend(&html, "<h3>", ObjectName(info.kind, info.number), "</h3><p>", info.size, " bytes",
                    info.freed == ObjectInfo::kAlive ? ", never freed" : "", "</p>\n<table class=\"life-table\">\n");
    for (const LifeEvent& moment : life.moments) {
      if (moment.kind == LifeKind::kTouched) continue;
      absl::StrAppend(&html, "<tr><td class=\"right\"><a href=\"#e", RowBegin(rows, moment.event), "\">#", moment.event,
                      "</a></td><td>", EscapeMarkup(moment.what), "</td><td>",
                      EscapeMarkup(WhoAndWhere(report.trace, moment.event)), "</td></tr>\n");
    }
    html += "</table>\n";
  }
  return html.empty() ? "" : absl::StrCat("<section><h2>Objects</h2>\n", html, "</section>\n");
}

std::string Functions(const Trace& trace) {
  std::string html;
  for (const auto& [file, functions] : FunctionsByFile(trace)) {
    absl::StrAppend(&html, "<h3>", EscapeMarkup(file), "</h3><p>", EscapeMarkup(functions), "</p>\n");
  }
  return html.empty() ? "" : absl::StrCat("<section><h2>Functions</h2>\n", html, "</section>\n");
}

std::string ScheduleSection(const JudgedRun& report) {
  const std::string schedule = ScheduleText(report);
  if (schedule.empty()) return "";
  return absl::StrCat("<section><h2>Schedule</h2>\n<pre>", EscapeMarkup(schedule), "</pre></section>\n");
}

std::string Counts(const JudgedRun& report) {
  return absl::StrCat("subject ", EscapeMarkup(report.subject.name), " · ", report.trace.size(), " events · trace ",
                      absl::Hex(report.trace.Hash(), absl::kZeroPad16),
                      " · lock mode: ", EscapeMarkup(LocksSentence(FindLocksNeeded(report.trace))));
}

bool LeavesOut(const std::vector<Row>& rows) {
  return std::any_of(rows.begin(), rows.end(), [](const Row& row) { return row.kind == Row::kLeftOut; });
}

}  // namespace

std::string HtmlReport(const JudgedRun& report, absl::string_view name) {
  const Timeline timeline = BuildTimeline(report);
  const std::vector<Row> folded = MakeRows(report.trace, timeline, true, kMaxFoldedRows);
  const std::vector<Row> all = MakeRows(report.trace, timeline, false, kMaxRows);
  const absl::string_view verdict = report.verdict.pass() ? "pass" : "fail";
  return absl::StrCat(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
      "<meta name=\"viewport\" content=\"width=1280\"/>\n<title>",
      EscapeMarkup(name), " - nofail</title>\n<style>\n", kCss, "</style>\n</head>\n<body>\n<header>\n<h1 class=\"",
      verdict, "\">", EscapeMarkup(Headline(report)), "</h1>\n", "<p class=\"counts\">", EscapeMarkup(name), " · ",
      Counts(report), "</p>\n", Violations(report, folded),
      LeavesOut(folded) || LeavesOut(all)
          ? "<p class=\"left-out\">The run is too long to be shown whole: its beginning, its "
            "end and what surrounds each violation are here.</p>\n"
          : "",
      "</header>\n", kLegend, View(report, timeline, folded, "folded", "e"), View(report, timeline, all, "whole", "a"),
      "<footer>\n", ScheduleSection(report), Lives(report, timeline, folded), Functions(report.trace),
      "</footer>\n<div id=\"status\" hidden=\"hidden\"></div>\n<script>\n//<![CDATA[\n", kScript,
      "//]]>\n</script>\n</body>\n</html>\n");
}

}  // namespace nofail
