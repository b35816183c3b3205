// SPDX-License-Identifier: MIT
//
// Each special field (kptr, uptr) is freed once, and while the record of its map is alive.
//
// Promised by: the patch. "To make sure bpf_obj_free_fields() is done only once and when map is still present, it is
//   called when unlinking an selem from b->list under b->lock."
// Reads: Fault (field-freed-twice, record-dead); FieldFree, to find the first free.
// Signature: the faulting function and, for a second free, the function of the first free. lock= when one of the ops of
//   these functions failed to get a lock and that attempt hit the object (evidence.h).
// Silent: about fields that are never freed. oracle_leaks.cc reports them.
#include "absl/strings/str_cat.h"
#include "fuzz/check/evidence.h"
#include "fuzz/check/judges.h"

namespace nofail {

void JudgeFields(const RunView& run, uint32_t event, Findings* findings) {
  const Event& e = run.trace.events()[event];
  Violation violation = At(run.trace, FaultText(e.fault()), e.object, event);
  uint32_t first = kNoEvent;  // the first free of the field's resource
  const std::string name = NameOf(run.trace, e.object), who = WhoAt(run.trace, event);
  if (e.Is(Fault::kRecordDead)) {
    violation.detail = absl::StrCat("the fields of ", name, " were freed by ", who, " with a record already gone");
  } else {
    // The second free may have a FieldFree event of its own, before the fault or after it. So the first free is the
    // first FieldFree of the resource in the trace.
    for (uint32_t i = 0; i < event; ++i) {
      const Event& earlier = run.trace.events()[i];
      if (earlier.kind != EventKind::kFieldFree || earlier.value != e.value) continue;
      first = i;
      break;
    }
    Involve(run.trace, first, &violation);
    violation.detail = absl::StrCat("a field of ", name, " was freed again by ", who);
  }
  violation.Set("lock", FindLockHit(run.trace, e.object, {event, first}).lock);
  findings->Add(std::move(violation));
}

}  // namespace nofail
