// SPDX-License-Identifier: MIT
#include "fuzz/explore/steps.h"

#include "core/kernel/sim/task.h"

namespace nofail {

namespace {

constexpr uint64_t kWord = sizeof(uint64_t);
bool IsQuiet(const Event& event) {
  switch (event.kind) {
    case EventKind::kLoad:
    case EventKind::kStore:
    case EventKind::kRmw:
    case EventKind::kRmwOld:
    case EventKind::kFence:
    case EventKind::kNeedResched:
    case EventKind::kUnlock:
    case EventKind::kSpinLock:
    case EventKind::kSpinUnlock:
      return true;
    case EventKind::kLock:
      return event.value == 0;
    case EventKind::kAlloc:
      return event.object != 0;
    default:
      return false;
  }
}

bool Conflict(const Touch& a, const Touch& b) {
  if (a.object != b.object || (!a.writes && !b.writes)) return false;
  return a.word == b.word || a.word == 0 || b.word == 0;
}

}  // namespace

uint8_t TaskBit(OpRef op) {
  return op.task >= kTaskA && op.task <= kTaskD ? static_cast<uint8_t>(1 << (op.task - kTaskA)) : uint8_t{0};
}

void StepWatcher::Begin() {
  touches_.clear();
  kind_ = {.counts_switches = state_.HasLatePeriod()};
  first_event_ = state_.events();
  at_beginning_ = 0;
  for (const Task* task : state_.tasks()) {
    if (task->Position() < 2) at_beginning_ |= TaskBit(task->op);
  }
}

void StepWatcher::Saw(const PlainAccess& access) {
  if (state_.IsOnStack(access.address)) return;
  state_.Fold();
  const ObjectId object = state_.ObjectAt(access.address);
  const auto end = reinterpret_cast<uint64_t>(access.address) + access.size;
  for (uint64_t at = reinterpret_cast<uint64_t>(access.address) & ~(kWord - 1); at < end; at += kWord) {
    const uint64_t word = state_.NameOfAddress(reinterpret_cast<const void*>(at));
    touches_.push_back({object != 0 ? state_.Name(object) : 0, word, access.is_write});
  }
}

void StepWatcher::Add(const Event& event, uint64_t word, bool writes) {
  touches_.push_back({event.object != 0 ? state_.Name(event.object) : 0, word, writes});
}

void StepWatcher::TakeIn(const Event& e) {
  if (e.kind == EventKind::kSwitch) return;  // it is of the task that the step follows
  kind_.tasks |= TaskBit(e.op);
  if (!IsQuiet(e)) kind_.is_quiet = false;
  // An event does not say where outside of the heap it is, so it is taken to touch all of what lies there.
  const uint64_t word = e.object != 0 ? (state_.Name(e.object) + e.offset) & ~(kWord - 1) : 0;
  switch (e.kind) {
    case EventKind::kLoad:
      Add(e, word, false);
      if (IsPointer(e.value) && PointerObject(e.value) != 0) {
        touches_.push_back({state_.Name(PointerObject(e.value)), 0, false});
      }
      break;
    case EventKind::kStore:
    case EventKind::kRmw:
      kind_.stores = true;
      Add(e, word, true);
      break;
    case EventKind::kLock:
    case EventKind::kLockWait:
    case EventKind::kSpinLock:
    case EventKind::kUnlock:
    case EventKind::kSpinUnlock:
      kind_.stores = locks_or_unlocks_ = true;
      Add(e, word, true);
      break;
    case EventKind::kRelax:
      kind_.polls = true;
      break;
    case EventKind::kFree:
    case EventKind::kCallRcu:  // it overwrites the head
    case EventKind::kQueueWork:
    case EventKind::kFieldSet:
    case EventKind::kFieldFree:
    case EventKind::kMapGet:
    case EventKind::kMapPut:
      if (e.object != 0) Add(e, 0, true);
      break;
    default:
      break;
  }
}

void StepWatcher::End(bool counts_change) {
  state_.Fold();
  locks_or_unlocks_ = false;
  for (uint32_t i = first_event_; i < state_.events(); ++i) TakeIn(state_.event(i));
  kind_.counts_switches |= state_.HasLatePeriod();
  // Outside of a reader section, a lock makes a task a reader, and its release ends that.
  const bool outside = locks_or_unlocks_ && state_.current().nesting[KERNEL_RCU] == 0;
  // Right after an op has begun, the World looks whether the op is allowed.
  if (outside || counts_change || (kind_.tasks & at_beginning_) != 0) kind_.is_quiet = false;
}

bool StepWatcher::IsIndependentOf(const StepKind& kind, std::span<const Touch> touches) const {
  if (kind_.counts_switches || (!kind_.is_quiet && !kind.is_quiet)) return false;
  if ((kind_.stores && kind.polls) || (kind_.polls && kind.stores)) return false;
  for (const Touch& a : touches_) {
    for (const Touch& b : touches) {
      if (Conflict(a, b)) return false;
    }
  }
  return true;
}

}  // namespace nofail
