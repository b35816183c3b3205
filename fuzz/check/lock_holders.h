// SPDX-License-Identifier: MIT
//
// Who holds which rqspinlock, at each event of a trace. A lock's own events do not say so: an attempt that fails looks
// the same whether another task holds the lock or nobody does.
#ifndef NOFAIL_FUZZ_CHECK_LOCK_HOLDERS_H_
#define NOFAIL_FUZZ_CHECK_LOCK_HOLDERS_H_

#include <algorithm>
#include <cstdint>
#include <vector>

#include "core/kernel/trace/trace.h"

namespace nofail {

// To be fed with all events of one trace, in order. A run holds few locks at a time, so a search is short.
class LockHolders {
 public:
  void Follow(const Event& e) {
    if (e.kind == EventKind::kLock && e.value == 0) held_.push_back({e.object, e.offset, e.op.task});
    if (e.kind == EventKind::kUnlock) std::erase_if(held_, [&](const Held& held) { return Is(held, e); });
  }
  // The task that holds the lock of the event, or null. To be asked before the event itself is followed.
  const uint8_t* Find(const Event& e) const {
    const auto held = std::find_if(held_.begin(), held_.end(), [&](const Held& other) { return Is(other, e); });
    return held == held_.end() ? nullptr : &held->task;
  }
  // For the next trace.
  void Clear() { held_.clear(); }

 private:
  struct Held {
    ObjectId object;
    uint16_t offset;
    uint8_t task;
  };
  static bool Is(const Held& held, const Event& e) { return held.object == e.object && held.offset == e.offset; }

  std::vector<Held> held_;
};

}  // namespace nofail
#endif  // NOFAIL_FUZZ_CHECK_LOCK_HOLDERS_H_
