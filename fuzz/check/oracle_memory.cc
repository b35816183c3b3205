// SPDX-License-Identifier: MIT
//
// Memory safety: no access to memory that was freed or never was the object's, no second free.
//
// Promised by: the protocol. "One of two racing callers can succeed in the cmpxchg ..., ensuring no double free or
//   memory leak" (the posted patch), and RCU for whoever still walks.
// Reads: Fault (use-after-free, out-of-bounds, null-dereference, double-free, invalid-free, sanitizer). Marked
//   accesses, locks and RCU calls are checked by the simulated heap in every build; plain ones by the address
//   sanitizer.
// Signature: the faulting function and, for what concerns a given-up object, the function that gave it up; by=program
// when
//   that was no teardown's; reader= when the fault stands in a section (evidence.h); lock= when one of these two ops
//   failed to get it; after=saturation for an owner used after a reference count has saturated, whose consequence it
//   is.
// Silent: plain accesses in builds without the address sanitizer.
#include "absl/strings/str_cat.h"
#include "fuzz/check/evidence.h"
#include "fuzz/check/judges.h"

namespace nofail {
namespace {

std::string Sentence(const Trace& trace, Fault fault, uint32_t event, uint32_t given_up) {
  const std::string name = NameOf(trace, trace.events()[event].object), who = WhoAt(trace, event);
  const std::string before =
      given_up == kNoEvent ? "it had been given up" : WhoAt(trace, given_up) + " had given it up";
  switch (fault) {
    case Fault::kUseAfterFree:
      return absl::StrCat(name, " was used by ", who, " after ", before);
    case Fault::kDoubleFree:
      return absl::StrCat(name, " was freed or handed to RCU by ", who, " although ", before, " before");
    case Fault::kOutOfBounds:
      return absl::StrCat(who, " accessed ", name, " past its end");
    case Fault::kNullDereference:
      return absl::StrCat(who, " followed a null pointer");
    case Fault::kInvalidFree:
      return absl::StrCat(who, " freed what is not the start of an object");
    default:
      return absl::StrCat("the sanitizer reported an error of ", who, "; its own report says which");
  }
}

}  // namespace

void JudgeMemory(const RunView& run, uint32_t event, Findings* findings) {
  const Event& e = run.trace.events()[event];
  const Fault fault = e.fault();
  Violation violation = At(run.trace, FaultText(fault), e.object, event);
  uint32_t given_up = kNoEvent;
  if (e.object != 0 && (fault == Fault::kUseAfterFree || fault == Fault::kDoubleFree)) {
    given_up = GivenUpAt(run.trace, e.object);
    Involve(run.trace, given_up, &violation);
    // A second free that RCU makes stands in nobody's function: whoever freed in between is the one to name.
    if (fault == Fault::kDoubleFree) Involve(run.trace, run.trace.objects()[e.object].freed, &violation);
  }
  const bool is_owner = e.object != 0 && run.trace.objects()[e.object].kind == KERNEL_OWNER;
  if (is_owner && HasSaturated(run.trace, event)) violation.Set("after", "saturation");
  violation.Set("by", GiverAt(run.trace, given_up));
  const std::string_view reader = ReaderOf(run.trace, e.op, event, given_up);
  if (fault == Fault::kUseAfterFree) violation.Set("reader", reader);
  // Whether a grace period covers a section does not depend on a lock.
  if (reader != "trace") violation.Set("lock", FindLockHit(run.trace, e.object, {event, given_up}).lock);
  violation.detail = Sentence(run.trace, fault, event, given_up);
  findings->Add(std::move(violation));
}

}  // namespace nofail
