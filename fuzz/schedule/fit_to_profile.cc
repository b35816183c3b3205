// SPDX-License-Identifier: MIT
#include <utility>

#include "fuzz/schedule/codec.h"
#include "fuzz/schedule/tasks.h"

namespace nofail {
namespace {

// Changes the set-up to the ops that kTeardown allows. An op of another kind becomes an update, and an empty set-up
// gets an update for each owner. Returns whether anything had to change.
bool FitSetup(Schedule* s) {
  bool changed = false;
  for (Op& op : s->setup) {
    if (op.kind == OpKind::kUpdate || op.kind == OpKind::kKptr) continue;
    op = {.kind = OpKind::kUpdate, .map = op.map, .owner = op.owner};
    changed = true;
  }
  if (!s->setup.empty()) return changed;
  for (uint8_t owner = 0; owner < s->owners.size(); ++owner) {
    s->setup.push_back({.kind = OpKind::kUpdate, .owner = owner});
  }
  return true;
}

// The map_free or destroy that is nearest to the op.
Op AsTeardown(const Op& op) {
  switch (op.kind) {
    case OpKind::kMapFree:
    case OpKind::kDestroy:
      return op;
    case OpKind::kDelete:
    case OpKind::kKptr:
      return {.kind = OpKind::kMapFree, .map = op.map};
    default:
      return {.kind = OpKind::kDestroy, .owner = op.owner};
  }
}

// Appends the op in a new task, or to the last task when there are kMaxTasks already.
void AppendTask(Schedule* s, const Op& op) {
  if (s->tasks.size() < kMaxTasks) ResizeTasks(s, s->tasks.size() + 1);
  s->tasks.back().push_back(op);
}

// Changes the tasks to the ops that kTeardown allows: turns every op into a map_free or a destroy, removes all but the
// first one of each map and owner, and appends a map_free or a destroy where there is none. A task may become empty.
// Returns whether ops were removed, so that the schedule needs Normalize.
bool FitTasks(Schedule* s) {
  bool changed = false;
  uint32_t freed = 0;
  uint32_t destroyed = 0;
  auto is_second_end = [&](const Op& op) {
    uint32_t& seen = op.kind == OpKind::kMapFree ? freed : destroyed;
    uint32_t bit = 1u << (op.kind == OpKind::kMapFree ? op.map : op.owner);
    return (std::exchange(seen, seen | bit) & bit) != 0;
  };
  for (auto& task : s->tasks) {
    for (Op& op : task) op = AsTeardown(op);
    changed |= std::erase_if(task, is_second_end) != 0;
  }
  if (freed == 0) AppendTask(s, {.kind = OpKind::kMapFree});
  if (destroyed == 0) AppendTask(s, {.kind = OpKind::kDestroy});
  return changed;
}

}  // namespace

void FitToProfile(Schedule* s, Profile profile) {
  s->modes.memory = MemoryMode::kSc;
  if (profile == Profile::kLifecycle) return;
  bool changed = FitSetup(s);
  changed |= FitTasks(s);
  if (changed) Normalize(s);
  if (s->tasks.size() > 1) return;
  // There is one task, and it has a map_free and a destroy. Its last op moves to a task of its own.
  Op op = s->tasks[0].back();
  s->tasks[0].pop_back();
  AppendTask(s, op);
  Normalize(s);
}

}  // namespace nofail
