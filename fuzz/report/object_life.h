// SPDX-License-Identifier: MIT
//
// An object's life in a run, as lines: who allocated it, what came to point to it and ceased to, who gave it up, who
// freed it, who used it.
#ifndef NOFAIL_FUZZ_REPORT_OBJECT_LIFE_H_
#define NOFAIL_FUZZ_REPORT_OBJECT_LIFE_H_

#include <string>
#include <vector>

#include "core/kernel/trace/trace.h"

namespace nofail {

enum class LifeKind : uint8_t { kAllocated, kLinked, kUnlinked, kHandedOver, kFreed, kTouched };

struct LifeEvent {
  uint32_t event;
  LifeKind kind;
  std::string what;  // "allocated", "linked from storage0+24", "unlinked from storage0+24", "handed to RCU", "freed"
};

// In order. Links are those of list heads and other objects' pointers, the owner's included. `touches`: with every use
// of its memory.
std::vector<LifeEvent> LifeOf(const Trace& trace, ObjectId object, bool touches = false);

}  // namespace nofail
#endif  // NOFAIL_FUZZ_REPORT_OBJECT_LIFE_H_
