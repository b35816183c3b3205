// SPDX-License-Identifier: MIT
#include "fuzz/report/perfetto_report.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/kernel/trace/ids.h"
#include "fuzz/report/describe.h"
#include "fuzz/report/timeline.h"

namespace nofail {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kProcess = 1;
constexpr int kAcrossThread = 1;  // of events in no lane; those of a lane are in the thread 2 + its index

// Writes one run. The events are taken in their order, and everything that has to do with an event is written with it,
// so times never go back.
class Writer {
 public:
  explicit Writer(const JudgedRun& report) : report_(report), trace_(report.trace), t_(BuildTimeline(report)) {
    for (const Bar& bar : t_.bars) {
      begins_[bar.begin].push_back(&bar);
      ends_[std::min(bar.end, trace_.size())].push_back(&bar);
    }
    for (size_t i = 0; i < t_.arrows.size(); ++i) {
      arrows_[t_.arrows[i].from].push_back(i);
      arrows_[t_.arrows[i].to].push_back(i);
    }
    for (const Life& life : t_.lives) {
      for (const LifeEvent& moment : life.moments) moments_[moment.event].push_back({&life, &moment});
    }
    for (const Violation& violation : report.verdict.violations) violations_[violation.event].push_back(&violation);
  }

  std::string Write() {
    NameThreads();
    for (uint32_t i = 0; i < trace_.size(); ++i) WriteEvent(i);
    Finish();
    const Json other = {{"subject", report_.subject.name},
                        {"trace_hash", absl::StrCat(absl::Hex(trace_.Hash(), absl::kZeroPad16))},
                        {"schedule", ScheduleText(report_)}};
    return absl::StrCat("{\"traceEvents\": [\n", absl::StrJoin(lines_, ",\n"), "\n],\n\"otherData\": ", Dump(other),
                        "}\n");
  }

 private:
  // A slice that is open on a thread. `bar` is null for a function and for an op of the set-up or the end.
  struct Slice {
    const Bar* bar;
    std::string name;
  };
  struct Thread {
    std::vector<Slice> open;         // the innermost last
    const char* function = nullptr;  // the innermost slice, if it is that of a function
    OpRef op;                        // of the last event
  };

  static std::string Dump(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }
  // Adds an event of the format. Times are given in half microseconds: what belongs to an event and has no length is in
  // its middle.
  void Add(const char* phase, std::string name, uint64_t halves, int thread, const Json& more = Json::object()) {
    Json json = {{"ph", phase}, {"name", std::move(name)}, {"pid", kProcess}, {"tid", thread}};
    if (halves % 2 == 0) {
      json["ts"] = halves / 2;
    } else {
      json["ts"] = static_cast<double>(halves) / 2;
    }
    json.update(more);
    lines_.push_back(Dump(json));
  }

  const Event& At(uint32_t event) const { return trace_.events()[event]; }
  static int ThreadOf(int lane) { return lane == kAcross ? kAcrossThread : 2 + lane; }
  int ThreadOf(const Event& event) const { return ThreadOf(t_.LaneOf(event)); }

  // ---- Names -----------------------------------------------------------------------------------------------------

  void Name(const char* what, int thread, std::string name) {
    Add("M", what, 0, thread, {{"args", {{"name", std::move(name)}}}});
  }
  void NameThreads() {
    Name("process_name", 0, absl::StrCat("nofail, ", report_.subject.name));
    Name("thread_name", kAcrossThread, "set-up, end, RCU");
    for (size_t lane = 0; lane < t_.lanes.size(); ++lane) {
      const std::string& name = t_.lanes[lane].name;
      const bool is_task = name.size() == 1;
      Name("thread_name", ThreadOf(static_cast<int>(lane)),
           is_task ? absl::StrCat("task ", name, " (CPU ", name[0] - 'A', ")") : name);
    }
    for (int thread = kAcrossThread; thread < ThreadOf(static_cast<int>(t_.lanes.size())); ++thread) {
      Add("M", "thread_sort_index", 0, thread, {{"args", {{"sort_index", thread == kAcrossThread ? 99 : thread}}}});
    }
  }

  std::string NameOf(const Bar& bar) const {
    if (bar.kind == BarKind::kOp) {
      const std::string text = Describe(report_, bar.begin);
      return text.ends_with(" begins") ? text.substr(0, text.size() - 7) : text;
    }
    return bar.object == 0 ? BarText(bar.kind)
                           : absl::StrCat(BarText(bar.kind), ": ", LocationText(report_, bar.object, bar.offset));
  }

  // ---- Slices ----------------------------------------------------------------------------------------------------

  void Begin(int thread, Slice slice, uint64_t halves) {
    Add("B", slice.name, halves, thread);
    threads_[thread].open.push_back(std::move(slice));
  }
  void EndInnermost(int thread, uint64_t halves) {
    Add("E", threads_[thread].open.back().name, halves, thread);
    threads_[thread].open.pop_back();
  }
  void EndFunction(int thread, uint64_t halves) {
    if (threads_[thread].function != nullptr) EndInnermost(thread, halves);
    threads_[thread].function = nullptr;
  }
  // Ends the slice of the bar. The slices inside it end as well, and begin again behind it.
  void EndBar(const Bar* bar, int thread, uint64_t halves) {
    EndFunction(thread, halves);
    std::vector<Slice>& open = threads_[thread].open;
    const auto found = std::find_if(open.begin(), open.end(), [=](const Slice& slice) { return slice.bar == bar; });
    if (found == open.end()) return;
    std::vector<Slice> inside(found + 1, open.end());
    while (open.back().bar != bar) EndInnermost(thread, halves);
    EndInnermost(thread, halves);
    for (Slice& slice : inside) Begin(thread, std::move(slice), halves);
  }

  static bool IsPeriod(const Bar& bar) { return bar.lane == kAcross; }
  // Whether the bar ends before the event at which it ends, not behind it: a wait is over when the lock is taken.
  static bool EndsBefore(const Bar& bar) { return bar.kind == BarKind::kWait; }

  void WritePeriod(const char* phase, const Bar& bar, uint64_t halves) {
    Add(phase, BarText(bar.kind), halves, kAcrossThread,
        {{"cat", "grace period"}, {"id", absl::StrCat("gp", &bar - t_.bars.data())}});
  }
  void BeginBars(uint32_t event) {
    const auto found = begins_.find(event);
    if (found == begins_.end()) return;
    for (const Bar* bar : found->second) {
      if (IsPeriod(*bar)) {
        WritePeriod("b", *bar, 2 * uint64_t{event});
      } else {
        EndFunction(ThreadOf(bar->lane), 2 * uint64_t{event});
        Begin(ThreadOf(bar->lane), {bar, NameOf(*bar)}, 2 * uint64_t{event});
      }
    }
  }
  void EndBars(uint32_t event, bool before) {
    const auto found = ends_.find(event);
    if (found == ends_.end()) return;
    const uint64_t halves = 2 * uint64_t{event} + (before || event == trace_.size() ? 0 : 2);
    for (auto it = found->second.rbegin(); it != found->second.rend(); ++it) {  // the innermost first
      const Bar* bar = *it;
      if (event < trace_.size() && EndsBefore(*bar) != before) continue;
      IsPeriod(*bar) ? WritePeriod("e", *bar, halves) : EndBar(bar, ThreadOf(bar->lane), halves);
    }
  }

  // Shows in which function the task is, for as long as it runs there. An op of the set-up or of the end, which has no
  // bar, is a slice, too.
  void FollowFunction(uint32_t event) {
    const Event& e = At(event);
    const int id = ThreadOf(e);
    Thread& thread = threads_[id];
    const uint64_t now = 2 * uint64_t{event};
    const bool is_across = id == kAcrossThread, is_new = thread.op != e.op;
    if (last_thread_ != id || is_new || thread.function != e.function) EndFunction(id, now);
    if (last_thread_ != id) EndFunction(last_thread_, now);
    if (is_across && is_new) {
      while (!thread.open.empty()) EndInnermost(id, now);
      if (!IsByRcu(e)) Begin(id, {nullptr, TaskName(e.op)}, now);
    }
    if (e.function != nullptr && thread.function == nullptr && !IsByRcu(e)) {
      Begin(id, {nullptr, e.function}, now);
      thread.function = e.function;
    }
    thread.op = IsByRcu(e) ? OpRef{} : e.op;
    last_thread_ = id;
  }

  // ---- Events ----------------------------------------------------------------------------------------------------

  void WriteEvent(uint32_t event) {
    EndBars(event, true);
    BeginBars(event);
    const Event& e = At(event);
    const bool belongs_to_last = e.kind == EventKind::kEarlierAccess;  // it has no op of its own
    if (!belongs_to_last) FollowFunction(event);
    const uint64_t middle = 2 * uint64_t{event} + 1;
    const int thread = belongs_to_last ? last_thread_ : ThreadOf(e);
    Json args = {{"event", absl::StrCat("#", event)}, {"by", ByWhom(e)}};
    if (e.function != nullptr) args["site"] = absl::StrCat(e.function, ", ", e.file, ":", e.line);
    if (const std::string order = OrderText(e); !order.empty()) args["order"] = order;
    Add("X", Describe(report_, event), middle - 1, thread, {{"dur", 1}, {"args", std::move(args)}});
    if (IsFailure(e)) Add("i", Describe(report_, event), middle, thread, {{"cat", "failure"}, {"s", "t"}});
    WriteViolations(event, thread, middle);
    for (const size_t arrow : arrows_[event]) WriteArrow(arrow, event, middle);
    for (const auto& [life, moment] : moments_[event]) WriteMoment(*life, *moment, middle);
    EndBars(event, false);
  }

  void WriteViolations(uint32_t event, int thread, uint64_t halves) {
    for (const Violation* violation : violations_[event]) {
      Add("i", violation->Signature(), halves, thread,
          {{"cat", "violation"}, {"s", "p"}, {"args", {{"detail", WithFields(report_, violation->detail)}}}});
    }
  }

  void WriteArrow(size_t index, uint32_t event, uint64_t halves) {
    const Arrow& arrow = t_.arrows[index];
    const bool reads = arrow.kind == ArrowKind::kReadsFrom, begins = arrow.from == event;
    Json more = {{"cat", reads ? "reads" : "refused"}, {"id", index + 1}};
    if (!begins) more["bp"] = "e";  // binds to the slice around it, not to the next one
    Add(begins ? "s" : "f", reads ? "reads what was written" : "lock is held", halves, ThreadOf(At(event)), more);
  }

  void WriteMoment(const Life& life, const LifeEvent& moment, uint64_t halves) {
    const std::string name = LocationText(trace_, life.object, 0);
    const Json more = {{"cat", "object"}, {"id", name}};
    if (moment.kind == LifeKind::kAllocated && alive_.insert(life.object).second) {
      return Add("b", name, halves, kAcrossThread, more);
    }
    if (moment.kind != LifeKind::kTouched) Add("n", moment.what, halves, kAcrossThread, more);
    if (moment.kind == LifeKind::kFreed && alive_.erase(life.object) > 0) Add("e", name, halves, kAcrossThread, more);
  }

  // Ends what lasts until the run is over.
  void Finish() {
    const uint64_t end = 2 * uint64_t{trace_.size()};
    EndBars(trace_.size(), true);
    for (auto& [id, thread] : threads_) {
      while (!thread.open.empty()) EndInnermost(id, end);
    }
    for (const ObjectId object : alive_) {
      const std::string name = LocationText(trace_, object, 0);
      Add("e", name, end, kAcrossThread, {{"cat", "object"}, {"id", name}});
    }
  }

  const JudgedRun& report_;
  const Trace& trace_;
  const Timeline t_;
  std::map<uint32_t, std::vector<const Bar*>> begins_, ends_;                          // bars, by event
  std::map<uint32_t, std::vector<size_t>> arrows_;                                     // of t_.arrows, by event
  std::map<uint32_t, std::vector<std::pair<const Life*, const LifeEvent*>>> moments_;  // by event
  std::map<uint32_t, std::vector<const Violation*>> violations_;                       // by event
  std::map<int, Thread> threads_;
  std::set<ObjectId> alive_;         // the objects that are shown and have not been freed
  int last_thread_ = kAcrossThread;  // that the last event was on
  std::vector<std::string> lines_;
};

}  // namespace

std::string PerfettoReport(const JudgedRun& report) {
  return Writer(report).Write();
}

}  // namespace nofail
