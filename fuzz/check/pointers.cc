// SPDX-License-Identifier: MIT
#include "fuzz/check/pointers.h"

#include "absl/strings/str_cat.h"
#include "core/kernel/trace/ids.h"
#include "fuzz/check/evidence.h"

namespace nofail {
namespace {

bool IsSameWord(const Event& a, const Event& b) {
  return a.object == b.object && a.offset == b.offset;
}

bool IsWrite(const Trace& trace, uint32_t event) {
  const Event& e = trace.events()[event];
  if (e.kind == EventKind::kStore) return true;
  return e.kind == EventKind::kRmw && event + 1 < trace.size() &&
         trace.events()[event + 1].kind == EventKind::kRmwOld && trace.events()[event + 1].wrote();
}

// The last event before `end` that saw or wrote a pointer in the word: a load of `op`, or else any load, or else the
// write.
uint32_t SeenSet(const Trace& trace, uint32_t end, const Event& word, OpRef op) {
  const auto is_set = [&](const Event& e) { return IsSameWord(e, word) && IsPointer(e.value); };
  uint32_t seen =
      LastBefore(trace, end, [&](const Event& e) { return e.kind == EventKind::kLoad && e.op == op && is_set(e); });
  if (seen != kNoEvent) return seen;
  seen = LastBefore(trace, end, [&](const Event& e) { return e.kind == EventKind::kLoad && is_set(e); });
  if (seen != kNoEvent) return seen;
  return LastBefore(trace, end, [&](const Event& e) {
    return (e.kind == EventKind::kStore || e.kind == EventKind::kRmw) && is_set(e);
  });
}

}  // namespace

uint32_t WrittenBefore(const Trace& trace, uint32_t found) {
  const Event& word = trace.events()[found];
  while (found-- > 0) {
    if (IsSameWord(trace.events()[found], word) && IsWrite(trace, found)) return found;
  }
  return kNoEvent;
}

NullRead NullReadBefore(const Trace& trace, uint32_t event) {
  const OpRef op = trace.events()[event].op;
  NullRead best = {kNoEvent, kNoEvent, kNoEvent};
  for (uint32_t i = event; i-- > 0;) {
    const Event& e = trace.events()[i];
    if (e.op != op || e.kind != EventKind::kLoad || e.value != 0 || e.object == 0) continue;
    const uint32_t seen = SeenSet(trace, i, e, op);
    if (seen != kNoEvent) {
      const uint32_t cleared = WrittenBefore(trace, i);
      return {i, cleared, cleared == kNoEvent ? seen : SeenSet(trace, cleared, e, op)};
    }
    if (best.read == kNoEvent && e.order() == KERNEL_DEPENDENCY) best.read = i;
  }
  return best;
}

std::string WordAt(const Trace& trace, uint32_t event) {
  const Event& e = trace.events()[event];
  return e.offset == 0 ? NameOf(trace, e.object) : absl::StrCat(NameOf(trace, e.object), "+", e.offset);
}

std::string NullReadText(const Trace& trace, const NullRead& null) {
  if (null.read == kNoEvent) return "";
  std::string text = absl::StrCat(", which it had read from ", WordAt(trace, null.read), " at #", null.read);
  if (null.cleared == kNoEvent) return absl::StrCat(text, "; nobody had set it");
  absl::StrAppend(&text, "; ", WhoAt(trace, null.cleared), " had cleared it at #", null.cleared);
  if (null.seen_set == kNoEvent) return text;
  const Event& seen = trace.events()[null.seen_set];
  const ObjectId target = PointerObject(seen.value);
  const bool by_itself = seen.op == trace.events()[null.read].op;
  return absl::StrCat(text, "; ", by_itself ? "before, it had itself" : WhoAt(trace, null.seen_set) + " had last",
                      seen.kind == EventKind::kLoad ? " read it as set" : " set it",
                      target == 0 ? "" : ", to " + NameOf(trace, target), ", at #", null.seen_set);
}

uint32_t FoundAt(const Trace& trace, uint32_t event, ObjectId object) {
  const OpRef op = trace.events()[event].op;
  return LastBefore(trace, event, [&](const Event& e) {
    return e.op == op && e.kind == EventKind::kLoad && e.object != object && IsPointer(e.value) &&
           PointerObject(e.value) == object;
  });
}

}  // namespace nofail
