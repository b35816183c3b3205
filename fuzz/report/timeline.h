// SPDX-License-Identifier: MIT
//
// A Timeline is the picture of a run before it is drawn. It says which lane each event belongs to, what lasts from one
// event to another (bars), which event refers to an earlier one (arrows), and what happens to each object (lives).
// html_report.h and columns.h draw it. The timeline itself knows neither pixels nor characters: every position is the
// number of an event, its index in Trace::events(). Building takes time linear in the number of events.
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

// The end of a bar that still lasts when the run is over.
inline constexpr uint32_t kNever = UINT32_MAX;
// Stands for "all lanes". Events of the set-up and of the end have it, because nothing runs beside them, and so have
// events that RCU makes (IsByRcu).
inline constexpr int kAcross = -1;

// One column of the picture: a task, or all callbacks together.
struct Lane {
  std::string name;  // "A" to "D", "callbacks"
  int tracks = 0;    // how many bars lie side by side in the lane at most
};

// What a bar shows.
enum class BarKind : uint8_t {
  kOp,                // an op or a callback, from its begin to its end
  kSleep,             // a task is blocked in synchronize_rcu or rcu_barrier
  kRcuReader,         // an RCU reader section; of nested sections only the outermost
  kTraceReader,       // the same for RCU Tasks Trace
  kLock,              // an rqspinlock is held
  kSpinLock,          // a spinlock is held
  kWait,              // a task waits for a lock
  kGracePeriod,       // a grace period, from the event that asked for it to its end; in no lane
  kTraceGracePeriod,  // the same for RCU Tasks Trace
};
inline constexpr int kBarKinds = 9;
const char* BarText(BarKind kind);  // in words, for example "RCU reader section"

// Something that lasts from one event to another.
struct Bar {
  BarKind kind;
  int lane;                      // kAcross for grace periods
  uint32_t begin, end = kNever;  // events; kNever: it still lasts when the run is over
  ObjectId object = 0;           // object that holds the lock, or that a grace period is for; 0: none
  uint16_t offset = 0;           // of the lock in `object`, in bytes
  int track = -1;                // side by side with bars that overlap it (beyond 8 they share one); -1: kOp, kSleep
};

enum class ArrowKind : uint8_t {
  kReadsFrom,  // from a write to the first read of the value by another task
  kRefused,    // from taking a lock to the attempt of another task that fails, or has to wait, because of it
};
struct Arrow {
  ArrowKind kind;
  uint32_t from, to;  // events
};

// What happens to one object.
struct Life {
  ObjectId object;
  bool involved;  // a violation is about it
  std::vector<LifeEvent> moments;
};

struct Timeline {
  std::vector<Lane> lanes;
  int period_tracks = 0;      // how many bars of grace periods lie side by side at most
  std::vector<Bar> bars;      // in order of `begin`
  std::vector<Arrow> arrows;  // in order of `to`
  std::vector<Life> lives;    // every object involved in a violation, then further objects until there are 12
  std::vector<bool> matters;  // by event: whether it is worth a line of its own
  std::vector<bool> marked;   // by event: whether a violation shows at it

  // The lane of an event: an index into `lanes`, or kAcross.
  int LaneOf(const Event& event) const;

 private:
  friend class TimelineBuilder;
  int lane_of_task_[256];  // by OpRef::task; all callbacks have the same lane
};

Timeline BuildTimeline(const JudgedRun& report);

// Consecutive events of a trace that are drawn as one line.
struct Row {
  enum Kind : uint8_t {
    kEvent,    // shows the event `first`; the others are its second half (RmwOld, EarlierAccess), or the rest of an op
               // of the set-up or the end
    kFolded,   // events of one lane that do not matter, shown as a summary
    kLeftOut,  // events of any lane that are not shown, because the run is too long
  };
  Kind kind;
  int lane;  // an index into Timeline::lanes, or kAcross
  uint32_t first, last;
};
// Divides the trace into about `limit` rows at most. Every event is in exactly one row. With `fold`, neighbouring
// events that do not matter share a row. When there are still too many rows, the first quarter of `limit`, the last
// half of it and rows around marked events are kept; the others are left out.
std::vector<Row> MakeRows(const Trace& trace, const Timeline& timeline, bool fold, size_t limit);

// Says where a lane is in the source, as briefly as possible: "SelemFree:194" when the lane's function changes, ":196"
// while it stays in the same function. Events must be passed in the order of the trace.
class LaneSites {
 public:
  // The text for the event, which is in `lane`; "" for an event without a site.
  std::string Next(const Event& event, int lane);

 private:
  std::array<absl::string_view, kMaxTasks + 1> last_function_;  // by lane
};

}  // namespace nofail
#endif  // NOFAIL_FUZZ_REPORT_TIMELINE_H_
