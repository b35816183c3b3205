// SPDX-License-Identifier: MIT
#include "fuzz/exec/world.h"

#include "core/kernel/value.h"
#include "fuzz/exec/ops.h"

namespace nofail {

namespace {

World* current_world = nullptr;

void PerformAll(World& world, const std::vector<Op>& ops) {
  for (size_t i = 0; i < ops.size(); ++i) Perform(world, ops[i], static_cast<uint8_t>(i));
}

SimConfig ConfigOf(const Modes& modes) {
  return {.locks = modes.locks, .preemptible_rcu = modes.preemptible_rcu, .cpus = modes.cpus};
}

}  // namespace

World::World(const struct subject& subject, Sim& sim) : subject_(subject), sim_(sim), live_() {}

World& World::Current() {
  return *current_world;
}

RunView World::view() const {
  return {sim_.trace(), sim_.resources(), subject_, {live_.owner_ends.data(), live_.owner_end_count}, live_.fatal};
}

void World::Run(const Schedule& schedule, Chooser* chooser) {
  current_world = this;
  schedule_ = &schedule;
  chooser_ = chooser;
  live_.owner_end_count = 0;
  sim_.Reset(ConfigOf(schedule.modes), &default_chooser_);
  subject_.reset();
  live_.fatal = !(RunSetup() && RunTasks() && RunEnd());
}

bool World::RunSetup() {
  sim_.Spawn(kSetup, &World::SetupBody, this);
  return sim_.Run();
}

bool World::RunTasks() {
  for (size_t i = 0; i < schedule_->tasks.size(); ++i) {
    // TaskBody only reads the ops; the cast is there because Spawn takes a void*.
    sim_.Spawn(static_cast<TaskId>(kTaskA + i), &World::TaskBody, const_cast<std::vector<Op>*>(&schedule_->tasks[i]));
  }
  return sim_.Run();
}

bool World::RunEnd() {
  sim_.Spawn(kEnd, &World::EndBody, this);
  return sim_.Run();
}

void World::SetupBody(void* argument) {
  World& world = *static_cast<World*>(argument);
  for (uint8_t i = 0; i < world.schedule_->maps.size(); ++i) world.MakeMap(i);
  for (uint8_t i = 0; i < world.schedule_->owners.size(); ++i) world.MakeOwner(i);
  world.sim_.SetChooser(world.chooser_);
  PerformAll(world, world.schedule_->setup);
}

void World::TaskBody(void* ops) {
  PerformAll(Current(), *static_cast<const std::vector<Op>*>(ops));
}

// The number of an op of the end says what it tears down: i is owner i, and the number of owners plus i is map i. So an
// op's number does not depend on what the tasks have torn down already.
void World::EndBody(void* argument) {
  World& world = *static_cast<World*>(argument);
  const uint8_t owners = static_cast<uint8_t>(world.schedule_->owners.size());
  for (uint8_t i = 0; i < owners; ++i) {
    if (!world.live_.owners[i].ended) Perform(world, {.kind = OpKind::kDestroy, .owner = i}, i);
  }
  for (uint8_t i = 0; i < world.schedule_->maps.size(); ++i) {
    if (!world.live_.maps[i].ended)
      Perform(world, {.kind = OpKind::kMapFree, .map = i}, static_cast<uint8_t>(owners + i));
  }
}

void World::MakeMap(uint8_t index) {
  MapSpec spec = schedule_->maps[index];
  spec.fields &= ~subject_.missing_fields;
  kernel_record* record = sim_.MakeRecord({.map_id = index, .bytes = spec.bytes, .fields = spec.fields});
  subject_map_attr attr = {.type = spec.type,
                           .value_size = kernel_value_size(spec.bytes, spec.fields),
                           .flags = spec.clone ? uint32_t{KERNEL_MAP_CLONE} : 0,
                           .id = index,
                           .record = record};
  kernel_map* map = subject_.map_alloc(&attr);
  // A map that could not be made counts as ended, so that all ops on it are skipped.
  live_.maps[index] = {map, record, sim_.ObjectAt(map), spec, 1, map == nullptr};
}

void World::MakeOwner(uint8_t index) {
  const OwnerSpec& spec = schedule_->owners[index];
  void* owner = kernel_alloc(KERNEL_OWNER, subject_.owner_size, {});
  subject_.owner_init(owner, spec.type, spec.optmem == 0 ? uint32_t{INT32_MAX} : spec.optmem * kOptmemUnit);
  live_.owners[index] = {owner, sim_.ObjectAt(owner), spec, 1, false, false, false, false};
}

void World::OwnerEnded(const LiveOwner& owner) {
  if (subject_.owner_charge_offset != SIZE_MAX) {
    kernel_check_bytes(static_cast<const char*>(owner.owner) + subject_.owner_charge_offset, sizeof(int), {});
  }
  live_.owner_ends[live_.owner_end_count++] = {owner.id, sim_.trace().size(), subject_.owner_charge(owner.owner)};
}

}  // namespace nofail

// ---- The functions of core/kernel/kernel.h for references to maps (rules 1, 2 and 8) --------------------------------

using nofail::EventKind;
using nofail::LiveMap;
using nofail::World;

namespace {

// The live map with the reference count of `map`. In the kernel, the count is a member of the map, so touching the
// count of a freed map is a use after free. The count here is elsewhere, so this checks the map's bytes instead.
LiveMap& CountedMap(const kernel_map* map, kernel_site site) {
  World::Current().sim().Point();
  kernel_check_bytes(map, sizeof(*map), site);
  return World::Current().map(static_cast<uint8_t>(map->id));
}

}  // namespace

bool kernel_map_inc_not_zero(kernel_map* map, kernel_site site) {
  LiveMap& live = CountedMap(map, site);
  const bool taken = live.references != 0;
  if (taken) ++live.references;
  World::Current().sim().Emit(EventKind::kMapGet, taken, live.id, 0, 0, site);
  return taken;
}

void kernel_map_put(kernel_map* map, kernel_site site) {
  LiveMap& live = CountedMap(map, site);
  World::Current().sim().Emit(EventKind::kMapPut, 0, live.id, 0, 0, site);
  --live.references;
  World::Current().sim().Put(&live.references);
}
