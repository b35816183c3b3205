// SPDX-License-Identifier: MIT
//
// The race detector, for builds in which the simulator sees every access (kAccessesSeen).
//
// Stands for: the definition of a data race in the kernel's memory model: two accesses to the same byte, at least one
//   a store and at least one plain, that nothing orders.
//   (tools/memory-model/Documentation/explanation.txt, "Plain accesses and data races", Linux 7.2)
// Guarantees:
//   - Order is happens-before, by vector clocks. Its edges are those that the simulator tells (SyncRelease and
//     SyncAcquire in sanitizer.h) and those of marked accesses:
//       - a load or read-modify-write with acquire order comes after the release store that it reads from, also when
//         read-modify-writes of anybody lie between the two. Any other store in between ends this order;
//       - a load without order does so from the task's next acquire or full fence on;
//       - a release also orders what the task has seen by loads without order (A-cumulativity);
//       - a store without order counts as a release as of the task's last release or full fence;
//       - a dependency counts as acquire order, and a full read-modify-write is also a full fence.
//   - Nothing is forgotten: of each byte, each access is kept that a later access can race with and that no other kept
//     access stands for. An access stands for an earlier one of the same bytes if it is ordered after it and conflicts
//     with whatever the earlier one conflicts with.
//   - What is found depends on the run alone. An access that races with several others is reported once: with the
//     oldest of the kept accesses to its first word that has one. A word is 8 bytes, aligned.
//   - The free of an object is a plain store to all of it. heap.h and rcu.h say what else the simulator tells.
// Requires: no more than kMaxContexts contexts in a run; passing it is a harness bug.
// Emits: fault DataRace, followed by EarlierAccess.
// Bounds: memory grows with the longest run so far, not with the number of runs.
// Not modelled:
//   - Control dependencies: errs towards reporting.
//   - The order that full fences alone make between two tasks, as in the litmus test SB: errs towards reporting.
//   - What smp_wmb and smp_rmb leave unordered: they count as release and acquire fences, so a load before smp_wmb
//     counts as ordered, too. Errs towards silence.
//   - The zeroing of new objects: errs towards silence.
//   - Stacks of tasks: errs towards silence.
#ifndef NOFAIL_CORE_KERNEL_SIM_RACE_DETECTOR_H_
#define NOFAIL_CORE_KERNEL_SIM_RACE_DETECTOR_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "core/kernel/kernel.h"
#include "core/kernel/sim/run_map.h"
#include "core/kernel/sim/sanitizer.h"
#include "core/kernel/sim/sim.h"
#include "core/kernel/trace/ids.h"
#include "fuzz/base/limits.h"

namespace nofail {

struct Machine;

class RaceDetector {
 public:
  explicit RaceDetector(Machine& machine);

  // Says where the heap is.
  void SetArena(uint64_t begin) { arena_ = begin; }
  // Begins a run: forgets all accesses and all order.
  void Reset();
  // Whether accesses and order are noted, from the next run on. By default they are.
  void set_watching(bool watching) { watching_ = watching; }

  // EnterContext (sanitizer.h).
  RaceContext* Enter(RaceContext* context);

  // What the current context did before comes before what follows a later Acquire of the same token.
  void Release(const volatile void* token);
  void Acquire(const volatile void* token);

  // The object at `address` is new.
  void Alloc(uint64_t address, size_t size);
  // The object at `address` is freed. The last event is its Free.
  void Free(uint64_t address, size_t size);
  // A plain access of the current context, by the code before `pc`.
  void Plain(const volatile void* address, size_t size, bool is_write, uintptr_t pc);
  // A marked access, of which the event `event` tells. `order` is KERNEL_ONCE if a read-modify-write does not write.
  void Load(const volatile void* address, unsigned size, kernel_order order, uint32_t event);
  void Store(const volatile void* address, unsigned size, kernel_order order, uint32_t event);
  void Rmw(const volatile void* address, unsigned size, kernel_order order, bool wrote, uint32_t event);
  void Fence(kernel_order order);

 private:
  static constexpr uint32_t kMaxContexts = kMaxFibers + 3;  // the thread of Run, and two for RCU
  static constexpr size_t kWordBytes = 8;
  static constexpr size_t kMapEntries = kAccessesSeen ? 1 << 10 : 1;  // to begin with

  // How an access was made, as bits.
  enum How : uint8_t { kReads = 0, kWrites = 1, kMarked = 2 };

  // A vector clock: by context, how much of what the context did is ordered before. All from `size` on are 0.
  struct Clock {
    uint32_t size = 0;
    uint32_t at[kMaxContexts];
    bool Has(uint32_t context, uint32_t time) const { return context < size && time <= at[context]; }
  };
  static void Join(Clock* into, const Clock& from);
  static void Copy(Clock* to, const Clock& from);

  struct State {
    Clock now;      // what is ordered before the context's next step
    Clock pending;  // what is, after its next acquire fence
    Clock fenced;   // what was, at its last release fence
  };

  // What an access of the current context is, but for its bytes.
  struct Step {
    uint8_t how;
    uintptr_t pc;       // an address in the subject's code, as in Heap::CheckPlain; 0 for a free
    uint32_t event;     // the index of the event that tells of it; for a plain access, of the next event
    const Clock* also;  // what it orders is ordered before this access, too; may be null
  };
  struct Access {
    uintptr_t pc;
    uint32_t event;
    uint32_t next;  // the number of the next access to the same word; 0: this is the last
    uint32_t time;  // of its context's clock
    uint8_t context;
    uint8_t bytes;  // a bit for each byte of the word
    uint8_t how;
    OpRef op;
  };
  // The bits of Access::bytes for the bytes from `address` to `end`, which are in one word.
  static uint8_t BytesOf(uint64_t address, uint64_t end) {
    return static_cast<uint8_t>(((1u << (end - address)) - 1) << address % kWordBytes);
  }

  // Whether two accesses conflict, and whether whatever conflicts with `earlier` also conflicts with `later`.
  static bool Conflict(uint8_t a, uint8_t b) { return ((a | b) & kWrites) != 0 && (a & b & kMarked) == 0; }
  static bool StandsFor(uint8_t later, uint8_t earlier) {
    return (earlier & kWrites & ~later) == 0 && (later & kMarked & ~earlier) == 0;
  }

  // The number of the first access to the word at `address`; null for memory that is not watched.
  uint32_t* FirstOf(uint64_t address);
  Step MarkedStep(uint8_t how, uint32_t event, const Clock* also) const;
  // Notes the access to each of its words, and reports the first race.
  void Note(uint64_t address, size_t size, const Step& step);
  // Notes the access to the word whose list begins at *first. Returns the number of the oldest access that it races
  // with, or 0.
  uint32_t NoteWord(uint32_t* first, uint8_t bytes, const Step& step);
  // Whether the access is ordered before what the current context does now, also by what `also` orders, unless null.
  bool IsOrdered(const Access& earlier, const Clock* also) const {
    return me_->now.Has(earlier.context, earlier.time) || (also != nullptr && also->Has(earlier.context, earlier.time));
  }
  uint32_t NewAccess();
  void Fill(Access* access, uint32_t next, uint8_t bytes, const Step& step) const;
  void Report(uint64_t address, const Step& step, const Access& earlier);
  Sim::RacingAccess Describe(const Access& access) const;

  // The clock of a token or of a marked word. Null when there is none. Valid until the next call of MakeClock.
  Clock* FindClock(const volatile void* address);
  Clock& MakeClock(const volatile void* address);
  // Adds what the current context has done and seen to the clock. What it does from now on is later.
  void Publish(Clock* clock);

  Machine& machine_;
  bool watching_ = true;
  uint64_t run_ = 1;
  uint64_t arena_ = 0;               // the address of the heap
  std::unique_ptr<State[]> states_;  // by number of the context
  uint32_t state_count_ = 0;
  RaceContext* current_ = nullptr;
  State* me_ = nullptr;  // that of the current context
  uint8_t me_number_ = 0;

  std::unique_ptr<uint32_t[]> heap_words_;  // by word of the arena: the number of the first access
  RunMap static_words_{kMapEntries};        // by address of a word: the same
  std::vector<Access> accesses_;            // by number, from 1; those beyond access_count_ are of earlier runs
  uint32_t access_count_ = 1;
  uint32_t unused_ = 0;  // the first of those that belong to no word any more
  RunMap clock_numbers_{kMapEntries};
  std::vector<Clock> clocks_;  // by number, from 1; those beyond clock_count_ are of earlier runs
  uint32_t clock_count_ = 1;
};

}  // namespace nofail
#endif  // NOFAIL_CORE_KERNEL_SIM_RACE_DETECTOR_H_
