// SPDX-License-Identifier: MIT
//
// No leaks. At the end of the run, when every owner and map has ended and every callback has run, no object that the
// subject allocated is left, and no special field holds a resource.
//
// Promised by: the patch, but for the resource leak that it documents: "ensuring no double free or memory leak".
// Reads: ObjectInfo::freed; the references to resources that were not released; FieldSet, to find the element that held
//   a resource.
// Signature: leak.<kind of object>, or leak.fields. The function is the one that last could have prevented the leak.
//   The first rule that applies decides:
//   1. the function of the failed lock attempt that hit the object (evidence.h), with lock=<class of the lock>;
//   2. the function that gave the object up: it did not free the fields, or its RCU callback did not free the object;
//   3. the function of the last read-modify-write in the object. Read-modify-writes change the state or a reference
//      count, so this function decided last;
//   4. the function of the last store in the object, or else of its allocation. This rule comes last because the list
//      neighbours of an element store in it, too.
//   by=program, where rule 2 decides: an op that is not a teardown gave the object up.
//   set=late: the field was set after the subject had freed the element's fields. It never was the subject's to free.
// Silent: after a fatal fault; about owners, which the driver frees; about the fields of an selem that leaks itself.
#include "absl/strings/str_cat.h"
#include "fuzz/check/debts.h"
#include "fuzz/check/evidence.h"
#include "fuzz/check/judges.h"

namespace nofail {
namespace {

// The event whose function the signature names, by the four rules above.
uint32_t Blame(const Trace& trace, ObjectId object, const LockHit& hit) {
  if (hit.event != kNoEvent) return hit.event;
  if (uint32_t event = GivenUpAt(trace, object); event != kNoEvent) return event;
  auto is = [object](const Event& e, EventKind kind) { return e.object == object && e.kind == kind; };
  uint32_t rmw = LastBefore(trace, trace.size(), [&](const Event& e) { return is(e, EventKind::kRmw); });
  if (rmw != kNoEvent) return rmw;
  uint32_t store = LastBefore(trace, trace.size(), [&](const Event& e) { return is(e, EventKind::kStore); });
  return store != kNoEvent ? store : trace.objects()[object].allocated;
}

// What the event to blame did about the object. evidence.h says when an event gives an object up.
std::string BlameText(const Trace& trace, ObjectId object, const LockHit& hit, uint32_t blamed) {
  const std::string who = WhoAt(trace, blamed);
  if (hit.event != kNoEvent) return absl::StrCat(who, " failed to lock ", NameOf(trace, trace.events()[blamed].object));
  if (blamed == GivenUpAt(trace, object)) return absl::StrCat(who, " gave it up at #", blamed);
  std::string text = absl::StrCat(who, " was the last to decide about it, at #", blamed);
  if (trace.events()[blamed].kind != EventKind::kRmw) return text;
  for (const uint32_t event : IncrementsKept(trace, trace.size(), object, trace.events()[blamed].offset)) {
    if (trace.events()[event].kind == EventKind::kRmw) absl::StrAppend(&text, ", ", DebtText(trace, event));
  }
  return text;
}

// `set`: for fields, the event at which the leaked one was set.
Violation Leak(const Trace& trace, const std::string& kind, ObjectId object, uint32_t set = kNoEvent) {
  const LockHit hit = FindLockHit(trace, object);
  const uint32_t blamed = Blame(trace, object, hit);
  Violation violation = At(trace, kind.c_str(), object, blamed);
  violation.Set("lock", hit.lock);
  if (blamed == GivenUpAt(trace, object)) violation.Set("by", GiverAt(trace, blamed));
  violation.detail =
      absl::StrCat(BlameText(trace, object, hit, blamed), ", and nobody freed ",
                   set == kNoEvent ? "" : "the fields of ", NameOf(trace, object),
                   set == kNoEvent ? "" : absl::StrCat(", one of which ", DoerAt(trace, set), " had set at #", set));
  return violation;
}

void JudgeObjects(const Trace& trace, Findings* findings) {
  const auto objects = trace.objects();
  for (size_t i = 1; i < objects.size(); ++i) {
    if (objects[i].freed != ObjectInfo::kAlive || objects[i].kind == KERNEL_OWNER) continue;
    const ObjectId object = static_cast<ObjectId>(i);
    findings->Add(Leak(trace, absl::StrCat("leak.", KindOf(trace, object)), object));
  }
}

// Whether a field was set, at event `set`, after the subject had freed the element's fields. A program that exchanges a
// kptr frees the old one, too; such a FieldFree has no function of the subject and does not count.
bool IsLate(const Trace& trace, ObjectId object, uint32_t set) {
  return LastBefore(trace, set, [object](const Event& e) {
           return e.kind == EventKind::kFieldFree && e.object == object && e.function != nullptr;
         }) != kNoEvent;
}

void JudgeResource(const Trace& trace, uint64_t resource, Findings* findings) {
  uint32_t set = LastBefore(trace, trace.size(),
                            [&](const Event& e) { return e.kind == EventKind::kFieldSet && e.value == resource; });
  const ObjectId object = set == kNoEvent ? 0 : trace.events()[set].object;
  if (object != 0) {
    if (trace.objects()[object].freed == ObjectInfo::kAlive) return;
    Violation violation = Leak(trace, "leak.fields", object, set);
    if (IsLate(trace, object, set)) violation.Set("set", "late");
    return findings->Add(std::move(violation));
  }
  Violation violation = At(trace, "leak.fields", 0, set != kNoEvent ? set : trace.size() - 1);
  violation.detail = absl::StrCat("resource ", resource, " was taken and never released");
  findings->Add(std::move(violation));
}

}  // namespace

void JudgeLeaks(const RunView& run, Findings* findings) {
  if (run.fatal || run.trace.size() == 0) return;
  JudgeObjects(run.trace, findings);
  for (size_t i = 1; i < run.resources.size(); ++i) {
    if (run.resources[i] > 0) JudgeResource(run.trace, i, findings);
  }
}

}  // namespace nofail
