// SPDX-License-Identifier: MIT
//
// The kernel contract (core/kernel/kernel.h) on real threads. This header has what tests and benchmarks need to set up
// a run and to read its results.
//
// A thread stands for a CPU: it joins with its first kernel call and leaves when it ends. Nothing here is
// deterministic. Errors of the subject are seen by the sanitizers or in the counters. A call that the contract forbids
// ends the process with one line that begins with "nofail native:", wherever this library notices such a call.
//
// Not modelled:
//   - NMIs: errs towards silence.
//   - The queue of tasks that wait for an rqspinlock: errs towards silence.
//   - Callbacks on several CPUs. All callbacks of one RCU flavour run on one thread, one after the other: errs towards
//     silence.
//   - That WARN_ON_ONCE warns once for each site. The number of warnings counts every one: errs towards reporting.
#ifndef NOFAIL_CORE_KERNEL_NATIVE_NATIVE_H_
#define NOFAIL_CORE_KERNEL_NATIVE_NATIVE_H_

#include <array>
#include <chrono>
#include <cstdint>

#include "core/kernel/kernel.h"
#include "fuzz/base/object_kind.h"

namespace nofail::native {

struct Config {
  unsigned cpus = 2;            // the answer of kernel_num_possible_cpus
  bool preemptible_rcu = true;  // whether kernel_cond_resched_rcu stays in its section
  // How long an rqspinlock attempt waits for another holder before it returns -ETIMEDOUT, and how long it waits before
  // it looks for a cycle. Both are the kernel's values.
  std::chrono::microseconds lock_timeout{250'000};
  std::chrono::microseconds deadlock_check{1'000};
  // How many of 1000 rqspinlock attempts fail for no reason: half of these return -ETIMEDOUT, half -EDEADLK.
  uint32_t lock_failures = 0;
  // How many of 1000 calls of kernel_need_resched return true.
  uint32_t reschedules = 60;
  // How many of 1000 scheduling points yield to another thread.
  uint32_t yields = 0;
  // How long a thread may poll with cpu_relax. After that, `on_soft_lockup` is called if it is not null, and then the
  // process ends if the function returns. The time starts again when the thread attempts an rqspinlock or leaves a
  // reader section.
  std::chrono::milliseconds soft_lockup{10'000};
  void (*on_soft_lockup)(kernel_site site) = nullptr;
  uint64_t seed = 1;  // of the random numbers; a thread that is already running keeps its own
};

// Changes the configuration.
// REQUIRES: no other thread is in a kernel call, and Drain was called after the last kernel call.
void Configure(const Config& config);

// What lives now, and what has happened since the process started. The counts are exact only after Drain, while no
// thread is in a kernel call.
struct Counters {
  // What lives now.
  std::array<int64_t, kObjectKinds> objects{};  // by kernel_object_kind
  int64_t resources = 0;                        // of kptrs and uptrs
  int64_t records = 0;
  // What has happened. The failures of rqspinlocks include those that Config::lock_failures injects.
  int64_t warnings = 0;           // of kernel_warn_on_once
  int64_t refcount_warnings = 0;  // of kernel_refcount_warn
  int64_t timeouts = 0;           // rqspinlock attempts that returned -ETIMEDOUT
  int64_t deadlocks = 0;          // rqspinlock attempts that returned -EDEADLK
};
Counters Count();

// Waits until every callback and every kfree_rcu that was handed over so far is done, and also those that these handed
// over. REQUIRES: the caller is in no reader section.
void Drain();

// Sets the hash (kernel_hash_ptr) of the objects of kind STORAGE that this thread allocates from now on. Objects of
// other kinds, selems included, are numbered instead.
void SetHash(uint32_t hash);

// ---- Records and special fields (core/kernel/value.h) ----

// Makes a map's record, which counts one reference to the map. The caller owns it until EndRecord.
// REQUIRES: `bytes` is a multiple of 8.
kernel_record* NewRecord(uint32_t bytes, unsigned fields);
// kernel_map_inc_not_zero and kernel_map_put, for a caller that has the record but not the map.
bool GetMap(kernel_record* record);
void PutMap(kernel_record* record);
// Whether any reference to the map is left.
bool MapInUse(const kernel_record* record);
// Frees the record, as the kernel does after it has freed the map.
void EndRecord(kernel_record* record);

// Makes a resource, as a program's kptr or a pinned user page. Its number is the address of a heap object, so that
// sanitizers see a leak or a double release.
uint64_t NewResource();
// Gives the resource back; 0 does nothing.
void ReleaseResource(uint64_t resource);
// bpf_kptr_xchg: puts `resource` into the slot and releases what the slot held.
void ExchangeKptr(uint64_t* slot, uint64_t resource);

}  // namespace nofail::native
#endif  // NOFAIL_CORE_KERNEL_NATIVE_NATIVE_H_
