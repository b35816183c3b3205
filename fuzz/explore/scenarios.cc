// SPDX-License-Identifier: MIT
#include "fuzz/explore/scenarios.h"

#include <algorithm>
#include <bit>
#include <numeric>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "fuzz/schedule/keywords.h"
#include "fuzz/schedule/text.h"

namespace nofail {

namespace {

// A scenario of a teardown, without its storage type and modes.
struct Shape {
  uint32_t maps, owners;
  uint32_t elements;  // a bit for each pair of a map and an owner (Pair)
  uint32_t frees;     // a bit for each map that a task frees
  uint32_t destroys;  // a bit for each owner that a task destroys
  uint32_t buckets;   // a bit for each owner: which of two buckets
  auto operator<=>(const Shape&) const = default;
};

uint32_t Pair(const Shape& shape, uint32_t map, uint32_t owner) {
  return map * shape.owners + owner;
}

bool Has(uint32_t bits, uint32_t bit) {
  return (bits >> bit & 1) != 0;
}

bool IsUsed(const Shape& shape) {
  for (uint32_t map = 0; map < shape.maps; ++map) {
    if ((shape.elements >> Pair(shape, map, 0) & ((1u << shape.owners) - 1)) == 0) return false;
  }
  for (uint32_t owner = 0; owner < shape.owners; ++owner) {
    bool has_one = false;
    for (uint32_t map = 0; map < shape.maps; ++map) has_one |= Has(shape.elements, Pair(shape, map, owner));
    if (!has_one) return false;
  }
  return true;
}

// The shape with its maps and owners renumbered. Bucket 0 is always that of owner 0.
Shape Renumbered(const Shape& shape, const std::vector<uint32_t>& maps, const std::vector<uint32_t>& owners) {
  Shape result = {shape.maps, shape.owners, 0, 0, 0, 0};
  const bool flip = Has(shape.buckets, owners[0]);
  for (uint32_t map = 0; map < shape.maps; ++map) {
    result.frees |= uint32_t{Has(shape.frees, maps[map])} << map;
    for (uint32_t owner = 0; owner < shape.owners; ++owner) {
      result.elements |= uint32_t{Has(shape.elements, Pair(shape, maps[map], owners[owner]))}
                         << Pair(shape, map, owner);
    }
  }
  for (uint32_t owner = 0; owner < shape.owners; ++owner) {
    result.destroys |= uint32_t{Has(shape.destroys, owners[owner])} << owner;
    result.buckets |= uint32_t{Has(shape.buckets, owners[owner]) != flip} << owner;
  }
  return result;
}

// Whether no other numbering of maps and owners makes a smaller shape. So of all shapes that are one up to symmetry,
// exactly one is canonical.
bool IsCanonical(const Shape& shape) {
  std::vector<uint32_t> maps(shape.maps), owners(shape.owners);
  std::iota(maps.begin(), maps.end(), 0);
  do {
    std::iota(owners.begin(), owners.end(), 0);
    do {
      if (Renumbered(shape, maps, owners) < shape) return false;
    } while (std::next_permutation(owners.begin(), owners.end()));
  } while (std::next_permutation(maps.begin(), maps.end()));
  return true;
}

Schedule ScheduleOf(const Shape& shape) {
  Schedule schedule;
  schedule.maps.assign(shape.maps, {.fields = KERNEL_FIELD_KPTR});
  schedule.owners.resize(shape.owners);
  for (uint8_t owner = 0; owner < shape.owners; ++owner) schedule.owners[owner].bucket = Has(shape.buckets, owner);
  for (uint8_t map = 0; map < shape.maps; ++map) {
    for (uint8_t owner = 0; owner < shape.owners; ++owner) {
      if (!Has(shape.elements, Pair(shape, map, owner))) continue;
      schedule.setup.push_back({.kind = OpKind::kUpdate, .map = map, .owner = owner});
      schedule.setup.push_back({.kind = OpKind::kKptr, .map = map, .owner = owner});
    }
    if (Has(shape.frees, map)) schedule.tasks.push_back({{.kind = OpKind::kMapFree, .map = map}});
  }
  for (uint8_t owner = 0; owner < shape.owners; ++owner) {
    if (Has(shape.destroys, owner)) schedule.tasks.push_back({{.kind = OpKind::kDestroy, .owner = owner}});
  }
  return schedule;
}

void AddTeardowns(const ScenarioSize& size, std::vector<Schedule>* schedules) {
  for (uint32_t maps = 1; maps <= size.maps; ++maps) {
    for (uint32_t owners = 1; owners <= size.owners; ++owners) {
      for (uint32_t elements = 1; elements < 1u << maps * owners; ++elements) {
        for (uint32_t torn = 0; torn < 1u << (maps + owners); ++torn) {
          const uint32_t tasks = static_cast<uint32_t>(std::popcount(torn));
          if (tasks < 2 || tasks > size.tasks) continue;
          for (uint32_t buckets = 0; buckets < 1u << owners; buckets += 2) {
            const Shape shape = {maps, owners, elements, torn & ((1u << maps) - 1), torn >> maps, buckets};
            if (IsUsed(shape) && IsCanonical(shape)) schedules->push_back(ScheduleOf(shape));
          }
        }
      }
    }
  }
}

// The ops of a lifecycle scenario, on map 0 and owner 0. Owner 1 is the child of clones.
std::vector<Op> LifecycleOps(storage_type type, uint32_t maps) {
  std::vector<Op> ops = {{.kind = OpKind::kMapFree},
                         {.kind = OpKind::kDestroy},
                         {.kind = OpKind::kUpdate},
                         {.kind = OpKind::kUpdate, .flags = UPDATE_NOEXIST},
                         {.kind = OpKind::kDelete},
                         {.kind = OpKind::kLookup, .flags = 1},
                         {.kind = OpKind::kKptr},
                         {.kind = OpKind::kUpdate, .sleepable = true},
                         {.kind = OpKind::kDelete, .sleepable = true},
                         {.kind = OpKind::kLookup, .flags = 1, .sleepable = true}};
  if (type == STORAGE_SK) {
    ops.push_back({.kind = OpKind::kClone, .other = 1});
    ops.push_back({.kind = OpKind::kDump});
  }
  if (maps == 2) ops.push_back({.kind = OpKind::kMapFree, .map = 1});
  return ops;
}

// Adds each choice of `tasks` ops from `ops`, in the order of the list.
void AddChoices(const std::vector<Op>& ops, size_t from, uint32_t tasks, Schedule* schedule,
                std::vector<Schedule>* schedules) {
  if (schedule->tasks.size() == tasks) {
    schedules->push_back(*schedule);
    return;
  }
  for (size_t i = from; i < ops.size(); ++i) {
    // A map or an owner ends once, and a child is cloned to once.
    const bool is_once =
        ops[i].kind == OpKind::kMapFree || ops[i].kind == OpKind::kDestroy || ops[i].kind == OpKind::kClone;
    schedule->tasks.push_back({ops[i]});
    AddChoices(ops, i + is_once, tasks, schedule, schedules);
    schedule->tasks.pop_back();
  }
}

// What owner 0 has of map 0 before the tasks start. Refused: nothing, and it may not have more.
enum class Start { kElement, kNone, kRefused };

Schedule LifecycleStart(storage_type type, uint32_t maps, Start start) {
  Schedule schedule;
  schedule.maps.assign(maps, {.type = type, .fields = KERNEL_FIELD_KPTR, .clone = type == STORAGE_SK});
  schedule.owners.resize(type == STORAGE_SK ? 2 : 1);
  if (start == Start::kRefused) schedule.owners[0].optmem = 1;
  for (uint8_t map = start == Start::kElement ? 0 : 1; map < maps; ++map) {
    schedule.setup.push_back({.kind = OpKind::kUpdate, .map = map});
    schedule.setup.push_back({.kind = OpKind::kKptr, .map = map});
  }
  return schedule;
}

void AddLifecycles(const ScenarioSize& size, storage_type type, std::vector<Schedule>* schedules) {
  for (uint32_t maps = 1; maps <= std::min(size.maps, 2u); ++maps) {
    for (const Start start : {Start::kElement, Start::kNone, Start::kRefused}) {
      if (start == Start::kRefused && (type != STORAGE_SK || maps > 1)) continue;
      Schedule schedule = LifecycleStart(type, maps, start);
      for (uint32_t tasks = 2; tasks <= size.tasks; ++tasks) {
        AddChoices(LifecycleOps(type, maps), 0, tasks, &schedule, schedules);
      }
    }
  }
}

std::string NameOf(const Schedule& schedule) {
  std::vector<std::string> setup, tasks;
  for (const Op& op : schedule.setup) {
    if (op.kind == OpKind::kUpdate) setup.push_back(absl::StrCat("m", op.map, "-o", op.owner));
  }
  for (const auto& task : schedule.tasks) tasks.push_back(FormatOp(task[0]));
  std::vector<std::string> buckets;
  for (const OwnerSpec& owner : schedule.owners) buckets.push_back(absl::StrCat(owner.bucket));
  const char* refused = schedule.owners[0].optmem == 0 ? "" : ", no more memory";
  return absl::StrCat(kTypeKeywords[schedule.maps[0].type], schedule.modes.preemptible_rcu ? "" : " non-preemptible",
                      ", elements ", setup.empty() ? "none" : absl::StrJoin(setup, " "), ", buckets ",
                      absl::StrJoin(buckets, " "), refused, ": ", absl::StrJoin(tasks, " | "));
}

}  // namespace

std::vector<Scenario> ScenariosOf(Profile profile, const ScenarioSize& size) {
  std::vector<Scenario> scenarios;
  for (int type = 0; type < STORAGE_TYPES; ++type) {
    std::vector<Schedule> schedules;
    if (profile == Profile::kTeardown) {
      AddTeardowns(size, &schedules);
    } else {
      AddLifecycles(size, static_cast<storage_type>(type), &schedules);
    }
    for (Schedule& schedule : schedules) {
      for (MapSpec& map : schedule.maps) {
        map.type = static_cast<storage_type>(type);
        if (map.type == STORAGE_TASK) map.fields |= KERNEL_FIELD_UPTR;  // for others there is none
      }
      for (OwnerSpec& owner : schedule.owners) owner.type = static_cast<storage_type>(type);
      for (const bool preemptible : {true, false}) {
        schedule.modes.preemptible_rcu = preemptible;
        scenarios.push_back({NameOf(schedule), schedule});
      }
    }
  }
  return scenarios;
}

}  // namespace nofail
