// SPDX-License-Identifier: MIT
//
// RCU discipline. Every reader section that an op enters is left again. No task sleeps in an RCU reader section. Tasks
// follow RCU-protected pointers only in a reader section or under the lock. An object is freed only after the readers
// that may hold a pointer to it have left their sections.
//
// Promised by: RCU's contract (Documentation/RCU), and the patch: "Callers will protect these fields with RCU".
// Reads: Fault (sleep-in-rcu, rcu-imbalance, rcu-not-held, freed-in-reader); ReadLock, to find who entered a section.
// Signature: the function at fault. For a section that is still open when its op ends, the function that entered it.
//   For freed-in-reader only the function that gave the object up, whether RCU freed the object in a callback or by
//   itself (kfree_rcu). Attributes of freed-in-reader:
//   by=program: an op that is not a teardown gave the object up.
//   reader=: why the reader section did not keep the object.
//   There is no lock=, because whether a grace period waits for the readers does not depend on a lock.
// Silent: about sleeping in an RCU Tasks Trace section, which is allowed.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "core/kernel/trace/ids.h"
#include "fuzz/check/evidence.h"
#include "fuzz/check/judges.h"

namespace nofail {
namespace {

std::string Sentence(const Trace& trace, Fault fault, uint32_t event, uint32_t blamed) {
  const Event& e = trace.events()[event];
  const std::string who = WhoAt(trace, blamed), name = NameOf(trace, e.object);
  switch (fault) {
    case Fault::kFreedInReader:
      return absl::StrCat(name, " was freed while ", TaskName(UnpackTarget(static_cast<uint16_t>(e.value))),
                          " was in a reader section in which it had used it; ", who, " gave it up at #", blamed);
    case Fault::kSleepInRcu:
      return absl::StrCat(who, " blocked inside an RCU reader section");
    case Fault::kRcuNotHeld:
      return absl::StrCat(who, " followed an RCU-protected pointer of ", name, " outside every section and lock");
    default:
      return absl::StrCat(who, " left a reader section that it was not in");
  }
}

// The op that is in the reader section. The fault only names the op's task; the last ReadLock of that task says which
// op it was.
OpRef ReaderAt(const Trace& trace, uint32_t event) {
  const OpRef task = UnpackTarget(static_cast<uint16_t>(trace.events()[event].value));
  if (task.IsCallback()) return task;
  uint32_t entered = LastBefore(trace, event, [&](const Event& earlier) {
    return earlier.kind == EventKind::kReadLock && earlier.op.task == task.task;
  });
  return entered == kNoEvent ? task : trace.events()[entered].op;
}

}  // namespace

void JudgeRcu(const RunView& run, uint32_t event, Findings* findings) {
  const Trace& trace = run.trace;
  const Event& e = trace.events()[event];
  const Fault fault = e.fault();
  uint32_t blamed = event;
  const bool left_open = fault == Fault::kRcuImbalance && IsAtEnd(trace, event);
  if (fault == Fault::kFreedInReader) {
    blamed = std::min(event, GivenUpAt(trace, e.object));
  } else if (left_open) {
    uint32_t entered = LastBefore(trace, event, [&](const Event& earlier) {
      return earlier.op == e.op && earlier.kind == EventKind::kReadLock && earlier.function != nullptr;
    });
    if (entered != kNoEvent) blamed = entered;
  }
  Violation violation = At(trace, FaultText(fault), e.object, blamed);
  violation.event = event;
  if (blamed != event) violation.decisive = blamed;
  if (fault == Fault::kFreedInReader) {
    const OpRef reader = ReaderAt(trace, event);
    violation.Set("reader", ReaderOf(trace, reader, event, blamed));
    violation.Set("by", GiverAt(trace, blamed));
  }
  violation.detail = left_open ? absl::StrCat(WhoAt(trace, blamed), " entered a reader section that its op never left")
                               : Sentence(trace, fault, event, blamed);
  findings->Add(std::move(violation));
}

}  // namespace nofail
