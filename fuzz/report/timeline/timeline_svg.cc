// SPDX-License-Identifier: MIT
#include "fuzz/report/timeline/timeline_svg.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "fuzz/base/wrap.h"
#include "fuzz/report/describe.h"

namespace nofail {
namespace {

// Pixels.
constexpr int kWidth = 1240;
constexpr int kGutter = 50;
constexpr int kLine = 16;       // height of a line of text
constexpr int kSmallLine = 14;  // height of a line for a fold or a switch
constexpr int kTrack = 8;       // width of a bar and the gap beside it
constexpr int kLifeWidth = 24, kNarrowLifeWidth = 16;
constexpr int kHeadHeight = 96;
constexpr int kStripHeight = 150;                            // at most, unless a single row is higher
constexpr double kCharWidth = 7.25, kSmallCharWidth = 6.65;  // of a monospace font of 12 and 11 pixels

// Computes the coordinates, in pixels. x is known from the start; y is known for the rows that AddRow has added.
class Geometry {
 public:
  Geometry(const JudgedRun& report, const Timeline& timeline, const std::vector<Row>& rows)
      : row_of_event_(report.trace.size()), timeline_(timeline) {
    const int lanes = std::max(1, static_cast<int>(timeline.lanes.size()));
    life_width_ = timeline.lives.size() > 8 || lanes > 2 ? kNarrowLifeWidth : kLifeWidth;
    lives_x_ = kWidth - life_width_ * static_cast<int>(timeline.lives.size()) - 6;
    periods_x_ = lives_x_ - kTrack * timeline.period_tracks - 12;
    char_width_ = lanes > 3 ? kSmallCharWidth : kCharWidth;
    lane_width_ = (periods_x_ - kGutter) / lanes;
    for (size_t i = 0; i < rows.size(); ++i) {
      std::fill(row_of_event_.begin() + rows[i].first, row_of_event_.begin() + rows[i].last + 1, i);
    }
  }

  int LaneX(int lane) const { return kGutter + std::max(lane, 0) * lane_width_; }
  double CharWidth() const { return char_width_; }
  int LaneWidth() const { return lane_width_; }
  int TrackX(int lane, int track) const { return LaneX(lane) + 7 + track * kTrack; }
  int TextX(int lane) const {
    return lane == kAcross ? kGutter + 6 : TrackX(lane, timeline_.lanes[static_cast<size_t>(lane)].tracks) + 5;
  }
  size_t TextColumns(int lane) const {
    const int end = lane == kAcross ? periods_x_ : LaneX(lane) + lane_width_;
    return std::max<size_t>(12, static_cast<size_t>((end - TextX(lane) - 6) / char_width_));
  }
  int PeriodX(int track) const { return periods_x_ + 4 + track * kTrack; }
  int LifeX(size_t life) const { return lives_x_ + life_width_ * static_cast<int>(life) + life_width_ / 2; }
  int PeriodsX() const { return periods_x_; }

  void AddRow(int height) { tops_.push_back(tops_.back() + height); }
  size_t RowOf(uint32_t event) const { return event < row_of_event_.size() ? row_of_event_[event] : tops_.size() - 2; }
  int Top(size_t row) const { return tops_[row]; }
  int Bottom(size_t row) const { return tops_[row + 1]; }
  int Height() const { return tops_.back(); }
  int Middle(size_t row) const { return Top(row) + kLine / 2; }

 private:
  std::vector<size_t> row_of_event_;  // by event: index of its row
  std::vector<int> tops_ = {0};       // y of each row's top edge, and of the bottom edge of the last row
  const Timeline& timeline_;
  double char_width_;
  int life_width_, lives_x_, periods_x_, lane_width_;
};

// One SVG element, and the y range that it covers.
struct Shape {
  int top, bottom;
  std::string svg;
};

// By event: which word it changes, from what to what, for example "selem0.state: 0 -> 2"; "" where it changes none.
// What a word was before its first write in the trace is not known, unless a read-modify-write says so.
std::vector<std::string> ChangesOf(const JudgedRun& report) {
  const Trace& trace = report.trace;
  std::map<std::pair<ObjectId, uint16_t>, uint64_t> values;
  std::vector<std::string> changes(trace.size());
  for (uint32_t i = 0; i < trace.size(); ++i) {
    const Event& e = trace.events()[i];
    if ((e.kind != EventKind::kStore && e.kind != EventKind::kRmw) || e.object == 0) continue;
    const std::pair word(e.object, e.offset);
    auto old = values.find(word);
    if (e.kind == EventKind::kRmw && i + 1 < trace.size() && trace.events()[i + 1].kind == EventKind::kRmwOld) {
      old = values.insert_or_assign(word, trace.events()[i + 1].value).first;
      if (!trace.events()[i + 1].wrote()) continue;
    }
    if (old == values.end() || old->second != e.value) {
      changes[i] = absl::StrCat(LocationText(report, e.object, e.offset), ": ",
                                old == values.end() ? "(not written before)" : ValueText(report, old->second), " -> ",
                                ValueText(report, e.value));
    }
    values[word] = e.value;
  }
  return changes;
}

// Draws one timeline.
class Drawing {
 public:
  Drawing(const JudgedRun& report, const Timeline& timeline, const std::vector<Row>& rows, absl::string_view prefix,
          Source* source)
      : report_(report),
        trace_(report.trace),
        t_(timeline),
        rows_(rows),
        prefix_(prefix),
        source_(source),
        at_(report, timeline, rows),
        changes_(ChangesOf(report)) {}

  TimelineSvg Draw() {
    for (const Row& row : rows_) {
      lines_.push_back(WordsOf(row));
      at_.AddRow(HeightOf(row, lines_.back()));
    }
    DrawBlocks();
    for (size_t i = 0; i < rows_.size(); ++i) DrawRow(i);
    DrawBars();
    for (size_t i = 0; i < t_.lives.size(); ++i) DrawLife(i);
    for (const Arrow& arrow : t_.arrows) DrawArrow(arrow);
    return {Head(), Strips()};
  }

 private:
  const Event& At(uint32_t event) const { return trace_.events()[event]; }
  bool IsDrawn(uint32_t event) const { return event < trace_.size() && rows_[at_.RowOf(event)].kind != Row::kLeftOut; }
  bool IsSwitch(const Row& row) const { return row.kind == Row::kEvent && At(row.first).kind == EventKind::kSwitch; }
  bool IsMarked(const Row& row) const {
    return std::find(t_.marked.begin() + row.first, t_.marked.begin() + row.last + 1, true) !=
           t_.marked.begin() + row.last + 1;
  }

  int HeightOf(const Row& row, const std::vector<Line>& lines) const {
    if (row.kind == Row::kFolded || IsSwitch(row)) return kSmallLine;
    return kLine * static_cast<int>(lines.size()) + (row.kind == Row::kLeftOut ? 12 : 2);
  }

  // Counts the events of a row by kind, for example "4 x load, rcu_read_lock".
  std::string Summary(const Row& row) const {
    std::vector<std::pair<absl::string_view, int>> counts;
    for (uint32_t i = row.first; i <= row.last; ++i) {
      if (At(i).kind == EventKind::kRmwOld) continue;
      const absl::string_view kind = EventKindText(At(i).kind);
      auto found = std::find_if(counts.begin(), counts.end(), [&](const auto& count) { return count.first == kind; });
      if (found == counts.end()) found = counts.insert(found, {kind, 0});
      ++found->second;
    }
    std::string text;
    for (const auto& [kind, count] : counts) {
      absl::StrAppend(&text, text.empty() ? "" : ", ", count == 1 ? "" : absl::StrCat(count, " x "), kind);
    }
    return text;
  }

  // The text of a row.
  std::vector<Line> WordsOf(const Row& row) {
    const uint32_t count = row.last - row.first + 1;
    const Event& e = At(row.first);
    switch (row.kind) {
      case Row::kLeftOut:
        return {{absl::StrCat(count, " events left out: #", row.first, " to #", row.last), ""}};
      case Row::kFolded: {
        const bool one = count == 1 || (count == 2 && At(row.last).kind == EventKind::kRmwOld);
        std::string text = one ? Describe(report_, row.first) : Summary(row);
        if (text.size() > at_.TextColumns(row.lane)) text = absl::StrCat(count, count == 1 ? " event" : " events");
        return {{text, ""}};
      }
      case Row::kEvent:
        break;
    }
    if (IsSwitch(row)) return {{Describe(report_, row.first), ""}};
    std::string text = Describe(report_, row.first);
    if (row.lane == kAcross && e.op.task != kNoTask) text = absl::StrCat(ByWhom(e), ": ", text);
    if (e.op.IsCallback() && e.op != last_callback_) {
      if (e.kind != EventKind::kCallbackBegin) text = absl::StrCat(TaskName(e.op), ": ", text);
      last_callback_ = e.op;
    }
    const size_t width = at_.TextColumns(row.lane);
    std::vector<Line> lines = Wrap(text, sites_.Next(e, row.lane), width);
    if (row.last > row.first && At(row.last).kind == EventKind::kEarlierAccess) {
      for (Line& line : Wrap("races with", EarlierText(At(row.last)), width)) lines.push_back(line);
    } else if (row.last > row.first && At(row.last).kind != EventKind::kRmwOld) {
      lines.back().site += absl::StrCat("  (", count, " events)");
    }
    return lines;
  }
  // What the page says about an event in the tool tip and in the status line.
  std::string Tale(uint32_t event) const {
    const Event& e = At(event);
    std::string tale = absl::StrCat("#", event, " ", TaskName(e.op), ": ", Describe(report_, event));
    if (!changes_[event].empty()) absl::StrAppend(&tale, "\n  changes ", changes_[event]);
    if (e.function != nullptr) absl::StrAppend(&tale, "\n  ", e.function, "  ", e.file, ":", e.line);
    const absl::string_view line = source_ == nullptr ? "" : source_->Line(e);
    if (!line.empty()) absl::StrAppend(&tale, "\n    | ", line);
    if (const std::string order = OrderText(e); !order.empty()) absl::StrAppend(&tale, "\n  order: ", order);
    if (IsSchedulingPoint(e)) absl::StrAppend(&tale, "\n  a scheduling point comes before it");
    return tale;
  }
  // The same for all events of a row, or for the first 40.
  std::string Tales(const Row& row) const {
    if (row.kind == Row::kLeftOut) return absl::StrCat("#", row.first, " to #", row.last, " are left out");
    constexpr uint32_t kMost = 40;
    std::string text;
    for (uint32_t i = row.first; i <= row.last && i - row.first < kMost; ++i) {
      if (At(i).kind != EventKind::kRmwOld) absl::StrAppend(&text, text.empty() ? "" : "\n", Tale(i));
    }
    if (row.last - row.first >= kMost) absl::StrAppend(&text, "\nand ", row.last - row.first + 1 - kMost, " more");
    return text;
  }

  void Add(int top, int bottom, std::string svg) { shapes_.push_back({top, bottom, std::move(svg)}); }
  void AddRect(absl::string_view kind, int x, int top, int width, int bottom, absl::string_view title) {
    Add(top, bottom,
        absl::StrFormat("<rect class=\"%s\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"2\">%s</rect>\n", kind, x,
                        top, width, bottom - top,
                        title.empty() ? "" : absl::StrCat("<title>", EscapeMarkup(title), "</title>")));
  }

  // Draws ops as blocks in the background: darker in rows where the task runs, hatched where it sleeps.
  void DrawBlocks() {
    for (const Bar& bar : t_.bars) {
      if (bar.track >= 0 || !IsVisible(bar)) continue;
      const size_t first = at_.RowOf(bar.begin), last = at_.RowOf(bar.end);
      AddRect(bar.kind == BarKind::kOp ? "op" : "sleep", at_.LaneX(bar.lane) + 2, at_.Top(first), at_.LaneWidth() - 6,
              at_.Bottom(last), "");
    }
    for (size_t i = 0; i < rows_.size(); ++i) {
      if (rows_[i].lane == kAcross || IsSwitch(rows_[i])) continue;
      AddRect("run", at_.LaneX(rows_[i].lane) + 2, at_.Top(i), at_.LaneWidth() - 6, at_.Bottom(i), "");
    }
  }

  void DrawRow(size_t i) {
    const Row& row = rows_[i];
    const int top = at_.Top(i), bottom = at_.Bottom(i);
    static constexpr const char* kKinds[] = {"event", "fold", "gap"};
    std::string kind = absl::StrCat("row ", kKinds[row.kind]);
    if (row.kind == Row::kEvent && IsFailure(At(row.first))) kind += " failure";
    if (IsMarked(row)) kind += " violation";
    if (IsSwitch(row)) kind += " switch";
    std::string svg = absl::StrFormat(
        "<g class=\"%s\" id=\"%s%d\" data-first=\"%d\" data-last=\"%d\"><title>%s</title>\n"
        "<rect class=\"hit\" x=\"0\" y=\"%d\" width=\"%d\" height=\"%d\"/>\n",
        kind, prefix_, row.first, row.first, row.last, EscapeMarkup(Tales(row)), top, kWidth, bottom - top);
    if (row.kind == Row::kEvent && !IsSwitch(row)) {
      absl::StrAppendFormat(&svg, "<text class=\"number\" x=\"%d\" y=\"%d\">%d</text>\n", kGutter - 8, top + 12,
                            row.first);
    }
    if (IsMarked(row)) {
      absl::StrAppendFormat(&svg, "<path class=\"flag\" d=\"M3 %dv%dl8 -%dz\"/>\n", top + 2, 12, 6);
    }
    if (IsSwitch(row)) {
      svg += SwitchArrow(row, lines_[i].front(), top + kSmallLine / 2);
    } else {
      // The text of an event that RCU makes is at the right edge, beside the grace periods.
      const bool at_right = row.kind != Row::kLeftOut && IsByRcu(At(row.first));
      const int x = at_right ? at_.PeriodsX() - 4 : at_.TextX(row.lane);
      int y = top + (row.kind == Row::kEvent ? 13 : row.kind == Row::kFolded ? 11 : 18);
      for (const Line& line : lines_[i]) {
        absl::StrAppendFormat(&svg, "<text%s x=\"%d\" y=\"%d\">%s", at_right ? " class=\"by-rcu\"" : "", x, y,
                              EscapeMarkup(line.text));
        if (!line.site.empty()) absl::StrAppend(&svg, "<tspan class=\"site\">", EscapeMarkup(line.site), "</tspan>");
        svg += "</text>\n";
        y += kLine;
      }
    }
    if (row.lane != kAcross && IsSchedulingPoint(At(row.first))) {
      absl::StrAppendFormat(&svg, "<path class=\"point\" d=\"M%d %dh4\"/>\n", at_.LaneX(row.lane) + 2, top);
    }
    Add(top, bottom, svg + "</g>\n");
  }

  // A switch: its text, and an arrow from lane to lane. Between two callbacks, which share a lane, there is no arrow.
  std::string SwitchArrow(const Row& row, const Line& words, int y) const {
    Event to = {};
    to.op = UnpackTarget(static_cast<uint16_t>(At(row.first).value));
    const int target = t_.LaneOf(to);
    if (row.lane == kAcross || target == kAcross) return "";
    const int x = at_.TextX(row.lane);
    std::string svg = absl::StrFormat("<text x=\"%d\" y=\"%d\">%s</text>\n", x, y + 4, EscapeMarkup(words.text));
    if (row.lane == target) return svg;
    const bool rightwards = target > row.lane;
    const int from_x = rightwards ? x + static_cast<int>(words.size() * at_.CharWidth()) + 4 : x - 4;
    absl::StrAppendFormat(&svg, "<path class=\"to\" d=\"M%d %dH%d\"/>\n", from_x, y,
                          at_.TextX(target) + (rightwards ? -6 : 6));
    return svg;
  }

  // Whether a block is worth drawing: it is not hidden within one fold or gap.
  bool IsVisible(const Bar& bar) const {
    const size_t first = at_.RowOf(bar.begin), last = at_.RowOf(bar.end);
    return first != last || rows_[first].kind == Row::kEvent;
  }

  void DrawBars() {
    static constexpr const char* kKinds[kBarKinds] = {"op",   "sleep", "reader", "trace-reader", "lock",
                                                      "spin", "wait",  "period", "trace-period"};
    for (const Bar& bar : t_.bars) {
      if (bar.track < 0) continue;
      const size_t first = at_.RowOf(bar.begin), last = at_.RowOf(bar.end);
      const int x = bar.lane == kAcross ? at_.PeriodX(bar.track) : at_.TrackX(bar.lane, bar.track);
      const std::string what = bar.object == 0 ? "" : absl::StrCat(" ", LocationText(trace_, bar.object, bar.offset));
      std::string kind = absl::StrCat("bar ", kKinds[static_cast<int>(bar.kind)]);
      if (bar.kind == BarKind::kLock && trace_.objects()[bar.object].kind == KERNEL_STORAGE) kind += " of-storage";
      AddRect(kind, x, at_.Top(first) + 2, kTrack - 3, std::max(at_.Bottom(last) - 2, at_.Top(first) + 8),
              absl::StrCat(BarText(bar.kind), what, ", #", bar.begin, " to ",
                           bar.end == kNever ? "the end of the run" : absl::StrCat("#", bar.end)));
    }
  }

  void DrawLife(size_t index) {
    const Life& life = t_.lives[index];
    const int x = at_.LifeX(index);
    if (life.moments.empty()) return;
    std::map<size_t, const LifeEvent*> by_row;  // of each row the most important event (Weight)
    uint32_t freed = kNever;
    for (const LifeEvent& moment : life.moments) {
      if (moment.kind == LifeKind::kFreed) freed = moment.event;
      const LifeEvent*& shown = by_row[at_.RowOf(moment.event)];
      if (shown == nullptr || Weight(moment) > Weight(*shown)) shown = &moment;
    }
    const int top = at_.Middle(by_row.begin()->first);
    const int end = freed == kNever ? at_.Height() : at_.Middle(at_.RowOf(freed));
    const char* involved = life.involved ? " involved" : "";
    const ObjectInfo& info = trace_.objects()[life.object];
    const uint32_t given_up = info.handed_over == ObjectInfo::kAlive ? freed : info.handed_over;
    const int middle = given_up == kNever ? end : at_.Middle(at_.RowOf(given_up));
    Add(top, end, absl::StrFormat("<path class=\"life%s\" d=\"M%d %dV%d\"/>\n", involved, x, top, middle));
    if (middle < end) {
      Add(middle, end,
          absl::StrFormat("<path class=\"life given-up%s\" d=\"M%d %dV%d\"/>\n", involved, x, middle, end));
    }
    for (const auto& [row, moment] : by_row) DrawMoment(x, row, *moment, freed, life);
  }

  // How important a moment is, when several are in the same row.
  static int Weight(const LifeEvent& moment) {
    switch (moment.kind) {
      case LifeKind::kFreed:
        return 5;
      case LifeKind::kHandedOver:
        return 4;
      case LifeKind::kAllocated:
        return 3;
      case LifeKind::kUnlinked:
        return 2;
      case LifeKind::kLinked:
        return 1;
      case LifeKind::kTouched:
        return 0;
    }
    return 0;
  }

  void DrawMoment(int x, size_t row, const LifeEvent& moment, uint32_t freed, const Life& life) {
    if (rows_[row].kind == Row::kLeftOut) return;
    static constexpr const char* kKinds[] = {"allocated", "linked", "unlinked", "handed", "freed", "touched"};
    // SVG paths around the origin, by LifeKind.
    static constexpr const char* kShapes[] = {"M-4 0a4 4 0 1 0 8 0a4 4 0 1 0 -8 0z",
                                              "M-3 -4L4 0L-3 4z",
                                              "M3 -4L-4 0L3 4z",
                                              "M0 -5L5 0L0 5L-5 0z",
                                              "M-4 -4L4 4M-4 4L4 -4",
                                              "M-2.5 0a2.5 2.5 0 1 0 5 0a2.5 2.5 0 1 0 -5 0z"};
    const int y = at_.Middle(row), kind = static_cast<int>(moment.kind);
    const bool late = moment.kind == LifeKind::kTouched && moment.event > freed;
    const ObjectInfo& info = trace_.objects()[life.object];
    Add(y - 5, y + 5,
        absl::StrFormat(
            "<path class=\"moment %s\" transform=\"translate(%d %d)\" d=\"%s\"><title>%s %s, #%d</title></path>\n",
            late ? "late" : kKinds[kind], x, y, late ? kShapes[0] : kShapes[kind], ObjectName(info.kind, info.number),
            EscapeMarkup(moment.what), moment.event));
  }

  // The x at which an arrow leaves or reaches a row. `right`: the other end is to the right, so the arrow is behind the
  // text of the row. Otherwise it is in front of the text.
  int EndX(size_t row, bool right) const {
    const int x = at_.TextX(rows_[row].lane);
    if (!right) return x - 3;
    return std::min(x + static_cast<int>(lines_[row].front().size() * at_.CharWidth()) + 4,
                    at_.LaneX(rows_[row].lane) + at_.LaneWidth() - 8);
  }

  void DrawArrow(const Arrow& arrow) {
    if (!IsDrawn(arrow.from) || !IsDrawn(arrow.to)) return;
    const size_t from = at_.RowOf(arrow.from), to = at_.RowOf(arrow.to);
    const bool rightwards = rows_[to].lane > rows_[from].lane;
    const int x1 = EndX(from, rightwards), y1 = at_.Middle(from), x2 = EndX(to, !rightwards), y2 = at_.Middle(to);
    const int bend = std::max(30, std::abs(x2 - x1) / 3) * (rightwards ? 1 : -1);
    const bool reads = arrow.kind == ArrowKind::kReadsFrom;
    Add(y1, y2,
        absl::StrFormat("<path class=\"arrow %s\" data-from=\"%d\" data-to=\"%d\" d=\"M%d %dC%d %d %d %d %d %d\"/>\n",
                        reads ? "reads" : "refused", arrow.from, arrow.to, x1, y1, x1 + bend, y1, x2 - bend, y2, x2,
                        y2));
  }

  std::string Head() const {
    std::string svg = absl::StrFormat("<svg class=\"head\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\">\n", kWidth,
                                      kHeadHeight, kWidth, kHeadHeight);
    for (size_t lane = 0; lane < t_.lanes.size(); ++lane) {
      const int x = at_.LaneX(static_cast<int>(lane));
      absl::StrAppendFormat(&svg, "<text class=\"lane\" x=\"%d\" y=\"%d\">%s</text>\n", x + 6, kHeadHeight - 10,
                            EscapeMarkup(t_.lanes[lane].name));
      absl::StrAppendFormat(&svg, "<text class=\"does\" x=\"%d\" y=\"%d\">%s</text>\n",
                            x + 14 + static_cast<int>(t_.lanes[lane].name.size()) * 9, kHeadHeight - 10,
                            EscapeMarkup(OpsOf(t_.lanes[lane].name)));
    }
    // Vertical text. The style sheet sets its writing mode; text that is rotated instead is misplaced when browsers
    // print.
    auto downwards = [&](int x, absl::string_view kind, absl::string_view text) {
      absl::StrAppendFormat(&svg, "<text class=\"%s\" x=\"%d\" y=\"%d\">%s</text>\n", kind, x, kHeadHeight - 6,
                            EscapeMarkup(text));
    };
    if (t_.period_tracks > 0) downwards(at_.PeriodsX() + 8, "object", "grace periods");
    for (size_t i = 0; i < t_.lives.size(); ++i) {
      downwards(at_.LifeX(i), t_.lives[i].involved ? "object involved" : "object",
                LocationText(trace_, t_.lives[i].object, 0));
    }
    return svg + "</svg>\n";
  }

  // The ops of a task, as the schedule's text has them, cut to fit the lane.
  std::string OpsOf(absl::string_view task) const {
    const std::string sentence = absl::StrCat("\ntask ", task, ": "), schedule = ScheduleText(report_);
    const size_t at = schedule.find(sentence);
    if (at == std::string::npos) return "";
    const size_t begin = at + sentence.size();
    std::string ops = schedule.substr(begin, schedule.find('\n', begin) - begin);
    const size_t room = static_cast<size_t>((at_.LaneWidth() - 30) / kCharWidth);
    if (ops.size() > room) ops = ops.substr(0, room - 2) + "..";
    return ops;
  }

  std::vector<std::string> Strips() {
    std::vector<std::string> strips;
    size_t row = 0;
    while (row < rows_.size()) {
      const int top = at_.Top(row);
      while (row < rows_.size() && at_.Bottom(row) - top <= kStripHeight) ++row;
      if (row < rows_.size() && at_.Top(row) == top) ++row;  // a single row that is higher than a strip
      strips.push_back(Strip(top, at_.Top(row)));
    }
    return strips;
  }

  // The strip from y = `top` to y = `bottom`. A shape that reaches into several strips is in each of them; the edges of
  // the strip cut it off.
  std::string Strip(int top, int bottom) const {
    std::string svg =
        absl::StrFormat("<svg class=\"strip%s\" viewBox=\"0 %d %d %d\" width=\"%d\" height=\"%d\">\n",
                        t_.lanes.size() > 3 ? " small" : "", top, kWidth, bottom - top, kWidth, bottom - top);
    for (const Shape& shape : shapes_) {
      if (shape.top < bottom && shape.bottom > top) svg += shape.svg;
    }
    return svg + "</svg>\n";
  }

  const JudgedRun& report_;
  const Trace& trace_;
  const Timeline& t_;
  const std::vector<Row>& rows_;
  const std::string prefix_;
  Source* const source_;  // may be null
  Geometry at_;
  const std::vector<std::string> changes_;  // by event
  LaneSites sites_;
  OpRef last_callback_;
  std::vector<std::vector<Line>> lines_;  // by row
  std::vector<Shape> shapes_;             // in the order of painting
};

}  // namespace

TimelineSvg DrawTimeline(const JudgedRun& report, const Timeline& timeline, const std::vector<Row>& rows,
                         absl::string_view prefix, Source* source) {
  return Drawing(report, timeline, rows, prefix, source).Draw();
}

std::string EscapeMarkup(absl::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += static_cast<unsigned char>(c) < ' ' && c != '\n' && c != '\t' ? '?' : c;
    }
  }
  return out;
}

}  // namespace nofail
