// SPDX-License-Identifier: MIT
#include "core/kernel/sim/sim.h"

#include "core/kernel/sim/machine.h"
#include "core/kernel/sim/sanitizer.h"

namespace nofail {

namespace {

// How many events are kept free at the end of the trace, for the fault that ends the run.
constexpr uint32_t kSpareEvents = 16;

// The machine of the C contract. The constructor of Sim sets it, before any task can run.
Machine* g_machine = nullptr;

kernel_site NoSite(uintptr_t) {
  return {};
}
// Sim::SetSiteLookup.
kernel_site (*g_site_of)(uintptr_t pc) = NoSite;

}  // namespace

Machine& machine() {
  return *g_machine;
}

Machine* MachineOrNull() {
  return g_machine;
}
kernel_site SiteOf(uintptr_t pc) {
  return g_site_of(pc);
}

Sim::Sim() : machine_(*new Machine) {
  g_machine = &machine_;
}

void Machine::Emit(EventKind kind, uint8_t detail, ObjectId object, uint16_t offset, uint64_t value, kernel_site site) {
  if (trace.size() >= kMaxEvents - kSpareEvents && kind != EventKind::kFault) [[unlikely]] {
    Report(Fault::kRunaway, object, offset, site);
  }
  trace.Append({kind, detail, scheduler.current().op, object, offset, site.line, value, site.function, site.file});
}

void Machine::Report(Fault fault, ObjectId object, uint16_t offset, kernel_site site, uint64_t value) {
  Emit(EventKind::kFault, static_cast<uint8_t>(fault), object, offset, value, site);
  if (IsFatal(fault)) scheduler.Stop();
}

void CheckLeftNothing(Machine& machine, kernel_site site) {
  Task& task = machine.scheduler.current();
  if (task.held_count != 0) {
    Heap::Location location = machine.heap.Find(task.held[task.held_count - 1]);
    machine.Report(Fault::kLockImbalance, location.object, location.offset, site);
    task.held_count = 0;
  }
  if (task.InSection()) {
    machine.Report(Fault::kRcuImbalance, 0, 0, site);
    machine.rcu.LeaveAll(site);
  }
}

void Sim::Reset(const SimConfig& config, Chooser* chooser) {
  machine_.trace.Clear();
  machine_.config = config;
  machine_.fatal = false;
  machine_.warned_count = 0;
  machine_.scheduler.Reset(chooser);
  machine_.heap.Reset();
  if constexpr (kAccessesSeen) machine_.races.Reset();
  machine_.rcu.Reset();
  machine_.work.Reset();
  machine_.ledger.Reset();
  chooser->Begin();
}

void Sim::DetectRaces(bool detects) {
  machine_.races.set_watching(detects);
}

void Sim::SetChooser(Chooser* chooser) {
  machine_.scheduler.set_chooser(chooser);
  chooser->Begin();
}

void Sim::SetAccessObserver(AccessObserver* observer) {
  machine_.memory.set_observer(observer);
}

void Sim::SetSiteLookup(kernel_site (*site_of)(uintptr_t pc)) {
  g_site_of = site_of;
}

kernel_site Sim::SiteAt(uintptr_t pc) {
  return SiteOf(pc);
}

void Sim::RenewFibers() {
  machine_.scheduler.RenewFibers();
}

void Sim::Spawn(TaskId id, void (*body)(void*), void* argument) {
  machine_.scheduler.Spawn({static_cast<uint8_t>(id), 0}, 0, body, argument);
}

bool Sim::Run() {
  return machine_.scheduler.Run();
}
Trace& Sim::trace() {
  return machine_.trace;
}
bool Sim::WasCutShort() const {
  return machine_.fatal;
}
OpRef Sim::current() const {
  return machine_.scheduler.current().op;
}

void Sim::Point() {
  machine_.scheduler.Point();
}

void Sim::Emit(EventKind kind, uint8_t detail, ObjectId object, uint16_t offset, uint64_t value, kernel_site site) {
  machine_.Emit(kind, detail, object, offset, value, site);
}

void Sim::BeginOp(uint8_t op, uint8_t kind, ObjectId object) {
  Task& task = machine_.scheduler.current();
  task.op.op = op;
  for (uint16_t& ordinal : task.ordinals) ordinal = 0;
  task.picks = 0;
  task.rcu_reported = false;
  machine_.Emit(EventKind::kOpBegin, kind, object, 0, 0, {});
}

void Sim::EndOp(uint8_t kind, int64_t result) {
  CheckLeftNothing(machine_, {});
  machine_.Emit(EventKind::kOpEnd, kind, 0, 0, static_cast<uint64_t>(result), {});
}

void Sim::SkipOp(uint8_t op, uint8_t kind, uint64_t reason) {
  machine_.scheduler.current().op.op = op;
  machine_.Emit(EventKind::kOpSkip, kind, 0, 0, reason, {});
}

void Sim::WaitUntil(bool (*ready)(const void*), const void* counted) {
  machine_.scheduler.Block(ready, counted);
  SyncAcquire(counted);
}

void Sim::Put(const void* counted) {
  SyncRelease(counted);
  machine_.scheduler.Recheck();
}

void Sim::SetHash(uint32_t hash) {
  machine_.scheduler.current().hash = hash;
}
ObjectId Sim::ObjectAt(const volatile void* address) const {
  return machine_.heap.Find(address).object;
}
kernel_record* Sim::MakeRecord(const RecordSpec& spec) {
  return machine_.ledger.MakeRecord(spec);
}
void Sim::EndRecord(kernel_record* record) {
  machine_.ledger.EndRecord(record);
}
uint64_t Sim::NewResource(unsigned field) {
  return machine_.ledger.NewResource(field);
}
std::span<const int32_t> Sim::resources() const {
  return machine_.ledger.resources();
}

void Sim::ExchangeKptr(uint64_t* slot, uint64_t resource, kernel_site site) {
  machine_.ledger.ExchangeKptr(slot, resource, site);
}

void Sim::ReleaseResource(uint64_t resource, kernel_site site) {
  machine_.ledger.Release(resource, 0, 0, site);
}

void Sim::ReportFromSanitizer(Fault fault, const void* address, kernel_site site, uint64_t value) {
  Heap::Location location = machine_.heap.Find(address);
  machine_.trace.Append({EventKind::kFault, static_cast<uint8_t>(fault), machine_.scheduler.current().op,
                         location.object, location.offset, site.line, value, site.function, site.file});
  if (IsFatal(fault)) {
    machine_.fatal = true;
    machine_.scheduler.StopSoon();
  }
}

void Sim::ReportRace(const void* address, RacingAccess access, RacingAccess earlier) {
  ReportFromSanitizer(Fault::kDataRace, address, access.site, access.how);
  Heap::Location location = machine_.heap.Find(address);
  const uint64_t how = earlier.how | uint64_t{PackTarget(earlier.op)} << kEarlierTargetShift;
  machine_.trace.Append({EventKind::kEarlierAccess,
                         0,
                         {},
                         location.object,
                         location.offset,
                         earlier.site.line,
                         how,
                         earlier.site.function,
                         earlier.site.file});
}

}  // namespace nofail
