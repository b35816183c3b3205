// SPDX-License-Identifier: MIT
//
// What happened in one run, in order. Append-only, of fixed capacity, reused from run to run without being cleared.
//
// Events hold object numbers and normalized values, never addresses, so that the hash of a trace is the same in every
// run, process and build (the site's strings are left out of it).
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

// Something that is wrong in itself, noticed where it happened. Oracles turn these into violations.
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

// How events hold pointers: into the heap as object and offset, any other pointer of the simulator as kOtherPointer.
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

struct Event {
  EventKind kind;
  uint8_t detail;   // read it through the accessors below; event_kinds.def says what it is for each kind
  OpRef op;         // who
  ObjectId object;  // what it is about
  uint16_t offset;  // where in the object, in bytes
  uint32_t line;    // with file and function: where in the subject; null strings when not in it
  uint64_t value;   // seen, stored or returned; pointers as PackPointer has them
  const char* function;
  const char* file;

  // What `detail` is. REQUIRES: an event of a kind that has it.
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

  bool Is(Fault what) const { return kind == EventKind::kFault && fault() == what; }
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

struct ObjectInfo {
  kernel_object_kind kind;
  uint8_t number;        // among those of its kind
  uint32_t size;         // bytes
  uint32_t allocated;    // event index
  uint32_t freed;        // event index, or kAlive
  uint32_t handed_over;  // event index of call_rcu or kfree_rcu, or kAlive
  static constexpr uint32_t kAlive = UINT32_MAX;
};

class Trace {
 public:
  Trace();

  void Clear();
  // Appends and returns true; false when the capacity is reached.
  bool Append(const Event& event) {
    if (size_ == kMaxEvents) return false;
    seen_ |= uint64_t{1} << static_cast<int>(event.kind);
    events_[size_++] = event;
    return true;
  }
  // Called at each switch of tasks, before its event is appended.
  void NoteSwitch(uint64_t to) { interleaving_ = (interleaving_ ^ (to << 32 | size_)) * 0x9e3779b97f4a7c15; }
  // REQUIRES: fewer than kMaxObjects objects.
  ObjectId AddObject(const ObjectInfo& info);
  ObjectInfo& object(ObjectId id) { return objects_[id]; }

  std::span<const Event> events() const { return {events_.get(), size_}; }
  uint32_t size() const { return size_; }
  // Objects in order of allocation; entry 0 is unused.
  std::span<const ObjectInfo> objects() const { return {objects_.get(), object_count_}; }
  // Whether an event of this kind happened.
  bool Has(EventKind kind) const { return seen_ >> static_cast<int>(kind) & 1; }
  // A hash of which task ran on when; cheap, for counting.
  uint64_t interleaving() const { return interleaving_; }
  // A 64-bit hash of every event but its site (FNV-1a by words). The same on every machine.
  uint64_t Hash() const;

 private:
  std::unique_ptr<Event[]> events_;
  std::unique_ptr<ObjectInfo[]> objects_;
  uint32_t size_ = 0;
  uint32_t object_count_ = 1;
  uint64_t seen_ = 0;
  uint64_t interleaving_ = 0;
};

const char* EventKindText(EventKind kind);
const char* FaultText(Fault fault);

}  // namespace nofail
#endif  // NOFAIL_CORE_KERNEL_TRACE_TRACE_H_
