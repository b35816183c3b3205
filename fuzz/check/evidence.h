// SPDX-License-Identifier: MIT
//
// What judges look up in a trace once something is wrong: who did it, who gave the object up, which lock failure hit
// it. Never called on a run that passes, so clarity goes before speed here. Private to this folder.
#ifndef NOFAIL_FUZZ_CHECK_EVIDENCE_H_
#define NOFAIL_FUZZ_CHECK_EVIDENCE_H_

#include <initializer_list>
#include <string>
#include <vector>

#include "core/kernel/trace/trace.h"
#include "fuzz/check/verdict.h"

namespace nofail {

inline constexpr uint32_t kNoEvent = UINT32_MAX;

// "selem3"; "memory" for object 0.
std::string NameOf(const Trace& trace, ObjectId object);
// "selem"; "" for object 0.
const char* KindOf(const Trace& trace, ObjectId object);
// "A in SelemUnlinkNofail".
std::string WhoAt(const Trace& trace, uint32_t event);

// The subject's function an event stands in: its own site, or else that of the last event before it by the same op
// which has one (a sanitizer report and a fault at an op's end have none). "" when there is none.
const char* FunctionAt(const Trace& trace, uint32_t event);

// The event that decided an object's end: that handed it to RCU, unless someone else freed it past RCU, or that freed
// it. kNoEvent: neither happened.
uint32_t GivenUpAt(const Trace& trace, ObjectId object);

// Whether a reference count saturated before `end`. From there on, nobody waits any more for whom it counted.
bool HasSaturated(const Trace& trace, uint32_t end);

// Whether a fault was noticed when an op or callback ended. Such a fault has no site, or that of the call_rcu.
bool IsAtEnd(const Trace& trace, uint32_t fault);

// The last event before `end` that satisfies `test`, or kNoEvent.
template <typename Test>
uint32_t LastBefore(const Trace& trace, uint32_t end, Test test) {
  while (end-- > 0) {
    if (test(trace.events()[end])) return end;
  }
  return kNoEvent;
}

// A failed rqspinlock attempt *hits* an selem or a storage X when
//   1. the lock lies in X, or
//   2. the failing op allocated X, which nobody else ever used, or
//   3. X is, of its kind, the object that the failing op touched last before the attempt (any event on it counts, but
//      for ends of grace periods, what they free and faults: those happen in whichever task they happen in).
// An op that in the end returns an error has told its caller, and one that writes nothing after the attempt has done
// without the lock (a lookup that does not insert into the cache): both hit by rule 2 only.
//
// Where failures of both classes hit, the class is the one whose lock guards X's own life: "storage" for a storage,
// "buckets" for an selem. Of that class the last failure counts. The choice must not depend on the schedule's
// incidental order, because the class is part of the signature.
struct LockHit {
  const char* lock = "";      // class: kind of the object that holds the lock; "" when nothing hit
  uint32_t event = kNoEvent;  // the failed attempt
};
// `partakers`: events of those that take part in the violation; only what their ops did before them counts. None: every
// op is asked.
LockHit FindLockHit(const Trace& trace, ObjectId object, std::initializer_list<uint32_t> partakers = {});

// by: "program" when the object was given up at this event by an op that is no teardown (a delete, an update), or by
// the callback of what such an op handed over. "" for teardown, whichever side of it, and when the trace does not say.
const char* GiverAt(const Trace& trace, uint32_t event);

// reader: why a section that `reader` stands in at `event` did not keep the object, which was given up to RCU at
// `given_up`.
//   "late": it began after that. The object could still be reached.
//   "trace": it began before, but is one of RCU Tasks Trace, and a grace period of RCU does not wait for those.
//   "": neither, or no section; or the object was freed past RCU.
const char* ReaderOf(const Trace& trace, OpRef reader, uint32_t event, uint32_t given_up);

// A violation of `kind` about `object` (0: none) that shows at `event`, with the function there. No sentence yet.
Violation At(const Trace& trace, const char* kind, ObjectId object, uint32_t event);
// Adds the function of one more event, unless it is kNoEvent or has none.
void Involve(const Trace& trace, uint32_t event, Violation* violation);

}  // namespace nofail
#endif  // NOFAIL_FUZZ_CHECK_EVIDENCE_H_
