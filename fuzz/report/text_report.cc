// SPDX-License-Identifier: MIT
#include "fuzz/report/text_report.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "core/kernel/trace/ids.h"
#include "fuzz/base/wrap.h"
#include "fuzz/check/cause.h"
#include "fuzz/check/known.h"
#include "fuzz/report/columns.h"
#include "fuzz/report/describe.h"
#include "fuzz/report/interleaving.h"
#include "fuzz/report/object_life.h"

namespace nofail {
namespace {

std::string Paint(const TextOptions& options, const char* colour, const std::string& text) {
  return options.colour ? absl::StrCat(colour, text, "\x1b[0m") : text;
}

std::string Heading(const TextOptions& options, const std::string& text) {
  return absl::StrCat("\n", Paint(options, "\x1b[1m", text), "\n");
}

// Appends `text` as lines that fit the width. The first line begins with `first`; the others are indented by the length
// of `first`.
void AppendParagraph(absl::string_view first, absl::string_view text, const TextOptions& options, std::string* out) {
  const size_t width = std::max<size_t>(static_cast<size_t>(options.width), first.size() + 20) - first.size();
  std::string indent(first);
  for (const Line& line : Wrap(text, "", width)) {
    absl::StrAppend(out, indent, line.text, "\n");
    indent.assign(first.size(), ' ');
  }
}

// `first` begins the line with the signature. That stays one line, so that it can be copied.
void AppendViolation(const JudgedRun& report, const Violation& violation, std::string first, const TextOptions& options,
                     std::string* out) {
  const std::string signature = violation.Signature();
  absl::StrAppend(&first, signature);
  const std::string standing = absl::StrCat("(", Standing(FindListed(report.subject.name, signature)), ")");
  const bool fits = first.size() + 2 + standing.size() <= static_cast<size_t>(options.width);
  absl::StrAppend(out, first, fits ? "  " : "\n     ", standing, "\n");
  AppendParagraph("     ", absl::StrCat("#", violation.event, " ", WithFields(report, violation.detail), "."), options,
                  out);
}

// Each cause has a number. Below its first face are the others.
void AppendViolations(const JudgedRun& report, const TextOptions& options, std::string* out) {
  absl::StrAppend(out, Heading(options, "Violations"));
  int number = 0;
  for (const std::vector<size_t>& faces : FacesByCause(report.trace, report.verdict)) {
    std::string first = absl::StrCat("  ", ++number, ". ");
    for (const size_t face : faces) {
      AppendViolation(report, report.verdict.violations[face], first, options, out);
      first = "   - ";
    }
  }
  AppendParagraph("  ", absl::StrCat("Lock mode: ", LocksSentence(FindLocksNeeded(report.trace)), "."), options, out);
}

// The source line of a step, cut to the width. Nothing where it is not known.
void AppendSource(const Event& event, const TextOptions& options, std::string* out) {
  const absl::string_view text = options.source->Line(event);
  if (text.empty()) return;
  std::string line = absl::StrCat("       :", event.line, "  ", text);
  if (const size_t width = static_cast<size_t>(options.width); line.size() > width) {
    line = absl::StrCat(line.substr(0, width - 3), "...");
  }
  absl::StrAppend(out, Paint(options, "\x1b[2m", line), "\n");
}

void AppendSteps(const JudgedRun& report, const TextOptions& options, std::string* out) {
  const Violation& violation = *Foremost(report.verdict, report.subject.name);
  absl::StrAppend(out, Heading(options, absl::StrCat("How ", violation.kind, " comes about")));
  int number = 0;
  for (const Step& step : Steps(report, &violation)) {
    const std::string site = StepSite(report, step);
    AppendParagraph(absl::StrFormat("%4d. ", ++number),
                    site.empty() ? step.sentence : absl::StrCat(step.sentence, " ", site), options, out);
    if (options.source != nullptr && step.event != kNoEvent) {
      AppendSource(report.trace.events()[step.event], options, out);
    }
  }
}

void AppendLife(const JudgedRun& report, ObjectId object, std::string* out) {
  const Trace& trace = report.trace;
  const ObjectInfo& info = trace.objects()[object];
  absl::StrAppend(out, "  ", ObjectName(info.kind, info.number), ", ", info.size, " bytes",
                  info.freed == ObjectInfo::kAlive ? ", never freed" : "", "\n");
  for (const LifeEvent& moment : LifeOf(report, object)) {
    absl::StrAppend(out, absl::StrFormat("    #%-5d", moment.event), moment.what, " ", WhoAndWhere(trace, moment.event),
                    "\n");
  }
}

void AppendObjects(const JudgedRun& report, const TextOptions& options, std::string* out) {
  std::vector<ObjectId> objects;
  for (const Violation& violation : report.verdict.violations) {
    objects.insert(objects.end(), violation.involved.begin(), violation.involved.end());
  }
  std::sort(objects.begin(), objects.end());
  objects.erase(std::unique(objects.begin(), objects.end()), objects.end());
  if (objects.empty()) return;
  absl::StrAppend(out, Heading(options, "Objects"));
  for (ObjectId object : objects) AppendLife(report, object, out);
}

void AppendSchedule(const JudgedRun& report, const TextOptions& options, std::string* out) {
  const std::string schedule = ScheduleText(report);
  if (schedule.empty()) return;
  absl::StrAppend(out, Heading(options, "Schedule"));
  for (const absl::string_view line : absl::StrSplit(schedule, '\n')) {
    if (!line.empty()) absl::StrAppend(out, "  ", line, "\n");
  }
}

void AppendFunctions(const JudgedRun& report, const TextOptions& options, std::string* out) {
  const std::map<std::string, std::string> files = FunctionsByFile(report.trace);
  if (files.empty()) return;
  absl::StrAppend(out, Heading(options, "Where the functions are"));
  for (const auto& [file, functions] : files) {
    absl::StrAppend(out, "  ", file, "\n");
    AppendParagraph("    ", functions, options, out);
  }
}

}  // namespace

int TerminalWidth() {
  constexpr int kLeast = 40, kMost = 1000;
  const char* columns = getenv("COLUMNS");
  int width = 0;
  if (columns != nullptr && absl::SimpleAtoi(columns, &width) && width >= kLeast && width <= kMost) return width;
  winsize window;
  const bool is_terminal = ioctl(STDOUT_FILENO, TIOCGWINSZ, &window) == 0;
  return is_terminal && window.ws_col >= kLeast && window.ws_col <= kMost ? window.ws_col : 80;
}

std::string Standing(const Listed* listed) {
  if (listed == nullptr) return "new";
  return absl::StrCat(listed->is_known ? "known limitation " : "finding ", listed->name);
}

std::string Headline(const JudgedRun& report) {
  if (report.verdict.pass()) return "==nofail== PASS";
  if (const Violation* violation = Headline(report.verdict, report.subject.name)) {
    return absl::StrCat("==nofail== ERROR: ", violation->Signature());
  }
  return absl::StrCat("==nofail== LISTED: ", Foremost(report.verdict, report.subject.name)->Signature());
}

std::string TextReport(const JudgedRun& report, const TextOptions& options) {
  std::string out = Paint(options, report.verdict.pass() ? "\x1b[32m" : "\x1b[31m", Headline(report));
  absl::StrAppend(&out, "\nsubject ", report.subject.name, ", trace ", absl::Hex(report.trace.Hash(), absl::kZeroPad16),
                  ", ", report.trace.size(), " events\n");
  if (!report.verdict.pass()) {
    AppendViolations(report, options, &out);
    AppendSteps(report, options, &out);
    AppendObjects(report, options, &out);
  }
  AppendSchedule(report, options, &out);
  const char* heading = options.verbose ? "Trace" : "Trace (what matters; --verbose shows every event)";
  absl::StrAppend(&out, Heading(options, heading),
                  TraceColumns(report, {options.width, options.verbose, options.colour}));
  AppendFunctions(report, options, &out);
  return out;
}

}  // namespace nofail
