// SPDX-License-Identifier: MIT
#include "core/kernel/native/task.h"

#include <cstdio>
#include <cstdlib>
#include <thread>

namespace nofail::native {

using std::memory_order_relaxed;

Slot slots[kMaxThreads];
thread_local Local local;
Config config;
Totals totals;

namespace {
std::atomic<uint64_t> threads_so_far;

unsigned TakeSlot() {
  for (unsigned i = 0; i < kMaxThreads; ++i) {
    if (!slots[i].taken.exchange(true, memory_order_relaxed)) return i;
  }
  Panic("more threads than kMaxThreads (core/kernel/native/task.h) make kernel calls at a time", KERNEL_HERE);
}

uint64_t SplitMix64(uint64_t x) {
  x += 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}
}  // namespace

Local::Local()
    : slot(TakeSlot()), random(SplitMix64(config.seed + threads_so_far.fetch_add(1, memory_order_relaxed))) {}
Local::~Local() {
  slots[slot].taken.store(false, memory_order_relaxed);
}

bool Chance(uint32_t per_mille) {
  if (per_mille == 0) return false;
  local.random = SplitMix64(local.random);
  return local.random % 1000 < per_mille;
}

void Point() {
  if (Chance(config.yields)) std::this_thread::yield();
}

void Panic(const char* what, kernel_site site) {
  std::fprintf(stderr, "nofail native: %s, at %s:%u (%s)\n", what, site.file, site.line, site.function);
  std::abort();
}

void Configure(const Config& c) {
  config = c;
}

Counters Count() {
  Counters counters;
  for (int i = 0; i < kObjectKinds; ++i) counters.objects[i] = totals.objects[i].load(memory_order_relaxed);
  counters.resources = totals.resources.load(memory_order_relaxed);
  counters.records = totals.records.load(memory_order_relaxed);
  counters.warnings = totals.warnings.load(memory_order_relaxed);
  counters.refcount_warnings = totals.refcount_warnings.load(memory_order_relaxed);
  counters.timeouts = totals.timeouts.load(memory_order_relaxed);
  counters.deadlocks = totals.deadlocks.load(memory_order_relaxed);
  return counters;
}

void SetHash(uint32_t hash) {
  local.hash = hash;
}

}  // namespace nofail::native

using namespace nofail::native;

void kernel_cpu_relax(kernel_site site) {
  const auto now = std::chrono::steady_clock::now();
  if (local.polling_since == std::chrono::steady_clock::time_point{}) local.polling_since = now;
  if (now - local.polling_since > config.soft_lockup) {
    if (config.on_soft_lockup != nullptr) config.on_soft_lockup(site);
    Panic("soft lockup: a task polls for something that does not happen", site);
  }
  std::this_thread::yield();
}

bool kernel_need_resched(kernel_site) {
  return Chance(config.reschedules);
}

void kernel_cond_resched_rcu(kernel_site site) {
  if (!config.preemptible_rcu) kernel_rcu_read_unlock(KERNEL_RCU, site);
  std::this_thread::yield();
  if (!config.preemptible_rcu) kernel_rcu_read_lock(KERNEL_RCU, site);
}

static_assert(kMaxThreads <= KERNEL_MAX_CPUS, "a thread is a CPU");
unsigned kernel_cpu() {
  return local.slot;
}

unsigned kernel_num_possible_cpus() {
  return config.cpus;
}

bool kernel_warn_on_once(bool condition, const char*, kernel_site) {
  if (condition) Add(totals.warnings, 1);
  return condition;
}

void kernel_refcount_warn(const volatile void*, kernel_refcount_saturation, kernel_site) {
  Add(totals.refcount_warnings, 1);
}
