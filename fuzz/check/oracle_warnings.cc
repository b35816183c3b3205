// SPDX-License-Identifier: MIT
//
// Kernel warnings: no WARN_ON_ONCE fires.
//
// Promised by: whoever wrote the warning; each says "this cannot happen" (in the posted patch: "highly unlikely").
// Reads: Warning; the op's last lock attempt before it.
// Signature: the warning's function; lock=class when the op's last lock attempt before the warning failed, which is
//   what the warnings of this code are about, and tells two of them in one function apart.
// Silent: from a site's second firing on, within a run (the kernel's "once").
#include "absl/strings/str_cat.h"
#include "fuzz/check/evidence.h"
#include "fuzz/check/judges.h"

namespace nofail {

void JudgeWarnings(const RunView& run, Findings* findings) {
  const Trace& trace = run.trace;
  if (!trace.Has(EventKind::kWarning)) return;
  for (uint32_t i = 0; i < trace.size(); ++i) {
    const Event& e = trace.events()[i];
    if (e.kind != EventKind::kWarning) continue;
    Violation violation = At(trace, "warning", e.object, i);
    uint32_t attempt = LastBefore(
        trace, i, [&](const Event& earlier) { return earlier.op == e.op && earlier.kind == EventKind::kLock; });
    violation.detail = absl::StrCat("a warning fired for ", WhoAt(trace, i));
    if (attempt != kNoEvent && trace.events()[attempt].value != 0) {
      violation.Set("lock", KindOf(trace, trace.events()[attempt].object));
      absl::StrAppend(&violation.detail, " after it failed to lock ", NameOf(trace, trace.events()[attempt].object));
    }
    findings->Add(std::move(violation));
  }
}

}  // namespace nofail
