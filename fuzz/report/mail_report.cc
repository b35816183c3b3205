// SPDX-License-Identifier: MIT
#include "fuzz/report/mail_report.h"

#include <algorithm>
#include <map>
#include <set>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "core/kernel/trace/ids.h"
#include "fuzz/base/printable.h"
#include "fuzz/base/wrap.h"
#include "fuzz/check/known.h"
#include "fuzz/check/need.h"
#include "fuzz/report/describe.h"
#include "fuzz/report/gist.h"
#include "fuzz/report/glossary.h"
#include "fuzz/report/interleaving.h"
#include "fuzz/schedule/keywords.h"

namespace nofail {
namespace {

constexpr size_t kColumns = 72;                // of a line
constexpr absl::string_view kQuoted = "    ";  // before what is quoted: commands, the schedule, the console

// Appends the text as lines of at most kColumns characters, broken at blanks alone. The first line begins with `first`,
// the others with as many blanks, or with two of them if it is a longer item of a list.
void AppendText(absl::string_view first, absl::string_view text, std::string* out) {
  const size_t indent = absl::StartsWith(first, "- ") ? 2 : first.size();
  std::string line(first);
  bool is_empty = true;
  for (const absl::string_view word : absl::StrSplit(text, ' ', absl::SkipEmpty())) {
    if (!is_empty && line.size() + 1 + word.size() > kColumns) {
      absl::StrAppend(out, line, "\n");
      line.assign(indent, ' ');
      is_empty = true;
    }
    absl::StrAppend(&line, is_empty ? "" : " ", word);
    is_empty = false;
  }
  absl::StrAppend(out, line, "\n");
}

void AppendHeading(absl::string_view heading, std::string* out) {
  absl::StrAppend(out, "\n", heading, "\n", std::string(heading.size(), '-'), "\n\n");
}

// Appends each line of the text as a quotation.
void AppendQuoted(absl::string_view text, std::string* out) {
  for (const absl::string_view line : absl::StrSplit(absl::StripTrailingAsciiWhitespace(text), '\n')) {
    const absl::string_view whole = absl::StripSuffix(line, "\r");
    absl::StrAppend(out, whole.empty() ? "" : kQuoted, Printable(whole), "\n");
  }
}

// The sentence without the numbers of events, such as " at #64": the mail does not number them.
std::string WithoutNumbers(absl::string_view sentence) {
  std::string text;
  while (!sentence.empty()) {
    const bool is_number = absl::StartsWith(sentence, " at #");
    if (!is_number) {
      text += sentence.front();
      sentence.remove_prefix(1);
      continue;
    }
    sentence.remove_prefix(5);
    while (!sentence.empty() && absl::ascii_isdigit(static_cast<unsigned char>(sentence.front()))) {
      sentence.remove_prefix(1);
    }
  }
  return text;
}

// ---- The interleaving, a column for each CPU ----------------------------------------------------------------------

// The steps as a table. A step that no task makes (of RCU, of a callback, of the end) is written across all columns.
// Two columns keep their texts apart. In the narrow form for three and more, a text may go on below the columns to the
// right of its own, where the line is empty.
class Columns {
 public:
  Columns(const JudgedRun& report, const std::vector<Step>& steps) : report_(report), trace_(report.trace) {
    for (const Step& step : steps) {
      if (IsInColumn(step)) columns_[step.op.task] = {};
    }
    constexpr size_t kBeforeLast = 34;  // where the last column begins
    size_t number = 0;
    for (auto& [task, column] : columns_) {
      if (columns_.size() > 1) column.at = number * (kBeforeLast / (columns_.size() - 1));
      column.width = kColumns - column.at;
      ++number;
    }
    if (columns_.size() == 2) columns_.begin()->second.width = kBeforeLast - 2;
    AppendHead();
    for (const Step& step : steps) IsInColumn(step) ? AppendStep(step) : AppendAcross(step);
  }

  const std::string& text() const { return text_; }

 private:
  struct Column {
    size_t at = 0, width = 0;  // in characters
    std::string function;      // in which its last step was; "" where that is not known
  };

  // The event of a step; one without a site where there is none.
  const Event& EventOf(const Step& step) const {
    static constexpr Event kNone = {};
    return step.event == kNoEvent ? kNone : trace_.events()[step.event];
  }
  bool IsByRcuAlone(const Step& step) const { return step.event != kNoEvent && IsByRcu(EventOf(step)); }
  bool IsInColumn(const Step& step) const {
    return !IsByRcuAlone(step) && step.op.task >= kTaskA && step.op.task <= kTaskD;
  }

  void AppendHead() {
    std::string names, lines;
    for (const auto& [task, column] : columns_) {
      const std::string name = absl::StrCat("CPU ", task - kTaskA, " (", TaskName({task, 0}), ")");
      names.resize(column.at, ' ');
      lines.resize(column.at, ' ');
      absl::StrAppend(&names, name);
      absl::StrAppend(&lines, std::string(name.size(), '-'));
    }
    if (!columns_.empty()) absl::StrAppend(&text_, names, "\n", lines, "\n");
  }

  void AppendLine(size_t at, absl::string_view line) { absl::StrAppend(&text_, std::string(at, ' '), line, "\n"); }

  void AppendStep(const Step& step) {
    Column& column = columns_[step.op.task];
    if (!step.begun.empty()) AppendLine(column.at, absl::StrCat("[", step.begun, "]"));
    const char* name = EventOf(step).function;
    const std::string function = name == nullptr ? "" : name;
    // Who comes back to a column should not have to look for its function.
    const bool is_there = &column == last_column_ && step.begun.empty() && column.function == function;
    if (!function.empty() && !is_there) AppendLine(column.at, absl::StrCat(function, "()"));
    last_column_ = &column;
    column.function = function;
    AppendWords(step, column);
  }

  // The sentence of the step, and its site behind it if both fit in a line, else below it.
  void AppendWords(const Step& step, const Column& column) {
    std::vector<std::string> lines;
    for (const Line& line : Wrap(step.what + (step.is_before ? " before" : ""), "", column.width - 2)) {
      lines.push_back(line.text);
    }
    const Event& e = EventOf(step);
    const absl::string_view file = e.file == nullptr ? "" : e.file;
    const std::string site = absl::StrCat("  ", file.substr(file.rfind('/') + 1), ":", e.line);
    const bool fits = lines.size() == 1 && lines[0].size() + site.size() <= column.width - 2;
    if (e.function != nullptr && fits) lines[0] += site;
    if (e.function != nullptr && !fits) lines.push_back(absl::StrCat("  ", site));
    for (const std::string& line : lines) AppendLine(column.at + 2, line);
  }

  void AppendAcross(const Step& step) {
    const bool is_verdict = step.op.task == kNoTask;
    const std::string who = is_verdict ? "=> " : IsByRcuAlone(step) ? "RCU: " : absl::StrCat(TaskName(step.op), ": ");
    AppendText(who, absl::StrCat(WithoutNumbers(step.what), " ", StepSite(report_, step)), &text_);
  }

  const JudgedRun& report_;
  const Trace& trace_;
  std::map<uint8_t, Column> columns_;    // by task
  const Column* last_column_ = nullptr;  // of the last step
  std::string text_;
};

// ---- The parts of the mail ---------------------------------------------------------------------------------------

void AppendOpening(const JudgedRun& report, const Violation& violation, std::string* out) {
  const Gist gist = GistOf(report, &violation);
  const bool is_posted = absl::string_view(report.subject.name) == "posted";
  AppendText("", absl::StrCat(gist.who, " ", gist.wrong, " ", gist.took), out);
  absl::StrAppend(out, "\n");
  AppendText("",
             absl::StrCat("nofail found it. It runs ",
                          is_posted ? "that protocol, as C++ of its own," : "the unmodified files of that tree",
                          " on a simulated kernel, where a schedule decides whatever may go either way. A, B and so on "
                          "are tasks, each on a CPU of its own. Files and lines are those of ",
                          is_posted ? "that C++." : "the tree."),
             out);
}

// The kinds of storage that the schedule's maps are for.
std::string TypesText(const Schedule& schedule) {
  std::set<std::string> types;
  for (const MapSpec& map : schedule.maps) types.emplace(KeywordOf(kTypeKeywords, map.type));
  return absl::StrJoin(types, ", ");
}

void AppendNeeds(const JudgedRun& report, const Violation& violation, std::string* out) {
  AppendHeading("What it needed in this run", out);
  AppendText("- failed before it: ", NeedText(NeedOf(report.trace, violation)), out);
  if (const std::string timing = TimingText(report); !timing.empty()) AppendText("- timing: ", timing, out);
  if (report.schedule == nullptr) return;
  const Modes& modes = report.schedule->modes;
  AppendText("- storage type: ", TypesText(*report.schedule), out);
  AppendText("- RCU: ", KeywordOf(kRcuKeywords, modes.preemptible_rcu ? 0 : 1), out);
  if (modes.memory == MemoryMode::kWeak) AppendText("- memory: ", "weakly ordered", out);
}

// What else the run violates.
void AppendOthers(const JudgedRun& report, const Violation& told, std::string* out) {
  if (report.verdict.violations.size() < 2) return;
  AppendHeading("Also in this run", out);
  for (const Violation& violation : report.verdict.violations) {
    if (&violation == &told) continue;
    AppendText("- ",
               absl::StrCat(KindWords(violation.kind), ": ", WithoutNumbers(WithFields(report, violation.detail)), "."),
               out);
  }
}

void AppendHowTo(const JudgedRun& report, const Violation& violation, const MailOptions& options, std::string* out) {
  absl::string_view version = report.subject.name;
  const bool has_version = absl::ConsumePrefix(&version, "linux-");
  AppendHeading("How to replay it", out);
  AppendText("", absl::StrCat("The schedule, as ", options.file, ":"), out);
  absl::StrAppend(out, "\n");
  AppendQuoted(ScheduleText(report), out);
  absl::StrAppend(out, "\n");
  AppendText("", "In nofail's tree this replays it, step by step:", out);
  absl::StrAppend(out, "\n");
  if (has_version) AppendQuoted(absl::StrCat("./scripts/get-linux ", version), out);
  AppendQuoted(absl::StrCat("./scripts/replay ", options.file, " --subject ", report.subject.name, " --verbose",
                            violation.kind == FaultText(Fault::kDataRace) ? " --sanitizer race" : ""),
               out);
  absl::StrAppend(out, "\n");
  AppendText("", "And this tries it on a real kernel:", out);
  absl::StrAppend(out, "\n");
  AppendQuoted(absl::StrCat("./scripts/reproduce ", options.file, " --linux ", has_version ? version : "VERSION"), out);
}

void AppendConsole(const MailOptions& options, std::string* out) {
  if (options.console.empty()) return;
  AppendHeading("What a real kernel printed", out);
  AppendQuoted(options.console, out);
}

void AppendWords(const std::vector<Term>& terms, std::string* out) {
  if (terms.empty()) return;
  AppendHeading("Words", out);
  for (const Term& term : terms) AppendText(absl::StrCat("- ", term.name, ": "), absl::StrCat(term.meaning, "."), out);
}

}  // namespace

std::string MailReport(const JudgedRun& report, const MailOptions& options) {
  const Violation& violation = *Foremost(report.verdict, report.subject.name);
  std::string out = absl::StrCat("Subject: [BUG] bpf: local storage: ", TitleOf(report, violation), "\n\n");
  AppendOpening(report, violation, &out);
  AppendHeading("How it happens", &out);
  absl::StrAppend(&out, Columns(report, Steps(report, &violation)).text());
  AppendNeeds(report, violation, &out);
  AppendOthers(report, violation, &out);
  const std::vector<Term> terms = TermsIn(out);  // of what is told, not of what is quoted
  AppendConsole(options, &out);
  AppendHowTo(report, violation, options, &out);
  AppendWords(terms, &out);
  return out;
}

}  // namespace nofail
