// SPDX-License-Identifier: MIT
//
// Every bound of the suite, and what must hold between the bounds.
#ifndef NOFAIL_FUZZ_BASE_LIMITS_H_
#define NOFAIL_FUZZ_BASE_LIMITS_H_

#include <cstddef>
#include <cstdint>

namespace nofail {

// A schedule.
inline constexpr uint32_t kMaxMaps = 4;
inline constexpr uint32_t kMaxOwners = 6;
inline constexpr uint32_t kMaxTasks = 4;  // A, B, C, D
inline constexpr uint32_t kMaxSetupOps = 24;
inline constexpr uint32_t kMaxOpsPerTask = 16;
inline constexpr uint32_t kMaxDeviations = 512;
inline constexpr uint32_t kMaxOrdinal = 4095;   // of a choice within its op
inline constexpr uint32_t kMaxValueBytes = 64;  // bytes of a map's value without its special fields
inline constexpr uint32_t kMaxCpus = 8;
inline constexpr uint32_t kMaxBucket = 7;    // an owner's hash, before it is reduced to the number of buckets
inline constexpr uint32_t kOptmemUnit = 64;  // bytes; OwnerSpec::optmem counts in this unit
inline constexpr uint32_t kMaxEndOps = kMaxOwners + kMaxMaps;  // the end tears down each owner and map once
inline constexpr uint32_t kMaxAnswer = 15;                     // to a choice that is answered with a number
inline constexpr uint32_t kMinRate = 2;  // policy `rate`: one answer in this many departs from the default
inline constexpr uint32_t kMaxRate = 64;
inline constexpr uint32_t kMaxPctDepth = 8;       // change points of policy `pct`
inline constexpr size_t kMaxInputBytes = 4096;    // of a fuzz input; later bytes are ignored
inline constexpr size_t kMaxTextBytes = 1 << 20;  // of a .sched file

// One run.
inline constexpr uint32_t kMaxEvents = 1 << 16;  // a run that comes near it gets the violation `runaway`
inline constexpr uint32_t kMaxObjects = 1024;
inline constexpr uint32_t kMaxObjectsPerKind = 256;
inline constexpr uint32_t kMaxCallbacks = 250;   // RCU callbacks, each of which is a task
inline constexpr uint32_t kMaxHeldLocks = 8;     // by one task at a time
inline constexpr uint32_t kMaxFibers = 64;       // unfinished tasks and callbacks at a time
inline constexpr size_t kStackBytes = 64 << 10;  // of one fiber
inline constexpr size_t kArenaBytes = 1 << 20;   // of the simulated heap
inline constexpr size_t kArenaGranule = 64;      // bytes; an object takes a whole number of granules

// A map is two objects (the map and its buckets), and an owner is one. An op allocates at most an selem for each map
// and a storage, which is what a clone does.
static_assert(kMaxMaps * 2 + kMaxOwners + (kMaxSetupOps + kMaxTasks * kMaxOpsPerTask) * (kMaxMaps + 1) <= kMaxObjects);
static_assert(kMaxObjectsPerKind <= 256, "an object's number fits a byte (ids.h)");
static_assert(kArenaBytes / kArenaGranule >= kMaxObjects * 8, "an object and its redzone fit 8 granules on average");

}  // namespace nofail
#endif  // NOFAIL_FUZZ_BASE_LIMITS_H_
