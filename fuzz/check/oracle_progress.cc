// SPDX-License-Identifier: MIT
//
// Progress. Every run ends: there is no deadlock, no livelock (a task polls a word of memory that no task will ever
// change), and no runaway (an endless loop).
//
// Promised by: the protocol. Teardown must succeed whatever the locks return. destroy waits only for map_free's pins.
// Reads: Fault (deadlock, livelock, runaway); the size of the trace; the last event of each task.
// Signature:
//   deadlock: the function of the call that can never return, if the fault was noticed at a call. Otherwise every
//     function in which a task was stuck.
//   livelock: the functions that poll. A task that waits for a polling task is only its victim and is left out.
//     after=saturation when a reference count saturated before: a task that waits for that count waits for ever.
//   runaway: the function with the most events among the last 256.
// Silent: about runs that are merely long (below kMaxEvents).
#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "fuzz/check/evidence.h"
#include "fuzz/check/judges.h"

namespace nofail {
namespace {

constexpr uint32_t kLoopWindow = 256;  // number of events at the end of a runaway run that show where it loops

// Whether the event begins a wait. A task whose last event it is, is stuck.
bool IsStuck(const Event& e) {
  return e.kind == EventKind::kLockWait || e.kind == EventKind::kGpWait || e.kind == EventKind::kBarrierWait ||
         e.kind == EventKind::kRelax;
}

// The task of an op, as a key. A task runs many ops one after the other; every callback is a task of its own.
OpRef TaskOf(OpRef op) {
  return op.IsCallback() ? op : OpRef{op.task, 0};
}

// The last event of each task that was waiting when the run ended, in the order of the trace.
std::vector<uint32_t> StuckAt(const Trace& trace, uint32_t end) {
  std::vector<uint32_t> stuck;
  std::vector<OpRef> seen;
  for (uint32_t i = end; i-- > 0;) {
    const Event& e = trace.events()[i];
    if (e.kind == EventKind::kSwitch || e.kind == EventKind::kFault || e.kind == EventKind::kGpEnd) continue;
    if (e.kind == EventKind::kFree && e.by_rcu()) continue;  // kfree_rcu: RCU frees, not the task
    if (std::find(seen.begin(), seen.end(), TaskOf(e.op)) != seen.end()) continue;
    seen.push_back(TaskOf(e.op));
    if (IsStuck(e)) stuck.push_back(i);
  }
  std::reverse(stuck.begin(), stuck.end());
  return stuck;
}

// The function with the most events at the end of the trace; "" when there is none.
std::string LoopFunction(const Trace& trace) {
  std::map<std::string, int> counts;
  for (uint32_t i = trace.size() - std::min(trace.size(), kLoopWindow); i < trace.size(); ++i) {
    if (const char* function = trace.events()[i].function) ++counts[function];
  }
  auto most = std::max_element(counts.begin(), counts.end(), [](auto& a, auto& b) { return a.second < b.second; });
  return most == counts.end() ? "" : most->first;
}

void AddRunaway(const Trace& trace, uint32_t event, Findings* findings) {
  Violation violation;
  violation.kind = FaultText(Fault::kRunaway);
  violation.event = event;
  std::string function = LoopFunction(trace);
  violation.detail = absl::StrCat("the run did not end within ", kMaxEvents, " events",
                                  function.empty() ? "" : "; it was last busy in ", function);
  if (!function.empty()) violation.functions.push_back(std::move(function));
  findings->Add(std::move(violation));
}

}  // namespace

void JudgeProgress(const RunView& run, uint32_t event, Findings* findings) {
  const Trace& trace = run.trace;
  const Fault fault = trace.events()[event].fault();
  if (fault == Fault::kRunaway) return AddRunaway(trace, event, findings);
  // The fault was noticed at a call: that call waits for a lock that its holder will never release.
  if (trace.events()[event].function != nullptr) {
    Violation violation = At(trace, FaultText(fault), trace.events()[event].object, event);
    violation.detail = absl::StrCat(WhoAt(trace, event), " waits for ever for a lock of ",
                                    NameOf(trace, trace.events()[event].object));
    return findings->Add(std::move(violation));
  }
  Violation violation;
  violation.kind = FaultText(fault);
  violation.event = event;
  std::vector<std::string> who;
  for (uint32_t i : StuckAt(trace, event)) {
    const Event& e = trace.events()[i];
    who.push_back(WhoAt(trace, i));
    if (fault == Fault::kLivelock && e.kind != EventKind::kRelax) continue;
    Involve(trace, i, &violation);
    if (e.object == 0) continue;
    violation.objects.push_back(KindOf(trace, e.object));
    violation.involved.push_back(e.object);
  }
  if (fault == Fault::kLivelock && HasSaturated(trace, event)) violation.Set("after", "saturation");
  if (violation.functions.empty()) Involve(trace, event, &violation);
  violation.detail = absl::StrCat(fault == Fault::kDeadlock ? "every task is blocked" : "nobody can end the polling",
                                  who.empty() ? "" : ": ", absl::StrJoin(who, ", "));
  findings->Add(std::move(violation));
}

// Reports a runaway whose fault is missing, because a full trace may have no room for the event of the fault.
void JudgeEventLimit(const RunView& run, Findings* findings) {
  if (run.trace.size() < kMaxEvents) return;
  for (const Event& e : run.trace.events()) {
    if (e.Is(Fault::kRunaway)) return;
  }
  AddRunaway(run.trace, run.trace.size() - 1, findings);
}

}  // namespace nofail
