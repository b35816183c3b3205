// SPDX-License-Identifier: MIT
#include "fuzz/check/evidence.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "fuzz/ids.h"

namespace nofail {
namespace {

bool IsFailedLock(const Event& event) {
  return event.kind == EventKind::kLock && event.value != 0;
}

// Whether the op of a failed attempt ended well, without harm to what it did not allocate: it returned an error, or
// wrote nothing any more.
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

bool Hits(const Trace& trace, uint32_t event, ObjectId object) {
  const Event& failure = trace.events()[event];
  const ObjectInfo& info = trace.objects()[object];
  if (info.allocated < event && trace.events()[info.allocated].op == failure.op) return true;
  if (IsHarmless(trace, event)) return false;
  if (failure.object == object) return true;
  uint32_t touch = LastBefore(trace, event, [&](const Event& earlier) {
    return earlier.op == failure.op && earlier.object != 0 && trace.objects()[earlier.object].kind == info.kind &&
           earlier.kind != EventKind::kGpEnd && earlier.kind != EventKind::kFree;
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
  static constexpr const char* kTexts[] = {
#define KERNEL_OBJECT_KIND(name, text) text,
#include "core/object_kinds.def"
#undef KERNEL_OBJECT_KIND
  };
  return object == 0 ? "" : kTexts[trace.objects()[object].kind];
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

uint32_t GivenUpAt(const Trace& trace, ObjectId object) {
  const ObjectInfo& info = trace.objects()[object];
  static_assert(ObjectInfo::kAlive == kNoEvent);
  if (info.handed_over == kNoEvent || info.freed == kNoEvent) return std::min(info.handed_over, info.freed);
  const Event& free = trace.events()[info.freed];
  const Event& hand_over = trace.events()[info.handed_over];
  const bool by_rcu = free.op.IsCallback() || free.function == hand_over.function;
  return by_rcu ? info.handed_over : info.freed;
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
  auto partakes = [&](OpRef op) {
    return partakers.size() == 0 || std::any_of(partakers.begin(), partakers.end(), [&](uint32_t event) {
             return event != kNoEvent && trace.events()[event].op == op;
           });
  };
  LockHit own, other;
  for (uint32_t i = 0; i < trace.size(); ++i) {
    const Event& event = trace.events()[i];
    if (!IsFailedLock(event) || !partakes(event.op) || !Hits(trace, i, object)) continue;
    bool in_storage = trace.objects()[event.object].kind == KERNEL_STORAGE;
    (in_storage == (kind == KERNEL_STORAGE) ? own : other) = {KindOf(trace, event.object), i};
  }
  return own.event != kNoEvent ? own : other;
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
