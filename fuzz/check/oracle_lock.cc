// SPDX-License-Identifier: MIT
//
// Lock discipline. The task that takes a lock releases it, in LIFO order, and does not sleep in between.
//
// Promised by: the kernel. rqspinlock keeps a per-CPU table of held locks, which is right only if locks are released in
//   LIFO order. Sleeping with interrupts off is a bug anywhere.
// Reads: Fault (lock-imbalance, unlock-order, unlock-foreign, sleep-in-atomic); Lock and SpinLock, to find the event
//   that took the lock.
// Signature: the function of the wrong release or of the sleep. For a lock that is still held when an op or callback
//   ends, the function that took the lock.
#include "absl/strings/str_cat.h"
#include "fuzz/check/evidence.h"
#include "fuzz/check/judges.h"

namespace nofail {
namespace {

bool IsTaken(const Event& e) {
  return (e.kind == EventKind::kLock && e.value == 0) || e.kind == EventKind::kSpinLock;
}

const char* Verb(Fault fault) {
  switch (fault) {
    case Fault::kUnlockOrder:
      return " released a lock that was not the last it took: ";
    case Fault::kUnlockForeign:
      return " released a lock that another task holds: ";
    case Fault::kSleepInAtomic:
      return " slept with a lock held: ";
    default:
      return " released a lock that was not held: ";
  }
}

}  // namespace

void JudgeLock(const RunView& run, uint32_t event, Findings* findings) {
  const Trace& trace = run.trace;
  const Event& e = trace.events()[event];
  const Fault fault = e.fault();
  uint32_t blamed = event;
  const bool left_held = fault == Fault::kLockImbalance && IsAtEnd(trace, event);
  if (left_held) {
    uint32_t taken = LastBefore(trace, event, [&](const Event& earlier) {
      return earlier.op == e.op && IsTaken(earlier) && (e.object == 0 || earlier.object == e.object);
    });
    if (taken != kNoEvent) blamed = taken;
  }
  Violation violation = At(trace, FaultText(fault), e.object, blamed);
  violation.event = event;
  if (blamed != event) violation.decisive = blamed;
  const bool of_no_object = fault == Fault::kSleepInAtomic && e.object == 0;
  const std::string what = of_no_object ? " slept in a callback, in an interrupt, or with a lock held"
                                        : absl::StrCat(Verb(fault), NameOf(trace, e.object));
  violation.detail = left_held ? absl::StrCat(WhoAt(trace, blamed), " took a lock of ", NameOf(trace, e.object),
                                              " and ended its op without releasing it")
                               : absl::StrCat(WhoAt(trace, event), what);
  findings->Add(std::move(violation));
}

}  // namespace nofail
