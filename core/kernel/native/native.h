// SPDX-License-Identifier: MIT
//
// The kernel contract (core/kernel/kernel.h) on real threads: what tests and benchmarks need to set up and to read.
//
// A thread is a CPU: it joins at its first kernel call and leaves when it ends. Nothing here is deterministic. What a
// subject does wrong is for the sanitizers to see, or for the counters; what the contract forbids ends the process
// with one line that begins with "nofail native:".
//
// Not modelled, and which way that errs: NMIs and queued rqspinlock waiters (towards silence); the number of warnings
// counts every one, not only the first of a site (towards noise).
#ifndef NOFAIL_CORE_KERNEL_NATIVE_NATIVE_H_
#define NOFAIL_CORE_KERNEL_NATIVE_NATIVE_H_

#include <array>
#include <chrono>
#include <cstdint>

#include "core/kernel/kernel.h"
#include "fuzz/base/object_kind.h"

namespace nofail::native {

struct Config {
  unsigned cpus = 2;
  bool preemptible_rcu = true;
  // How long an rqspinlock attempt waits for another holder, and from when on it looks for a cycle. The kernel's own.
  std::chrono::microseconds lock_timeout{250'000};
  std::chrono::microseconds deadlock_check{1'000};
  // How often, in a thousand, an rqspinlock attempt fails for no reason, -ETIMEDOUT and -EDEADLK in equal parts.
  uint32_t lock_failures = 0;
  // How often, in a thousand, kernel_need_resched says yes, and a scheduling point gives way to another thread.
  uint32_t reschedules = 60;
  uint32_t yields = 0;
  // How long a thread may poll with cpu_relax before `on_soft_lockup` is called; without one, the process ends.
  std::chrono::milliseconds soft_lockup{10'000};
  void (*on_soft_lockup)(kernel_site site) = nullptr;
  uint64_t seed = 1;
};

// REQUIRES: no other thread is in a kernel call, and Drain was called after the last of them.
void Configure(const Config& config);

// What lives now, and what happened since the process started. Exact only when nothing runs, after Drain.
struct Counters {
  std::array<int64_t, kObjectKinds> objects{};  // by kernel_object_kind
  int64_t resources = 0;                        // kptrs and uptrs
  int64_t records = 0;
  int64_t warnings = 0;
  int64_t refcount_warnings = 0;
  int64_t timeouts = 0;  // of rqspinlocks, injected ones included
  int64_t deadlocks = 0;
};
Counters Count();

// Waits until every callback and every kfree_rcu handed over so far is done, and those that they handed over.
// REQUIRES: the caller stands in no reader section.
void Drain();

// This thread's next object of kind STORAGE gets this number as its hash (kernel_hash_ptr).
void SetHash(uint32_t hash);

// ---- Records and special fields (core/kernel/value.h)
// ---------------------------------------------------------------- A map's record, with one reference to the map.
// REQUIRES: bytes is a multiple of 8.
kernel_record* NewRecord(uint32_t bytes, unsigned fields);
// The references: kernel_map_put for someone who has no map at hand, and whether any is left.
bool GetMap(kernel_record* record);
void PutMap(kernel_record* record);
bool MapInUse(const kernel_record* record);
// The kernel frees the record, after its map.
void EndRecord(kernel_record* record);

// A new resource, as a program's kptr or a pinned user page. It is an address: sanitizers see what happens to it.
uint64_t NewResource();
// Gives it back; 0 does nothing.
void ReleaseResource(uint64_t resource);
// bpf_kptr_xchg: puts `resource` into the slot and releases what was there.
void ExchangeKptr(uint64_t* slot, uint64_t resource);

}  // namespace nofail::native
#endif  // NOFAIL_CORE_KERNEL_NATIVE_NATIVE_H_
