// SPDX-License-Identifier: MIT
//
// The World: one kernel, one subject, and the live maps and owners of one run. A World serves one run after the other;
// after some runs, another one allocates nothing.
//
// A run has three phases. A phase ends when its tasks and all callbacks have ended.
//   - The set-up makes the maps and owners, then performs the schedule's set-up ops.
//   - The tasks A to D perform their ops.
//   - The end destroys the owners that are left, then frees the maps that are left.
// Making maps and owners asks the chooser nothing, so no allocation fails there. A map that the subject cannot make,
// because it lacks the storage type, counts as ended from the start.
//
// The usage contract says what reference counts, RCU and the verifier guarantee to the real code. The ops keep this
// contract, so that misuse of the subject by a schedule never looks like a bug of the subject. Other comments cite the
// rules by number.
//   1. An op that uses a map or an owner holds a reference to it, from the op's first step until its reader section has
//      ended. Rule 4 has the exceptions.
//   2. map_free and destroy begin by dropping the reference that the World holds. Then they wait until the last
//      reference is gone. An op on that map or owner whose turn comes later is skipped.
//   3. An op on a map and an owner needs an owner of the map's storage type. Clone and dump need owners of type sk.
//   4. Some lookups hold no reference to the owner, or drop it early:
//      - An inode. A program that looks the value up inside rcu_read_lock holds no reference, because a path walk holds
//        none. So the lookup may begin before destroy begins, and then overlap it. A sleepable program holds a
//        reference, because it is not called from a path walk.
//      - An sk. A lookup inside rcu_read_lock holds its reference only until it has the value. In the kernel,
//        bpf_fd_sk_storage_lookup_elem does so, and a program that releases its sk. From then on, only RCU protects
//        what the lookup reads.
//      - A cgroup, or a task that was found by pid. A real lookup may drop its reference early, too. But these owners
//        are destroyed after a grace period, so a reference that is held until the section ends has the same effect.
//      Not modelled: a sleepable program that releases its owner and goes on. Errs towards silence.
//   5. The memory of an inode is freed after an RCU grace period, that of any other owner right after its destroy.
//   6. A cgroup's destroy is called after a grace period that begins when the cgroup's last reference is gone.
//   7. The child of a clone is new: no op has given it storage, and no other op uses it during the clone. The clone
//      happens-before every later op on the child. The clone holds a reference to the parent. After a failed clone,
//      only destroy may use the child.
//   8. A clone can get a reference to a map (kernel_map_inc_not_zero) as long as the map has a reference, also while
//      map_free waits.
//   9. A program may use a value that it looked up until its reader section ends.
//  10. If an update does not take over the uptr that it was passed, the caller of the update releases the uptr.
//  11. A map's record is freed after the map's map_free has returned.
#ifndef NOFAIL_FUZZ_EXEC_WORLD_H_
#define NOFAIL_FUZZ_EXEC_WORLD_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/kernel/sim/sim.h"
#include "core/subjects/subject.h"
#include "fuzz/base/limits.h"
#include "fuzz/check/oracles.h"
#include "fuzz/exec/choosers.h"
#include "fuzz/schedule/schedule.h"

namespace nofail {

struct LiveMap {
  kernel_map* map;  // from map_alloc; null: the subject could not make it
  kernel_record* record;
  ObjectId id;
  MapSpec spec;         // without the fields that the subject does not have
  uint32_t references;  // including the one that the World holds
  bool ended;           // map_free has begun
};

struct LiveOwner {
  void* owner;
  ObjectId id;
  OwnerSpec spec;
  uint32_t references;  // including the one that the World holds
  bool ended;           // destroy has begun
  bool used;            // an op may have given the owner storage
  bool cloned_to;       // a clone to this owner is going on
  bool clone_failed;    // a clone to this owner has failed
};

class World {
 public:
  World(const struct subject& subject, Sim& sim);

  // Runs the schedule; `chooser` answers from the first set-up op to the end of the run. Both are borrowed.
  // REQUIRES: `schedule` is valid, and outlives view().
  void Run(const Schedule& schedule, Chooser* chooser);
  // The last run, for the oracles. Valid until the next run.
  RunView view() const;
  // The buffers of all tasks (value_buffer).
  std::span<const uint64_t> values() const { return {live_.values[0].data(), live_.values.size() * kValueWords}; }
  // The part of it that ops look at: which maps and owners live, and how many references there are.
  std::span<const char> counts() const { return {reinterpret_cast<const char*>(&live_), offsetof(Live, values)}; }
  // All memory of the World that a run changes, for who goes back in a run (core/kernel/sim/rewind.h).
  std::span<char> live() { return {reinterpret_cast<char*>(&live_), sizeof(live_)}; }

  // ---- For ops, in a task ------------------------------------------------------------------------------------------
  // The World whose run is under way.
  static World& Current();
  const struct subject& subject() const { return subject_; }
  Sim& sim() { return sim_; }
  LiveMap& map(uint8_t index) { return live_.maps[index]; }
  LiveOwner& owner(uint8_t index) { return live_.owners[index]; }
  // The buffer for the value that an op of the current task passes to the subject. Each task has one. It is not on the
  // task's stack, so that it outlives a task that is cut short.
  uint64_t* value_buffer() { return live_.values[sim_.current().task].data(); }
  // Notes, for the oracles, what is charged to the owner at the end of its destroy.
  void OwnerEnded(const LiveOwner& owner);

 private:
  static constexpr uint32_t kValueWords = kMaxValueBytes / 8 + 4;
  // What a run changes. It holds no memory of its own.
  struct Live {
    std::array<LiveMap, kMaxMaps> maps;
    std::array<LiveOwner, kMaxOwners> owners;
    std::array<std::array<uint64_t, kValueWords>, kEnd + 1> values;
    std::array<OwnerEnd, kMaxOwners> owner_ends;  // the first owner_end_count are valid
    uint32_t owner_end_count;
    bool fatal;
  };

  // Each runs one phase and returns false when a fatal fault ended the run.
  bool RunSetup();
  bool RunTasks();
  bool RunEnd();
  static void SetupBody(void* world);
  static void TaskBody(void* ops);
  static void EndBody(void* world);
  void MakeMap(uint8_t index);
  void MakeOwner(uint8_t index);

  const struct subject& subject_;
  Sim& sim_;
  const Schedule* schedule_ = nullptr;
  Chooser* chooser_ = nullptr;
  DefaultChooser default_chooser_;
  Live live_;
};

}  // namespace nofail
#endif  // NOFAIL_FUZZ_EXEC_WORLD_H_
