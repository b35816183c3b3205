// SPDX-License-Identifier: MIT
//
// What had gone wrong in a run before a violation showed: lock attempts and allocations that failed.
//
// A need tells two causes apart that have the same signature. For example, a charge that is left behind after two lock
// attempts timed out is a listed finding. The same charge left behind when nothing has failed is a worse bug, though
// its signature is the same.
#ifndef NOFAIL_FUZZ_CHECK_NEED_H_
#define NOFAIL_FUZZ_CHECK_NEED_H_

#include <array>
#include <compare>
#include <cstdint>
#include <string>

#include "core/kernel/trace/trace.h"
#include "fuzz/check/verdict.h"

namespace nofail {

// The classes of rqspinlocks: by the kind of object that a lock lies in.
enum class LockClass : uint8_t { kBuckets, kStorage, kOther };
inline constexpr int kLockClasses = 3;

// Each number counts up to kMaxFailures; larger numbers count as kMaxFailures.
struct Need {
  static constexpr uint8_t kMaxFailures = 4;

  // Failed attempts on a lock that another task held, by LockClass: what bad timing alone brings about.
  std::array<uint8_t, kLockClasses> contended = {};
  // Failed attempts on a lock that was free. The kernel's rqspinlock fails so only when its own bookkeeping is full.
  std::array<uint8_t, kLockClasses> free = {};
  // Failed allocations.
  uint8_t allocations = 0;

  auto operator<=>(const Need&) const = default;
};

// What had failed when the violation showed. A leak shows at the end of the run, any other violation at its event.
Need NeedOf(const Trace& trace, const Violation& violation);

// Counts the failures up to and including the event. An attempt on a lock that the task itself held does not count: it
// fails always, so nothing but the code is to blame for it. The counts say what had failed, not what must fail.
Need NeedBefore(const Trace& trace, uint32_t event);

// Whether `least` is at most `seen` in everything. If so, a violation that shows after the failures of `least` is no
// news when it shows after those of `seen`. An attempt on a free lock is worth an attempt on a held one.
bool IsAtMost(const Need& least, const Need& seen);

// For a person: "nothing failed", or for example "2 failed attempts to lock a bucket that was held, 1 failed
// allocation".
std::string NeedText(const Need& need);

}  // namespace nofail
#endif  // NOFAIL_FUZZ_CHECK_NEED_H_
