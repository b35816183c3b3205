// SPDX-License-Identifier: MIT
//
// The picture of a run, before anybody draws it: who runs where, what lasts from one event to another, which event
// tells of which other, what happens to each object. html_report.h and columns.h draw it; nothing here knows of pixels
// or characters. Everything is in event numbers. Linear in the number of events.
#ifndef NOFAIL_FUZZ_REPORT_TIMELINE_H_
#define NOFAIL_FUZZ_REPORT_TIMELINE_H_

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "fuzz/base/limits.h"
#include "fuzz/check/judged_run.h"
#include "fuzz/report/object_life.h"

namespace nofail {

inline constexpr uint32_t kNever = UINT32_MAX;
// In place of a lane: the set-up and the end, beside which nothing runs, and what RCU does on its own.
inline constexpr int kAcross = -1;

struct Lane {
  std::string name;  // "A" to "D", "callbacks"
  int tracks = 0;    // how many bars stand side by side in it
};

enum class BarKind : uint8_t {
  kOp,           // an op or a callback, from begin to end
  kSleep,        // blocked in synchronize_rcu or rcu_barrier
  kRcuReader,    // a reader section, the outermost
  kTraceReader,  // the same of RCU Tasks Trace
  kLock,         // an rqspinlock held
  kSpinLock,     // a spinlock held
  kWait,         // waits for a lock
  kGracePeriod,  // from what asked for it to its end; in no lane
  kTraceGracePeriod,
};
inline constexpr int kBarKinds = 9;
const char* BarText(BarKind kind);  // "RCU reader section"

struct Bar {
  BarKind kind;
  int lane;                      // kAcross for grace periods
  uint32_t begin, end = kNever;  // events; kNever: it lasts when the run is over
  ObjectId object = 0;           // the lock's, or what a grace period is for
  uint16_t offset = 0;
  int track = -1;  // its place beside those that overlap; ops and sleep have none
};

enum class ArrowKind : uint8_t {
  kReadsFrom,  // from a write to another task's first read of it
  kRefused,    // from a lock's acquisition to another task's attempt that fails, or has to wait, because of it
};
struct Arrow {
  ArrowKind kind;
  uint32_t from, to;
};

struct Life {
  ObjectId object;
  bool involved;  // a violation is about it
  std::vector<LifeEvent> moments;
};

struct Timeline {
  std::vector<Lane> lanes;
  int period_tracks = 0;  // of the grace periods
  std::vector<Bar> bars;  // in order of `begin`
  std::vector<Arrow> arrows;
  std::vector<Life> lives;    // of elements, storages, buckets, maps and owners; those involved first
  std::vector<bool> matters;  // by event: worth a line of its own
  std::vector<bool> marked;   // by event: a violation shows here

  // The lane that an event stands in.
  int LaneOf(const Event& event) const;

 private:
  friend class TimelineBuilder;
  int lane_of_task_[256];  // callbacks are one lane
};

Timeline BuildTimeline(const JudgedRun& report);

// Some events of a trace, as one line.
struct Row {
  enum Kind : uint8_t {
    kEvent,    // `first`; what follows it is its second half, or the rest of an op of the set-up or the end
    kFolded,   // some of one lane that do not matter
    kLeftOut,  // too many of any lane
  };
  Kind kind;
  int lane;
  uint32_t first, last;
};
// The trace as at most about `limit` rows; every event is in exactly one. `fold`: those that do not matter share one.
// Where there are too many, the beginning, the last part and what stands around the marked events stay.
std::vector<Row> MakeRows(const Trace& trace, const Timeline& timeline, bool fold, size_t limit);

// Where each lane stands: function and line, or the line alone while it stays in one function.
class LaneSites {
 public:
  std::string Next(const Event& event, int lane);

 private:
  std::array<absl::string_view, kMaxTasks + 1> last_function_;
};

}  // namespace nofail
#endif  // NOFAIL_FUZZ_REPORT_TIMELINE_H_
