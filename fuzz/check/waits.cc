// SPDX-License-Identifier: MIT
#include "fuzz/check/waits.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "fuzz/check/evidence.h"
#include "fuzz/schedule/schedule.h"

namespace nofail {
namespace {

// The task of an op, as a key. A task runs many ops one after the other; every callback is a task of its own.
OpRef TaskOf(OpRef op) {
  return op.IsCallback() ? op : OpRef{op.task, 0};
}

// The word that a task polls: the last one that it read before.
const Event* Polled(const Trace& trace, uint32_t event) {
  const OpRef op = trace.events()[event].op;
  const uint32_t read =
      LastBefore(trace, event, [&](const Event& e) { return e.op == op && e.kind == EventKind::kLoad; });
  return read == kNoEvent ? nullptr : &trace.events()[read];
}

Wait PollingWait(const Trace& trace, uint32_t event, uint32_t end) {
  const Event* word = Polled(trace, event);
  if (word == nullptr || word->object == 0) return {event, "change", 0, 0, {}};
  return {event, "change", word->object, word->offset, IncrementsKept(trace, end, word->object, word->offset)};
}

// An op that tears down begins by waiting for the references that others hold. It is the kernel's own wait, so there is
// no event of it in the trace.
Wait ReferenceWait(const Trace& trace, uint32_t event, uint32_t end) {
  Wait wait{event, "reference", trace.events()[event].object, 0, {}};
  wait.debts = ReferencesKept(trace, end, wait.object, &wait.surplus);
  return wait;
}

bool IsTeardown(const Event& begin) {
  return OpKindOf(begin) == OpKind::kMapFree || OpKindOf(begin) == OpKind::kDestroy;
}

// Adds the wait of a task whose last event is `event`, if it waits.
void AddWait(const Trace& trace, uint32_t event, uint32_t end, std::vector<Wait>* waits) {
  const Event& e = trace.events()[event];
  switch (e.kind) {
    case EventKind::kOpBegin:
      if (IsTeardown(e)) waits->push_back(ReferenceWait(trace, event, end));
      break;
    case EventKind::kLockWait:
      waits->push_back({event, "lock", e.object, e.offset, LockKept(trace, end, e.object, e.offset)});
      break;
    case EventKind::kGpWait:
      waits->push_back({event, "grace-period", 0, 0, SectionsKept(trace, end, e.flavour())});
      break;
    case EventKind::kBarrierWait:
      if (e.value == 0) {
        waits->push_back({event, "barrier", 0, 0, CallbacksLeft(trace, event, e.flavour())});
      } else {
        waits->push_back({event, "work", 0, 0, {}});
      }
      break;
    case EventKind::kRelax:
      waits->push_back(PollingWait(trace, event, end));
      break;
    default:
      break;
  }
}

// What is waited for, in words.
std::string AwaitedText(const Trace& trace, const Wait& wait) {
  const std::string_view what = wait.what;
  const std::string name = NameOf(trace, wait.object);
  if (what == "reference") return absl::StrCat("waits for ever for the last reference to ", name);
  if (what == "lock") return absl::StrCat("waits for ever for a lock of ", name);
  if (what == "grace-period") return "waits for ever for a grace period";
  if (what == "barrier") return "waits for ever for RCU callbacks";
  if (what == "work") return "waits for ever for deferred functions";
  const Event* word = Polled(trace, wait.event);
  if (wait.object == 0) return "polls what nobody changes";
  return absl::StrCat("polls ", name, "+", wait.offset, ", which stays ", word->value);
}

}  // namespace

std::vector<Wait> WaitsAt(const Trace& trace, uint32_t end) {
  std::vector<Wait> waits;
  std::vector<OpRef> seen;
  for (uint32_t i = end; i-- > 0;) {
    const Event& e = trace.events()[i];
    if (e.kind == EventKind::kSwitch || e.kind == EventKind::kFault || e.kind == EventKind::kGpEnd) continue;
    if (e.kind == EventKind::kFree && e.by_rcu()) continue;  // kfree_rcu: RCU frees, not the task
    if (std::find(seen.begin(), seen.end(), TaskOf(e.op)) != seen.end()) continue;
    seen.push_back(TaskOf(e.op));
    AddWait(trace, i, end, &waits);
  }
  std::reverse(waits.begin(), waits.end());
  return waits;
}

std::string WaitText(const Trace& trace, const Wait& wait) {
  std::string text = absl::StrCat(DoerAt(trace, wait.event), " ", AwaitedText(trace, wait));
  for (const uint32_t event : wait.debts) {
    const bool is_count = std::string_view(wait.what) == "change";
    absl::StrAppend(&text, "; ", is_count && event == wait.debts.front() ? "of its references, " : "",
                    DebtText(trace, event));
  }
  for (const uint32_t event : wait.surplus) {
    absl::StrAppend(&text, "; ", WhoAt(trace, event), " gave one back at #", event, " that nobody had taken");
  }
  return text;
}

}  // namespace nofail
