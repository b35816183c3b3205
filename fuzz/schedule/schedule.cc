// SPDX-License-Identifier: MIT
#include "fuzz/schedule/schedule.h"

#include <algorithm>
#include <iterator>

#include "fuzz/base/object_kind.h"
#include "fuzz/schedule/tasks.h"

namespace nofail {
namespace {

// Brings the value into [0, count): a value in range stays, any other becomes its remainder modulo `count`.
template <typename T>
void Wrap(T* value, uint32_t count) {
  if (auto number = static_cast<uint32_t>(*value); number >= count) *value = static_cast<T>(number % count);
}

void NormalizeMap(MapSpec* map) {
  Wrap(&map->type, STORAGE_TYPES);
  map->bytes = static_cast<uint8_t>(std::clamp<uint32_t>(map->bytes / 8 * 8, 8, kMaxValueBytes));
  map->fields &= KERNEL_FIELD_KPTR | KERNEL_FIELD_UPTR | KERNEL_FIELD_SPIN_LOCK | KERNEL_FIELD_REFCOUNT;
  if (map->type != STORAGE_TASK) map->fields &= ~KERNEL_FIELD_UPTR;
  if (map->fields & KERNEL_FIELD_UPTR) map->fields &= ~KERNEL_FIELD_SPIN_LOCK;
  if (map->type != STORAGE_SK) map->clone = false;
}

void NormalizeOwner(const std::vector<MapSpec>& maps, size_t index, OwnerSpec* owner) {
  if (std::none_of(maps.begin(), maps.end(), [&](const MapSpec& map) { return map.type == owner->type; })) {
    owner->type = maps[index % maps.size()].type;
  }
  Wrap(&owner->bucket, kMaxBucket + 1);
  if (owner->type != STORAGE_SK) owner->optmem = 0;
}

// The first index that fits, in the order from `from` to the end and then from 0. The size when none fits.
template <typename T, typename Fits>
uint8_t FirstFrom(const std::vector<T>& items, uint8_t from, Fits fits) {
  Wrap(&from, static_cast<uint32_t>(items.size()));
  for (size_t tries = 0; tries < items.size(); ++tries) {
    if (fits(from)) return from;
    if (++from == items.size()) from = 0;
  }
  return static_cast<uint8_t>(items.size());
}

// Makes an op on a map and an owner valid. The owner stays. The map becomes the next one of the owner's type, which
// exists because every owner has the type of some map. A kptr op without such a map with a kptr field becomes a lookup.
Op NormalAccess(const Schedule& s, Op op) {
  Wrap(&op.owner, static_cast<uint32_t>(s.owners.size()));
  storage_type type = s.owners[op.owner].type;
  auto fits = [&](uint8_t map) { return s.maps[map].type == type; };
  if (op.kind == OpKind::kKptr) {
    uint8_t map = FirstFrom(s.maps, op.map, [&](uint8_t m) { return fits(m) && s.maps[m].fields & KERNEL_FIELD_KPTR; });
    if (map < s.maps.size()) return {.kind = op.kind, .map = map, .owner = op.owner};
    op = {.kind = OpKind::kLookup, .map = op.map, .owner = op.owner};
  }
  Op normal = {.kind = op.kind, .map = FirstFrom(s.maps, op.map, fits), .owner = op.owner, .sleepable = op.sleepable};
  if (op.kind == OpKind::kUpdate && !op.sleepable) {
    normal.flags = op.flags & (UPDATE_NOEXIST | UPDATE_EXIST | UPDATE_LOCK);
  }
  if (op.kind == OpKind::kLookup) normal.flags = op.flags & 1;
  return normal;
}

// Makes a clone or a dump valid. A clone becomes a dump when there is only one sk. Either becomes a lookup when there
// is none.
Op NormalSkOp(const Schedule& s, const Op& op) {
  auto is_sk = [&](uint8_t owner) { return s.owners[owner].type == STORAGE_SK; };
  const size_t count = s.owners.size();
  uint8_t owner = FirstFrom(s.owners, op.owner, is_sk);
  if (owner == count) return NormalAccess(s, {.kind = OpKind::kLookup, .map = op.map, .owner = op.owner});
  if (op.kind == OpKind::kDump) return {.kind = OpKind::kDump, .owner = owner};
  uint8_t child = FirstFrom(s.owners, op.other, [&](uint8_t other) { return is_sk(other) && other != owner; });
  if (child == count) return {.kind = OpKind::kDump, .owner = owner};
  return {.kind = OpKind::kClone, .owner = owner, .other = child};
}

Op NormalOp(const Schedule& s, Op op) {
  Wrap(&op.kind, kOpKinds);
  switch (op.kind) {
    case OpKind::kUpdate:
    case OpKind::kDelete:
    case OpKind::kLookup:
    case OpKind::kKptr:
      return NormalAccess(s, op);
    case OpKind::kClone:
    case OpKind::kDump:
      return NormalSkOp(s, op);
    case OpKind::kDestroy:
      Wrap(&op.owner, static_cast<uint32_t>(s.owners.size()));
      return {.kind = op.kind, .owner = op.owner};
    case OpKind::kMapFree:
      Wrap(&op.map, static_cast<uint32_t>(s.maps.size()));
      return {.kind = op.kind, .map = op.map};
  }
  return op;
}

void NormalizeOps(const Schedule& s, size_t limit, std::vector<Op>* ops) {
  if (ops->size() > limit) ops->resize(limit);
  for (Op& op : *ops) op = NormalOp(s, op);
}

// Removes empty tasks. The tasks behind them move up, and their deviations follow. Deviations of a removed task, and
// preemptions to one, are removed. When no task is left, there will be one with a lookup.
void DropEmptyTasks(Schedule* s) {
  if (s->tasks.size() > kMaxTasks) ResizeTasks(s, kMaxTasks);
  uint8_t new_id[kMaxTasks];
  uint8_t kept = 0;
  for (size_t i = 0; i < s->tasks.size(); ++i) {
    new_id[i] = s->tasks[i].empty() ? static_cast<uint8_t>(kNoTask) : static_cast<uint8_t>(kTaskA + kept);
    if (s->tasks[i].empty()) continue;
    if (kept != i) s->tasks[kept].swap(s->tasks[i]);
    ++kept;
  }
  if (kept < s->tasks.size()) {
    const size_t before = s->tasks.size();
    auto renamed = [&](uint8_t task) {
      return task >= kTaskA && task < kTaskA + before ? new_id[task - kTaskA] : task;
    };
    std::erase_if(s->deviations, [&](Deviation& d) {
      d.where.task = renamed(d.where.task);
      OpRef target = UnpackTarget(d.answer);
      if (d.kind != ChoiceKind::kPreempt || d.answer == 0) return d.where.task == kNoTask;
      target.task = renamed(target.task);
      d.answer = PackTarget(target);
      return d.where.task == kNoTask || target.task == kNoTask;
    });
    ResizeTasks(s, kept);
  }
  if (kept == 0) {
    ResizeTasks(s, 1);
    s->tasks[0].push_back({.kind = OpKind::kLookup});
  }
}

constexpr uint32_t kCallbackKinds = kObjectKinds;

// Changes `ref` so that it names a task that exists: set-up, end, callback, or a task of the schedule.
void NormalizeTask(const Schedule& s, OpRef* ref) {
  auto index = static_cast<uint8_t>(ref->task - kTaskA);
  bool other = ref->task == kSetup || ref->task == kEnd ||
               (ref->task >= kFirstCallback && ref->task < kFirstCallback + kCallbackKinds);
  if (other || index < s.tasks.size()) return;
  Wrap(&index, static_cast<uint32_t>(s.tasks.size()));
  ref->task = static_cast<uint8_t>(kTaskA + index);
}

// Makes the deviation valid. Returns false when that cannot be done, because its task has no ops.
bool NormalizeDeviation(const Schedule& s, Deviation* d) {
  NormalizeTask(s, &d->where);
  if (!d->where.IsCallback()) {
    size_t ops = d->where.task == kSetup ? s.setup.size()
                 : d->where.task == kEnd ? kMaxEndOps
                                         : s.tasks[d->where.task - kTaskA].size();
    if (ops == 0) return false;
    Wrap(&d->where.op, static_cast<uint32_t>(ops));
  }
  Wrap(&d->kind, kChoiceKinds);
  if (d->ordinal == 0 || d->ordinal > kMaxOrdinal) d->ordinal = static_cast<uint16_t>(1 + d->ordinal % kMaxOrdinal);
  switch (d->kind) {
    case ChoiceKind::kPreempt:
      if (d->answer != 0) {
        OpRef target = UnpackTarget(d->answer);
        NormalizeTask(s, &target);
        if (!target.IsCallback()) target.op = 0;
        d->answer = PackTarget(target);
      }
      break;
    case ChoiceKind::kLock:
      Wrap(&d->answer, kBothDeadlock + 1);
      break;
    case ChoiceKind::kAlloc:
    case ChoiceKind::kResched:
      Wrap(&d->answer, 2);
      break;
    case ChoiceKind::kGracePeriod:
    case ChoiceKind::kLoadAge:
    case ChoiceKind::kNmi:
      Wrap(&d->answer, kMaxAnswer + 1);
      break;
  }
  return true;
}

// Whether two deviations answer the same choice.
bool SameChoice(const Deviation& a, const Deviation& b) {
  return a.where == b.where && a.kind == b.kind && a.ordinal == b.ordinal;
}

void NormalizeDeviations(Schedule* s) {
  auto& list = s->deviations;
  if (list.size() > kMaxDeviations) list.resize(kMaxDeviations);
  std::erase_if(list, [&](Deviation& d) { return !NormalizeDeviation(*s, &d); });
  if (list.size() < 2) return;
  std::sort(list.begin(), list.end());
  list.erase(std::unique(list.begin(), list.end(), SameChoice), list.end());
}

void NormalizePolicy(Policy* policy) {
  Wrap(&policy->kind, 4);
  uint8_t parameter = policy->parameter;
  switch (policy->kind) {
    case PolicyKind::kNone:
      *policy = {};
      break;
    case PolicyKind::kUniform:
      policy->parameter = 0;
      break;
    case PolicyKind::kRate:
      if (parameter < kMinRate || parameter > kMaxRate) {
        policy->parameter = static_cast<uint8_t>(kMinRate + parameter % (kMaxRate - kMinRate + 1));
      }
      break;
    case PolicyKind::kPct:
      if (parameter < 1 || parameter > kMaxPctDepth)
        policy->parameter = static_cast<uint8_t>(1 + parameter % kMaxPctDepth);
      break;
  }
}

// The first index at which two lists differ, counted from 1, as in "map 3". "" when the lists are equal.
template <typename T>
std::string Difference(const char* what, const std::vector<T>& is, const std::vector<T>& should_be) {
  auto [a, b] = std::mismatch(is.begin(), is.end(), should_be.begin(), should_be.end());
  if (a == is.end() && b == should_be.end()) return "";
  return std::string(what) + " " + std::to_string(a - is.begin() + 1);
}

std::string FirstDifference(const Schedule& is, const Schedule& should_be) {
  if (auto text = Difference("map", is.maps, should_be.maps); !text.empty()) return text;
  if (auto text = Difference("owner", is.owners, should_be.owners); !text.empty()) return text;
  if (auto text = Difference("set-up op", is.setup, should_be.setup); !text.empty()) return text;
  if (auto text = Difference("task", is.tasks, should_be.tasks); !text.empty()) return text;
  if (auto text = Difference("deviation", is.deviations, should_be.deviations); !text.empty()) return text;
  return is.modes != should_be.modes ? "modes" : "policy";
}

}  // namespace

// How many tasks keep their memory in the pool of ResizeTasks. The pool is off where the codec itself is fuzzed: there,
// what one input left in the pool would change the coverage of the next input.
#if NOFAIL_WITHOUT_POOL
constexpr size_t kPooledTasks = 0;
#else
constexpr size_t kPooledTasks = kMaxTasks;
#endif

void ResizeTasks(Schedule* schedule, size_t count) {
  static thread_local std::vector<std::vector<Op>> pool;
  auto& tasks = schedule->tasks;
  while (tasks.size() > count) {
    if (pool.size() < kPooledTasks) {
      tasks.back().clear();
      pool.push_back(std::move(tasks.back()));
    }
    tasks.pop_back();
  }
  while (tasks.size() < count) {
    if (pool.empty()) {
      tasks.emplace_back();
    } else {
      tasks.push_back(std::move(pool.back()));
      pool.pop_back();
    }
  }
}

void Normalize(Schedule* s) {
  if (s->maps.empty()) s->maps.emplace_back();
  if (s->maps.size() > kMaxMaps) s->maps.resize(kMaxMaps);
  for (MapSpec& map : s->maps) NormalizeMap(&map);
  if (s->owners.empty()) s->owners.emplace_back();
  if (s->owners.size() > kMaxOwners) s->owners.resize(kMaxOwners);
  for (size_t i = 0; i < s->owners.size(); ++i) NormalizeOwner(s->maps, i, &s->owners[i]);
  NormalizeOps(*s, kMaxSetupOps, &s->setup);
  DropEmptyTasks(s);
  for (auto& task : s->tasks) NormalizeOps(*s, kMaxOpsPerTask, &task);
  Wrap(&s->modes.locks, 2);
  Wrap(&s->modes.memory, 2);
  s->modes.cpus = std::clamp<uint8_t>(s->modes.cpus, 1, kMaxCpus);
  NormalizeDeviations(s);
  NormalizePolicy(&s->policy);
}

std::string Problem(const Schedule& schedule) {
  Schedule normal = schedule;
  Normalize(&normal);
  if (normal == schedule) return "";
  return FirstDifference(schedule, normal) + " is not valid (schedule.h says what is)";
}

}  // namespace nofail
