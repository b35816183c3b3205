// SPDX-License-Identifier: MIT
#include "fuzz/report/timeline.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "fuzz/report/describe.h"

namespace nofail {
namespace {

// A word of memory: object and offset. Words of object 0 are not followed, because object 0 stands for all global
// variables at once.
using Word = std::pair<ObjectId, uint16_t>;

}  // namespace

const char* BarText(BarKind kind) {
  static constexpr const char* kTexts[kBarKinds] = {
      "operation",     "asleep",           "RCU reader section", "RCU Tasks Trace reader section", "lock held",
      "spinlock held", "waits for a lock", "grace period",       "grace period of RCU Tasks Trace"};
  return kTexts[static_cast<int>(kind)];
}

int Timeline::LaneOf(const Event& event) const {
  return IsByRcu(event) ? kAcross : lane_of_task_[event.op.task];
}

// Builds a Timeline in one pass over the events, after the lanes and lives.
class TimelineBuilder {
 public:
  explicit TimelineBuilder(const JudgedRun& report) : report_(report), trace_(report.trace) {
    t_.matters.resize(trace_.size());
    t_.marked.resize(trace_.size());
  }

  Timeline Build() {
    AddLanes();
    AddLives();
    for (uint32_t i = 0; i < trace_.size(); ++i) {
      t_.matters[i] = t_.matters[i] || Matters(i);
      FollowBars(i);
      FollowWords(i);
    }
    PlaceBars();
    for (const Arrow& arrow : t_.arrows) t_.matters[arrow.from] = t_.matters[arrow.to] = true;
    return std::move(t_);
  }

 private:
  // Identifies the bar that an event begins or ends: its kind, its task or grace period, and the object and offset of
  // its lock. What does not apply is 0.
  using BarKey = std::tuple<BarKind, uint32_t, ObjectId, uint16_t>;

  const Event& At(uint32_t event) const { return trace_.events()[event]; }
  // The task of an op, as a number. A task runs its ops one after the other; every callback is a task of its own.
  static uint32_t TaskOf(OpRef op) { return op.task << 8 | (op.IsCallback() ? op.op : 0); }

  void AddLanes() {
    bool runs[256] = {}, callbacks = false;
    for (const Event& e : trace_.events()) {
      runs[e.op.task] = true;
      callbacks |= e.op.IsCallback();
    }
    std::fill(std::begin(t_.lane_of_task_), std::end(t_.lane_of_task_), kAcross);
    for (int task = kTaskA; task <= kTaskD; ++task) {
      if (!runs[task]) continue;
      t_.lane_of_task_[task] = static_cast<int>(t_.lanes.size());
      t_.lanes.push_back({TaskName({static_cast<uint8_t>(task), 0})});
    }
    if (!callbacks) return;
    for (int task = kFirstCallback; task < kNoTask; ++task) t_.lane_of_task_[task] = static_cast<int>(t_.lanes.size());
    t_.lanes.push_back({"callbacks"});
  }

  // Adds the lives. Marks the events at which violations show, and says which events of the objects involved matter.
  void AddLives() {
    std::set<ObjectId> involved;
    for (const Violation& violation : report_.verdict.violations) {
      if (violation.event < trace_.size()) t_.marked[violation.event] = t_.matters[violation.event] = true;
      involved.insert(violation.involved.begin(), violation.involved.end());
    }
    involved.erase(0);
    for (ObjectId object : involved) t_.lives.push_back({object, true, LifeOf(report_, object, true)});
    for (const Life& life : t_.lives) {
      for (const LifeEvent& moment : life.moments) {
        const bool told = moment.kind != LifeKind::kTouched && At(moment.event).op.task != kSetup;
        if (told) t_.matters[moment.event] = true;
      }
    }
    involved_ = std::move(involved);
    for (ObjectId object = 1; object < trace_.objects().size() && t_.lives.size() < kMaxLives; ++object) {
      if (!involved_.contains(object)) t_.lives.push_back({object, false, LifeOf(report_, object, true)});
    }
  }

  bool IsState(const Event& e) const {
    return e.object != 0 && trace_.objects()[e.object].kind == KERNEL_SELEM &&
           e.offset == report_.subject.selem_state_offset;
  }

  // Whether an event is worth a line of its own, apart from violations, lives and arrows.
  bool Matters(uint32_t event) const {
    const Event& e = At(event);
    if (e.kind == EventKind::kRmwOld) return false;  // the text of its Rmw includes it
    if (IsFailure(e) || e.kind == EventKind::kOpBegin || e.kind == EventKind::kOpSkip) return true;
    // Nothing runs beside the set-up and the end. Of the set-up mostly the ops matter, and of the end also what happens
    // to the objects involved.
    const bool concurrent = t_.LaneOf(e) != kAcross, involved = involved_.contains(e.object);
    switch (e.kind) {
      case EventKind::kStore:
      case EventKind::kRmw:
      case EventKind::kFieldSet:
        return e.op.task != kSetup && (involved || (concurrent && (IsState(e) || e.kind == EventKind::kFieldSet)));
      case EventKind::kFieldFree:
        return concurrent || involved;
      case EventKind::kSpinLock:
      case EventKind::kSpinUnlock:
        return concurrent && e.object != 0;  // the only global spinlock guards nothing but the numbers of maps
      case EventKind::kAlloc:
      case EventKind::kFree:
      case EventKind::kCallRcu:
      case EventKind::kKfreeRcu:
      case EventKind::kOpEnd:
      case EventKind::kSwitch:
      case EventKind::kLockWait:
      case EventKind::kLock:
      case EventKind::kUnlock:
      case EventKind::kGpWait:
      case EventKind::kGpDone:
      case EventKind::kGpStart:
      case EventKind::kBarrierWait:
      case EventKind::kBarrierDone:
      case EventKind::kCallbackBegin:
      case EventKind::kRecordEnd:
        return concurrent;
      case EventKind::kGpPoll:
        return concurrent && e.has_ended();
      default:
        return false;
    }
  }

  // Begins a bar at the event, unless it would be in no lane.
  void Open(BarKind kind, uint32_t event, const BarKey& key) {
    const Event& e = At(event);
    const bool period = kind == BarKind::kGracePeriod || kind == BarKind::kTraceGracePeriod;
    const int lane = period ? kAcross : t_.LaneOf(e);
    if (lane == kAcross && !period) return;
    open_[key] = t_.bars.size();
    t_.bars.push_back({kind, lane, event, kNever, e.object, e.offset});
  }
  // Ends the bar at the event. Does nothing when there is no such bar.
  void Close(const BarKey& key, uint32_t event) {
    auto open = open_.find(key);
    if (open == open_.end()) return;
    t_.bars[open->second].end = event;
    open_.erase(open);
  }

  static BarKey TaskKey(BarKind kind, const Event& e) { return {kind, TaskOf(e.op), 0, 0}; }
  // The key has no task: a lock has only one holder at a time, and a wrong release may come from another task.
  static BarKey LockKey(BarKind kind, const Event& e) { return {kind, 0, e.object, e.offset}; }
  static BarKey PeriodKey(const Event& e) { return {BarKind::kGracePeriod, static_cast<uint32_t>(e.value), 0, 0}; }

  // Begins and ends the bars that the event begins and ends.
  void FollowBars(uint32_t event) {
    const Event& e = At(event);
    const bool is_trace = e.HasFlavour() && e.flavour() == KERNEL_RCU_TASKS_TRACE;
    const BarKind reader = is_trace ? BarKind::kTraceReader : BarKind::kRcuReader;
    const BarKind period = is_trace ? BarKind::kTraceGracePeriod : BarKind::kGracePeriod;
    switch (e.kind) {
      case EventKind::kOpBegin:
      case EventKind::kCallbackBegin:
        return Open(BarKind::kOp, event, TaskKey(BarKind::kOp, e));
      case EventKind::kOpEnd:
      case EventKind::kCallbackEnd:
        return Close(TaskKey(BarKind::kOp, e), event);
      case EventKind::kReadLock:
        if (e.value == 1) Open(reader, event, TaskKey(reader, e));
        return;
      case EventKind::kReadUnlock:
        if (e.value == 0) Close(TaskKey(reader, e), event);
        return;
      case EventKind::kLockWait:
        Refuse(event);
        return Open(BarKind::kWait, event, TaskKey(BarKind::kWait, e));
      case EventKind::kLock:
        Close(TaskKey(BarKind::kWait, e), event);
        if (e.value != 0) return Refuse(event);
        return Open(BarKind::kLock, event, LockKey(BarKind::kLock, e));
      case EventKind::kUnlock:
        return Close(LockKey(BarKind::kLock, e), event);
      case EventKind::kSpinLock:
        Close(TaskKey(BarKind::kWait, e), event);
        return Open(BarKind::kSpinLock, event, LockKey(BarKind::kSpinLock, e));
      case EventKind::kSpinUnlock:
        return Close(LockKey(BarKind::kSpinLock, e), event);
      case EventKind::kGpWait:
        Open(BarKind::kGracePeriod, event, PeriodKey(e));
        return Open(BarKind::kSleep, event, TaskKey(BarKind::kSleep, e));
      case EventKind::kBarrierWait:
        return Open(BarKind::kSleep, event, TaskKey(BarKind::kSleep, e));
      case EventKind::kGpDone:
      case EventKind::kBarrierDone:
        return Close(TaskKey(BarKind::kSleep, e), event);
      case EventKind::kCallRcu:
        return Open(period, event, PeriodKey(e));
      case EventKind::kKfreeRcu:
      case EventKind::kGpStart:
        return Open(BarKind::kGracePeriod, event, PeriodKey(e));
      case EventKind::kGpEnd:
        return Close(PeriodKey(e), event);
      default:
        return;
    }
  }

  // Adds an arrow to an event that asks for a lock and does not get it, from the event at which another task took the
  // lock. Adds none when nobody holds the lock, or the same task does.
  void Refuse(uint32_t event) {
    for (BarKind kind : {BarKind::kLock, BarKind::kSpinLock}) {
      auto held = open_.find(LockKey(kind, At(event)));
      if (held == open_.end()) continue;
      const uint32_t begin = t_.bars[held->second].begin;
      if (TaskOf(At(begin).op) != TaskOf(At(event).op)) t_.arrows.push_back({ArrowKind::kRefused, begin, event});
    }
  }

  // Adds the arrow from a write to this event, when the event reads a word of memory that another task wrote.
  void FollowWords(uint32_t event) {
    const Event& e = At(event);
    if (e.object == 0) return;
    const Word word(e.object, e.offset);
    if (e.kind == EventKind::kLoad || e.kind == EventKind::kRmw) Read(word, event);
    const bool wrote = e.kind == EventKind::kStore || (e.kind == EventKind::kRmw && Wrote(event));
    if (wrote) writes_[word] = {event, {}};
  }
  bool Wrote(uint32_t rmw) const {
    return rmw + 1 == trace_.size() || At(rmw + 1).kind != EventKind::kRmwOld || At(rmw + 1).wrote();
  }
  void Read(const Word& word, uint32_t event) {
    auto found = writes_.find(word);
    if (found == writes_.end()) return;
    auto& [write, readers] = found->second;
    const bool concurrent = t_.LaneOf(At(write)) != kAcross && t_.LaneOf(At(event)) != kAcross;
    const uint32_t reader = TaskOf(At(event).op);
    if (!concurrent || reader == TaskOf(At(write).op) || !readers.insert(reader).second) return;
    t_.arrows.push_back({ArrowKind::kReadsFrom, write, event});
  }

  // Gives each bar the first track that is free at the event where the bar begins.
  void PlaceBars() {
    // By lane (the last entry is for grace periods) and track: the event until which the track is taken.
    std::vector<std::vector<uint32_t>> busy(t_.lanes.size() + 1);
    for (Bar& bar : t_.bars) {
      if (bar.kind == BarKind::kOp || bar.kind == BarKind::kSleep) continue;
      auto& tracks = bar.lane == kAcross ? busy.back() : busy[static_cast<size_t>(bar.lane)];
      auto free = std::find_if(tracks.begin(), tracks.end(), [&](uint32_t until) { return until <= bar.begin; });
      if (free == tracks.end() && tracks.size() < kMaxTracks) free = tracks.insert(free, 0);
      if (free == tracks.end()) --free;
      *free = bar.end;
      bar.track = static_cast<int>(free - tracks.begin());
    }
    for (size_t lane = 0; lane < t_.lanes.size(); ++lane) t_.lanes[lane].tracks = static_cast<int>(busy[lane].size());
    t_.period_tracks = static_cast<int>(busy.back().size());
  }

  static constexpr size_t kMaxLives = 12;
  static constexpr size_t kMaxTracks = 8;  // bars that find no free track share the last one

  const JudgedRun& report_;
  const Trace& trace_;
  Timeline t_;
  std::set<ObjectId> involved_;
  std::map<BarKey, size_t> open_;  // the bars that have begun and not ended, as indexes into t_.bars
  // By word of memory: the event of the last write, and the other tasks that have read it (TaskOf).
  std::map<Word, std::pair<uint32_t, std::set<uint32_t>>> writes_;
};

Timeline BuildTimeline(const JudgedRun& report) {
  return TimelineBuilder(report).Build();
}

namespace {

// Whether an event of `op` in `lane` that does not matter is added to `row`, the row before it.
bool Joins(const Trace& trace, const Row& row, int lane, OpRef op) {
  if (row.kind == Row::kFolded) return row.lane == lane || row.lane == kAcross || lane == kAcross;
  const Event& first = trace.events()[row.first];  // an op of the set-up or the end is one row
  return row.lane == kAcross && lane == kAcross && first.kind == EventKind::kOpBegin && first.op == op;
}

// The rows before any are left out.
std::vector<Row> AllRows(const Trace& trace, const Timeline& timeline, bool fold) {
  std::vector<Row> rows;
  for (uint32_t i = 0; i < trace.size(); ++i) {
    const Event& e = trace.events()[i];
    const int lane = timeline.LaneOf(e);
    const bool second_half = e.kind == EventKind::kRmwOld || e.kind == EventKind::kEarlierAccess;
    const bool folds = fold && !timeline.matters[i];
    if (!rows.empty() && (second_half || (folds && Joins(trace, rows.back(), lane, e.op)))) {
      rows.back().last = i;
      if (rows.back().lane == kAcross && rows.back().kind == Row::kFolded) rows.back().lane = lane;
    } else {
      rows.push_back({folds ? Row::kFolded : Row::kEvent, lane, i, i});
    }
  }
  return rows;
}

bool IsMarked(const Timeline& timeline, const Row& row) {
  for (uint32_t i = row.first; i <= row.last; ++i) {
    if (timeline.marked[i]) return true;
  }
  return false;
}

}  // namespace

std::vector<Row> MakeRows(const Trace& trace, const Timeline& timeline, bool fold, size_t limit) {
  std::vector<Row> rows = AllRows(trace, timeline, fold);
  if (rows.size() <= limit) return rows;
  std::vector<bool> stays(rows.size());
  auto keep = [&](size_t begin, size_t end) {
    std::fill(stays.begin() + static_cast<ptrdiff_t>(begin), stays.begin() + static_cast<ptrdiff_t>(end), true);
  };
  constexpr size_t kBefore = 20, kAfter = 5;
  keep(0, limit / 4);
  keep(rows.size() - limit / 2, rows.size());
  size_t left = limit / 4;
  for (size_t i = 0; i < rows.size() && left >= kBefore + kAfter; ++i) {
    if (stays[i] || !IsMarked(timeline, rows[i])) continue;
    keep(i - std::min(i, kBefore), std::min(i + kAfter, rows.size()));
    left -= kBefore + kAfter;
  }
  std::vector<Row> kept;
  for (size_t i = 0; i < rows.size(); ++i) {
    if (stays[i]) {
      kept.push_back(rows[i]);
    } else if (!kept.empty() && kept.back().kind == Row::kLeftOut) {
      kept.back().last = rows[i].last;
    } else {
      kept.push_back({Row::kLeftOut, kAcross, rows[i].first, rows[i].last});
    }
  }
  return kept;
}

std::string LaneSites::Next(const Event& event, int lane) {
  if (event.function == nullptr || lane == kAcross) return SiteText(event);
  absl::string_view& last = last_function_[static_cast<size_t>(lane)];
  const bool same = last == event.function;
  last = event.function;
  return same ? absl::StrCat(":", event.line) : SiteText(event);
}

}  // namespace nofail
