// SPDX-License-Identifier: MIT
#include "fuzz/engine/attempts.h"

#include <cerrno>

namespace nofail {
namespace {

const char* ResultOfLock(const Event& e, const uint8_t* holder) {
  if (e.value == 0) return "taken";
  if (holder != nullptr && *holder == e.op.task) return "deadlock-own";
  if (static_cast<int64_t>(e.value) == -ETIMEDOUT) return holder == nullptr ? "timeout-free" : "timeout-held";
  return holder == nullptr ? "deadlock-free" : "deadlock-held";
}

}  // namespace

void Attempts::Count(const Trace& trace) {
  ++runs_;
  holders_.Clear();
  for (const Event& e : trace.events()) {
    const bool is_lock = e.kind == EventKind::kLock;
    if ((is_lock || e.kind == EventKind::kAlloc) && e.function != nullptr) {
      const char* of_allocation = e.object == 0 ? "not-allocated" : "allocated";
      ++counts_[{e.file, e.function, e.line, is_lock ? ResultOfLock(e, holders_.Find(e)) : of_allocation}];
    }
    holders_.Follow(e);
  }
}

void Attempts::AddTo(Status* status) const {
  Status mine;
  mine.attempt_runs = runs_;
  for (const auto& [site, count] : counts_) {
    mine.attempts.push_back({site.result, count, site.line, site.file, site.function});
  }
  UniteStatus(mine, status);
}

}  // namespace nofail
