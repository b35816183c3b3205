// SPDX-License-Identifier: MIT
//
// The one simulated machine: its parts, and what they share. Internal to core/kernel/sim; others use sim.h.
#ifndef NOFAIL_CORE_KERNEL_SIM_MACHINE_H_
#define NOFAIL_CORE_KERNEL_SIM_MACHINE_H_

#include "core/kernel/sim/heap.h"
#include "core/kernel/sim/ledger.h"
#include "core/kernel/sim/memory.h"
#include "core/kernel/sim/rcu.h"
#include "core/kernel/sim/rqspinlock.h"
#include "core/kernel/sim/scheduler.h"
#include "core/kernel/sim/sim.h"
#include "core/kernel/trace/trace.h"

namespace nofail {

struct Machine {
  Trace trace;
  SimConfig config;
  bool fatal = false;
  Scheduler scheduler{*this};
  Heap heap{*this};
  Locks locks{*this};
  Rcu rcu{*this};
  Memory memory{*this};
  Ledger ledger{*this};
  // Sites that have warned in this run.
  static constexpr uint32_t kMaxWarnings = 16;
  kernel_site warned[kMaxWarnings];
  uint32_t warned_count = 0;

  // Appends an event of the current task. A full trace ends the run.
  void Emit(EventKind kind, uint8_t detail, ObjectId object, uint16_t offset, uint64_t value, kernel_site site);
  // Appends a fault; fatal ones end the run and do not return.
  void Report(Fault fault, ObjectId object, uint16_t offset, kernel_site site, uint64_t value = 0);
};

// Faults for whatever the current task still holds: at the end of an op or callback it holds no lock and stands in no
// reader section.
void CheckLeftNothing(Machine& machine, kernel_site site);

// The machine of the process's one Sim, for the C contract and for what runs without an argument. REQUIRES: Sim::Get
// has been called.
Machine& machine();

}  // namespace nofail
#endif  // NOFAIL_CORE_KERNEL_SIM_MACHINE_H_
