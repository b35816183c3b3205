// SPDX-License-Identifier: MIT
#include "fuzz/check/evidence.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "core/kernel/trace/ids.h"
#include "fuzz/base/object_kind.h"
#include "fuzz/schedule/keywords.h"
#include "fuzz/schedule/schedule.h"

namespace nofail {
namespace {

// Whether an event does not count as its op's own use of an object. Ends of grace periods, frees by RCU, faults and
// reports of earlier accesses are recorded in whichever op is running then. Frees by an op itself are left out, too.
bool IsByNobody(const Event& event) {
  return event.kind == EventKind::kGpEnd || event.kind == EventKind::kFree || event.kind == EventKind::kFault ||
         event.kind == EventKind::kEarlierAccess;
}

bool IsFailedLock(const Event& event) {
  return event.kind == EventKind::kLock && event.value != 0;
}

// Whether the op of a failed lock attempt came to its end without harm to objects that it did not allocate: it returned
// an error, or it wrote nothing after the attempt.
bool IsHarmless(const Trace& trace, uint32_t event) {
  OpRef op = trace.events()[event].op;
  bool wrote = false;
  for (const Event& later : trace.events().subspan(event)) {
    if (later.op != op) continue;
    if (later.kind == EventKind::kOpEnd) return !wrote || static_cast<int64_t>(later.value) < 0;
    wrote |= later.kind == EventKind::kStore || later.kind == EventKind::kRmw;
  }
  return false;
}

// Whether no other op than the one that allocated the object ever used it. What callbacks do does not count.
bool IsUnshared(const Trace& trace, ObjectId object) {
  const OpRef maker = trace.events()[trace.objects()[object].allocated].op;
  return std::none_of(trace.events().begin(), trace.events().end(), [&](const Event& e) {
    return e.object == object && e.op != maker && !e.op.IsCallback() && !IsByNobody(e);
  });
}

// Whether the failed lock attempt at `event` hits the object. evidence.h has the rules.
bool Hits(const Trace& trace, uint32_t event, ObjectId object) {
  const Event& failure = trace.events()[event];
  const ObjectInfo& info = trace.objects()[object];
  if (info.allocated < event && trace.events()[info.allocated].op == failure.op && IsUnshared(trace, object))
    return true;
  if (IsHarmless(trace, event)) return false;
  if (failure.object == object) return true;
  uint32_t touch = LastBefore(trace, event, [&](const Event& earlier) {
    return earlier.op == failure.op && earlier.object != 0 && trace.objects()[earlier.object].kind == info.kind &&
           !IsByNobody(earlier);
  });
  return touch != kNoEvent && trace.events()[touch].object == object;
}

}  // namespace

std::string NameOf(const Trace& trace, ObjectId object) {
  if (object == 0) return "memory";
  const ObjectInfo& info = trace.objects()[object];
  return ObjectName(info.kind, info.number);
}

const char* KindOf(const Trace& trace, ObjectId object) {
  return object == 0 ? "" : ObjectKindText(trace.objects()[object].kind);
}

std::string WhoAt(const Trace& trace, uint32_t event) {
  const char* function = FunctionAt(trace, event);
  return absl::StrCat(TaskName(trace.events()[event].op), *function ? " in " : "", function);
}

const char* FunctionAt(const Trace& trace, uint32_t event) {
  OpRef op = trace.events()[event].op;
  uint32_t site = LastBefore(trace, event + 1, [&](const Event& e) { return e.op == op && e.function != nullptr; });
  return site == kNoEvent ? "" : trace.events()[site].function;
}

std::string OpNameAt(const Trace& trace, uint32_t event) {
  const OpRef op = trace.events()[event].op;
  if (op.IsCallback()) return "callback";
  const uint32_t begin =
      LastBefore(trace, event + 1, [&](const Event& e) { return e.kind == EventKind::kOpBegin && e.op == op; });
  return begin == kNoEvent ? "setup" : std::string(KeywordOf(kOpKeywords, OpKindOf(trace.events()[begin])));
}

std::string DoerAt(const Trace& trace, uint32_t event) {
  const Event& e = trace.events()[event];
  return e.function != nullptr ? WhoAt(trace, event) : absl::StrCat(TaskName(e.op), " in ", OpNameAt(trace, event));
}

uint32_t GivenUpAt(const Trace& trace, ObjectId object) {
  const ObjectInfo& info = trace.objects()[object];
  static_assert(ObjectInfo::kAlive == kNoEvent);
  if (info.handed_over == kNoEvent || info.freed == kNoEvent) return std::min(info.handed_over, info.freed);
  const Event& free = trace.events()[info.freed];
  const Event& hand_over = trace.events()[info.handed_over];
  const bool by_rcu = free.op.IsCallback() || free.function == hand_over.function;
  return by_rcu ? info.handed_over : info.freed;
}

uint32_t SaturatedAt(const Trace& trace, uint32_t end) {
  if (!trace.Has(EventKind::kFault)) return kNoEvent;
  const auto events = trace.events().first(end);
  const auto saturates = [](const Event& e) {
    if (e.kind != EventKind::kFault) return false;
    const Fault fault = e.fault();
    return fault == Fault::kRefcountAddOnZero || fault == Fault::kRefcountOverflow ||
           fault == Fault::kRefcountUnderflow || fault == Fault::kRefcountDecToZero;
  };
  const auto first = std::find_if(events.begin(), events.end(), saturates);
  return first == events.end() ? kNoEvent : static_cast<uint32_t>(first - events.begin());
}

bool IsAtEnd(const Trace& trace, uint32_t fault) {
  const Event& e = trace.events()[fault];
  if (e.function == nullptr) return true;
  uint32_t begin = LastBefore(trace, fault, [&](const Event& earlier) {
    return earlier.kind == EventKind::kCallbackBegin && earlier.op == e.op;
  });
  return begin != kNoEvent && trace.events()[begin].file == e.file && trace.events()[begin].line == e.line;
}

LockHit FindLockHit(const Trace& trace, ObjectId object, std::initializer_list<uint32_t> partakers) {
  const kernel_object_kind kind = trace.objects()[object].kind;
  if (object == 0 || (kind != KERNEL_SELEM && kind != KERNEL_STORAGE)) return {};
  auto partakes = [&](uint32_t attempt) {
    return partakers.size() == 0 || std::any_of(partakers.begin(), partakers.end(), [&](uint32_t event) {
             return event != kNoEvent && attempt < event && trace.events()[event].op == trace.events()[attempt].op;
           });
  };
  LockHit own, other;
  for (uint32_t i = 0; i < trace.size(); ++i) {
    const Event& event = trace.events()[i];
    if (!IsFailedLock(event) || !partakes(i) || !Hits(trace, i, object)) continue;
    bool in_storage = trace.objects()[event.object].kind == KERNEL_STORAGE;
    (in_storage == (kind == KERNEL_STORAGE) ? own : other) = {KindOf(trace, event.object), i};
  }
  return own.event != kNoEvent ? own : other;
}

const char* GiverAt(const Trace& trace, uint32_t event) {
  if (event == kNoEvent) return "";
  const OpRef op = trace.events()[event].op;
  if (op.IsCallback()) {  // a callback acts for the op that handed the callback's object to RCU
    return GiverAt(trace, LastBefore(trace, event, [&](const Event& e) {
                     const ObjectInfo& info = trace.objects()[e.object];
                     return e.kind == EventKind::kCallRcu && !e.op.IsCallback() &&
                            op ==
                                OpRef{static_cast<uint8_t>(kFirstCallback + static_cast<int>(info.kind)), info.number};
                   }));
  }
  const uint32_t begin =
      LastBefore(trace, event, [&](const Event& e) { return e.kind == EventKind::kOpBegin && e.op == op; });
  if (begin == kNoEvent) return "";
  const OpKind kind = OpKindOf(trace.events()[begin]);
  return kind == OpKind::kMapFree || kind == OpKind::kDestroy ? "" : "program";
}

const char* ReaderOf(const Trace& trace, OpRef reader, uint32_t event, uint32_t given_up) {
  if (given_up == kNoEvent || trace.events()[given_up].kind == EventKind::kFree) return "";
  uint64_t nesting[2] = {0, 0};  // by flavour
  uint32_t begin = kNoEvent;     // of the outermost section
  for (uint32_t i = 0; i < event; ++i) {
    const Event& e = trace.events()[i];
    if (e.op != reader || (e.kind != EventKind::kReadLock && e.kind != EventKind::kReadUnlock)) continue;
    if (nesting[0] == 0 && nesting[1] == 0) begin = i;
    nesting[e.flavour()] = e.value;
  }
  if (nesting[0] == 0 && nesting[1] == 0) return "";
  if (begin > given_up) return "late";
  const Event& end = trace.events()[given_up];
  const bool waits_for_trace = end.HasFlavour() && end.flavour() == KERNEL_RCU_TASKS_TRACE;
  return !waits_for_trace && trace.events()[begin].flavour() == KERNEL_RCU_TASKS_TRACE ? "trace" : "";
}

Violation At(const Trace& trace, const char* kind, ObjectId object, uint32_t event) {
  Violation violation;
  violation.kind = kind;
  if (object != 0) {
    violation.objects.push_back(KindOf(trace, object));
    violation.involved.push_back(object);
  }
  violation.event = event;
  Involve(trace, event, &violation);
  return violation;
}

void Involve(const Trace& trace, uint32_t event, Violation* violation) {
  if (event == kNoEvent) return;
  const char* function = FunctionAt(trace, event);
  if (*function) violation->functions.push_back(function);
}

}  // namespace nofail
