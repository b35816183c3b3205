// SPDX-License-Identifier: MIT
//
// The life of one object in a run: the events at which it is allocated, linked, unlinked, handed to RCU and freed, and
// if asked for every use of it.
#ifndef NOFAIL_FUZZ_REPORT_OBJECT_LIFE_H_
#define NOFAIL_FUZZ_REPORT_OBJECT_LIFE_H_

#include <string>
#include <vector>

#include "fuzz/check/judged_run.h"

namespace nofail {

enum class LifeKind : uint8_t { kAllocated, kLinked, kUnlinked, kHandedOver, kFreed, kTouched };

struct LifeEvent {
  uint32_t event;  // index into Trace::events()
  LifeKind kind;
  std::string what;  // "allocated", "linked from storage0.list.first", "unlinked from storage0.list.first", "handed to
                     // RCU", "freed", "used"
};

// The object's life, in the order of the trace. The object is linked when another object comes to hold a pointer to it,
// and unlinked when that pointer changes to something else. For example, a bucket's list head, a list neighbour and an
// owner may hold such pointers. With `touches`, the result has every use of the object, too: accesses to its memory,
// its locks and its special fields, and faults about it.
std::vector<LifeEvent> LifeOf(const JudgedRun& report, ObjectId object, bool touches = false);

}  // namespace nofail
#endif  // NOFAIL_FUZZ_REPORT_OBJECT_LIFE_H_
