// SPDX-License-Identifier: MIT
//
// Schedules with something taken out or moved. What refers to it goes with it, and what comes after it takes its place:
// ops, deviations and their targets keep meaning what they meant.
//
// REQUIRES: schedules are valid, and what is named is there. GUARANTEES: the result is valid.
// Not followed: the numbers of the elements and storages that are left, which callbacks go by (WithCallbacksShifted).
#ifndef NOFAIL_FUZZ_MINIMIZE_EDIT_H_
#define NOFAIL_FUZZ_MINIMIZE_EDIT_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "fuzz/schedule/schedule.h"

namespace nofail {

// The ops that the set-up (kSetup) or a task performs.
std::vector<Op>& OpsOf(Schedule* schedule, uint8_t task);
const std::vector<Op>& OpsOf(const Schedule& schedule, uint8_t task);
// The last task's id; its tasks are kTaskA to this.
uint8_t LastTask(const Schedule& schedule);
// Whether an op is about this map; about this owner, be it as the child of a clone.
bool UsesMap(const Op& op, uint8_t map);
bool UsesOwner(const Op& op, uint8_t owner);

Schedule WithoutDeviations(Schedule schedule, size_t first, size_t count);
Schedule WithoutOps(Schedule schedule, uint8_t task, size_t first, size_t count);
// REQUIRES: there is another one.
Schedule WithoutTask(Schedule schedule, uint8_t task);
// With its ops. REQUIRES: there is another one.
Schedule WithoutMap(Schedule schedule, uint8_t map);
Schedule WithoutOwner(Schedule schedule, uint8_t owner);
// What was about `from` is about `to`; `from` is gone.
Schedule WithMapMerged(Schedule schedule, uint8_t from, uint8_t to);
Schedule WithOwnerMerged(Schedule schedule, uint8_t from, uint8_t to);

// They change names.
Schedule WithMapsSwapped(Schedule schedule, uint8_t a, uint8_t b);
Schedule WithOwnersSwapped(Schedule schedule, uint8_t a, uint8_t b);
Schedule WithTasksSwapped(Schedule schedule, uint8_t a, uint8_t b);
// `from`'s ops before or after `to`'s. REQUIRES: room for them.
Schedule WithTaskMerged(Schedule schedule, uint8_t from, uint8_t to, bool before);
// A task's first op becomes the set-up's last. REQUIRES: room for it.
Schedule WithFirstOpInSetup(Schedule schedule, uint8_t task);
// The op at `index` and the next one trade places.
Schedule WithOpsSwapped(Schedule schedule, uint8_t task, size_t index);
// Callbacks of this kind of object, from `number` on, have the next lower number.
Schedule WithCallbacksShifted(Schedule schedule, kernel_object_kind kind, uint8_t number);

}  // namespace nofail
#endif  // NOFAIL_FUZZ_MINIMIZE_EDIT_H_
