// SPDX-License-Identifier: MIT
#include "fuzz/report/columns.h"

#include <algorithm>
#include <array>
#include <set>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "fuzz/ids.h"
#include "fuzz/report/describe.h"
#include "fuzz/report/life.h"

namespace nofail {
namespace {

constexpr size_t kMarginWidth = 8;      // mark, event number, gap
constexpr size_t kMinColumnWidth = 16;  // below it, the table gets wider than the terminal instead
constexpr char kCallbackColumn = '*';

constexpr std::string_view kRed = "\x1b[31m", kBold = "\x1b[1m", kDim = "\x1b[2m", kReset = "\x1b[0m";

// Which column an event stands in: 'A' to 'D', '*' for callbacks, '=' for the set-up and the end.
char ColumnOf(OpRef op) {
  if (op.IsCallback()) return kCallbackColumn;
  return op.task >= kTaskA && op.task <= kTaskD ? static_cast<char>('A' + op.task - kTaskA) : '=';
}

bool IsFailure(const Event& e) {
  return e.kind == EventKind::kFault || e.kind == EventKind::kWarning || (e.kind == EventKind::kLock && e.value != 0) ||
         (e.kind == EventKind::kAlloc && e.object == 0);
}

// Greedy; a word longer than a line is cut. Lines after the first are indented. The site goes behind the text where
// there is room, else on a line of its own.
std::vector<std::string> Wrap(std::string_view text, std::string_view site, size_t width) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const size_t indent = lines.empty() ? 0 : 2, room = width - indent;
    size_t end = text.size();
    if (end > room) {
      size_t space = text.rfind(' ', room);
      end = space == std::string_view::npos || space == 0 ? room : space;
    }
    lines.push_back(std::string(indent, ' ').append(text.substr(0, end)));
    text.remove_prefix(end);
    while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  }
  if (site.empty()) return lines;
  if (lines.back().size() + 2 + site.size() <= width) {
    lines.back().append("  ").append(site);
  } else {
    for (; !site.empty(); site.remove_prefix(std::min(site.size(), width - 2))) {
      lines.push_back(std::string("  ").append(site.substr(0, width - 2)));
    }
  }
  return lines;
}

class Table {
 public:
  Table(const Report& report, const ColumnOptions& options)
      : trace_(report.trace), subject_(report.subject), options_(options) {
    for (const Violation& violation : report.verdict.violations) {
      marked_.insert(violation.event);
      involved_.insert(violation.involved.begin(), violation.involved.end());
    }
    for (ObjectId object : involved_) {
      for (const LifeEvent& moment : LifeOf(trace_, object)) lives_.insert(moment.event);
    }
    for (char column : {'A', 'B', 'C', 'D', kCallbackColumn}) {
      auto in_column = [column](const Event& e) { return ColumnOf(e.op) == column; };
      if (std::any_of(trace_.events().begin(), trace_.events().end(), in_column)) columns_.push_back(column);
    }
    const size_t all = std::max<size_t>(options.width, kMarginWidth + kMinColumnWidth) - kMarginWidth;
    column_width_ = columns_.empty() ? all : std::max(kMinColumnWidth, all / columns_.size());
  }

  std::string Print() {
    std::string out = Header();
    for (uint32_t i = 0; i < trace_.size(); ++i) {
      if (IsMarked(i) || IsShown(i)) AppendRow(i, &out);
    }
    return out;
  }

 private:
  bool IsMarked(uint32_t event) const { return marked_.contains(event); }
  bool IsInvolved(ObjectId object) const { return involved_.contains(object); }
  bool IsWord(const Event& e, kernel_object_kind kind, size_t offset) const {
    return e.offset == offset && e.object != 0 && trace_.objects()[e.object].kind == kind;
  }
  bool IsState(const Event& e) const { return IsWord(e, KERNEL_SELEM, subject_.selem_state_offset); }

  // The words whose meaning the subject tells have names.
  std::string Words(uint32_t event) const {
    const Event& e = trace_.events()[event];
    const char* name = IsState(e)                                              ? ".state"
                       : IsWord(e, KERNEL_OWNER, subject_.owner_charge_offset) ? ".charge"
                                                                               : nullptr;
    std::string text = Describe(trace_, event);
    if (name == nullptr) return text;
    return absl::StrReplaceAll(text, {{PlaceText(trace_, e.object, e.offset), PlaceText(trace_, e.object, 0) + name}});
  }

  bool IsShown(uint32_t event) const {
    const Event& e = trace_.events()[event];
    if (e.kind == EventKind::kRmwOld) return false;  // told with its Rmw
    if (options_.verbose || lives_.contains(event) || IsFailure(e)) return true;
    if (e.kind == EventKind::kOpBegin || e.kind == EventKind::kOpSkip) return true;
    // Nothing runs beside the set-up and the end: of them, what the violations are about is enough.
    const bool concurrent = ColumnOf(e.op) != '=';
    switch (e.kind) {
      case EventKind::kStore:
      case EventKind::kRmw:
        return IsInvolved(e.object) || (concurrent && IsState(e));
      case EventKind::kFieldSet:
      case EventKind::kFieldFree:
        return concurrent || IsInvolved(e.object);
      case EventKind::kAlloc:
      case EventKind::kFree:
      case EventKind::kCallRcu:
      case EventKind::kKfreeRcu:
      case EventKind::kOpEnd:
      case EventKind::kSwitch:
      case EventKind::kLockWait:
      case EventKind::kLock:
      case EventKind::kUnlock:
      case EventKind::kSpinLock:
      case EventKind::kSpinUnlock:
      case EventKind::kGpWait:
      case EventKind::kGpDone:
      case EventKind::kBarrierWait:
      case EventKind::kBarrierDone:
      case EventKind::kRecordEnd:
        return concurrent;
      default:
        return false;
    }
  }

  std::string Header() const {
    if (columns_.empty()) return "";
    std::string line(kMarginWidth, ' ');
    for (char column : columns_) {
      std::string name = column == kCallbackColumn ? "callbacks" : std::string(1, column);
      name.resize(column_width_, ' ');
      line += name;
    }
    while (line.back() == ' ') line.pop_back();
    return absl::StrCat(Paint(kBold, line), "\n");
  }

  std::string Paint(std::string_view colour, std::string_view text) const {
    if (!options_.colour || colour.empty()) return std::string(text);
    return std::string(colour).append(text).append(kReset);
  }

  std::string_view ColourOf(uint32_t event) const {
    const Event& e = trace_.events()[event];
    if (IsFailure(e)) return kRed;
    if (IsMarked(event)) return kBold;
    return e.kind == EventKind::kSwitch ? kDim : std::string_view();
  }

  // Callbacks share a column: each event says whose it is, where that changes.
  std::string Who(const Event& e) {
    const char column = ColumnOf(e.op);
    if (column == '=') return absl::StrCat(TaskName(e.op), ": ");
    if (column != kCallbackColumn || e.op == last_callback_) return "";
    last_callback_ = e.op;
    return e.kind == EventKind::kCallbackBegin ? "" : absl::StrCat(TaskName(e.op), ": ");
  }

  // Where a column stays in one function, the line alone says where.
  std::string Site(const Event& e, size_t column) {
    if (e.function == nullptr || column == columns_.size()) return SiteText(e);
    const bool same = last_function_[column] == e.function;
    last_function_[column] = e.function;
    return same ? absl::StrCat(":", e.line) : SiteText(e);
  }

  void AppendRow(uint32_t event, std::string* out) {
    const Event& e = trace_.events()[event];
    const char column = ColumnOf(e.op);
    const size_t place = std::find(columns_.begin(), columns_.end(), column) - columns_.begin();
    const bool across = column == '=';
    const size_t indent = across ? 0 : place * column_width_;
    const size_t width = across ? std::max<size_t>(column_width_ * std::max<size_t>(columns_.size(), 1), 1)
                                : column_width_ - (place + 1 < columns_.size() ? 2 : 0);
    const std::string text = Who(e) + Words(event);
    std::string margin = absl::StrFormat("%c%5d  ", IsMarked(event) ? '>' : ' ', event);
    for (const std::string& line : Wrap(text, Site(e, place), width)) {
      absl::StrAppend(out, margin, std::string(indent, ' '), Paint(ColourOf(event), line), "\n");
      margin.assign(kMarginWidth, ' ');
    }
  }

  const Trace& trace_;
  const struct subject& subject_;
  const ColumnOptions& options_;
  std::set<uint32_t> marked_;    // where violations show
  std::set<ObjectId> involved_;  // objects they are about
  std::set<uint32_t> lives_;     // what happened to those
  std::vector<char> columns_;
  size_t column_width_;
  OpRef last_callback_;
  std::array<std::string, 5> last_function_;  // by column
};

}  // namespace

std::string TraceColumns(const Report& report, const ColumnOptions& options) {
  return Table(report, options).Print();
}

}  // namespace nofail
