// SPDX-License-Identifier: MIT
#include "bench/usual_way.h"

#include <atomic>
#include <cstdlib>
#include <latch>
#include <memory>
#include <thread>
#include <vector>

#include "core/kernel/value.h"

#if NOFAIL_TSAN
// report_thread_leaks=0: a process that ends because a task hangs has not joined the threads of the other tasks.
extern "C" const char* __tsan_default_options() {
  return "halt_on_error=1:print_suppressions=1:report_thread_leaks=0:report_signal_unsafe=0:atexit_sleep_ms=0";
}

// Suppressions, in the thread sanitizer's syntax, of two data races that the posted core has. Without them these races
// would end every long run. The runtime lists the suppressions that were used at the end of the process, so that the
// races stay visible. M is MapFree, D is StorageDestroy.
//
// race_top:nofail::StorageDestroy. Without a lock or a marked access this function itself accesses only mem_charge, so
// the suppression hides no other race:
//   1. M has pinned the owner and holds storage->lock. D fails to get storage->lock.
//   2. D drops its reference to the owner, which is not the last one, and polls owner_refcnt with a read that orders
//      nothing.
//   3. M subtracts from mem_charge and drops the pin.
//   4. D sees zero and reads mem_charge. Nothing orders step 3 before step 4: the barrier that does came with v7.
//
// race:UsualRun::EndOwner, a function that reads an owner's charge and frees the owner:
//   1. M takes the storage's last selem off its list, uncharges the owner (atomic_sub), and clears the owner's pointer
//      to the storage (RCU_INIT_POINTER). Neither of the two orders anything.
//   2. The owner's destroy finds the pointer null, so it has nothing to destroy, and the owner is freed.
//   Nothing orders the subtraction before the owner is freed. On x86 the subtraction comes first all the same.
extern "C" const char* __tsan_default_suppressions() {
  return "race_top:nofail::StorageDestroy\nrace:UsualRun::EndOwner\n";
}
#endif

namespace nofail {
namespace {

// Counts the references to a map or an owner, which ops hold as programs do. It starts with one reference, which End
// gives back. The object may go once the count is zero.
class Lifetime {
 public:
  // Takes a reference and returns true; returns false if the count is zero, that is, if the object is going.
  bool Enter() {
    int users = users_.load();
    while (users != 0) {
      if (users_.compare_exchange_weak(users, users + 1)) return true;
    }
    return false;
  }
  // Gives back a reference that Enter took.
  void Leave() { users_.fetch_sub(1); }
  // The first call gives the first reference back, waits until all others are gone, and returns true. Every later call
  // returns false at once.
  bool End() {
    if (ended_.exchange(true)) return false;
    Leave();
    while (users_.load() != 0) std::this_thread::yield();
    return true;
  }

 private:
  std::atomic<int> users_{1};
  std::atomic<bool> ended_{false};
};

// A map of the schedule.
struct Map {
  kernel_map* map;
  kernel_record* record;
  Lifetime lifetime;
};

// Whether an owner may still become the child of a clone. Only a fresh owner may, and while it is being cloned no other
// op may use it.
enum class Age { kFresh, kBeingCloned, kUsed };
// An owner of the schedule.
struct Owner {
  void* object;
  std::atomic<Age> age{Age::kFresh};
  Lifetime lifetime;

  // Returns whether an op may use the owner now; if so, the owner is no longer fresh.
  bool Use() {
    Age age_now = Age::kFresh;
    return age.compare_exchange_strong(age_now, Age::kUsed) || age_now == Age::kUsed;
  }
};

class UsualRun {
 public:
  UsualRun(const subject& subject, const Schedule& schedule) : subject_(subject), schedule_(schedule) {
    maps_ = std::make_unique<Map[]>(schedule.maps.size());
    owners_ = std::make_unique<Owner[]>(schedule.owners.size());
  }

  // Runs the whole schedule, then ends all owners and maps that are left. Returns UsualResult::charge_left.
  int64_t Run(bool start_together) {
    subject_.reset();
    for (uint32_t i = 0; i < schedule_.maps.size(); ++i) MakeMap(i);
    for (uint32_t i = 0; i < schedule_.owners.size(); ++i) MakeOwner(i);
    for (const Op& op : schedule_.setup) Do(op);
    std::latch start(static_cast<ptrdiff_t>(schedule_.tasks.size()));
    std::vector<std::thread> threads;
    for (const std::vector<Op>& task : schedule_.tasks) {
      threads.emplace_back([this, &task, &start, start_together] {
        if (start_together) start.arrive_and_wait();
        for (const Op& op : task) Do(op);
      });
    }
    for (std::thread& thread : threads) thread.join();
    for (uint8_t i = 0; i < schedule_.owners.size(); ++i) Destroy(i);
    for (uint8_t i = 0; i < schedule_.maps.size(); ++i) FreeMap(i);
    native::Drain();
    return charge_left_;
  }

 private:
  void MakeMap(uint32_t i) {
    const MapSpec& spec = schedule_.maps[i];
    maps_[i].record = native::NewRecord(spec.bytes, spec.fields);
    const subject_map_attr attr = {.type = spec.type,
                                   .value_size = kernel_value_size(spec.bytes, spec.fields),
                                   .flags = spec.clone ? KERNEL_MAP_CLONE : 0u,
                                   .id = i,
                                   .record = maps_[i].record};
    maps_[i].map = subject_.map_alloc(&attr);
  }

  void MakeOwner(uint32_t i) {
    const OwnerSpec& spec = schedule_.owners[i];
    owners_[i].object = kernel_alloc(KERNEL_OWNER, subject_.owner_size, KERNEL_HERE);
    subject_.owner_init(owners_[i].object, spec.type, spec.optmem == 0 ? INT32_MAX : spec.optmem * 64u);
  }

  void Do(const Op& op) {
    switch (op.kind) {
      case OpKind::kDestroy:
        return Destroy(op.owner);
      case OpKind::kMapFree:
        return FreeMap(op.map);
      case OpKind::kClone:
      case OpKind::kDump:
        return WithOwner(op, [&](void* owner) { OnOwner(op, owner); });
      default:
        return WithOwner(op, [&](void* owner) { OnMap(op, owner); });
    }
  }

  void Destroy(uint8_t i) {
    Owner& owner = owners_[i];
    if (!owner.lifetime.End()) return;
    subject_.owner_destroy(owner.object);
    EndOwner(owner.object);
  }

  // This is a function of its own so that the thread sanitizer's suppressions above can name it.
  __attribute__((noinline)) void EndOwner(void* object) {
    charge_left_ += std::abs(subject_.owner_charge(object));
    kernel_free(object, KERNEL_HERE);
  }

  void FreeMap(uint8_t i) {
    Map& map = maps_[i];
    if (!map.lifetime.End()) return;
    native::PutMap(map.record);
    while (native::MapInUse(map.record)) std::this_thread::yield();  // a clone may hold a reference
    subject_.map_free(map.map);
    native::EndRecord(map.record);
  }

  template <typename Body>
  void WithOwner(const Op& op, Body body) {
    Owner& owner = owners_[op.owner];
    if (!owner.lifetime.Enter()) return;
    if (owner.Use()) body(owner.object);
    owner.lifetime.Leave();
  }

  void OnOwner(const Op& op, void* owner) {
    if (op.kind == OpKind::kDump) {
      subject_.dump(owner);
      return;
    }
    Owner& child = owners_[op.other];
    if (!child.lifetime.Enter()) return;
    Age age = Age::kFresh;
    if (child.age.compare_exchange_strong(age, Age::kBeingCloned)) {
      native::SetHash(schedule_.owners[op.other].bucket);
      subject_.clone(owner, child.object);
      child.age = Age::kUsed;
    }
    child.lifetime.Leave();
  }

  void OnMap(const Op& op, void* owner) {
    Map& map = maps_[op.map];
    if (!map.lifetime.Enter()) return;
    const kernel_rcu_flavour flavour = op.sleepable ? KERNEL_RCU_TASKS_TRACE : KERNEL_RCU;
    kernel_rcu_read_lock(flavour, KERNEL_HERE);
    switch (op.kind) {
      case OpKind::kUpdate:
        Update(op, map.map, owner);
        break;
      case OpKind::kDelete:
        subject_.remove(map.map, owner);
        break;
      case OpKind::kLookup:
        subject_.lookup(map.map, owner, op.flags != 0);
        break;
      default:
        Exchange(op, map.map, owner);
    }
    kernel_rcu_read_unlock(flavour, KERNEL_HERE);
    map.lifetime.Leave();
  }

  void Update(const Op& op, kernel_map* map, void* owner) {
    const MapSpec& spec = schedule_.maps[op.map];
    alignas(8) unsigned char value[kMaxValueBytes + 4 * KERNEL_VALUE_SLOT] = {};
    uint64_t* uptr = Field(value, spec, KERNEL_FIELD_UPTR);
    if (uptr != nullptr) *uptr = native::NewResource();
    native::SetHash(schedule_.owners[op.owner].bucket);
    subject_.update(map, owner, value, op.flags);
    if (uptr != nullptr) native::ReleaseResource(*uptr);
  }

  void Exchange(const Op& op, kernel_map* map, void* owner) {
    void* value = subject_.lookup(map, owner, true);
    uint64_t* kptr = Field(value, schedule_.maps[op.map], KERNEL_FIELD_KPTR);
    if (value != nullptr && kptr != nullptr) native::ExchangeKptr(kptr, native::NewResource());
  }

  static uint64_t* Field(void* value, const MapSpec& spec, unsigned field) {
    if (value == nullptr || (spec.fields & field) == 0) return nullptr;
    return reinterpret_cast<uint64_t*>(static_cast<char*>(value) + kernel_value_offset(spec.bytes, spec.fields, field));
  }

  const subject& subject_;
  const Schedule& schedule_;
  std::unique_ptr<Map[]> maps_;
  std::unique_ptr<Owner[]> owners_;
  std::atomic<int64_t> charge_left_{0};
};

native::Counters Difference(const native::Counters& after, const native::Counters& before) {
  native::Counters more = after;
  for (int i = 0; i < kObjectKinds; ++i) more.objects[i] -= before.objects[i];
  more.resources -= before.resources;
  more.records -= before.records;
  more.warnings -= before.warnings;
  more.refcount_warnings -= before.refcount_warnings;
  more.timeouts -= before.timeouts;
  more.deadlocks -= before.deadlocks;
  return more;
}

}  // namespace

bool UsualResult::clean() const {
  return more.objects == native::Counters{}.objects && more.resources == 0 && more.records == 0 && more.warnings == 0 &&
         more.refcount_warnings == 0 && charge_left == 0;
}

UsualResult RunTheUsualWay(const subject& subject, const Schedule& schedule, const UsualOptions& options) {
  native::Config config = options.kernel;
  config.cpus = schedule.modes.cpus;
  config.preemptible_rcu = schedule.modes.preemptible_rcu;
  native::Configure(config);
  const native::Counters before = native::Count();
  const int64_t charge_left = UsualRun(subject, schedule).Run(options.start_together);
  return {Difference(native::Count(), before), charge_left};
}

}  // namespace nofail
