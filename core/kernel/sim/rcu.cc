// SPDX-License-Identifier: MIT
#include "core/kernel/sim/rcu.h"

#include <algorithm>

#include "core/kernel/sim/machine.h"
#include "core/kernel/sim/sanitizer.h"
#include "fuzz/base/limits.h"

namespace nofail {

namespace {

// The most grace periods of one run: an event comes before each. periods_ never grows beyond it, so the addresses of
// its elements stay valid.
constexpr size_t kMaxPeriods = kMaxEvents;
// A grace period ends 0 to 3 task switches later than it could, or, with the answer kLatest, when no task can run.
constexpr uint16_t kLateAnswers = 5;
constexpr uint16_t kLatest = kLateAnswers - 1;
// What a head that was handed over holds. A kernel links heads there, so an object's own link in the same bytes is
// lost.
kernel_rcu_head* const kOverwritten = reinterpret_cast<kernel_rcu_head*>(0x100);

}  // namespace

// All vectors that grow in a run have their memory reserved. Otherwise the thread sanitizer would see the copies that
// growing makes.
Rcu::Rcu(Machine& machine) : machine_(machine) {
  periods_.reserve(kMaxPeriods);
  open_.reserve(kMaxPeriods);
  for (auto& callbacks : callbacks_) callbacks.reserve(kMaxPeriods);
}

void Rcu::Reset() {
  periods_.clear();
  open_.clear();
  callbacks_[0].clear();
  callbacks_[1].clear();
  late_ = 0;
  is_polled_ = false;
}

void Rcu::ReadLock(kernel_rcu_flavour flavour, kernel_site site) {
  Task& task = machine_.scheduler.current();
  if (!task.InSection()) task.touched_words = 0;
  ++task.nesting[flavour];
  machine_.Emit(EventKind::kReadLock, flavour, 0, 0, task.nesting[flavour], site);
  SyncAcquire(&started_[flavour]);
}

void Rcu::ReadUnlock(kernel_rcu_flavour flavour, kernel_site site) {
  machine_.scheduler.Point();
  Task& task = machine_.scheduler.current();
  if (task.nesting[flavour] == 0) return machine_.Report(Fault::kRcuImbalance, 0, 0, site, flavour);
  machine_.Emit(EventKind::kReadUnlock, flavour, 0, 0, task.nesting[flavour] - 1u, site);
  if (--task.nesting[flavour] != 0) return;
  if (flavour == KERNEL_RCU) task.resched_due = false;
  Left(flavour);
}

void Rcu::Left(kernel_rcu_flavour flavour) {
  const Task& task = machine_.scheduler.current();
  if (IsReader(task, flavour)) return;
  SyncRelease(&left_[flavour]);
  uint64_t bit = uint64_t{1} << machine_.scheduler.SlotOf(task);
  for (size_t i = 0; i < open_.size();) {
    uint32_t number = open_[i];
    GracePeriod& period = periods_[number];
    bool waited = (period.readers[flavour] & bit) != 0;
    if (waited) {
      SyncRelease(&period);
      period.readers[flavour] &= ~bit;
      if ((period.readers[0] | period.readers[1]) == 0) NoReaderLeft(number);
    }
    // If the grace period has ended, it is no longer in open_, and open_[i] is the next one already.
    if (i < open_.size() && open_[i] == number) ++i;
  }
}

void Rcu::LeaveAll(kernel_site site) {
  Task& task = machine_.scheduler.current();
  for (kernel_rcu_flavour flavour : {KERNEL_RCU, KERNEL_RCU_TASKS_TRACE}) {
    while (task.nesting[flavour] != 0) ReadUnlock(flavour, site);
  }
}

uint64_t Rcu::Readers(kernel_rcu_flavour flavour) const {
  uint64_t readers = 0;
  for (const Task* task : machine_.scheduler.live()) {
    if (IsReader(*task, flavour)) readers |= uint64_t{1} << machine_.scheduler.SlotOf(*task);
  }
  return readers;
}

uint32_t Rcu::Begin(Kind kind, kernel_rcu_flavour flavour, ObjectId object, kernel_rcu_head* head, kernel_site site) {
  uint32_t number = static_cast<uint32_t>(periods_.size());
  GracePeriod& period = periods_.emplace_back(
      GracePeriod{kind, flavour, false, 0, {0, 0}, object, head, site, machine_.scheduler.current().op});
  period.readers[KERNEL_RCU] = Readers(KERNEL_RCU);
  // A tasks-trace grace period implies an RCU one, so it waits for both flavours.
  if (flavour == KERNEL_RCU_TASKS_TRACE) period.readers[KERNEL_RCU_TASKS_TRACE] = Readers(KERNEL_RCU_TASKS_TRACE);
  // A task that calls synchronize_rcu in its own section does not wait for itself: that is reported as a fault already,
  // and must not hang the run as well.
  if (kind == Kind::kSynchronize) {
    period.readers[KERNEL_RCU] &= ~(uint64_t{1} << machine_.scheduler.SlotOf(machine_.scheduler.current()));
  }
  SyncRelease(&period);
  FollowEndedSections(period);
  SyncRelease(&started_[KERNEL_RCU]);
  if (flavour == KERNEL_RCU_TASKS_TRACE) SyncRelease(&started_[KERNEL_RCU_TASKS_TRACE]);
  open_.push_back(number);
  if (kind == Kind::kCallback) callbacks_[flavour].push_back(number);
  if ((period.readers[0] | period.readers[1]) == 0) NoReaderLeft(number);
  return number;
}

void Rcu::NoReaderLeft(uint32_t number) {
  const GracePeriod& period = periods_[number];
  const OpRef who = period.kind == Kind::kCallback ? CallbackOf(period) : period.op;
  const bool somebody = period.kind == Kind::kCallback || period.kind == Kind::kSynchronize;
  const uint16_t late =
      machine_.scheduler.Choose(ChoiceKind::kGracePeriod, kLateAnswers, {&who, somebody ? size_t{1} : size_t{0}});
  if (late == 0) return End(number);
  periods_[number].late = static_cast<uint8_t>(late);
  ++late_;
}

OpRef Rcu::CallbackOf(const GracePeriod& period) const {
  const ObjectInfo& info = machine_.trace.object(period.object);
  return {static_cast<uint8_t>(kFirstCallback + static_cast<int>(info.kind)), info.number};
}

void Rcu::CountDown() {
  for (size_t i = 0; i < open_.size();) {
    uint32_t number = open_[i];
    GracePeriod& period = periods_[number];
    if (period.late != 0 && period.late != kLatest && --period.late == 0) {
      --late_;
      End(number);
    } else {
      ++i;
    }
  }
}

bool Rcu::EndOneLate() {
  for (uint32_t number : open_) {
    if (periods_[number].late == 0) continue;
    periods_[number].late = 0;
    --late_;
    End(number);
    return true;
  }
  return false;
}

void Rcu::End(uint32_t number) {
  GracePeriod& period = periods_[number];
  period.ended = true;
  open_.erase(std::find(open_.begin(), open_.end(), number));
  machine_.Emit(EventKind::kGpEnd, period.flavour, period.object, 0, number, {});
  if (is_polled_) machine_.scheduler.Stored();
  switch (period.kind) {
    case Kind::kSynchronize:
      return machine_.scheduler.Recheck();
    case Kind::kCallback: {
      machine_.scheduler.Spawn(CallbackOf(period), period.object, &Rcu::RunCallback, &period);
      return;
    }
    case Kind::kKfree:
      return Kfree(period);
    case Kind::kPolled:
      return;
  }
}

// No task in particular frees the object. To the thread sanitizer, the free comes after the grace period, but is not
// ordered with the task that happened to notice the end of the grace period.
void Rcu::Kfree(GracePeriod& period) {
  machine_.heap.Retire(period.object, true, period.site);
  if constexpr (!kDetectsRaces) return;
  reclaimer_.Impersonate(
      [](void* argument) {
        const GracePeriod& period = *static_cast<GracePeriod*>(argument);
        Machine& machine = nofail::machine();
        SyncAcquire(&period);
        machine.heap.SyncRetire(period.object);
        SyncRelease(&machine.scheduler);  // before the next run
      },
      &period);
}

// Tells the thread sanitizer that the sections that have ended come before the end of the grace period. A fiber of its
// own does this, because the task that begins the grace period need not see what was done in these sections. Sections
// of RCU Tasks Trace are left out for a grace period of RCU: it does not wait for them, so nothing orders them.
void Rcu::FollowEndedSections(GracePeriod& period) {
  if constexpr (!kDetectsRaces) return;
  bookkeeper_.Impersonate(
      [](void* argument) {
        const GracePeriod& period = *static_cast<GracePeriod*>(argument);
        const Rcu& rcu = nofail::machine().rcu;
        SyncAcquire(&rcu.left_[KERNEL_RCU]);
        if (period.flavour == KERNEL_RCU_TASKS_TRACE) SyncAcquire(&rcu.left_[KERNEL_RCU_TASKS_TRACE]);
        SyncRelease(&period);
      },
      &period);
}

void Rcu::RunCallback(void* argument) {
  GracePeriod& period = *static_cast<GracePeriod*>(argument);
  Machine& machine = nofail::machine();
  Rcu& rcu = machine.rcu;
  SyncAcquire(&period);
  machine.Emit(EventKind::kCallbackBegin, period.flavour, period.object, 0, 0, period.site);
  Task& task = machine.scheduler.current();
  task.in_callback = true;
  period.head->callback(period.head);
  CheckLeftNothing(machine, period.site);
  task.in_callback = false;
  rcu.LeftAtomic();
  machine.Emit(EventKind::kCallbackEnd, period.flavour, period.object, 0, 0, period.site);
  SyncRelease(&rcu.barrier_[period.flavour]);
  auto& left = rcu.callbacks_[period.flavour];
  left.erase(std::find(left.begin(), left.end(), static_cast<uint32_t>(&period - rcu.periods_.data())));
  // When this task ends, the scheduler wakes the tasks that wait in a barrier.
}

void Rcu::Call(kernel_rcu_flavour flavour, kernel_rcu_head* head, void (*callback)(kernel_rcu_head*),
               kernel_site site) {
  machine_.scheduler.Point();
  ObjectId object = machine_.heap.HandOver(head, site);
  head->next = kOverwritten;
  head->callback = callback;
  machine_.Emit(EventKind::kCallRcu, flavour, object, 0, periods_.size(), site);
  Begin(Kind::kCallback, flavour, object, head, site);
}

void Rcu::KfreeRcu(void* object, kernel_site site) {
  machine_.scheduler.Point();
  ObjectId id = machine_.heap.HandOver(object, site);
  machine_.Emit(EventKind::kKfreeRcu, KERNEL_RCU, id, 0, periods_.size(), site);
  Begin(Kind::kKfree, KERNEL_RCU, id, nullptr, site);
}

void Rcu::CheckMaySleep(kernel_site site) {
  const Task& task = machine_.scheduler.current();
  if (task.nesting[KERNEL_RCU] != 0) machine_.Report(Fault::kSleepInRcu, 0, 0, site);
  if (task.held_count != 0) {
    Heap::Location location = machine_.heap.Find(task.held[task.held_count - 1]);
    machine_.Report(Fault::kSleepInAtomic, location.object, location.offset, site);
  } else if (task.in_callback) {
    machine_.Report(Fault::kSleepInAtomic, 0, 0, site);
  }
}

bool Rcu::HasEnded(const void* argument) {
  return static_cast<const GracePeriod*>(argument)->ended;
}

void Rcu::Synchronize(kernel_rcu_flavour flavour, kernel_site site) {
  machine_.scheduler.Point();
  CheckMaySleep(site);
  machine_.Emit(EventKind::kGpWait, flavour, 0, 0, periods_.size(), site);
  uint32_t number = Begin(Kind::kSynchronize, flavour, 0, nullptr, site);
  const GracePeriod& period = periods_[number];
  machine_.scheduler.Block(&Rcu::HasEnded, &period);
  SyncAcquire(&period);
  machine_.Emit(EventKind::kGpDone, flavour, 0, 0, number, site);
}

bool Rcu::NoneBefore(const void* argument) {
  const BarrierWait& wait = *static_cast<const BarrierWait*>(argument);
  return wait.callbacks->empty() || wait.callbacks->front() >= wait.before;
}

void Rcu::Barrier(kernel_rcu_flavour flavour, kernel_site site) {
  machine_.scheduler.Point();
  CheckMaySleep(site);
  machine_.Emit(EventKind::kBarrierWait, flavour, 0, 0, 0, site);
  BarrierWait wait = {&callbacks_[flavour], static_cast<uint32_t>(periods_.size())};
  machine_.scheduler.Block(&Rcu::NoneBefore, &wait);
  SyncAcquire(&barrier_[flavour]);
  machine_.Emit(EventKind::kBarrierDone, flavour, 0, 0, 0, site);
}

uint64_t Rcu::StartPoll(kernel_site site) {
  machine_.scheduler.Point();
  is_polled_ = true;
  machine_.Emit(EventKind::kGpStart, KERNEL_RCU, 0, 0, periods_.size(), site);
  return Begin(Kind::kPolled, KERNEL_RCU, 0, nullptr, site);
}

bool Rcu::Poll(uint64_t number, kernel_site site) {
  machine_.scheduler.Point();
  const size_t first = std::min<size_t>(number, periods_.size());  // a number of nobody's never ends
  const bool has_ended = std::any_of(periods_.begin() + static_cast<ptrdiff_t>(first), periods_.end(),
                                     [](const GracePeriod& period) { return period.ended; });
  machine_.Emit(EventKind::kGpPoll, has_ended, 0, 0, number, site);
  // A later grace period waited for every reader that this one waits for, so all of them have told this one.
  if (has_ended) SyncAcquire(&periods_[first]);
  return has_ended;
}

}  // namespace nofail
