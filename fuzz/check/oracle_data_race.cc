// SPDX-License-Identifier: MIT
//
// No data races. A data race is two accesses to the same memory, at least one a store and at least one unmarked, that
// happens-before does not order.
//
// Promised by: the kernel's memory model (tools/memory-model, "plain accesses"), and the patch, which marks accesses
//   for this reason: "access of selem, SDATA(selem)->smap and selem->local_storage are racy".
// Reads: Fault (data-race), made from a report of the thread sanitizer or by the race detector; EarlierAccess, the
// other
//   access of the report. The sanitizer's own text has both stacks; the race detector knows the op of both.
// Signature: the functions of both accesses. reader= when the object was given up, and one of the accesses came from a
//   reader section that did not keep the object.
// Silent: in builds that detect no races (kDetectsRaces in core/kernel/sim/sanitizer.h); for the bytes of values, which
// race by design.
#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "fuzz/check/evidence.h"
#include "fuzz/check/judges.h"

namespace nofail {

namespace {

// The value of the attribute `reader`. The report came at the later access, but the access from a reader section may be
// the earlier one, of which only the function is known. So this looks through all marked accesses to the object in one
// of the two functions, and takes the first one whose op was in a section that did not keep the object.
const char* Reader(const Trace& trace, uint32_t event, const std::vector<std::string>& functions) {
  const ObjectId object = trace.events()[event].object;
  if (object == 0) return "";
  const uint32_t given_up = GivenUpAt(trace, object);
  if (given_up == kNoEvent || given_up > event) return "";
  for (uint32_t i = 0; i < event; ++i) {
    const Event& e = trace.events()[i];
    const bool is_access = e.kind == EventKind::kLoad || e.kind == EventKind::kStore || e.kind == EventKind::kRmw;
    if (!is_access || e.object != object || e.function == nullptr ||
        std::find(functions.begin(), functions.end(), e.function) == functions.end())
      continue;
    if (const char* reader = ReaderOf(trace, e.op, i, given_up); *reader != 0) return reader;
  }
  return "";
}

bool IsStore(const Event& e) {
  return e.kind == EventKind::kStore || e.kind == EventKind::kRmw;
}

// Whether the op had been in the function before the event.
bool WasIn(const Trace& trace, OpRef op, std::string_view function, uint32_t event) {
  return LastBefore(trace, event, [&](const Event& e) {
           return e.op == op && e.function != nullptr && function == e.function;
         }) != kNoEvent;
}

// The store that published the object without a release, or kNoEvent. It is one of the op that allocated the object,
// and made the earlier access before; the later access is that of a reader. Pointers from an selem do not count: those
// are links to a neighbour on a list, and readers come from the list's head.
uint32_t PublishedAt(const Trace& trace, uint32_t event, std::string_view earlier) {
  const ObjectId object = trace.events()[event].object;
  if (object == 0) return kNoEvent;
  const OpRef maker = trace.events()[trace.objects()[object].allocated].op;
  const uint32_t stored = LastBefore(trace, event, [&](const Event& e) {
    return e.op == maker && IsStore(e) && e.object != 0 && trace.objects()[e.object].kind != KERNEL_SELEM &&
           IsPointer(e.value) && PointerObject(e.value) == object && e.order() != KERNEL_RELEASE &&
           e.order() != KERNEL_FULL;
  });
  const bool by_reader = maker != trace.events()[event].op;
  return stored != kNoEvent && by_reader && WasIn(trace, maker, earlier, stored) ? stored : kNoEvent;
}

// The event that decided the race. `earlier` is the event of the earlier access, or kNoEvent. First comes who gave the
// object up, where one of the two functions did that; then who published it; then the access that is plain, the store
// if both are.
uint32_t DecisiveOf(const Trace& trace, uint32_t event, uint32_t earlier) {
  const std::string_view later_function = FunctionAt(trace, event);
  const std::string_view earlier_function = earlier == kNoEvent ? "" : FunctionAt(trace, earlier);
  const ObjectId object = trace.events()[event].object;
  const uint32_t given_up = object == 0 ? kNoEvent : GivenUpAt(trace, object);
  if (given_up < event) {
    const std::string_view giver = FunctionAt(trace, given_up);
    if (giver == later_function || giver == earlier_function) return given_up;
  }
  if (const uint32_t stored = PublishedAt(trace, event, earlier_function); stored != kNoEvent) return stored;
  const auto is_plain_store = [&](uint32_t access) {
    return trace.events()[access].IsPlain() && trace.events()[access].IsRacingStore();
  };
  if (earlier == kNoEvent || !trace.events()[earlier].IsPlain()) return kNoEvent;
  if (!is_plain_store(event)) return earlier;
  // Of two plain stores, either may come first.
  return is_plain_store(earlier) && earlier_function < later_function ? earlier : kNoEvent;
}

}  // namespace

void JudgeDataRace(const RunView& run, uint32_t event, Findings* findings) {
  const Event& e = run.trace.events()[event];
  Violation violation = At(run.trace, FaultText(Fault::kDataRace), e.object, event);
  std::string other = "another task";
  uint32_t earlier = kNoEvent;
  if (const auto rest = run.trace.events().subspan(event + 1);
      !rest.empty() && rest[0].function != nullptr && rest[0].kind == EventKind::kEarlierAccess) {
    earlier = event + 1;
    Involve(run.trace, earlier, &violation);
    if (const OpRef op = rest[0].earlier_op(); op.task != kNoTask) other = TaskName(op);
    absl::StrAppend(&other, " in ", rest[0].function);
  }
  violation.Set("reader", Reader(run.trace, event, violation.functions));
  violation.detail = absl::StrCat(NameOf(run.trace, e.object), " was accessed by ", WhoAt(run.trace, event), " and by ",
                                  other, ", one of them plainly, with nothing to order the two");
  violation.decisive = DecisiveOf(run.trace, event, earlier);
  if (violation.decisive < event && IsStore(run.trace.events()[violation.decisive])) {
    absl::StrAppend(&violation.detail, "; ", WhoAt(run.trace, violation.decisive),
                    " had published it without a release, at #", violation.decisive);
  }
  findings->Add(std::move(violation));
}

}  // namespace nofail
