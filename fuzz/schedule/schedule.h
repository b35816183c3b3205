// SPDX-License-Identifier: MIT
//
// A Schedule: everything that determines one run, as plain data. It has three parts:
//   - The scenario: maps, owners, the ops of the set-up and of each task, and modes.
//   - The deviations: a list of answers that differ from the default answer.
//   - At most one seeded policy, which answers every choice that no deviation answers.
// With no deviation and no policy, the tasks run one after the other and nothing fails.
//
// A schedule has two other forms: bytes (codec.h), which fuzzers mutate, and text (text.h), which people read and
// write. This header knows nothing of the simulator.
#ifndef NOFAIL_FUZZ_SCHEDULE_SCHEDULE_H_
#define NOFAIL_FUZZ_SCHEDULE_SCHEDULE_H_

#include <compare>
#include <cstdint>
#include <string>
#include <vector>

#include "core/kernel/trace/ids.h"
#include "core/kernel/trace/trace.h"
#include "core/subjects/subject.h"
#include "fuzz/base/limits.h"

namespace nofail {

struct MapSpec {
  storage_type type = STORAGE_SK;
  uint8_t bytes = 8;   // of a value without its special fields: a multiple of 8, from 8 to kMaxValueBytes
  uint8_t fields = 0;  // KERNEL_FIELD_* bits; uptr only for STORAGE_TASK, and then no spin_lock
  bool clone = false;  // BPF_F_CLONE; STORAGE_SK only
  auto operator<=>(const MapSpec&) const = default;
};

struct OwnerSpec {
  storage_type type = STORAGE_SK;  // the type of at least one of the maps
  // The hash of the owner's storage and elements, from 0 to kMaxBucket. The bucket is this hash reduced to the number
  // of buckets of the map.
  uint8_t bucket = 0;
  // The most memory that may be charged to an sk, in units of kOptmemUnit bytes. 0: no bound. 0 for all other types.
  uint16_t optmem = 0;
  auto operator<=>(const OwnerSpec&) const = default;
};

// The kinds of op, each with the members of Op that it uses. The members that it does not use are 0.
enum class OpKind : uint8_t {
  kUpdate,   // map, owner, flags (UPDATE_*). Or map, owner, sleepable: bpf_*_storage_get with F_CREATE
  kDelete,   // map, owner, sleepable
  kLookup,   // map, owner, sleepable, flags (1: the lookup may insert into the cache)
  kKptr,     // map (with a kptr field), owner: a program looks the value up and exchanges its kptr
  kClone,    // owner (the parent), other (the child): two different sks
  kDump,     // owner (an sk): socket diag
  kDestroy,  // owner
  kMapFree,  // map
};
inline constexpr int kOpKinds = 8;
// The kind of the op that an OpBegin, OpEnd or OpSkip event is about.
inline OpKind OpKindOf(const Event& event) {
  return static_cast<OpKind>(event.op_kind());
}

struct Op {
  OpKind kind = OpKind::kUpdate;
  uint8_t map = 0;         // index into Schedule::maps
  uint8_t owner = 0;       // index into Schedule::owners
  uint8_t other = 0;       // kClone: the child, an index into Schedule::owners
  uint8_t flags = 0;       // kUpdate: UPDATE_*; kLookup: 1 when it may insert into the cache
  bool sleepable = false;  // the program runs under rcu_read_lock_trace instead of rcu_read_lock
  auto operator<=>(const Op&) const = default;
};

// What a marked load may see: the last store (sequential consistency), or also an older one.
enum class MemoryMode : uint8_t { kSc, kWeak };

struct Modes {
  LockMode locks = LockMode::kContended;
  MemoryMode memory = MemoryMode::kSc;
  bool preemptible_rcu = true;
  uint8_t cpus = 2;  // 1 to kMaxCpus; a map has as many buckets as the next power of two, but at least 2
  auto operator<=>(const Modes&) const = default;
};

// The answer to one choice: the `ordinal`-th choice of the kind `kind` within the op `where`. For kPreempt, `answer` is
// PackTarget of the task to run. Answer 0 pins the default, whatever the policy would answer.
struct Deviation {
  OpRef where;
  ChoiceKind kind = ChoiceKind::kPreempt;
  uint16_t ordinal = 1;  // counted from 1, to kMaxOrdinal
  uint16_t answer = 0;
  auto operator<=>(const Deviation&) const = default;
};

// Policies answer the choices in tasks and callbacks that no deviation answers. In the set-up and the end, such choices
// get the default answer. The kinds of policy differ in how they answer kPreempt choices. With any kind but kNone,
// every other kind of choice departs from its default at a rate that the policy draws for each run.
// GUARANTEES: the same version (Rng::kVersion) and seed give the same answers for ever.
enum class PolicyKind : uint8_t {
  kNone,     // the default answer to everything
  kUniform,  // each task that could run is equally likely
  kRate,     // with probability 1/parameter, another task than the default one
  kPct,      // random priorities with `parameter` change points (Burckhardt et al., ASPLOS 2010)
};
struct Policy {
  PolicyKind kind = PolicyKind::kNone;
  uint8_t parameter = 0;  // kRate: kMinRate to kMaxRate; kPct: 1 to kMaxPctDepth; otherwise 0
  uint32_t seed = 0;      // 0 when kind is kNone
  auto operator<=>(const Policy&) const = default;
};

struct Schedule {
  std::vector<MapSpec> maps;           // 1 to kMaxMaps
  std::vector<OwnerSpec> owners;       // 1 to kMaxOwners
  std::vector<Op> setup;               // at most kMaxSetupOps ops, which run one by one before the tasks start
  std::vector<std::vector<Op>> tasks;  // 1 to kMaxTasks, each of 1 to kMaxOpsPerTask ops; they start in this order
  Modes modes;
  std::vector<Deviation> deviations;  // at most kMaxDeviations, sorted, at most one for each (where, kind, ordinal)
  Policy policy;
  bool operator==(const Schedule&) const = default;
};

// Makes any value of the type a valid schedule. Cuts lists to their bounds, brings indices and numbers into range,
// makes the types of owners, maps and ops fit, and sorts the deviations. A valid schedule stays as it is.
void Normalize(Schedule* schedule);
// Returns "" when the schedule is valid. Otherwise returns, for a person, the first thing that Normalize would change.
std::string Problem(const Schedule& schedule);

}  // namespace nofail
#endif  // NOFAIL_FUZZ_SCHEDULE_SCHEDULE_H_
