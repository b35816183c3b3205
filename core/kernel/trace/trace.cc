// SPDX-License-Identifier: MIT
#include "core/kernel/trace/trace.h"

#include <algorithm>

namespace nofail {
namespace {

constexpr uint64_t kFnvOffset = 0xcbf29ce484222325;
constexpr uint64_t kFnvPrime = 0x100000001b3;

// Mixes one word into a hash. The last step carries high bits down, because a multiplication only carries bits up.
uint64_t Mix(uint64_t hash, uint64_t word) {
  hash = (hash ^ word) * kFnvPrime;
  return hash ^ hash >> 32;
}

// Packs all of an event but its value and its site into one word. Shifts lay it out, so that the byte order of the
// machine has no influence.
uint64_t Head(const Event& event) {
  return uint64_t{static_cast<uint8_t>(event.kind)} | uint64_t{event.detail} << 8 | uint64_t{event.op.task} << 16 |
         uint64_t{event.op.op} << 24 | uint64_t{event.object} << 32 | uint64_t{event.offset} << 48;
}

}  // namespace

Trace::Trace()
    : events_(std::make_unique_for_overwrite<Event[]>(kMaxEvents)),
      objects_(std::make_unique_for_overwrite<ObjectInfo[]>(kMaxObjects)) {
  objects_[0] = {};
}

void Trace::Clear() {
  size_ = 0;
  object_count_ = 1;
  seen_ = 0;
  interleaving_ = 0;
}

void Trace::CopyFrom(const Trace& other) {
  std::copy_n(other.events_.get(), other.size_, events_.get());
  std::copy_n(other.objects_.get(), other.object_count_, objects_.get());
  size_ = other.size_;
  object_count_ = other.object_count_;
  seen_ = other.seen_;
  interleaving_ = other.interleaving_;
}

ObjectId Trace::AddObject(const ObjectInfo& info) {
  objects_[object_count_] = info;
  return static_cast<ObjectId>(object_count_++);
}

uint64_t Trace::Hash() const {
  uint64_t hash = kFnvOffset;
  for (const Event& event : events()) {
    // The reports of the thread sanitizer are left out. No other build has them, the run goes on as if they were not
    // there, and the sanitizer misses a race now and then because it has forgotten the earlier access.
    if (event.Is(Fault::kDataRace)) continue;
    if (event.kind == EventKind::kEarlierAccess) continue;
    hash = Mix(Mix(hash, Head(event)), event.value);
  }
  return hash;
}

const char* EventKindText(EventKind kind) {
  static constexpr const char* kTexts[] = {
#define EVENT_KIND(name, text, meaning) text,
#include "core/kernel/trace/event_kinds.def"
#undef EVENT_KIND
  };
  return kTexts[static_cast<int>(kind)];
}

const char* FaultText(Fault fault) {
  static constexpr const char* kTexts[] = {
#define FAULT(name, text, fatality, judge, meaning) text,
#include "core/kernel/trace/faults.def"
#undef FAULT
  };
  return kTexts[static_cast<int>(fault)];
}

}  // namespace nofail
