// SPDX-License-Identifier: MIT
//
// Kernel warnings. No WARN_ON_ONCE fires.
//
// Promised by: the author of each warning, which says "this cannot happen" (in the posted patch: "highly unlikely").
// Reads: Warning; the last lock attempt of the same op before it.
// Signature: the function of the warning. lock=<class> when the op's last lock attempt before the warning failed. The
//   warnings of this code are about failed locks, and the class tells two warnings in one function apart.
// Silent: about all but the first firing of a site in a run (the "once" of the kernel's macro).
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
      violation.decisive = attempt;
      violation.Set("lock", KindOf(trace, trace.events()[attempt].object));
      absl::StrAppend(&violation.detail, " after it failed to lock ", NameOf(trace, trace.events()[attempt].object));
    }
    findings->Add(std::move(violation));
  }
}

}  // namespace nofail
