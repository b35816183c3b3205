// SPDX-License-Identifier: MIT
#include "fuzz/report/timeline/html_report.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "fuzz/check/cause.h"
#include "fuzz/check/known.h"
#include "fuzz/report/describe.h"
#include "fuzz/report/gist.h"
#include "fuzz/report/glossary.h"
#include "fuzz/report/interleaving.h"
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
                 absl::string_view prefix, Source* source) {
  const TimelineSvg svg = DrawTimeline(report, timeline, rows, prefix, source);
  std::string html = absl::StrCat("<table class=\"view\" id=\"", id, "\">\n<thead><tr><td>", svg.head,
                                  "</td></tr></thead>\n<tbody>\n");
  for (const std::string& strip : svg.strips) absl::StrAppend(&html, "<tr><td>", strip, "</td></tr>\n");
  return html + "</tbody></table>\n";
}

// A link to the row that the event is in.
std::string EventLink(const std::vector<Row>& rows, uint32_t event, absl::string_view kind = "") {
  return absl::StrCat("<a", kind.empty() ? "" : absl::StrCat(" class=\"", kind, "\""), " href=\"#e",
                      RowBegin(rows, event), "\">#", event, "</a>");
}

// Whether a violation is listed, and where the page of its finding is. That is a name and no link: who got this page by
// mail has no such file beside it.
std::string StandingHtml(const JudgedRun& report, const Violation& violation) {
  const Listed* listed = FindListed(report.subject.name, violation.Signature());
  const std::string standing = EscapeMarkup(Standing(listed));
  const absl::string_view name = listed == nullptr ? "" : listed->name;
  const size_t slash = name.find('/');
  if (slash == name.npos || listed->is_known) return standing;
  return absl::StrCat(standing, ", explained in <code>corpus/findings/", EscapeMarkup(name.substr(0, slash)),
                      "/README.md</code>");
}

// One violation, as the content of an item of a list.
std::string OneViolation(const JudgedRun& report, const std::vector<Row>& rows, const Violation& violation) {
  return absl::StrCat("<code class=\"signature\">", EscapeMarkup(violation.Signature()),
                      "</code> <span class=\"standing\">", StandingHtml(report, violation), "</span><br/>",
                      EventLink(rows, violation.event, "to-violation"), " ",
                      EscapeMarkup(WithFields(report, violation.detail)), ".");
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
  if (html.empty()) return "";
  return absl::StrCat("<section><h2>Violations</h2>\n<ol class=\"violations\">\n", html, "</ol></section>\n");
}

// The steps that lead to the violation, each with its source line where that is known.
std::string StepsSection(const JudgedRun& report, const std::vector<Row>& rows, const Violation* violation,
                         Source* source) {
  if (violation == nullptr) return "";
  std::string html;
  for (const Step& step : Steps(report, violation)) {
    const bool has_event = step.event != kNoEvent;
    const absl::string_view line =
        has_event && source != nullptr ? source->Line(report.trace.events()[step.event]) : absl::string_view();
    absl::StrAppend(&html, "<li>", has_event && !step.is_before ? EventLink(rows, step.event) + " " : "",
                    EscapeMarkup(step.sentence), " <span class=\"site\">", EscapeMarkup(StepSite(report, step)),
                    "</span>", line.empty() ? "" : absl::StrCat("<br/><code>", EscapeMarkup(line), "</code>"),
                    "</li>\n");
  }
  return absl::StrCat("<section><h2>How it comes about</h2>\n<ol class=\"steps\">\n", html, "</ol></section>\n");
}

// The words of the page that a stranger does not know.
std::string Words(const JudgedRun& report, const Timeline& timeline) {
  std::string text;
  for (uint32_t i = 0; i < report.trace.size(); ++i) {
    if (timeline.matters[i]) absl::StrAppend(&text, ByWhom(report.trace.events()[i]), " ", Describe(report, i), "\n");
  }
  for (const Violation& violation : report.verdict.violations)
    absl::StrAppend(&text, WithFields(report, violation.detail), "\n");
  for (const Bar& bar : timeline.bars) absl::StrAppend(&text, BarText(bar.kind), "\n");
  for (const Lane& lane : timeline.lanes) absl::StrAppend(&text, lane.name, "\n");
  std::string html;
  for (const Term& term : TermsIn(text)) {
    absl::StrAppend(&html, "<dt>", EscapeMarkup(term.name), "</dt><dd>", EscapeMarkup(term.meaning), "</dd>\n");
  }
  if (html.empty()) return "";
  return absl::StrCat("<section class=\"short\"><h2>Words</h2>\n<dl class=\"words\">\n", html, "</dl></section>\n");
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
  return html.empty() ? "" : absl::StrCat("<section class=\"short\"><h2>Functions</h2>\n", html, "</section>\n");
}

std::string ScheduleSection(const JudgedRun& report) {
  const std::string schedule = ScheduleText(report);
  if (schedule.empty()) return "";
  return absl::StrCat("<section class=\"short\"><h2>Schedule</h2>\n<pre>", EscapeMarkup(schedule),
                      "</pre></section>\n");
}

// The part of the legend that explains what is in the views: each of its items is a line with a shape of the class that
// the shapes in the views have.
std::string Legend(absl::string_view views) {
  std::string html;
  for (const absl::string_view line : absl::StrSplit(absl::StripSuffix(kLegend, "\n"), '\n')) {
    const size_t at = line.find("class=\"");
    const bool is_item = absl::StartsWith(line, "<li>") && at != line.npos;
    const absl::string_view shape = is_item ? line.substr(at, line.find('"', at + 7) + 1 - at) : absl::string_view();
    if (!is_item || absl::StrContains(views, shape)) absl::StrAppend(&html, line, "\n");
  }
  return html;
}

std::string Counts(const JudgedRun& report) {
  return absl::StrCat(EscapeMarkup(Headline(report)), " · subject ", EscapeMarkup(report.subject.name), " · ",
                      report.trace.size(), " events · trace ", absl::Hex(report.trace.Hash(), absl::kZeroPad16),
                      " · lock mode: ", EscapeMarkup(LocksSentence(FindLocksNeeded(report.trace))));
}

// What happened, for who reads nothing else.
std::string Opening(const JudgedRun& report, const std::vector<Row>& rows, const Violation* violation) {
  const Gist gist = GistOf(report, violation);
  if (violation == nullptr) {
    return absl::StrCat("<h1 class=\"pass\">Nothing goes wrong</h1>\n<p class=\"gist\">", EscapeMarkup(gist.who),
                        "</p>\n");
  }
  std::string title = TitleOf(report, *violation);
  if (title[0] >= 'a' && title[0] <= 'z') title[0] = static_cast<char>(title[0] - 'a' + 'A');
  return absl::StrCat("<h1 class=\"fail\">", EscapeMarkup(title), "</h1>\n<p class=\"gist\">",
                      EscapeMarkup(absl::StrCat(gist.who, " ", gist.wrong, " (")), EventLink(rows, violation->event),
                      ") ", EscapeMarkup(gist.took), "</p>\n");
}

bool LeavesOut(const std::vector<Row>& rows) {
  return std::any_of(rows.begin(), rows.end(), [](const Row& row) { return row.kind == Row::kLeftOut; });
}

}  // namespace

std::string HtmlReport(const JudgedRun& report, absl::string_view name, Source* source) {
  const Timeline timeline = BuildTimeline(report);
  const std::vector<Row> folded = MakeRows(report.trace, timeline, true, kMaxFoldedRows);
  const std::vector<Row> all = MakeRows(report.trace, timeline, false, kMaxRows);
  const Violation* foremost = Foremost(report.verdict, report.subject.name);
  const std::string views =
      View(report, timeline, folded, "folded", "e", source) + View(report, timeline, all, "whole", "a", source);
  return absl::StrCat(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
      "<meta name=\"viewport\" content=\"width=1280\"/>\n<title>",
      EscapeMarkup(name), " - nofail</title>\n<style>\n", kCss, "</style>\n</head>\n<body>\n<header>\n",
      Opening(report, folded, foremost), "<p class=\"counts\">", EscapeMarkup(name), " · ", Counts(report), "</p>\n",
      LeavesOut(folded) || LeavesOut(all)
          ? "<p class=\"left-out\">The run is too long to be shown whole: its beginning, its "
            "end and what surrounds each violation are here.</p>\n"
          : "",
      "</header>\n", Legend(views), views, "<footer>\n", Violations(report, folded),
      StepsSection(report, folded, foremost, source), Words(report, timeline), ScheduleSection(report),
      Lives(report, timeline, folded), Functions(report.trace),
      "</footer>\n<div id=\"status\" hidden=\"hidden\"></div>\n<script>\n//<![CDATA[\n", kScript,
      "//]]>\n</script>\n</body>\n</html>\n");
}

}  // namespace nofail
