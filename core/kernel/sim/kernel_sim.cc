// SPDX-License-Identifier: MIT
//
// core/kernel/kernel.h on the simulated machine: each function calls the part of the machine that stands for it.
#include "core/kernel/kernel.h"
#include "core/kernel/sim/machine.h"
#include "core/kernel/sim/sanitizer.h"

using nofail::ChoiceKind;
using nofail::EventKind;
using nofail::Fault;
using nofail::Heap;
using nofail::machine;
using nofail::Machine;

// Each function that announces a marked access also notes where it was called.
static Machine& MachineAtMarkedAccess([[maybe_unused]] const void* caller) {
  Machine& m = machine();
  if constexpr (nofail::kAccessesSeen) m.scheduler.current().marked_pc = reinterpret_cast<uintptr_t>(caller);
  return m;
}

uint64_t kernel_load(const volatile void* address, unsigned size, kernel_order order, kernel_site site) {
  return MachineAtMarkedAccess(__builtin_return_address(0)).memory.Load(address, size, order, site);
}
void kernel_store(volatile void* address, unsigned size, uint64_t value, kernel_order order, kernel_site site) {
  MachineAtMarkedAccess(__builtin_return_address(0)).memory.Store(address, size, value, order, site);
}
void kernel_rmw(volatile void* address, unsigned size, kernel_order order, kernel_site site) {
  MachineAtMarkedAccess(__builtin_return_address(0)).memory.Rmw(address, size, order, site);
}
void kernel_rmw_done(volatile void* address, unsigned size, uint64_t old_value, uint64_t new_value, bool wrote) {
  machine().memory.RmwDone(address, size, old_value, new_value, wrote);
}
void kernel_fence(kernel_order order, kernel_site site) {
  machine().memory.Fence(order, site);
}
void kernel_check_bytes(const void* address, size_t size, kernel_site site) {
  machine().memory.Tell(address, size, false);
  machine().heap.Check(address, size, site);
}

int kernel_rqspin_lock(kernel_rqspinlock* lock, kernel_site site) {
  return machine().locks.Acquire(lock, site);
}
void kernel_rqspin_unlock(kernel_rqspinlock* lock, kernel_site site) {
  machine().locks.Release(lock, site);
}
void kernel_spin_lock(kernel_spinlock* lock, kernel_site site) {
  machine().locks.AcquireSpin(lock, site);
}
bool kernel_spin_trylock(kernel_spinlock* lock, kernel_site site) {
  return machine().locks.TryAcquireSpin(lock, site);
}
void kernel_spin_unlock(kernel_spinlock* lock, kernel_site site) {
  machine().locks.ReleaseSpin(lock, site);
}

bool kernel_lock_held(const volatile void* lock) {
  const nofail::Task& task = machine().scheduler.current();
  for (uint8_t i = 0; i < task.held_count; ++i) {
    if (task.held[i] == lock) return true;
  }
  return false;
}

void kernel_rcu_read_lock(kernel_rcu_flavour flavour, kernel_site site) {
  machine().rcu.ReadLock(flavour, site);
}
void kernel_rcu_read_unlock(kernel_rcu_flavour flavour, kernel_site site) {
  machine().rcu.ReadUnlock(flavour, site);
}
bool kernel_rcu_read_lock_held(kernel_rcu_flavour flavour) {
  return machine().scheduler.current().nesting[flavour] != 0;
}
void kernel_call_rcu(kernel_rcu_flavour flavour, kernel_rcu_head* head, void (*callback)(kernel_rcu_head*),
                     kernel_site site) {
  machine().rcu.Call(flavour, head, callback, site);
}
void kernel_kfree_rcu(void* object, kernel_site site) {
  machine().rcu.KfreeRcu(object, site);
}
void kernel_synchronize_rcu(kernel_site site) {
  machine().rcu.Synchronize(KERNEL_RCU, site);
}
void kernel_synchronize_rcu_tasks_trace(kernel_site site) {
  machine().rcu.Synchronize(KERNEL_RCU_TASKS_TRACE, site);
}
void kernel_rcu_barrier(kernel_rcu_flavour flavour, kernel_site site) {
  machine().rcu.Barrier(flavour, site);
}
uint64_t kernel_start_poll_rcu(kernel_site site) {
  return machine().rcu.StartPoll(site);
}
bool kernel_poll_rcu(uint64_t number, kernel_site site) {
  return machine().rcu.Poll(number, site);
}

bool kernel_queue_work(kernel_work* work, kernel_work_context context, kernel_site site) {
  return machine().work.Queue(work, context, site);
}
bool kernel_cancel_work(kernel_work* work, kernel_site site) {
  return machine().work.Cancel(work, site);
}
void kernel_flush_work(kernel_work* work, kernel_work_context context, kernel_site site) {
  machine().work.Flush(work, context, site);
}

void kernel_might_sleep(kernel_site site) {
  machine().rcu.CheckMaySleep(site);
}
void kernel_cpu_relax(kernel_site site) {
  Machine& m = machine();
  m.Emit(EventKind::kRelax, 0, 0, 0, 0, site);
  m.scheduler.Relax();
}
bool kernel_need_resched(kernel_site site) {
  Machine& m = machine();
  m.scheduler.Point();
  // Once rescheduling is due, it stays due until the task is scheduled. In an RCU section that cannot be preempted, the
  // task is not scheduled before it leaves the section itself.
  nofail::Task& task = m.scheduler.current();
  const bool due = task.resched_due || m.scheduler.Choose(ChoiceKind::kResched, 2) != 0;
  task.resched_due = due && !m.config.preemptible_rcu && task.nesting[KERNEL_RCU] != 0;
  m.Emit(EventKind::kNeedResched, 0, 0, 0, due, site);
  return due;
}
void kernel_cond_resched_rcu(kernel_site site) {
  Machine& m = machine();
  if (m.config.preemptible_rcu) return m.scheduler.Point();
  m.rcu.ReadUnlock(KERNEL_RCU, site);
  m.scheduler.Point();
  m.rcu.ReadLock(KERNEL_RCU, site);
}

void* kernel_alloc(kernel_object_kind kind, size_t size, kernel_site site) {
  Machine& m = machine();
  m.scheduler.Point();
  if (m.scheduler.Choose(ChoiceKind::kAlloc, 2) != 0) {
    m.Emit(EventKind::kAlloc, static_cast<uint8_t>(kind), 0, 0, size, site);
    return nullptr;
  }
  return m.heap.Alloc(kind, size, site);
}
void kernel_free(void* object, kernel_site site) {
  Machine& m = machine();
  m.scheduler.Point();
  if (object != nullptr) m.heap.Free(object, site);
}
static_assert(KERNEL_MAX_CPUS == nofail::kMaxFibers, "a task is a CPU");
unsigned kernel_cpu() {
  nofail::Scheduler& scheduler = machine().scheduler;
  if (!scheduler.InTask()) return 0;
  scheduler.current().knows_cpu = true;
  return scheduler.SlotOf(scheduler.current());
}
unsigned kernel_num_possible_cpus() {
  return machine().config.cpus;
}
uint32_t kernel_hash_ptr(const void* object, unsigned bits) {
  return machine().heap.Hash(object) & ((uint32_t{1} << bits) - 1);
}

void kernel_obj_free_fields(kernel_record* record, void* data, kernel_site site) {
  machine().ledger.FreeFields(record, data, site);
}
bool kernel_record_has(const kernel_record* record, unsigned fields) {
  machine().memory.Tell(&record->alive, sizeof(record->alive), false);
  if (!record->alive) machine().Report(Fault::kRecordDead, 0, 0, {}, record->spec.map_id);
  return (record->spec.fields & fields) != 0;
}
void kernel_obj_swap_uptrs(kernel_record* record, void* data, void* source, kernel_site site) {
  machine().ledger.SwapUptrs(record, data, source, site);
}

void kernel_refcount_warn(const volatile void* refcount, kernel_refcount_saturation what, kernel_site site) {
  static constexpr Fault kFaults[] = {Fault::kRefcountAddOnZero, Fault::kRefcountOverflow, Fault::kRefcountUnderflow,
                                      Fault::kRefcountDecToZero};
  Machine& m = machine();
  Heap::Location location = m.heap.Find(refcount);
  m.Report(kFaults[what], location.object, location.offset, site);
}

bool kernel_warn_on_once(bool condition, const char*, kernel_site site) {
  if (!condition) return false;
  Machine& m = machine();
  for (uint32_t i = 0; i < m.warned_count; ++i) {
    if (m.warned[i].line == site.line && m.warned[i].file == site.file) return true;
  }
  if (m.warned_count < Machine::kMaxWarnings) m.warned[m.warned_count++] = site;
  m.Emit(EventKind::kWarning, 0, 0, 0, 0, site);
  return true;
}
