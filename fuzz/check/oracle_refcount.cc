// SPDX-License-Identifier: MIT
//
// Reference counts. A refcount_t never saturates.
//
// Promised by: the kernel. lib/refcount.c warns when a count saturates, and keeps it saturated for ever, so that a task
//   that waits for zero waits for ever. The patch relies on a count that works: owner_refcnt starts at 1, map_free pins
//   the owner by taking a reference, and destroy waits for zero.
// Reads: Fault (refcount-add-on-zero, refcount-overflow, refcount-underflow, refcount-dec-to-zero).
// Signature: the function whose call saturated the count.
// Silent: about atomic_t, which may wrap.
#include "absl/strings/str_cat.h"
#include "fuzz/check/evidence.h"
#include "fuzz/check/judges.h"

namespace nofail {
namespace {

// The part of the sentence that says what was done to the count.
const char* Act(Fault fault) {
  switch (fault) {
    case Fault::kRefcountAddOnZero:
      return " took a reference when there was none left";
    case Fault::kRefcountOverflow:
      return " incremented it past its limit";
    case Fault::kRefcountUnderflow:
      return " gave back more references than were taken";
    default:
      return " gave back the last reference by the call that must not";
  }
}

}  // namespace

void JudgeRefcount(const RunView& run, uint32_t event, Findings* findings) {
  const Event& e = run.trace.events()[event];
  const Fault fault = e.fault();
  Violation violation = At(run.trace, FaultText(fault), e.object, event);
  violation.detail = absl::StrCat("a reference count of ", NameOf(run.trace, e.object),
                                  " saturated: ", WhoAt(run.trace, event), Act(fault));
  findings->Add(std::move(violation));
}

}  // namespace nofail
