// SPDX-License-Identifier: MIT
#include <utility>

#include "fuzz/schedule/codec.h"
#include "fuzz/schedule/tasks.h"

namespace nofail {
namespace {

// Returns whether anything had to change.
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

// An op of any kind as the teardown op that is nearest to it.
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

// In a new task while there may be more, else in the last one.
void AppendTask(Schedule* s, const Op& op) {
  if (s->tasks.size() < kMaxTasks) ResizeTasks(s, s->tasks.size() + 1);
  s->tasks.back().push_back(op);
}

// Leaves the first end of each map and owner, and sees to it that one of either ends. Tasks may become empty. Returns
// whether anything had to change but ops into others.
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
  // One task with a map_free and a destroy: its last op goes elsewhere.
  Op op = s->tasks[0].back();
  s->tasks[0].pop_back();
  AppendTask(s, op);
  Normalize(s);
}

}  // namespace nofail
