// SPDX-License-Identifier: MIT
//
// The simulated kernel, as the driver and the litmus tests see it. It implements core/kernel/kernel.h for whatever runs
// in its tasks. There is one per process (the C interface has no context argument), it is not thread-safe, and it is
// reused from run to run.
//
// A run: Reset; then any number of { Spawn one or more tasks; Run }; then read the trace. Tasks run on fibers; the
// scheduler, rqspinlocks, RCU and the heap ask the Chooser for every choice.
//
// Not in here: schedules, operations, oracles. See fuzz/exec and fuzz/check.
#ifndef NOFAIL_CORE_KERNEL_SIM_SIM_H_
#define NOFAIL_CORE_KERNEL_SIM_SIM_H_

#include <cstdint>

#include "core/kernel/kernel.h"
#include "core/kernel/sim/choice.h"
#include "core/kernel/trace/ids.h"
#include "core/kernel/trace/trace.h"

namespace nofail {

struct SimConfig {
  LockMode locks = LockMode::kContended;
  bool preemptible_rcu = true;
  uint8_t cpus = 2;
};

// What a map's values hold besides bytes. Belongs to the kernel side; the driver makes one per map.
// (kernel_record of core/kernel/kernel.h; see core/kernel/value.h for the layout.)
struct RecordSpec {
  uint32_t map_id;
  uint32_t bytes;   // plain bytes in front of the fields
  unsigned fields;  // KERNEL_FIELD_*
};

struct Machine;

class Sim {
 public:
  // The process's one. It is for main functions, which pass it on, and for what is called without an argument that
  // could carry it: the C contract, the hooks of sanitizers and signal handlers. There cannot be a second one, because
  // the C contract would not know which is meant, and the thread sanitizer's runtime accepts one arena per process.
  static Sim& Get() {
    static Sim* const sim = new Sim;  // lives for ever: fibers may still be suspended at exit
    return *sim;
  }
  Sim(const Sim&) = delete;
  Sim& operator=(const Sim&) = delete;

  // Forgets the last run. `chooser` must outlive the run.
  void Reset(const SimConfig& config, Chooser* chooser);
  // Another one answers from here on. It must outlive the run.
  void SetChooser(Chooser* chooser);

  // To the thread sanitizer, the runs that follow are the first on their fibers: what it remembers of a memory word,
  // and so which races it sees, depends on what a fiber did before. Without it, this does nothing.
  void RenewFibers();

  // A task that calls body(argument); runnable from the next Run on. ids: kSetup, kTaskA.., kEnd, one of each at a
  // time.
  void Spawn(TaskId id, void (*body)(void*), void* argument);
  // Runs until every task and every callback has ended, or a fatal fault ends the run.
  // Returns false in the second case; then nothing more may be run before Reset.
  bool Run();

  Trace& trace();

  // ---- For code that runs in a task -------------------------------------------------------------------------
  // The task's next op begins: choice ordinals start again. `kind` and `object` go into the trace.
  void BeginOp(uint8_t op, uint8_t kind, ObjectId object);
  // It ends. Faults if it holds a lock or stands in a reader section.
  void EndOp(uint8_t kind, int64_t result);
  // An op that the usage contract forbids where it stands.
  void SkipOp(uint8_t op, uint8_t kind, uint64_t reason);
  // A scheduling point; the op that the current task performs; an event of it.
  void Point();
  OpRef current() const;
  void Emit(EventKind kind, uint8_t detail, ObjectId object, uint16_t offset, uint64_t value, kernel_site site);
  // For the usage contract, not for subjects: WaitUntil blocks until ready(counted) is true, that is, until the last
  // reference counted at `counted` is gone. Put says that one went; what its owner did comes before what the waiter
  // does.
  void WaitUntil(bool (*ready)(const void*), const void* counted);
  void Put(const void* counted);
  // The hashed objects that the current task allocates from now on get this bucket number (kernel_hash_ptr).
  void SetHash(uint32_t hash);

  // ---- Objects and special fields ---------------------------------------------------------------------------
  // The object that `address` lies in, or 0.
  ObjectId ObjectAt(const volatile void* address) const;
  // A fatal fault has ended the run.
  bool WasCutShort() const;

  // A record for a map; lives until EndRecord or Reset.
  kernel_record* MakeRecord(const RecordSpec& spec);
  // The kernel frees the record: from here on, using it is a fault.
  void EndRecord(kernel_record* record);
  // A new resource, as a program's kptr or a pinned user page, with one reference. Never 0.
  uint64_t NewResource(unsigned field);
  // bpf_kptr_xchg: puts `resource` into the kptr slot at `slot` and releases what was there.
  void ExchangeKptr(uint64_t* slot, uint64_t resource, kernel_site site);
  // Gives a resource back that never reached an element.
  void ReleaseResource(uint64_t resource, kernel_site site);
  // References taken and not released, by resource number; index 0 unused.
  std::span<const int32_t> resources() const;

  // A sanitizer reported something at `address` while the current task ran. Safe to call from a report hook: a fatal
  // fault ends the run at the task's next scheduling point. The site's strings must live for ever.
  void ReportFromSanitizer(Fault fault, const void* address, kernel_site site);
  // The same for a data race, with the sites of both accesses. A site may be empty.
  void ReportRace(const void* address, kernel_site site, kernel_site earlier);

 private:
  Sim();

  Machine& machine_;  // owned, and never freed
};

}  // namespace nofail
#endif  // NOFAIL_CORE_KERNEL_SIM_SIM_H_
