// SPDX-License-Identifier: MIT
//
// No data races. A data race is two accesses to the same memory, at least one a store and at least one unmarked, that
// happens-before does not order.
//
// Promised by: the kernel's memory model (tools/memory-model, "plain accesses"), and the patch, which marks accesses
//   for this reason: "access of selem, SDATA(selem)->smap and selem->local_storage are racy".
// Reads: Fault (data-race), made from a report of the thread sanitizer; EarlierAccess, the other access of the report.
//   The sanitizer's own text has both stacks.
// Signature: the functions of both accesses. reader= when the object was given up, and one of the accesses came from a
//   reader section that did not keep the object.
// Silent: in builds without the thread sanitizer; for the bytes of values, which race by design.
#include <algorithm>
#include <string>
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

}  // namespace

void JudgeDataRace(const RunView& run, uint32_t event, Findings* findings) {
  const Event& e = run.trace.events()[event];
  Violation violation = At(run.trace, FaultText(Fault::kDataRace), e.object, event);
  std::string other = "another task";
  if (const auto rest = run.trace.events().subspan(event + 1);
      !rest.empty() && rest[0].function != nullptr && rest[0].kind == EventKind::kEarlierAccess) {
    Involve(run.trace, event + 1, &violation);
    absl::StrAppend(&other, " in ", rest[0].function);
  }
  violation.Set("reader", Reader(run.trace, event, violation.functions));
  violation.detail = absl::StrCat(NameOf(run.trace, e.object), " was accessed by ", WhoAt(run.trace, event), " and by ",
                                  other, ", one of them plainly, with nothing to order the two");
  findings->Add(std::move(violation));
}

}  // namespace nofail
