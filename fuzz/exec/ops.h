// SPDX-License-Identifier: MIT
//
// The operations of a schedule, performed on a World through the subject's table, within the usage contract (world.h).
#ifndef NOFAIL_FUZZ_EXEC_OPS_H_
#define NOFAIL_FUZZ_EXEC_OPS_H_

#include <cstdint>

#include "fuzz/exec/world.h"
#include "fuzz/schedule/schedule.h"

namespace nofail {

// Why the usage contract forbids an op where its turn comes. The value of an OpSkip event.
enum class SkipReason : uint8_t {
  kNone,
  kMapEnded,     // rule 2
  kOwnerEnded,   // rule 2
  kOtherType,    // rule 3
  kBeingCloned,  // rule 7
  kNotNew,       // rule 7
  kCloneFailed,  // rule 7
};
// For a person: "the map's map_free has begun".
const char* SkipReasonText(SkipReason reason);

// Performs `op` as the current task's op `number`, or skips it after it began (OpBegin, then OpSkip). An op's result,
// in its OpEnd event, is what the subject returned; for lookups and kptr 1 when the value was found, else 0.
void Perform(World& world, const Op& op, uint8_t number);

}  // namespace nofail
#endif  // NOFAIL_FUZZ_EXEC_OPS_H_
