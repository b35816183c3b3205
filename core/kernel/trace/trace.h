// SPDX-License-Identifier: MIT
//
// The trace of one run: everything that happened, in order. A trace is append-only and has a fixed capacity. Its memory
// is reused from run to run without being cleared.
//
// Events hold object ids and normalized values, never addresses, and the hash of a trace leaves sites out. So the hash
// is the same in every run, process and build.
#ifndef NOFAIL_CORE_KERNEL_TRACE_TRACE_H_
#define NOFAIL_CORE_KERNEL_TRACE_TRACE_H_

#include <cassert>
#include <cstdint>
#include <memory>
#include <span>

#include "core/kernel/kernel.h"
#include "core/kernel/trace/ids.h"
#include "fuzz/base/limits.h"

namespace nofail {

// Index into Trace::objects(); 0 stands for "no object".
using ObjectId = uint16_t;

enum class EventKind : uint8_t {
#define EVENT_KIND(name, text, meaning) k##name,
#include "core/kernel/trace/event_kinds.def"
#undef EVENT_KIND
};

// A fault: something wrong in itself, which a primitive notices where it happens. Oracles turn faults into violations.
enum class Fault : uint8_t {
#define FAULT(name, text, fatality, judge, meaning) k##name,
#include "core/kernel/trace/faults.def"
#undef FAULT
};

enum class Fatality : bool { kSurvivable, kFatal };

// Whether the fault ends the run.
constexpr bool IsFatal(Fault fault) {
  constexpr Fatality kFatalities[] = {
#define FAULT(name, text, fatality, judge, meaning) Fatality::k##fatality,
#include "core/kernel/trace/faults.def"
#undef FAULT
  };
  return kFatalities[static_cast<int>(fault)] == Fatality::kFatal;
}

// How events hold pointers. A pointer into the heap is an object and an offset in it. Every other pointer is
// kOtherPointer.
inline constexpr uint64_t kPointerTag = uint64_t{0xb0b1ec75} << 32;
inline constexpr uint64_t kOtherPointer = kPointerTag;
inline uint64_t PackPointer(ObjectId object, uint16_t offset) {
  return kPointerTag | uint64_t{object} << 16 | offset;
}
inline bool IsPointer(uint64_t value) {
  return value >> 32 == kPointerTag >> 32;
}
inline ObjectId PointerObject(uint64_t value) {
  return static_cast<ObjectId>(value >> 16);
}
inline uint16_t PointerOffset(uint64_t value) {
  return static_cast<uint16_t>(value);
}

// How an access of a data race was made, as bits of an event's value. In the event of the earlier access, the bits from
// kEarlierTargetShift on are the PackTarget of the op that made it; 0 when that is not known.
inline constexpr uint64_t kAccessKnown = 1, kAccessStores = 2, kAccessMarked = 4;
inline constexpr int kEarlierTargetShift = 16;

struct Event {
  EventKind kind;
  uint8_t detail;   // event_kinds.def says what it means for each kind; read it through the accessors below
  OpRef op;         // the op in which the event happened
  ObjectId object;  // the object that the event is about, or 0
  uint16_t offset;  // of the event's location in the object, in bytes
  uint32_t line;    // of the site
  uint64_t value;   // what was seen, stored or returned; a pointer in the form of PackPointer
  // Of the site. Null when the event does not come from the subject. The strings live for ever.
  const char* function;
  const char* file;

  // The accessors of `detail`. REQUIRES: the event is of a kind whose detail the accessor reads.
  Fault fault() const { return Detail<Fault>(kind == EventKind::kFault); }
  LockAnswer lock_answer() const { return Detail<LockAnswer>(kind == EventKind::kLock); }
  kernel_object_kind allocated_kind() const { return Detail<kernel_object_kind>(kind == EventKind::kAlloc); }
  unsigned field() const { return Detail<unsigned>(kind == EventKind::kFieldSet || kind == EventKind::kFieldFree); }
  kernel_rcu_flavour flavour() const { return Detail<kernel_rcu_flavour>(HasFlavour()); }
  kernel_order order() const { return Detail<kernel_order>(HasOrder()); }
  uint8_t op_kind() const { return Detail<uint8_t>(HasOp()); }  // an OpKind: OpKindOf in fuzz/schedule/schedule.h
  bool wrote() const { return Detail<bool>(kind == EventKind::kRmwOld); }
  bool by_rcu() const { return Detail<bool>(kind == EventKind::kFree); }
  bool was_taken() const { return Detail<bool>(kind == EventKind::kMapGet); }
  bool has_ended() const { return Detail<bool>(kind == EventKind::kGpPoll); }

  // Of an access of a data race (the fault's own, or EarlierAccess): whether it is known to be unmarked, and to store.
  bool IsPlain() const { return (value & (kAccessKnown | kAccessMarked)) == kAccessKnown; }
  bool IsRacingStore() const { return (value & kAccessStores) != 0; }
  // Of an EarlierAccess: the op that made it. Its task is kNoTask where nobody knows.
  OpRef earlier_op() const { return UnpackTarget(static_cast<uint16_t>(value >> kEarlierTargetShift)); }

  // Whether the event is this fault.
  bool Is(Fault what) const { return kind == EventKind::kFault && fault() == what; }
  // Whether order(), op_kind() and flavour() may be called, one function for each.
  bool HasOrder() const { return kind >= EventKind::kLoad && kind <= EventKind::kFence && kind != EventKind::kRmwOld; }
  bool HasOp() const { return kind <= EventKind::kOpSkip; }
  bool HasFlavour() const {
    switch (kind) {
      case EventKind::kReadLock:
      case EventKind::kReadUnlock:
      case EventKind::kCallRcu:
      case EventKind::kGpWait:
      case EventKind::kGpEnd:
      case EventKind::kBarrierWait:
      case EventKind::kBarrierDone:
        return true;
      default:
        return false;
    }
  }

 private:
  template <typename T>
  T Detail([[maybe_unused]] bool has_it) const {
    assert(has_it);
    return static_cast<T>(detail);
  }
};

// An object of the heap. Event indexes say when something happened to it.
struct ObjectInfo {
  kernel_object_kind kind;
  uint8_t number;        // among the objects of its kind, in order of allocation
  uint32_t size;         // bytes
  uint32_t allocated;    // event index
  uint32_t freed;        // event index, or kAlive when it was not freed
  uint32_t handed_over;  // event index of the last call_rcu or kfree_rcu, or kAlive when there was none
  static constexpr uint32_t kAlive = UINT32_MAX;
};

class Trace {
 public:
  Trace();

  // Forgets all events and objects.
  void Clear();
  // Makes this trace a copy of the other. For who needs two runs at a time: the simulated kernel has one trace, which
  // each run overwrites.
  void CopyFrom(const Trace& other);
  // Appends the event and returns true, or returns false when the trace is full (kMaxEvents).
  bool Append(const Event& event) {
    if (size_ == kMaxEvents) return false;
    seen_ |= uint64_t{1} << static_cast<int>(event.kind);
    events_[size_++] = event;
    return true;
  }
  // To be called at each task switch, before the switch's event is appended. `to` is the PackTarget of the next task.
  void NoteSwitch(uint64_t to) { interleaving_ = (interleaving_ ^ (to << 32 | size_)) * 0x9e3779b97f4a7c15; }
  // Adds an object and returns its id. REQUIRES: objects().size() < kMaxObjects.
  ObjectId AddObject(const ObjectInfo& info);
  ObjectInfo& object(ObjectId id) { return objects_[id]; }

  std::span<const Event> events() const { return {events_.get(), size_}; }
  uint32_t size() const { return size_; }
  // Objects in order of allocation. An ObjectId is an index into it; entry 0 is unused.
  std::span<const ObjectInfo> objects() const { return {objects_.get(), object_count_}; }
  // Whether an event of this kind happened.
  bool Has(EventKind kind) const { return seen_ >> static_cast<int>(kind) & 1; }
  // A cheap hash of which task ran when, for counting interleavings.
  uint64_t interleaving() const { return interleaving_; }
  // Copies the trace, for who goes back to it in the middle of the run: `archive` saves or restores
  // (core/kernel/sim/archive.h). Events and objects are only ever appended, so of the events only their number is
  // saved; what is known of an object may change.
  template <typename Archive>
  void Copy(Archive& archive) {
    archive.Value(size_);
    archive.Value(object_count_);
    archive.Bytes(objects_.get(), object_count_ * sizeof(ObjectInfo));
    archive.Value(seen_);
    archive.Value(interleaving_);
  }
  // A 64-bit hash of all events without their sites. It leaves out the reports of the thread sanitizer. The hash
  // (FNV-1a by words, with one step more for each) is the same on every machine.
  uint64_t Hash() const;

 private:
  std::unique_ptr<Event[]> events_;
  std::unique_ptr<ObjectInfo[]> objects_;
  uint32_t size_ = 0;
  uint32_t object_count_ = 1;
  uint64_t seen_ = 0;  // a bit for each EventKind that happened
  uint64_t interleaving_ = 0;
};

// The `text` column of event_kinds.def and faults.def.
const char* EventKindText(EventKind kind);
const char* FaultText(Fault fault);

}  // namespace nofail
#endif  // NOFAIL_CORE_KERNEL_TRACE_TRACE_H_
