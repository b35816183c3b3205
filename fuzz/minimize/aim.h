// SPDX-License-Identifier: MIT
//
// Dropping a part of a schedule while its deviations are aimed anew: at other ordinals, or at other ops. Internal to
// the passes.
#ifndef NOFAIL_FUZZ_MINIMIZE_AIM_H_
#define NOFAIL_FUZZ_MINIMIZE_AIM_H_

#include <cstdint>
#include <functional>

#include "fuzz/minimize/passes.h"
#include "fuzz/schedule/schedule.h"

namespace nofail {

// Tries `candidate`, which has lost something. If it fails, a deviation may have to come earlier or later to do the
// work of what is gone: tries the deviations of each op moved together, then each single preemption at other ordinals.
// Returns whether a candidate was taken.
bool TryReaimed(Search* s, const Schedule& candidate);

// A drop: takes a part out of a schedule. Moving a deviation to another op must not change which part that is.
using Drop = std::function<Schedule(const Schedule&)>;

// Tries what `drop` makes of the best schedule, each time after one deviation was moved to another op of a task. So a
// deviation of an op that goes may stay, and one may do the work of another that goes. A preemption is moved to the
// same ordinal and to each from 1 to kMovedPoints, any other deviation to the same ordinal and to 1. Returns whether a
// candidate was taken.
inline constexpr uint16_t kMovedPoints = 8;
bool TryMoved(Search* s, const Drop& drop);

}  // namespace nofail
#endif  // NOFAIL_FUZZ_MINIMIZE_AIM_H_
