// SPDX-License-Identifier: MIT
//
// Progress. Every run ends: there is no deadlock, no livelock (a task polls a word of memory that no task will ever
// change), and no runaway (an endless loop).
//
// Promised by: the protocol. Teardown must succeed whatever the locks return. destroy waits only for map_free's pins.
// Reads: Fault (deadlock, livelock, runaway); the size of the trace; the last event of each task, and what was taken
// and
//   not given back (waits.h).
// Signature:
//   deadlock: the functions that wait, the objects that they wait for, and wait=<what is waited for>. If the fault was
//     noticed at a call, then of that call alone. map_free and destroy begin by waiting for the references that others
//     hold, and a cgroup's destroy for a grace period. No function of the subject waits then. The function that took
//     what was not given back is named instead. References that stuck ops hold are no wait of its own.
//   livelock: the functions that poll, and the objects that they poll. A task that waits for a polling task is only its
//     victim and is left out. after=saturation when a reference count saturated before: a task that waits for that
//     count waits for ever.
//   runaway: the function with the most events among the last 256.
// Silent: about runs that are merely long (below kMaxEvents).
#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "fuzz/check/evidence.h"
#include "fuzz/check/judges.h"
#include "fuzz/check/waits.h"

namespace nofail {
namespace {

constexpr uint32_t kLoopWindow = 256;  // number of events at the end of a runaway run that show where it loops

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

// Whether a task is stuck only because another one is: a task that waits for one that polls, or for references that
// stuck tasks hold.
bool IsVictim(const Wait& wait, const std::vector<Wait>& all, Fault fault) {
  if (fault == Fault::kLivelock) return std::string_view(wait.what) != "change";
  const auto is_other = [](const Wait& other) { return std::string_view(other.what) != "reference"; };
  return !is_other(wait) && wait.debts.empty() && wait.surplus.empty() && std::any_of(all.begin(), all.end(), is_other);
}

// Adds to the violation what the wait is for, and the functions that the signature names.
void AddWait(const Trace& trace, const Wait& wait, Violation* violation) {
  const bool by_kernel = *FunctionAt(trace, wait.event) == 0;
  if (!by_kernel) Involve(trace, wait.event, violation);
  for (const Debts* debts : {&wait.debts, &wait.surplus}) {
    if (violation->decisive == kNoEvent && !debts->empty()) violation->decisive = debts->front();
    for (const uint32_t event : by_kernel ? *debts : Debts{}) Involve(trace, event, violation);
  }
  if (wait.object == 0) return;
  violation->objects.push_back(KindOf(trace, wait.object));
  violation->involved.push_back(wait.object);
}

// The fault was noticed at a call: it waits for a lock that its holder will never release.
void AddHopelessLock(const Trace& trace, uint32_t event, Findings* findings) {
  const Event& e = trace.events()[event];
  Violation violation = At(trace, FaultText(e.fault()), e.object, event);
  const Debts taken = LockKept(trace, event, e.object, e.offset);
  violation.detail = absl::StrCat(WhoAt(trace, event), " waits for ever for a lock of ", NameOf(trace, e.object));
  if (!taken.empty()) {
    violation.decisive = taken.front();
    absl::StrAppend(&violation.detail, "; ", DebtText(trace, taken.front()));
  }
  violation.Set("wait", "lock");
  findings->Add(std::move(violation));
}

// What everybody waits for. Victims are named last.
std::string StuckText(const Trace& trace, const std::vector<Wait>& waits, Fault fault) {
  std::vector<std::string> texts, victims;
  for (const Wait& wait : waits) {
    const bool is_victim = IsVictim(wait, waits, fault);
    (is_victim ? victims : texts).push_back(is_victim ? DoerAt(trace, wait.event) : WaitText(trace, wait));
  }
  if (!victims.empty()) texts.push_back(absl::StrCat("behind it: ", absl::StrJoin(victims, ", ")));
  if (!texts.empty()) return absl::StrJoin(texts, "; ");
  return fault == Fault::kDeadlock ? "every task is blocked" : "nobody can end the polling";
}

}  // namespace

void JudgeProgress(const RunView& run, uint32_t event, Findings* findings) {
  const Trace& trace = run.trace;
  const Fault fault = trace.events()[event].fault();
  if (fault == Fault::kRunaway) return AddRunaway(trace, event, findings);
  if (trace.events()[event].function != nullptr) return AddHopelessLock(trace, event, findings);
  Violation violation;
  violation.kind = FaultText(fault);
  violation.event = event;
  const std::vector<Wait> waits = WaitsAt(trace, event);
  std::set<std::string> whats;
  for (const Wait& wait : waits) {
    if (IsVictim(wait, waits, fault)) continue;
    AddWait(trace, wait, &violation);
    whats.insert(wait.what);
  }
  violation.detail = StuckText(trace, waits, fault);
  if (fault == Fault::kDeadlock) violation.Set("wait", absl::StrJoin(whats, "+"));
  if (const uint32_t saturated = SaturatedAt(trace, event); fault == Fault::kLivelock && saturated != kNoEvent) {
    violation.Set("after", "saturation");
    violation.decisive = saturated;
    absl::StrAppend(&violation.detail, "; a reference count had saturated at #", saturated);
  }
  if (violation.functions.empty()) Involve(trace, event, &violation);
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
