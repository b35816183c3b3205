// SPDX-License-Identifier: MIT
//
// The simulated machine of the process: its parts, and what the parts share. Only core/kernel/sim includes this header;
// other code uses sim.h.
#ifndef NOFAIL_CORE_KERNEL_SIM_MACHINE_H_
#define NOFAIL_CORE_KERNEL_SIM_MACHINE_H_

#include "core/kernel/sim/heap.h"
#include "core/kernel/sim/ledger.h"
#include "core/kernel/sim/memory.h"
#include "core/kernel/sim/race_detector.h"
#include "core/kernel/sim/rcu.h"
#include "core/kernel/sim/rqspinlock.h"
#include "core/kernel/sim/scheduler.h"
#include "core/kernel/sim/sim.h"
#include "core/kernel/sim/work.h"
#include "core/kernel/trace/trace.h"

namespace nofail {

struct Machine {
  Trace trace;
  SimConfig config;
  bool fatal = false;         // whether a fatal fault has ended the run
  RaceDetector races{*this};  // used only where accesses are seen (kAccessesSeen)
  Scheduler scheduler{*this};
  Heap heap{*this};
  Locks locks{*this};
  Rcu rcu{*this};
  Work work{*this};
  Memory memory{*this};
  Ledger ledger{*this};
  // The sites whose WARN_ON_ONCE has fired in this run. The run forgets those past the first kMaxWarnings, so they may
  // warn more than once.
  static constexpr uint32_t kMaxWarnings = 16;
  kernel_site warned[kMaxWarnings];
  uint32_t warned_count = 0;

  // Copies all of a run but its configuration (archive.h).
  template <typename Archive>
  void Copy(Archive& archive) {
    trace.Copy(archive);
    archive.Value(fatal);
    scheduler.Copy(archive);
    heap.Copy(archive);
    rcu.Copy(archive);
    work.Copy(archive);
    ledger.Copy(archive);
    archive.Value(warned);
    archive.Value(warned_count);
  }

  // Appends an event of the current task. When the trace is almost full, it reports Runaway instead, which ends the
  // run.
  void Emit(EventKind kind, uint8_t detail, ObjectId object, uint16_t offset, uint64_t value, kernel_site site);
  // Appends a fault event. A fatal fault also ends the run; if a task is running, the call does not return then.
  void Report(Fault fault, ObjectId object, uint16_t offset, kernel_site site, uint64_t value = 0);
};

// For the end of an op or callback, where a task must hold no lock and be in no reader section. If the current task
// holds a lock, reports a fault and makes the task forget its locks. If it is in a section, reports a fault and ends
// its sections.
void CheckLeftNothing(Machine& machine, kernel_site site);

// The site of the subject's code at `pc`, as Sim::SetSiteLookup says; empty where nobody knows.
kernel_site SiteOf(uintptr_t pc);

// Returns the machine of this process, for the C contract and other functions that no argument could carry it to.
// REQUIRES: Sim::Get has been called.
Machine& machine();
// The same, or null when Sim::Get has not been called.
Machine* MachineOrNull();

}  // namespace nofail
#endif  // NOFAIL_CORE_KERNEL_SIM_MACHINE_H_
