// SPDX-License-Identifier: MIT
//
// The World: one kernel, one subject and the live maps and owners of one run. Reused from run to run; it allocates
// nothing once warm.
//
// A run has three phases, each of which ends when its tasks and every callback have ended: the set-up (makes maps and
// owners, then performs the schedule's set-up ops), the tasks A to D, and the end, which destroys what owners are left
// and then frees what maps are left. Making maps and owners asks no questions of the chooser: it always succeeds.
//
// The usage contract: what reference counts, RCU and the verifier guarantee to the real code. The ops keep it, so that
// a schedule cannot report misuse of the subject as its bug. Other comments cite the rules by number.
//   1. An op that uses a map or an owner holds a reference to it from its first step until its reader section has
//      ended; but for rule 4.
//   2. map_free and destroy begin by dropping the reference that the world holds, and wait until the last one is gone.
//      An op that comes to its turn after that is skipped.
//   3. A map's ops use owners of the map's storage type. Clone and dump are for sk.
//   4. A program that looks up an inode's value inside rcu_read_lock holds no reference to the inode: a path walk does
//      not. It may begin before destroy does and then overlap it. (Sleepable programs are not called from a path walk.)
//      Whoever looks up an sk's value there holds its reference only until it has the value, as
//      bpf_fd_sk_storage_lookup_elem does and a program that releases its sk: then RCU alone protects what it reads. So
//      it is with cgroups, and with tasks found by pid; but these are destroyed after a grace period, which a reference
//      to the section's end amounts to. (Not modelled: a sleepable program that releases its owner and goes on. Errs
//      towards silence.)
//   5. An inode's memory goes after an RCU grace period, any other owner's right after its destroy.
//   6. A cgroup's destroy is called after a grace period that begins when its last reference is gone.
//   7. The child of a clone is new: no op has given it storage, no other op uses it while it is cloned to, and who uses
//      it later has got it from who cloned to it, in order. The parent is referenced. When the clone fails, the child
//      is good for nothing but destroy.
//   8. A clone gets a reference to a map (kernel_map_inc_not_zero) as long as there is one, also while map_free waits.
//   9. A looked-up value is used until the reader section ends.
//  10. Whoever passes a uptr to an update releases it if the update did not take it.
//  11. A map's record is freed after its map_free has returned.
#ifndef NOFAIL_FUZZ_EXEC_WORLD_H_
#define NOFAIL_FUZZ_EXEC_WORLD_H_

#include <array>
#include <cstdint>
#include <vector>

#include "core/kernel/sim/sim.h"
#include "core/subjects/subject.h"
#include "fuzz/base/limits.h"
#include "fuzz/check/oracles.h"
#include "fuzz/exec/choosers.h"
#include "fuzz/schedule/schedule.h"

namespace nofail {

struct LiveMap {
  kernel_map* map;
  kernel_record* record;
  ObjectId id;
  MapSpec spec;
  uint32_t references;  // the world's is one of them
  bool ended;           // map_free has begun
};

struct LiveOwner {
  void* owner;
  ObjectId id;
  OwnerSpec spec;
  uint32_t references;  // the world's is one of them
  bool ended;           // destroy has begun
  bool used;            // an op may have given it storage
  bool cloned_to;       // a clone is at it right now
  bool clone_failed;
};

class World {
 public:
  World(const struct subject& subject, Sim& sim);

  // REQUIRES: `schedule` is valid, and outlives view().
  void Run(const Schedule& schedule, Chooser* chooser);
  // The last run, for the oracles. Valid until the next one.
  RunView view() const;

  // ---- For ops, in a task ------------------------------------------------------------------------------------------
  // The world whose run this is.
  static World& Current();
  const struct subject& subject() const { return subject_; }
  Sim& sim() { return sim_; }
  LiveMap& map(uint8_t index) { return maps_[index]; }
  LiveOwner& owner(uint8_t index) { return owners_[index]; }
  // Room for the value that the current task's op passes; not on its stack, so that it outlives a cut-short task.
  uint64_t* value_buffer() { return values_[sim_.current().task].data(); }
  void OwnerEnded(const LiveOwner& owner);

 private:
  static constexpr uint32_t kValueWords = kMaxValueBytes / 8 + 4;

  // Runs one phase; false when a fatal fault ended the run.
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
  std::array<LiveMap, kMaxMaps> maps_;
  std::array<LiveOwner, kMaxOwners> owners_;
  std::array<std::array<uint64_t, kValueWords>, kEnd + 1> values_;
  std::vector<OwnerEnd> owner_ends_;
  bool fatal_ = false;
};

}  // namespace nofail
#endif  // NOFAIL_FUZZ_EXEC_WORLD_H_
