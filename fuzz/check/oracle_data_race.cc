// SPDX-License-Identifier: MIT
//
// Data races: two accesses to the same memory, one a store, one unmarked, nothing ordering them.
//
// Promised by: the kernel's memory model (tools/memory-model, "plain accesses"), and the patch: "access of selem,
//   SDATA(selem)->smap and selem->local_storage are racy", hence marked.
// Reads: Fault (data-race), which the thread sanitizer's report becomes; EarlierAccess. Its own text has both stacks.
// Signature: the functions of both accesses.
// Silent: in builds without the thread sanitizer; for the value's bytes, which race by design.
#include "absl/strings/str_cat.h"
#include "fuzz/check/evidence.h"
#include "fuzz/check/judges.h"

namespace nofail {

void JudgeDataRace(const RunView& run, uint32_t event, Findings* findings) {
  const Event& e = run.trace.events()[event];
  Violation violation = At(run.trace, FaultText(Fault::kDataRace), e.object, event);
  std::string other = "another task";
  if (const auto rest = run.trace.events().subspan(event + 1); !rest.empty() && rest[0].function != nullptr &&
                                                               rest[0].kind == EventKind::kEarlierAccess) {
    Involve(run.trace, event + 1, &violation);
    absl::StrAppend(&other, " in ", rest[0].function);
  }
  violation.detail = absl::StrCat(NameOf(run.trace, e.object), " was accessed by ", WhoAt(run.trace, event), " and by ",
                                  other, ", one of them plainly, with nothing to order the two");
  findings->Add(std::move(violation));
}

}  // namespace nofail
