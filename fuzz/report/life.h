// SPDX-License-Identifier: MIT
//
// An object's life in a run, as lines: who allocated it, what came to point to it and ceased to, who gave it up, who
// freed it.
#ifndef NOFAIL_FUZZ_REPORT_LIFE_H_
#define NOFAIL_FUZZ_REPORT_LIFE_H_

#include <string>
#include <vector>

#include "fuzz/trace.h"

namespace nofail {

struct LifeEvent {
  uint32_t event;
  std::string what;  // "allocated", "linked from storage0+24", "unlinked from storage0+24", "handed to RCU", "freed"
};

// In order. Links are those of list heads and other objects' pointers, the owner's included.
std::vector<LifeEvent> LifeOf(const Trace& trace, ObjectId object);

}  // namespace nofail
#endif  // NOFAIL_FUZZ_REPORT_LIFE_H_
