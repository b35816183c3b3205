// SPDX-License-Identifier: MIT
#include "core/kernel/sim/memory.h"

#include "core/kernel/sim/machine.h"
#include "core/kernel/sim/sanitizer.h"
#include "fuzz/base/harness_bug.h"

// Where the program's variables begin and end. The linker and the C library's start files define it.
extern "C" {
extern const char __data_start[];
extern const char _end[];
}

namespace nofail {

namespace {

uint64_t Read(const volatile void* address, unsigned size) {
  switch (size) {
    case 1:
      return *static_cast<const volatile uint8_t*>(address);
    case 2:
      return *static_cast<const volatile uint16_t*>(address);
    case 4:
      return *static_cast<const volatile uint32_t*>(address);
    case 8:
      return *static_cast<const volatile uint64_t*>(address);
  }
  HarnessBug("a marked access is 1, 2, 4 or 8 bytes");
}

// Whether the task may follow a pointer that RCU protects: in a reader section, under a lock, or in a callback, which
// runs after a grace period. Also true when the fault was reported for this op already.
bool MayDereference(const Task& task) {
  return task.InSection() || task.held_count != 0 || task.in_callback || task.rcu_reported;
}

}  // namespace

bool IsStaticVariable(uint64_t address) {
  return reinterpret_cast<uint64_t>(__data_start) <= address && address < reinterpret_cast<uint64_t>(_end);
}

uint64_t Memory::Load(const volatile void* address, unsigned size, kernel_order order, kernel_site site) {
  machine_.scheduler.Point();
  Heap::Location location = machine_.heap.Check(address, size, site);
  Task& task = machine_.scheduler.current();
  if (order == KERNEL_DEPENDENCY && !MayDereference(task)) [[unlikely]] {
    task.rcu_reported = true;
    machine_.Report(Fault::kRcuNotHeld, location.object, location.offset, site);
  }
  if constexpr (kThreadSanitizer) {
    if (order == KERNEL_ONCE) task.recent_loads[task.recent_load_count++ % Task::kRecentLoads] = address;
  }
  uint64_t value = Read(address, size);
  // A task that reaches an object under a lock uses the object only until it releases the lock, so only an object that
  // is reached without a lock counts as held by the section.
  if (order == KERNEL_DEPENDENCY && task.InSection() && task.held_count == 0) {
    task.Touch(machine_.heap.Find(reinterpret_cast<const volatile void*>(value)).object);
  }
  machine_.Emit(EventKind::kLoad, order, location.object, location.offset, machine_.heap.Normalize(value), site);
  if constexpr (kAccessesSeen) machine_.races.Load(address, size, order, machine_.trace.size() - 1);
  return value;
}

void Memory::Store(volatile void* address, unsigned size, uint64_t value, kernel_order order, kernel_site site) {
  machine_.scheduler.Point();
  Heap::Location location = machine_.heap.Check(address, size, site);
  machine_.Emit(EventKind::kStore, order, location.object, location.offset, machine_.heap.Normalize(value), site);
  if constexpr (kAccessesSeen) machine_.races.Store(address, size, order, machine_.trace.size() - 1);
  machine_.scheduler.Stored();
}

void Memory::Rmw(volatile void* address, unsigned size, kernel_order order, kernel_site site) {
  machine_.scheduler.Point();
  Heap::Location location = machine_.heap.Check(address, size, site);
  Task& task = machine_.scheduler.current();
  task.rmw_object = location.object;
  task.rmw_offset = location.offset;
  task.rmw_order = order;
  task.rmw_site = site;
}

void Memory::RmwDone([[maybe_unused]] const volatile void* address, [[maybe_unused]] unsigned size, uint64_t old_value,
                     uint64_t new_value, bool wrote) {
  const Task& task = machine_.scheduler.current();
  uint64_t value = machine_.heap.Normalize(wrote ? new_value : old_value);
  machine_.Emit(EventKind::kRmw, wrote ? task.rmw_order : KERNEL_ONCE, task.rmw_object, task.rmw_offset, value,
                task.rmw_site);
  machine_.Emit(EventKind::kRmwOld, wrote, task.rmw_object, task.rmw_offset, machine_.heap.Normalize(old_value),
                task.rmw_site);
  if constexpr (kAccessesSeen) {
    machine_.races.Rmw(address, size, task.rmw_order, wrote, machine_.trace.size() - 2);
  }
  if (wrote) machine_.scheduler.Stored();
}

void Memory::Fence(kernel_order order, kernel_site site) {
  machine_.scheduler.Point();
  machine_.Emit(EventKind::kFence, order, 0, 0, 0, site);
  if constexpr (kAccessesSeen) machine_.races.Fence(order);
  Task& task = machine_.scheduler.current();
  if (order == KERNEL_RELEASE) return;
  uint32_t count = task.recent_load_count < Task::kRecentLoads ? task.recent_load_count : Task::kRecentLoads;
  for (uint32_t i = 0; i < count; ++i) SyncAcquire(task.recent_loads[i]);
  task.recent_load_count = 0;
}

void Memory::Plain(const volatile void* address, size_t size, bool is_write, uintptr_t pc) {
  if (!machine_.scheduler.InTask()) return;
  if (machine_.scheduler.IsOnStack(address)) {  // most are, such as the sites that the subject hands to the contract
    if (observer_ != nullptr) observer_->OnPlainAccess({address, size, is_write, 0, 0, pc});
    return;
  }
  const Heap::Location location = machine_.heap.CheckPlain(address, size, pc);
  if constexpr (kAccessesSeen) machine_.races.Plain(address, size, is_write, pc);
  if (observer_ == nullptr) return;
  if (location.object == 0 && !IsStaticVariable(reinterpret_cast<uint64_t>(address))) return;
  observer_->OnPlainAccess({address, size, is_write, location.object, location.offset, pc});
}

}  // namespace nofail
