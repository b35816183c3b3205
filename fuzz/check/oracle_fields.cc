// SPDX-License-Identifier: MIT
//
// Special fields (kptr, uptr): freed once each, and with the record of a live map.
//
// Promised by: the patch. "To make sure bpf_obj_free_fields() is done only once and when map is still present, it is
//   called when unlinking an selem from b->list under b->lock."
// Reads: Fault (field-freed-twice, record-dead); FieldFree for who was first.
// Signature: the faulting function and, for a second free, the function of the first; the lock, when one of these ops
//   failed to get it.
// Silent: about fields that are never freed; that is oracle_leaks.cc.
#include "absl/strings/str_cat.h"
#include "fuzz/check/evidence.h"
#include "fuzz/check/judges.h"

namespace nofail {

void JudgeFields(const RunView& run, uint32_t event, Findings* findings) {
  const Event& e = run.trace.events()[event];
  Violation violation = At(run.trace, FaultText(e.fault()), e.object, event);
  uint32_t first = kNoEvent;  // the first release
  const std::string name = NameOf(run.trace, e.object), who = WhoAt(run.trace, event);
  if (e.Is(Fault::kRecordDead)) {
    violation.detail = absl::StrCat("the fields of ", name, " were freed by ", who, " with a record already gone");
  } else {
    // The second release may have its own FieldFree, before or after the fault: the first one in the trace is the
    // first.
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
