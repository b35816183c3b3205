// SPDX-License-Identifier: MIT
#include "fuzz/report/columns.h"

#include <algorithm>
#include <array>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "core/kernel/trace/ids.h"
#include "fuzz/base/wrap.h"
#include "fuzz/report/describe.h"
#include "fuzz/report/timeline.h"

namespace nofail {
namespace {

// In characters.
constexpr size_t kNumberWidth = 7;      // mark, event number, gap
constexpr size_t kMinColumnWidth = 32;  // of the last column
constexpr size_t kMinWidth = 64;        // of the table; on a narrower terminal the table is wider than the terminal

constexpr absl::string_view kRed = "\x1b[31m", kBold = "\x1b[1m", kDim = "\x1b[2m", kReset = "\x1b[0m";

// The character that draws a bar of this kind. ' ' for kinds that are not drawn.
char BarLetter(BarKind kind) {
  switch (kind) {
    case BarKind::kRcuReader:
      return '|';
    case BarKind::kTraceReader:
      return ':';
    case BarKind::kLock:
      return '#';
    case BarKind::kSpinLock:
      return '+';
    case BarKind::kWait:
      return '?';
    default:
      return ' ';
  }
}

// The table of one trace. From left to right: mark and event number, bars (grouped by lane), columns of the lanes.
class Table {
 public:
  Table(const JudgedRun& report, const ColumnOptions& options)
      : report_(report), trace_(report.trace), options_(options), t_(BuildTimeline(report)) {
    for (const Lane& lane : t_.lanes) {
      bars_at_.push_back(bars_width_);
      if (lane.tracks > 0) bars_width_ += static_cast<size_t>(lane.tracks) + 1;
    }
    if (bars_width_ > 0) bars_width_ += 2;
    width_ = std::max<size_t>(options.width, kMinWidth) - kNumberWidth - bars_width_;
    const size_t columns = std::max<size_t>(t_.lanes.size(), 1);
    const size_t most = columns == 1 ? width_ : (width_ - std::min(width_, kMinColumnWidth)) / (columns - 1);
    column_width_ = std::min(width_ / columns, most);
    drawn_.resize(t_.lanes.size());
  }

  std::string Print() {
    std::string out = Header();
    for (uint32_t i = 0; i < trace_.size(); ++i) {
      TakeBars(i);
      const EventKind kind = trace_.events()[i].kind;
      const bool told_before = kind == EventKind::kRmwOld || kind == EventKind::kEarlierAccess;
      if (!told_before && (options_.verbose || t_.matters[i])) AppendRow(i, &out);
    }
    return out + Legend();
  }

 private:
  std::string Header() const {
    if (t_.lanes.empty()) return "";
    std::string line(kNumberWidth + bars_width_ + width_, ' ');
    for (size_t lane = 0; lane < t_.lanes.size(); ++lane) {
      const std::string& name = t_.lanes[lane].name;
      if (t_.lanes[lane].tracks > 0) line[kNumberWidth + bars_at_[lane]] = name.size() == 1 ? name[0] : '*';
      line.replace(kNumberWidth + bars_width_ + lane * column_width_, name.size(), name);
    }
    return absl::StrCat(Paint(kBold, absl::StripTrailingAsciiWhitespace(line)), "\n");
  }

  std::string Legend() const {
    std::string text;
    for (BarKind kind :
         {BarKind::kRcuReader, BarKind::kTraceReader, BarKind::kLock, BarKind::kSpinLock, BarKind::kWait}) {
      if (!shown_[static_cast<size_t>(kind)]) continue;
      absl::StrAppend(&text, text.empty() ? "On the left: " : ", ", std::string(1, BarLetter(kind)), " ",
                      BarText(kind));
    }
    std::string out;
    const size_t width = std::max<size_t>(options_.width, kMinWidth);
    for (const Line& line : Wrap(text, "", width)) {
      absl::StrAppend(&out, Paint(kDim, line.text), "\n");
    }
    return out;
  }

  // Updates drawn_ to the bars that last at this event. A bar that ends at this event is still among them.
  void TakeBars(uint32_t event) {
    auto over = [event](const Bar* bar) { return bar->end < event; };
    for (auto& bars : drawn_) bars.erase(std::remove_if(bars.begin(), bars.end(), over), bars.end());
    for (; next_bar_ < t_.bars.size() && t_.bars[next_bar_].begin <= event; ++next_bar_) {
      const Bar& bar = t_.bars[next_bar_];
      if (bar.lane != kAcross && bar.track >= 0) drawn_[static_cast<size_t>(bar.lane)].push_back(&bar);
    }
  }
  std::string Bars() {
    std::string bars(bars_width_, ' ');
    for (size_t lane = 0; lane < drawn_.size(); ++lane) {
      for (const Bar* bar : drawn_[lane]) {
        bars[bars_at_[lane] + static_cast<size_t>(bar->track)] = BarLetter(bar->kind);
        shown_[static_cast<size_t>(bar->kind)] = true;
      }
    }
    return bars;
  }

  std::string Paint(absl::string_view colour, absl::string_view text) const {
    if (!options_.colour || colour.empty()) return std::string(text);
    return absl::StrCat(colour, text, kReset);
  }
  absl::string_view ColourOf(uint32_t event) const {
    const Event& e = trace_.events()[event];
    if (IsFailure(e)) return kRed;
    if (t_.marked[event]) return kBold;
    return e.kind == EventKind::kSwitch ? kDim : absl::string_view();
  }

  // The text in front of an event that says who made it. In a task's column it is empty. Callbacks share a column, so
  // an event of another callback than the event before it says which callback it is.
  std::string Who(const Event& e, int lane) {
    if (e.op.task == kNoTask) return "";
    if (lane == kAcross) return absl::StrCat(ByWhom(e), ": ");
    if (!e.op.IsCallback() || e.op == last_callback_) return "";
    last_callback_ = e.op;
    return e.kind == EventKind::kCallbackBegin ? "" : absl::StrCat(TaskName(e.op), ": ");
  }

  // Appends an event as one or more lines. Its text may continue into the columns to the right, because these are empty
  // on the same line.
  void AppendRow(uint32_t event, std::string* out) {
    const Event& e = trace_.events()[event];
    const int lane = t_.LaneOf(e);
    const size_t indent = static_cast<size_t>(std::max(lane, 0)) * column_width_;
    const std::string text = Who(e, lane) + Describe(report_, event);
    std::vector<Line> lines = Wrap(text, sites_.Next(e, lane), width_ - indent);
    if (event + 1 < trace_.size() && trace_.events()[event + 1].kind == EventKind::kEarlierAccess) {
      const std::string other = absl::StrCat("races with ", EarlierText(trace_.events()[event + 1]));
      for (const Line& line : Wrap(other, "", width_ - indent - 2)) lines.push_back({"  " + line.text, ""});
    }
    std::string number = absl::StrFormat("%c%5d ", t_.marked[event] ? '>' : ' ', event);
    for (const Line& line : lines) {
      const std::string words = Paint(ColourOf(event), line.text) + Paint(kDim, line.site);
      absl::StrAppend(out, number, Bars(), std::string(indent, ' '), words, "\n");
      number.assign(kNumberWidth, ' ');
    }
  }

  const JudgedRun& report_;
  const Trace& trace_;
  const ColumnOptions& options_;
  const Timeline t_;
  std::vector<size_t> bars_at_;                           // by lane: where its bars begin, in characters
  size_t bars_width_ = 0, width_ = 0, column_width_ = 0;  // in characters; width_ is that of all columns together
  size_t next_bar_ = 0;                                   // index of the first bar that has not begun yet
  std::vector<std::vector<const Bar*>> drawn_;            // by lane: the bars to draw at the current event
  std::array<bool, kBarKinds> shown_ = {};                // which kinds were drawn, for the legend
  OpRef last_callback_;
  LaneSites sites_;
};

}  // namespace

std::string TraceColumns(const JudgedRun& report, const ColumnOptions& options) {
  return Table(report, options).Print();
}

}  // namespace nofail
