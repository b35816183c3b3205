// SPDX-License-Identifier: MIT
//
// Performs the ops of a schedule on a World. An op calls the subject through its table (subject.h), and keeps the usage
// contract (world.h).
#ifndef NOFAIL_FUZZ_EXEC_OPS_H_
#define NOFAIL_FUZZ_EXEC_OPS_H_

#include <cstdint>

#include "fuzz/exec/world.h"
#include "fuzz/schedule/schedule.h"

namespace nofail {

// The reason why the usage contract forbids an op when its turn comes. The value of an OpSkip event is one of these.
enum class SkipReason : uint8_t {
  kNone,         // the op is allowed
  kMapEnded,     // rule 2: the map's map_free has begun
  kOwnerEnded,   // rule 2: the owner's destroy has begun
  kOtherType,    // rule 3: the owner has another storage type than the op needs
  kBeingCloned,  // rule 7: a clone to the owner is going on
  kNotNew,       // rule 7: the child of the clone has been used, or an op holds a reference to it
  kCloneFailed,  // rule 7: a clone to the owner has failed
};
// The reason for a person, such as "the map's map_free has begun".
const char* SkipReasonText(SkipReason reason);

// Performs `op` as the current task's op with this number. If the usage contract forbids the op, its events are OpBegin
// and OpSkip; otherwise they begin with OpBegin and end with OpEnd. The OpEnd event has the op's result: what the
// subject returned; for lookup and kptr, 1 when the value was found and 0 when not.
void Perform(World& world, const Op& op, uint8_t number);

}  // namespace nofail
#endif  // NOFAIL_FUZZ_EXEC_OPS_H_
