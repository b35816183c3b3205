// SPDX-License-Identifier: MIT
//
// Memory safety. No access goes to memory that was freed or that never belonged to the object, and no object is freed a
// second time.
//
// Promised by: the protocol. "One of two racing callers can succeed in the cmpxchg ..., ensuring no double free or
//   memory leak" (the posted patch). RCU protects tasks that still walk a list.
// Reads: Fault (use-after-free, out-of-bounds, null-dereference, double-free, invalid-free, sanitizer). The simulated
//   heap checks marked accesses, locks and RCU calls in every build. The address sanitizer checks plain accesses.
// Signature: the faulting function. For a use after free and a second free also the function that gave the object up,
//   and for a second free the function of the free in between. Attributes:
//   by=program: an op that is not a teardown gave the object up (evidence.h).
//   reader=, for a use after free: why the reader section of the faulting op did not keep the object (evidence.h).
//   lock=: the op that faults, or the op that gave the object up, failed to get a lock, and that failed attempt hit
//     the object (evidence.h).
//   after=saturation, for an owner: a reference count saturated before, and this violation is a consequence.
// Silent: about plain accesses in builds without the address sanitizer.
#include "absl/strings/str_cat.h"
#include "core/kernel/trace/ids.h"
#include "fuzz/check/evidence.h"
#include "fuzz/check/judges.h"
#include "fuzz/check/pointers.h"

namespace nofail {
namespace {

// Where the faulting op had its pointer from, as a clause; "" when the trace does not say.
std::string FoundText(const Trace& trace, uint32_t event, uint32_t given_up) {
  const uint32_t found = FoundAt(trace, event, trace.events()[event].object);
  if (found == kNoEvent) return "";
  const bool too_late = given_up != kNoEvent && found > given_up;
  return absl::StrCat("; ", TaskName(trace.events()[event].op), too_late ? " still found it in " : " had found it in ",
                      WordAt(trace, found), " at #", found);
}

std::string Sentence(const Trace& trace, Fault fault, uint32_t event, uint32_t given_up) {
  const std::string name = NameOf(trace, trace.events()[event].object), who = WhoAt(trace, event);
  const std::string before = given_up == kNoEvent
                                 ? "it had been given up"
                                 : absl::StrCat(WhoAt(trace, given_up), " had given it up at #", given_up);
  switch (fault) {
    case Fault::kUseAfterFree:
      return absl::StrCat(name, " was used by ", who, " after ", before, FoundText(trace, event, given_up));
    case Fault::kDoubleFree:
      return absl::StrCat(name, " was freed or handed to RCU by ", who, " although ", before);
    case Fault::kOutOfBounds:
      return absl::StrCat(who, " accessed ", name, " past its end");
    case Fault::kNullDereference:
      return absl::StrCat(who, " followed a null pointer", NullReadText(trace, NullReadBefore(trace, event)));
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
    // A second free that RCU makes happens in no function of the subject. So the function that freed the object in
    // between is named, too.
    if (fault == Fault::kDoubleFree) Involve(run.trace, run.trace.objects()[e.object].freed, &violation);
  }
  violation.decisive = given_up;
  if (fault == Fault::kNullDereference) {
    const NullRead null = NullReadBefore(run.trace, event);
    violation.decisive = null.cleared;
    if (null.read != kNoEvent) violation.involved.push_back(run.trace.events()[null.read].object);
  }
  const bool is_owner = e.object != 0 && run.trace.objects()[e.object].kind == KERNEL_OWNER;
  if (const uint32_t saturated = is_owner ? SaturatedAt(run.trace, event) : kNoEvent; saturated != kNoEvent) {
    violation.Set("after", "saturation");
    violation.decisive = saturated;
  }
  violation.Set("by", GiverAt(run.trace, given_up));
  const std::string_view reader = ReaderOf(run.trace, e.op, event, given_up);
  if (fault == Fault::kUseAfterFree) violation.Set("reader", reader);
  // With reader=trace no lock has a part in the violation: whether a grace period waits for a section does not depend
  // on a lock.
  if (reader != "trace") violation.Set("lock", FindLockHit(run.trace, e.object, {event, given_up}).lock);
  violation.detail = Sentence(run.trace, fault, event, given_up);
  findings->Add(std::move(violation));
}

}  // namespace nofail
