// SPDX-License-Identifier: MIT
//
// The simulated kernel, as the executor and the litmus tests see it. It implements core/kernel/kernel.h for the code
// that runs in its tasks. A process has one simulator, because the functions of kernel.h have no context argument. The
// simulator is not thread-safe, and it is reused from run to run.
//
// A run takes three stages:
//   1. Reset;
//   2. any number of times: Spawn one or more tasks, then Run;
//   3. read the trace.
// Tasks run on fibers. The scheduler, the rqspinlocks, RCU and the heap ask the Chooser for every choice.
//
// Elsewhere: schedules and ops (fuzz/exec), oracles (fuzz/check).
#ifndef NOFAIL_CORE_KERNEL_SIM_SIM_H_
#define NOFAIL_CORE_KERNEL_SIM_SIM_H_

#include <cstdint>

#include "core/kernel/kernel.h"
#include "core/kernel/sim/access_observer.h"
#include "core/kernel/sim/choice.h"
#include "core/kernel/trace/ids.h"
#include "core/kernel/trace/trace.h"

namespace nofail {

// The modes of a run.
struct SimConfig {
  LockMode locks = LockMode::kContended;
  bool preemptible_rcu = true;  // whether the kernel may preempt a task inside an RCU section
  uint8_t cpus = 2;             // the answer of kernel_num_possible_cpus
};

// The layout of a map's values (core/kernel/value.h). The executor makes a kernel_record of it for each map.
struct RecordSpec {
  uint32_t map_id;  // the map's number in the schedule
  uint32_t bytes;   // plain bytes in front of the fields
  unsigned fields;  // KERNEL_FIELD_*
};

struct Machine;

class Sim {
 public:
  // Returns the simulator of this process. Main functions call Get and pass the simulator on. Functions that no
  // argument could carry it to call Get, too: those of the C contract, the hooks of sanitizers, and signal handlers.
  // There cannot be a second simulator: the C contract would not know which is meant, and the thread sanitizer's
  // runtime accepts one arena per process.
  static Sim& Get() {
    static Sim* const sim = new Sim;  // never destroyed, because fibers may still be suspended at exit
    return *sim;
  }
  Sim(const Sim&) = delete;
  Sim& operator=(const Sim&) = delete;

  // Forgets the last run. `chooser` must outlive the run.
  void Reset(const SimConfig& config, Chooser* chooser);
  // Lets another chooser answer from now on. It must outlive the run.
  void SetChooser(Chooser* chooser);

  // Calls `observer` before each plain access of the subject from now on, in the builds that see plain accesses
  // (kAccessesSeen in sanitizer.h). Null: nobody observes. The observer must outlive the runs.
  void SetAccessObserver(AccessObserver* observer);
  // Whether the race detector works in the runs that follow, in those builds. By default it does. A run that is gone
  // back to (rewind.h) cannot have it, because what it has noted does not go back.
  void DetectRaces(bool detects);
  // Says which site of the subject the code at `pc` belongs to, for faults at plain accesses. `pc` is an address to
  // which a call returns. The strings of a site must live for ever. It may be called before the first Get.
  static void SetSiteLookup(kernel_site (*site_of)(uintptr_t pc));
  // What that says of `pc`; empty where nobody knows.
  static kernel_site SiteAt(uintptr_t pc);

  // Makes the thread sanitizer take the runs that follow for the first runs of their fibers. What the sanitizer
  // remembers of a memory word depends on what a fiber did before, and so do the races that it sees. Without the thread
  // sanitizer this does nothing.
  void RenewFibers();

  // Makes a task that calls body(argument). The task runs when Run is called. `id` is kSetup, kEnd, or one of kTaskA to
  // kTaskD. REQUIRES: no unfinished task has this id.
  void Spawn(TaskId id, void (*body)(void*), void* argument);
  // Runs until every task and every callback has ended, or until a fatal fault ends the run. Returns false in the
  // second case; the next call must then be Reset.
  bool Run();

  Trace& trace();

  // ---- For code that runs in a task -------------------------------------------------------------------------
  // Begins op number `op` of the current task. The ordinals of choices start again at 1. `kind` (an OpKind) and
  // `object` go into the trace.
  void BeginOp(uint8_t op, uint8_t kind, ObjectId object);
  // Ends the op. Reports a fault if the task still holds a lock or is in a reader section. `result` goes into the
  // trace.
  void EndOp(uint8_t kind, int64_t result);
  // Records that the usage contract forbids op number `op` at this point of the run, so the op is left out. `reason` is
  // a SkipReason.
  void SkipOp(uint8_t op, uint8_t kind, uint64_t reason);
  // A scheduling point.
  void Point();
  // The op that the current task performs.
  OpRef current() const;
  // Appends an event of the current task to the trace.
  void Emit(EventKind kind, uint8_t detail, ObjectId object, uint16_t offset, uint64_t value, kernel_site site);
  // For the usage contract, not for subjects. The executor counts references at `counted`. WaitUntil blocks the current
  // task until ready(counted) is true, which means that the last reference is gone. Whoever gives a reference back
  // calls Put; what it did before the Put happens before what the waiting task does next.
  void WaitUntil(bool (*ready)(const void*), const void* counted);
  void Put(const void* counted);
  // Sets the hash of the hashed objects that the current task allocates from now on. kernel_hash_ptr takes the bucket
  // number from the hash's low bits.
  void SetHash(uint32_t hash);

  // ---- Objects and special fields ---------------------------------------------------------------------------
  // Returns the object that `address` lies in, or 0 when `address` lies in no object.
  ObjectId ObjectAt(const volatile void* address) const;
  // Whether a fatal fault has ended the run.
  bool WasCutShort() const;

  // Makes the record of a map. The simulator owns it; it is valid until Reset.
  kernel_record* MakeRecord(const RecordSpec& spec);
  // The kernel frees the record: from now on, using it is a fault.
  void EndRecord(kernel_record* record);
  // Makes a resource with one reference and returns its number, which is never 0. `field` is the kind of special field
  // that may hold the resource: KERNEL_FIELD_KPTR for a program's kptr, KERNEL_FIELD_UPTR for a pinned user page.
  uint64_t NewResource(unsigned field);
  // bpf_kptr_xchg: puts `resource` into the kptr slot at `slot` and releases what the slot held. Begins with a
  // scheduling point.
  void ExchangeKptr(uint64_t* slot, uint64_t resource, kernel_site site);
  // Gives a resource back that never got into an element.
  void ReleaseResource(uint64_t resource, kernel_site site);
  // For each resource number, how many references are taken and not released. Index 0 is unused.
  std::span<const int32_t> resources() const;

  // Records that a sanitizer reported something at `address` while the current task ran. A report hook may call it,
  // because it does not switch fibers: a fatal fault ends the run at the task's next scheduling point. The strings of
  // `site` must live for ever. `value` is that of the event.
  void ReportFromSanitizer(Fault fault, const void* address, kernel_site site, uint64_t value = 0);
  // The same for a data race. `access` is the later access, `earlier` the earlier one. Either may be empty.
  struct RacingAccess {
    kernel_site site;
    uint64_t how;  // kAccessKnown and others (trace.h)
    OpRef op;      // that made the access; the report says so of the earlier one. kNoTask where this is not known
  };
  void ReportRace(const void* address, RacingAccess access, RacingAccess earlier);

 private:
  Sim();

  Machine& machine_;  // owned, and never freed
};

}  // namespace nofail
#endif  // NOFAIL_CORE_KERNEL_SIM_SIM_H_
