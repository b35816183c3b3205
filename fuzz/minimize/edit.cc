// SPDX-License-Identifier: MIT
#include "fuzz/minimize/edit.h"

#include <algorithm>
#include <utility>

namespace nofail {
namespace {

constexpr OpRef kGone = {};  // what a removed op is renamed to; its task is kNoTask

// The task id of callbacks of this kind of object.
constexpr uint8_t CallbackTask(kernel_object_kind kind) {
  return static_cast<uint8_t>(int{kFirstCallback} + int{kind});
}

// Renames the ops and tasks in the deviations, and removes the deviations whose op or target is gone. `op` maps the old
// name of an op or callback to its new name, or to kGone. `task` maps the old id of a task to its new id; it is asked
// only for the targets of preemptions that are tasks, and a target that is a callback is given to `op`.
template <typename OpName, typename TaskName>
Schedule Renamed(Schedule schedule, OpName op, TaskName task) {
  std::erase_if(schedule.deviations, [&](Deviation& d) {
    d.where = op(d.where);
    if (d.where == kGone) return true;
    if (d.kind != ChoiceKind::kPreempt || d.answer == 0) return false;
    OpRef target = UnpackTarget(d.answer);
    if (target.IsCallback()) {
      target = op(target);
    } else {
      target.task = task(target.task);
    }
    d.answer = PackTarget(target);
    return target.task == kNoTask;
  });
  Normalize(&schedule);
  return schedule;
}

// Renamed, where all tasks keep their ids.
template <typename OpName>
Schedule OpsRenamed(Schedule schedule, OpName op) {
  return Renamed(std::move(schedule), op, [](uint8_t task) { return task; });
}

// The new value of an index when the item at index `removed` is removed. REQUIRES: index != removed.
uint8_t Closed(uint8_t index, uint8_t removed) {
  return static_cast<uint8_t>(index > removed ? index - 1 : index);
}

// Renumbers maps and owners in ops and in deviations. `map` and `owner` map an old number to the new one, or to kNoTask
// when the object is gone. REQUIRES: schedule.owners already is the new list; `old_owners` is the length of the old
// one. Two kinds of name in deviations hold such numbers: the callbacks of maps and owners, and the ops of the end.
// Those are numbered by what they tear down: owner i is i, map i is the number of owners plus i.
template <typename MapName, typename OwnerName>
Schedule ObjectsRenamed(Schedule schedule, size_t old_owners, MapName map, OwnerName owner) {
  auto rename_ops = [&](std::vector<Op>& ops) {
    for (Op& op : ops) {
      op.map = map(op.map);
      op.owner = owner(op.owner);
      op.other = owner(op.other);
    }
  };
  rename_ops(schedule.setup);
  for (std::vector<Op>& task : schedule.tasks) rename_ops(task);
  const size_t new_owners = schedule.owners.size();
  return OpsRenamed(std::move(schedule), [&](OpRef ref) {
    uint8_t number = ref.op;
    if (ref.task == CallbackTask(KERNEL_MAP)) {
      number = map(number);
    } else if (ref.task == CallbackTask(KERNEL_OWNER)) {
      number = owner(number);
    } else if (ref.task == kEnd && ref.op < old_owners) {
      number = owner(number);
    } else if (ref.task == kEnd) {
      number = map(static_cast<uint8_t>(ref.op - old_owners));
      if (number != kNoTask) number = static_cast<uint8_t>(number + new_owners);
    }
    return number == kNoTask ? kGone : OpRef{ref.task, number};
  });
}

// Functions from an old index to the new one, or to kNoTask.
uint8_t Same(uint8_t index) {
  return index;
}
auto Without(uint8_t removed) {
  return [removed](uint8_t index) { return index == removed ? static_cast<uint8_t>(kNoTask) : Closed(index, removed); };
}
auto MergedInto(uint8_t from, uint8_t to) {
  return [=](uint8_t index) { return Closed(index == from ? to : index, from); };
}
auto Swapped(uint8_t a, uint8_t b) {
  return [=](uint8_t index) { return index == a ? b : index == b ? a : index; };
}

// Removes the ops for which `drop` returns true, and the deviations in them. Does not normalize the schedule: a task
// that becomes empty stays, so that the ids of the other tasks do not change under the loop.
template <typename Drop>
Schedule WithoutOpsThat(Schedule schedule, Drop drop) {
  for (uint8_t task = kSetup; task <= LastTask(schedule); ++task) {
    for (size_t i = OpsOf(schedule, task).size(); i-- > 0;) {
      if (!drop(OpsOf(schedule, task)[i])) continue;
      std::vector<Op>& ops = OpsOf(&schedule, task);
      ops.erase(ops.begin() + static_cast<ptrdiff_t>(i));
      std::erase_if(schedule.deviations, [&](Deviation& d) {
        if (d.where.task != task || d.where.op < i) return false;
        return d.where.op-- == i;  // a later op moves down by one, and the removed op's deviations go
      });
    }
  }
  return schedule;
}

// Changes the ops that `uses` and `chosen` choose. `chosen` is asked with the number of the op among those that `uses`
// chooses.
template <typename Uses, typename Change>
void ChangeOps(Schedule* schedule, Uses uses, const std::function<bool(size_t)>& chosen, Change change) {
  size_t number = 0;
  for (uint8_t task = kSetup; task <= LastTask(*schedule); ++task) {
    for (Op& op : OpsOf(schedule, task)) {
      if (uses(op) && chosen(number++)) change(&op);
    }
  }
}

}  // namespace

std::vector<Op>& OpsOf(Schedule* schedule, uint8_t task) {
  return task == kSetup ? schedule->setup : schedule->tasks[task - kTaskA];
}
const std::vector<Op>& OpsOf(const Schedule& schedule, uint8_t task) {
  return OpsOf(const_cast<Schedule*>(&schedule), task);
}

uint8_t LastTask(const Schedule& schedule) {
  return static_cast<uint8_t>(kTaskA + schedule.tasks.size() - 1);
}

std::vector<OpRef> AllOps(const Schedule& schedule) {
  std::vector<OpRef> names;
  for (uint8_t task = kSetup; task <= LastTask(schedule); ++task) {
    for (size_t i = 0; i < OpsOf(schedule, task).size(); ++i) names.push_back({task, static_cast<uint8_t>(i)});
  }
  return names;
}

bool UsesMap(const Op& op, uint8_t map) {
  switch (op.kind) {
    case OpKind::kClone:
    case OpKind::kDump:
    case OpKind::kDestroy:
      return false;
    default:
      return op.map == map;
  }
}

bool UsesOwner(const Op& op, uint8_t owner) {
  return (op.kind != OpKind::kMapFree && op.owner == owner) || (op.kind == OpKind::kClone && op.other == owner);
}

Schedule WithoutDeviations(Schedule schedule, size_t first, size_t count) {
  const auto begin = schedule.deviations.begin() + static_cast<ptrdiff_t>(first);
  schedule.deviations.erase(begin, begin + static_cast<ptrdiff_t>(count));
  return schedule;
}

Schedule WithoutOps(Schedule schedule, uint8_t task, size_t first, size_t count) {
  std::vector<Op>& ops = OpsOf(&schedule, task);
  const auto begin = ops.begin() + static_cast<ptrdiff_t>(first);
  ops.erase(begin, begin + static_cast<ptrdiff_t>(count));
  return OpsRenamed(std::move(schedule), [=](OpRef ref) {
    if (ref.task != task || ref.op < first) return ref;
    return ref.op < first + count ? kGone : OpRef{ref.task, static_cast<uint8_t>(ref.op - count)};
  });
}

Schedule WithoutTask(Schedule schedule, uint8_t task) {
  schedule.tasks[task - kTaskA].clear();
  Normalize(&schedule);  // removes the empty task, renames the later ones and corrects the deviations
  return schedule;
}

Schedule WithoutMap(Schedule schedule, uint8_t map) {
  schedule = WithoutOpsThat(std::move(schedule), [=](const Op& op) { return UsesMap(op, map); });
  const size_t owners = schedule.owners.size();
  schedule.maps.erase(schedule.maps.begin() + map);
  return ObjectsRenamed(std::move(schedule), owners, Without(map), Same);
}

Schedule WithoutOwner(Schedule schedule, uint8_t owner) {
  schedule = WithoutOpsThat(std::move(schedule), [=](const Op& op) { return UsesOwner(op, owner); });
  const size_t owners = schedule.owners.size();
  schedule.owners.erase(schedule.owners.begin() + owner);
  return ObjectsRenamed(std::move(schedule), owners, Same, Without(owner));
}

Schedule WithMapMerged(Schedule schedule, uint8_t from, uint8_t to) {
  const size_t owners = schedule.owners.size();
  schedule.maps.erase(schedule.maps.begin() + from);
  return ObjectsRenamed(std::move(schedule), owners, MergedInto(from, to), Same);
}

Schedule WithOwnerMerged(Schedule schedule, uint8_t from, uint8_t to) {
  const size_t owners = schedule.owners.size();
  schedule.owners.erase(schedule.owners.begin() + from);
  return ObjectsRenamed(std::move(schedule), owners, Same, MergedInto(from, to));
}

Schedule WithMapReplaced(Schedule schedule, uint8_t from, uint8_t to, const std::function<bool(size_t)>& goes_over) {
  const auto replace = [=](Op* op) { op->map = to; };
  ChangeOps(&schedule, [=](const Op& op) { return UsesMap(op, from); }, goes_over, replace);
  return WithoutMap(std::move(schedule), from);
}

Schedule WithOwnerReplaced(Schedule schedule, uint8_t from, uint8_t to, const std::function<bool(size_t)>& goes_over) {
  const auto replace = [=](Op* op) {
    if (op->owner == from) op->owner = to;
    if (op->other == from) op->other = to;
  };
  ChangeOps(&schedule, [=](const Op& op) { return UsesOwner(op, from); }, goes_over, replace);
  return WithoutOwner(std::move(schedule), from);
}

Schedule WithMapsSwapped(Schedule schedule, uint8_t a, uint8_t b) {
  const size_t owners = schedule.owners.size();
  std::swap(schedule.maps[a], schedule.maps[b]);
  return ObjectsRenamed(std::move(schedule), owners, Swapped(a, b), Same);
}

Schedule WithOwnersSwapped(Schedule schedule, uint8_t a, uint8_t b) {
  const size_t owners = schedule.owners.size();
  std::swap(schedule.owners[a], schedule.owners[b]);
  return ObjectsRenamed(std::move(schedule), owners, Same, Swapped(a, b));
}

Schedule WithTasksSwapped(Schedule schedule, uint8_t a, uint8_t b) {
  std::swap(OpsOf(&schedule, a), OpsOf(&schedule, b));
  const auto name = Swapped(a, b);
  return Renamed(std::move(schedule), [&](OpRef ref) { return OpRef{name(ref.task), ref.op}; }, name);
}

Schedule WithTaskMerged(Schedule schedule, uint8_t from, uint8_t to, bool before) {
  std::vector<Op>&source = OpsOf(&schedule, from), &target = OpsOf(&schedule, to);
  const auto shift = static_cast<uint8_t>(before ? source.size() : target.size());
  target.insert(before ? target.begin() : target.end(), source.begin(), source.end());
  source.clear();
  return Renamed(
      std::move(schedule),
      [&](OpRef ref) {
        const bool moves = ref.task == (before ? to : from);  // the ops that now stand behind the others
        if (ref.task == from) ref.task = to;
        return OpRef{ref.task, static_cast<uint8_t>(moves ? ref.op + shift : ref.op)};
      },
      [&](uint8_t task) { return task == from ? to : task; });
}

Schedule WithFirstOpInSetup(Schedule schedule, uint8_t task) {
  std::vector<Op>& ops = OpsOf(&schedule, task);
  schedule.setup.push_back(ops.front());
  ops.erase(ops.begin());
  const auto last = static_cast<uint8_t>(schedule.setup.size() - 1);
  return OpsRenamed(std::move(schedule), [=](OpRef ref) {
    if (ref.task != task) return ref;
    return ref.op == 0 ? OpRef{kSetup, last} : OpRef{ref.task, static_cast<uint8_t>(ref.op - 1)};
  });
}

Schedule WithDeviationMoved(Schedule schedule, size_t index, OpRef to, uint16_t ordinal) {
  Deviation& moved = schedule.deviations[index];
  if (moved.kind == ChoiceKind::kPreempt && moved.answer != 0 && UnpackTarget(moved.answer).task == to.task) {
    moved.answer = PackTarget({moved.where.task, moved.where.IsCallback() ? moved.where.op : uint8_t{0}});
  }
  moved.where = to;
  moved.ordinal = ordinal;
  Normalize(&schedule);
  return schedule;
}

Schedule WithOpsSwapped(Schedule schedule, uint8_t task, size_t index) {
  std::vector<Op>& ops = OpsOf(&schedule, task);
  std::swap(ops[index], ops[index + 1]);
  const auto name = Swapped(static_cast<uint8_t>(index), static_cast<uint8_t>(index + 1));
  return OpsRenamed(std::move(schedule), [&](OpRef ref) { return ref.task == task ? OpRef{task, name(ref.op)} : ref; });
}

Schedule WithCallbacksShifted(Schedule schedule, kernel_object_kind kind, uint8_t number) {
  return OpsRenamed(std::move(schedule), [=](OpRef ref) {
    const bool shifts = ref.task == CallbackTask(kind) && ref.op >= number && ref.op > 0;
    return shifts ? OpRef{ref.task, static_cast<uint8_t>(ref.op - 1)} : ref;
  });
}

}  // namespace nofail
