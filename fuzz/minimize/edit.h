// SPDX-License-Identifier: MIT
//
// Edits of a schedule: each function takes a schedule and returns a copy in which one thing is removed, merged, moved
// or swapped with another.
//
// STANDS FOR: what a person does who deletes a line of a schedule and then corrects every line that refers to it.
// REQUIRES: the schedule is valid, and every map, owner, task, op and deviation that an argument names exists in it.
// GUARANTEES: the result is valid, and every reference is corrected:
//   - A deviation goes when its op goes, and when it preempts to a task or callback that goes.
//   - Indices close up. For example, removing map 1 renames map 2 to map 1 in every op and in every deviation.
//   - What is left means what it meant: each deviation is still about the same op and preempts to the same task.
// NOT MODELLED: the numbers of elements and storages. A callback is named by the number of its object, and an edit
// cannot know how many elements and storages a run of the result will allocate. For example, cb/selem3 is the callback
// of another element once an earlier update is gone. WithCallbacksShifted is the remedy.
#ifndef NOFAIL_FUZZ_MINIMIZE_EDIT_H_
#define NOFAIL_FUZZ_MINIMIZE_EDIT_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "fuzz/schedule/schedule.h"

namespace nofail {

// The ops of a task, or of the set-up when `task` is kSetup. REQUIRES: `task` is not kEnd and not a callback.
std::vector<Op>& OpsOf(Schedule* schedule, uint8_t task);
const std::vector<Op>& OpsOf(const Schedule& schedule, uint8_t task);
// The id of the schedule's last task. The ids of its tasks are kTaskA up to and including this one.
uint8_t LastTask(const Schedule& schedule);
// The names of all ops, those of the set-up first.
std::vector<OpRef> AllOps(const Schedule& schedule);
// Whether the op has this map as an operand.
bool UsesMap(const Op& op, uint8_t map);
// Whether the op has this owner as an operand, also as the child of a clone.
bool UsesOwner(const Op& op, uint8_t owner);

// Removes the `count` deviations from index `first` on.
Schedule WithoutDeviations(Schedule schedule, size_t first, size_t count);
// Removes the `count` ops of the task (or set-up) from index `first` on, and the deviations in them.
Schedule WithoutOps(Schedule schedule, uint8_t task, size_t first, size_t count);
// Removes the task with its ops. REQUIRES: the schedule has another task.
Schedule WithoutTask(Schedule schedule, uint8_t task);
// Removes the map or the owner with every op that uses it. REQUIRES: the schedule has another map or owner.
Schedule WithoutMap(Schedule schedule, uint8_t map);
Schedule WithoutOwner(Schedule schedule, uint8_t owner);
// Makes every op on `from` an op on `to`, and removes `from`. An op whose map and owner are then of
// different types becomes what Normalize makes of it. REQUIRES: from != to.
Schedule WithMapMerged(Schedule schedule, uint8_t from, uint8_t to);
Schedule WithOwnerMerged(Schedule schedule, uint8_t from, uint8_t to);
// Makes some ops on `from` ops on `to`, and removes `from` with its other ops. The ops on `from` are numbered from 0,
// in the order of set-up and tasks; `goes_over` says of each number whether that op goes over to `to`. REQUIRES: from
// != to.
Schedule WithMapReplaced(Schedule schedule, uint8_t from, uint8_t to, const std::function<bool(size_t)>& goes_over);
Schedule WithOwnerReplaced(Schedule schedule, uint8_t from, uint8_t to, const std::function<bool(size_t)>& goes_over);

// Exchange the names of `a` and `b`. For example, after swapping owners 0 and 1, o0 is what o1 was. Swapping two tasks
// also changes which of them starts first.
Schedule WithMapsSwapped(Schedule schedule, uint8_t a, uint8_t b);
Schedule WithOwnersSwapped(Schedule schedule, uint8_t a, uint8_t b);
Schedule WithTasksSwapped(Schedule schedule, uint8_t a, uint8_t b);
// Moves all ops of the task `from` into the task `to`, before or after the ops of `to`, and removes `from`.
// REQUIRES: from != to, and the two tasks have at most kMaxOpsPerTask ops together.
Schedule WithTaskMerged(Schedule schedule, uint8_t from, uint8_t to, bool before);
// Moves the first op of the task to the end of the set-up. REQUIRES: the set-up has fewer than kMaxSetupOps ops.
Schedule WithFirstOpInSetup(Schedule schedule, uint8_t task);
// Makes the deviation at `index` one of the op `to`, with this ordinal. A preemption to the task of `to` becomes one to
// the task that it was in. If there is a deviation of that choice already, one of the two goes.
Schedule WithDeviationMoved(Schedule schedule, size_t index, OpRef to, uint16_t ordinal);
// Exchanges the op at `index` with the next op of the same task (or set-up).
Schedule WithOpsSwapped(Schedule schedule, uint8_t task, size_t index);
// Lowers by one the number in each callback name of this kind of object that is `number` or higher; 0 stays. For
// example, with (KERNEL_SELEM, 2), cb/selem3 becomes cb/selem2 and cb/selem1 stays.
Schedule WithCallbacksShifted(Schedule schedule, kernel_object_kind kind, uint8_t number);

}  // namespace nofail
#endif  // NOFAIL_FUZZ_MINIMIZE_EDIT_H_
