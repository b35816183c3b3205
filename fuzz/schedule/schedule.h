// SPDX-License-Identifier: MIT
//
// A Schedule: everything that determines one run, as plain data. A scenario (maps, owners, set-up, each task's ops,
// modes), a short list of departures from the default run, and at most one seeded policy for what they leave open.
//
// The empty list and no policy is the sequential, fault-free run. Knows nothing of the simulator.
// Two forms: bytes (codec.h; every byte string is a schedule) and text (text.h; what people read and write).
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
  uint8_t bytes = 8;   // plain value bytes: a multiple of 8, 8 to kMaxValueBytes
  uint8_t fields = 0;  // KERNEL_FIELD_*; uptr only for STORAGE_TASK, and then no spin_lock
  bool clone = false;  // F_CLONE; STORAGE_SK only
  auto operator<=>(const MapSpec&) const = default;
};

struct OwnerSpec {
  storage_type type = STORAGE_SK;  // that of one of the maps
  uint8_t bucket = 0;              // what its storage hashes to, before the bucket count is applied; 0 to kMaxBucket
  uint16_t optmem = 0;             // sk: the most it may be charged, in units of kOptmemUnit; 0: no bound
  auto operator<=>(const OwnerSpec&) const = default;
};

enum class OpKind : uint8_t {
  kUpdate,   // map, owner, flags (UPDATE_*); or sleepable, without flags: bpf_*_storage_get with F_CREATE
  kDelete,   // map, owner, sleepable
  kLookup,   // map, owner, sleepable, cache
  kKptr,     // map (with a kptr field), owner: a program looks the value up and exchanges its kptr
  kClone,    // owner (parent), other (another one, the child): sk
  kDump,     // owner: sk
  kDestroy,  // owner
  kMapFree,  // map
};
inline constexpr int kOpKinds = 8;
// The op that an OpBegin, OpEnd or OpSkip event is about.
inline OpKind OpKindOf(const Event& event) {
  return static_cast<OpKind>(event.op_kind());
}

struct Op {
  OpKind kind = OpKind::kUpdate;
  uint8_t map = 0;
  uint8_t owner = 0;
  uint8_t other = 0;       // kClone: the child
  uint8_t flags = 0;       // kUpdate: UPDATE_*; kLookup: 1 when it may insert into the cache
  bool sleepable = false;  // the program runs under rcu_read_lock_trace instead of rcu_read_lock
  auto operator<=>(const Op&) const = default;
};

enum class MemoryMode : uint8_t { kSc, kWeak };

struct Modes {
  LockMode locks = LockMode::kContended;
  MemoryMode memory = MemoryMode::kSc;
  bool preemptible_rcu = true;
  uint8_t cpus = 2;  // 1 to kMaxCpus; buckets are the next power of two, at least 2
  auto operator<=>(const Modes&) const = default;
};

// One departure from the default run. For kPreempt, `answer` is PackTarget of the task to run; answer 0 pins the
// default.
struct Deviation {
  OpRef where;
  ChoiceKind kind = ChoiceKind::kPreempt;
  uint16_t ordinal = 1;  // 1 to kMaxOrdinal
  uint16_t answer = 0;
  auto operator<=>(const Deviation&) const = default;
};

// Who answers what the deviations leave open in the tasks and callbacks (the set-up and the end take the default). The
// kinds differ in which task runs; what else may go either way departs from its default at a rate that each run draws.
// Versioned: the same version and seed give the same answers for ever.
enum class PolicyKind : uint8_t {
  kNone,     // the default answer
  kUniform,  // every task that could run is as likely
  kRate,     // another task than the default with probability 1/parameter
  kPct,      // priorities with `parameter` change points (Burckhardt et al., ASPLOS 2010)
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
  std::vector<Op> setup;               // at most kMaxSetupOps; run one after the other before the tasks start
  std::vector<std::vector<Op>> tasks;  // 1 to kMaxTasks, of 1 to kMaxOpsPerTask ops; they start in this order
  Modes modes;
  std::vector<Deviation> deviations;  // sorted, at most one per (where, kind, ordinal), at most kMaxDeviations
  Policy policy;
  bool operator==(const Schedule&) const = default;
};

// Makes any value of the type a valid schedule: bounds, references in range, types that fit, deviations sorted. What
// already is valid stays as it is.
void Normalize(Schedule* schedule);
// Empty when valid; otherwise what Normalize would have to change, for a person.
std::string Problem(const Schedule& schedule);

}  // namespace nofail
#endif  // NOFAIL_FUZZ_SCHEDULE_SCHEDULE_H_
