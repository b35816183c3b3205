// SPDX-License-Identifier: MIT
#include "fuzz/report/text_report.h"

#include <algorithm>
#include <cstdlib>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "fuzz/check/known.h"
#include "fuzz/ids.h"
#include "fuzz/report/columns.h"
#include "fuzz/report/describe.h"
#include "fuzz/report/life.h"

namespace nofail {
namespace {

std::string Paint(const TextOptions& options, const char* colour, const std::string& text) {
  return options.colour ? absl::StrCat(colour, text, "\x1b[0m") : text;
}

std::string Heading(const TextOptions& options, const char* text) {
  return absl::StrCat("\n", Paint(options, "\x1b[1m", text), "\n");
}

std::string Standing(const Listed* listed) {
  if (listed == nullptr) return "new";
  return absl::StrCat(listed->is_known ? "known limitation " : "finding ", listed->name);
}

void AppendViolations(const Report& report, const TextOptions& options, std::string* out) {
  absl::StrAppend(out, Heading(options, "Violations"));
  int number = 0;
  for (const Violation& violation : report.verdict.violations) {
    const std::string signature = violation.Signature();
    const Listed* listed = FindListed(report.subject.name, signature);
    absl::StrAppend(out, "  ", ++number, ". ", signature, "  (", Standing(listed), ")\n     #", violation.event, " ",
                    violation.detail, ".\n");
  }
}

const char* LocksSentence(LocksNeeded needed) {
  switch (needed) {
    case LocksNeeded::kNone:
      return "any will do (no attempt failed)";
    case LocksNeeded::kContended:
      return "contended is enough (every attempt that failed met a held lock)";
    case LocksNeeded::kAny:
      return "any (an attempt failed on a free lock)";
  }
  return "";
}

void AppendLife(const Trace& trace, ObjectId object, std::string* out) {
  const ObjectInfo& info = trace.objects()[object];
  absl::StrAppend(out, "  ", ObjectName(info.kind, info.number), ", ", info.size, " bytes",
                  info.freed == ObjectInfo::kAlive ? ", never freed" : "", "\n");
  for (const LifeEvent& moment : LifeOf(trace, object)) {
    const Event& e = trace.events()[moment.event];
    const std::string site = SiteText(e);
    absl::StrAppend(out, absl::StrFormat("    #%-5d", moment.event), moment.what, " by ", TaskName(e.op),
                    site.empty() ? "" : " in ", site, "\n");
  }
}

void AppendObjects(const Report& report, const TextOptions& options, std::string* out) {
  std::vector<ObjectId> objects;
  for (const Violation& violation : report.verdict.violations) {
    objects.insert(objects.end(), violation.involved.begin(), violation.involved.end());
  }
  std::sort(objects.begin(), objects.end());
  objects.erase(std::unique(objects.begin(), objects.end()), objects.end());
  if (objects.empty()) return;
  absl::StrAppend(out, Heading(options, "Objects"));
  for (ObjectId object : objects) AppendLife(report.trace, object, out);
}

void AppendSchedule(const Report& report, const TextOptions& options, std::string* out) {
  if (report.schedule.empty()) return;
  absl::StrAppend(out, Heading(options, "Schedule"));
  for (const std::string& line : std::vector<std::string>(absl::StrSplit(std::string(report.schedule), '\n'))) {
    if (!line.empty()) absl::StrAppend(out, "  ", line, "\n");
  }
}

}  // namespace

int TerminalWidth() {
  const char* columns = getenv("COLUMNS");
  int width = 0;
  return columns != nullptr && absl::SimpleAtoi(columns, &width) && width >= 40 && width <= 1000 ? width : 100;
}

std::string Headline(const Report& report) {
  if (report.verdict.pass()) return "==nofail== PASS";
  if (const Violation* violation = Headline(report.verdict, report.subject.name)) {
    return absl::StrCat("==nofail== ERROR: ", violation->Signature());
  }
  return absl::StrCat("==nofail== LISTED: ", report.verdict.violations.front().Signature());
}

std::string TextReport(const Report& report, const TextOptions& options) {
  std::string out = Paint(options, report.verdict.pass() ? "\x1b[32m" : "\x1b[31m", Headline(report));
  absl::StrAppend(&out, "\nsubject ", report.subject.name, ", trace ", absl::Hex(report.trace.Hash(), absl::kZeroPad16),
                  ", ", report.trace.size(), " events\n");
  if (!report.verdict.pass()) {
    AppendViolations(report, options, &out);
    absl::StrAppend(&out, "  Lock mode: ", LocksSentence(FindLocksNeeded(report.trace)), ".\n");
    AppendObjects(report, options, &out);
  }
  AppendSchedule(report, options, &out);
  const char* heading = options.verbose ? "Trace" : "Trace (what matters; --verbose shows every event)";
  absl::StrAppend(&out, Heading(options, heading),
                  TraceColumns(report, {options.width, options.verbose, options.colour}));
  return out;
}

}  // namespace nofail
