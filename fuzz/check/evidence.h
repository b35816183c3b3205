// SPDX-License-Identifier: MIT
//
// Functions with which judges search a trace once something is wrong: which op did it, which op gave the object up, and
// which failed lock attempt hit the object. Judges call them only on runs that violate something, so clarity goes
// before speed here. This header is private to the folder.
//
// Events are named by their index in Trace::events(). An object is *given up* when its user hands it to RCU
// (call_rcu, kfree_rcu) or frees it at once.
#ifndef NOFAIL_FUZZ_CHECK_EVIDENCE_H_
#define NOFAIL_FUZZ_CHECK_EVIDENCE_H_

#include <initializer_list>
#include <string>
#include <vector>

#include "core/kernel/trace/trace.h"
#include "fuzz/check/verdict.h"

namespace nofail {

// The object's name, for example "selem3"; "memory" for object 0.
std::string NameOf(const Trace& trace, ObjectId object);
// The kind of the object, for example "selem"; "" for object 0.
const char* KindOf(const Trace& trace, ObjectId object);
// The task and the function of an event, for example "A in SelemUnlinkNofail". Without a function: "A".
std::string WhoAt(const Trace& trace, uint32_t event);

// The function of the subject in which an event happened. An event without a site (a sanitizer report, a fault at an
// op's end) has the function of the last event before it that the same op made and that has a site. "" when there is no
// such event.
const char* FunctionAt(const Trace& trace, uint32_t event);

// The keyword of the op in which an event happened, for example "map_free"; "callback" in a callback; "setup" before
// the first op.
std::string OpNameAt(const Trace& trace, uint32_t event);
// Like WhoAt, but what the op did before or between calls of the subject is the op's own: "A in map_free".
std::string DoerAt(const Trace& trace, uint32_t event);

// The event at which an object was given up. When the object was both handed to RCU and freed, there are two cases. If
// the free belongs to the hand-over, this is the hand-over. The free then happened in a callback, or its event has the
// same function as the hand-over (kfree_rcu). Otherwise somebody freed the object past RCU, and this is the free.
// kNoEvent when the object was neither handed over nor freed.
uint32_t GivenUpAt(const Trace& trace, ObjectId object);

// The first event before `end` at which a reference count saturated, or kNoEvent. From then on the count never reaches
// zero, so waiting for its users no longer works.
uint32_t SaturatedAt(const Trace& trace, uint32_t end);

// Whether the fault at event `fault` was noticed when an op or a callback ended. A fault at an op's end has no site; a
// fault at a callback's end has the site of the call_rcu that queued the callback.
bool IsAtEnd(const Trace& trace, uint32_t fault);

// The last event before `end` that satisfies `test`, or kNoEvent.
template <typename Test>
uint32_t LastBefore(const Trace& trace, uint32_t end, Test test) {
  while (end-- > 0) {
    if (test(trace.events()[end])) return end;
  }
  return kNoEvent;
}

// A failed rqspinlock attempt *hits* an selem or a storage X when one of three rules holds:
//   1. The lock lies in X.
//   2. The failing op allocated X, and no other op ever used X. What callbacks do does not count.
//   3. X is the last object of its kind that the failing op touched before the attempt. Every event about an object is
//      a touch, but for ends of grace periods, frees and faults, because RCU or a sanitizer may make these in whichever
//      op is running.
// Two kinds of op hit by rule 2 only: an op that in the end returns an error, because its caller knows of the failure;
// and an op that writes nothing after the attempt, because it did without the lock (for example a lookup that gives up
// inserting into the cache).
//
// Locks have two classes, "storage" and "buckets". Where failed attempts of both classes hit X, the class of the lock
// that guards X's own life counts: "storage" for a storage, "buckets" for an selem. Of that class the last failed
// attempt counts. The choice must not depend on the incidental order of the schedule, because the class is part of the
// signature.
struct LockHit {
  const char* lock = "";      // class: kind of the object that holds the lock; "" when no attempt hit
  uint32_t event = kNoEvent;  // the failed attempt
};
// `partakers`: the events that make up the violation, for example the second free and the first. With partakers, only
// those attempts count that the op of a partaker made before it; a partaker of kNoEvent is passed over. Without
// partakers, the attempts of every op count. The result is empty for objects that are neither selem nor storage.
LockHit FindLockHit(const Trace& trace, ObjectId object, std::initializer_list<uint32_t> partakers = {});

// The value of the attribute `by`. "program" when the object was given up at `event` by an op that is not a teardown
// (for example a delete or an update), or by the callback of an object that such an op handed to RCU. "" for both
// teardown ops (map_free and destroy), and when the trace does not say.
const char* GiverAt(const Trace& trace, uint32_t event);

// The value of the attribute `reader`: why the reader section in which the op `reader` is at `event` did not keep the
// object alive, which was given up to RCU at `given_up`.
//   "late": the section began after the object was given up. So the object could still be reached then.
//   "trace": the section began before, but it is a section of RCU Tasks Trace, and the object was given up to an RCU
//     grace period, which does not wait for such sections.
//   "": neither holds; or the op is in no section; or the object was freed past RCU.
// Where sections nest, the outermost one counts.
const char* ReaderOf(const Trace& trace, OpRef reader, uint32_t event, uint32_t given_up);

// Makes a violation of `kind` about `object` (0: about none) that shows at `event`, with the function of that event.
// Its `detail` is still empty.
Violation At(const Trace& trace, const char* kind, ObjectId object, uint32_t event);
// Adds the function of `event` to the violation. Does nothing when `event` is kNoEvent or has no function.
void Involve(const Trace& trace, uint32_t event, Violation* violation);

}  // namespace nofail
#endif  // NOFAIL_FUZZ_CHECK_EVIDENCE_H_
