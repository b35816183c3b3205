// SPDX-License-Identifier: MIT
#include "fuzz/check/need.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "fuzz/check/lock_holders.h"

namespace nofail {
namespace {

LockClass ClassOf(const Trace& trace, const Event& lock) {
  switch (trace.objects()[lock.object].kind) {
    case KERNEL_BUCKETS:
      return LockClass::kBuckets;
    case KERNEL_STORAGE:
      return LockClass::kStorage;
    default:
      return LockClass::kOther;
  }
}

void Count(uint8_t* failures) {
  if (*failures < Need::kMaxFailures) ++*failures;
}

std::string Failures(unsigned count, absl::string_view what) {
  if (count == 0) return "";
  const bool is_most = count == Need::kMaxFailures;
  return absl::StrCat(count, is_most ? " or more" : "", " failed ", count == 1 ? "attempt" : "attempts", what);
}

}  // namespace

Need NeedOf(const Trace& trace, const Violation& violation) {
  const bool shows_at_end = violation.kind.starts_with("leak.") || violation.kind == "charge.left";
  return NeedBefore(trace, shows_at_end ? trace.size() : violation.event);
}

Need NeedBefore(const Trace& trace, uint32_t event) {
  Need need;
  LockHolders holders;
  for (const Event& e : trace.events().first(std::min<size_t>(trace.size(), size_t{event} + 1))) {
    if (e.kind == EventKind::kAlloc && e.object == 0) Count(&need.allocations);
    if (e.kind == EventKind::kLock && e.value != 0) {
      const uint8_t* holder = holders.Find(e);
      const auto lock = static_cast<size_t>(ClassOf(trace, e));
      if (holder == nullptr) Count(&need.free[lock]);
      if (holder != nullptr && *holder != e.op.task) Count(&need.contended[lock]);
    }
    holders.Follow(e);
  }
  return need;
}

bool IsAtMost(const Need& least, const Need& seen) {
  for (size_t i = 0; i < kLockClasses; ++i) {
    const int all_least = std::min<int>(least.free[i] + least.contended[i], Need::kMaxFailures);
    if (least.free[i] > seen.free[i] || all_least > seen.free[i] + seen.contended[i]) return false;
  }
  return least.allocations <= seen.allocations;
}

std::string NeedText(const Need& need) {
  constexpr absl::string_view kLocks[kLockClasses] = {"a bucket", "a storage", "another lock"};
  std::vector<std::string> parts;
  for (size_t i = 0; i < kLockClasses; ++i) {
    parts.push_back(Failures(need.contended[i], absl::StrCat(" to lock ", kLocks[i], " that was held")));
    parts.push_back(Failures(need.free[i], absl::StrCat(" to lock ", kLocks[i], " that was free")));
  }
  parts.push_back(Failures(need.allocations, " to allocate"));
  std::erase(parts, "");
  return parts.empty() ? "nothing failed" : absl::StrJoin(parts, ", ");
}

}  // namespace nofail
