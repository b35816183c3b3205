// SPDX-License-Identifier: MIT
//
// Tests what each operation of the posted subject promises when nothing races. One task at a time drives the subject
// through its table of functions.
#include <errno.h>

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "core/kernel/sim/sim.h"
#include "core/kernel/value.h"
#include "core/subjects/storage/local_storage.h"
#include "core/subjects/storage/storage_types.h"
#include "core/subjects/subject.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

// The driver of a subject implements these two functions, since it counts the references to maps (fuzz/exec does so).
// In this test every map is alive.
bool kernel_map_inc_not_zero(kernel_map*, kernel_site) {
  return true;
}
void kernel_map_put(kernel_map*, kernel_site) {}

namespace nofail {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr uint32_t kBytes = 16;
constexpr uint32_t kNoLimit = INT32_MAX;
constexpr storage_type kAllTypes[] = {STORAGE_SK, STORAGE_TASK, STORAGE_CGROUP, STORAGE_INODE};

// Gives every choice the default answer, except one.
class Deviate : public Chooser {
 public:
  Deviate() = default;
  Deviate(ChoiceKind kind, uint16_t ordinal, uint16_t answer) : kind_(kind), ordinal_(ordinal), answer_(answer) {}
  uint16_t Choose(const Choice& choice) override {
    if (choice.kind != kind_ || choice.ordinal != ordinal_) return 0;
    fired_ = true;
    return answer_;
  }
  bool fired() const { return fired_; }

 private:
  ChoiceKind kind_ = ChoiceKind::kNmi;
  uint16_t ordinal_ = 0;
  uint16_t answer_ = 0;
  bool fired_ = false;
};

// Drives one run. A run consists of steps, one after the other, each in a task of its own.
class Driver {
 public:
  explicit Driver(Chooser* chooser, SimConfig config = {}) {
    subject_.reset();
    Sim::Get().Reset(config, chooser);
  }

  bool Step(std::function<void()> step) {
    step_ = std::move(step);
    Sim::Get().Spawn(kSetup, [](void* run) { static_cast<Driver*>(run)->step_(); }, this);
    return Sim::Get().Run();
  }

  kernel_map* NewMap(storage_type type, unsigned fields = 0, uint32_t flags = 0) {
    uint32_t id = maps_++;
    subject_map_attr attr = {type, kernel_value_size(kBytes, fields), flags, id,
                             Sim::Get().MakeRecord({id, kBytes, fields})};
    return subject_.map_alloc(&attr);
  }
  void FreeMap(kernel_map* map) {
    kernel_record* record = map->record;
    subject_.map_free(map);
    Sim::Get().EndRecord(record);
  }

  void* NewOwner(storage_type type, uint32_t optmem_max = kNoLimit) {
    void* owner = kernel_alloc(KERNEL_OWNER, subject_.owner_size, KERNEL_HERE);
    subject_.owner_init(owner, type, optmem_max);
    return owner;
  }
  // Destroys and frees the owner. Returns the bytes that were still charged to it after the destroy.
  int64_t FreeOwner(void* owner) {
    subject_.owner_destroy(owner);
    int64_t left = subject_.owner_charge(owner);
    kernel_free(owner, KERNEL_HERE);
    return left;
  }

  // Sets the owner's value of the map to bytes that all are `byte`. `uptr`: a resource for the uptr field, or 0.
  int Update(kernel_map* map, void* owner, uint8_t byte, uint64_t flags = UPDATE_ANY, uint64_t uptr = 0) {
    alignas(8) uint8_t value[kBytes + 4 * KERNEL_VALUE_SLOT] = {};
    for (uint32_t i = 0; i < kBytes; ++i) value[i] = byte;
    if (uptr != 0) reinterpret_cast<uint64_t*>(value)[kBytes / 8] = uptr;
    RcuReader reader;
    return subject_.update(map, owner, value, flags);
  }
  // Returns the first byte of the owner's value of the map, or -1 when there is no value.
  int Read(kernel_map* map, void* owner, bool cache = false) {
    RcuReader reader;
    auto* value = static_cast<uint8_t*>(subject_.lookup(map, owner, cache));
    return value ? value[0] : -1;
  }
  int Remove(kernel_map* map, void* owner) {
    RcuReader reader;
    return subject_.remove(map, owner);
  }

  const subject& table() const { return subject_; }

 private:
  const subject& subject_ = *linked_subject;
  std::function<void()> step_;
  uint32_t maps_ = 0;
};

// Returns everything that is wrong with the run: faults, warnings, and what was not freed or released.
std::vector<std::string> Wrongs() {
  std::vector<std::string> wrongs;
  const Trace& trace = Sim::Get().trace();
  for (const Event& event : trace.events()) {
    if (event.kind == EventKind::kFault) wrongs.push_back(FaultText(event.fault()));
    if (event.kind == EventKind::kWarning) wrongs.push_back("warning");
  }
  for (const ObjectInfo& object : trace.objects().subspan(1)) {
    if (object.freed == ObjectInfo::kAlive) wrongs.push_back("leak of " + ObjectName(object.kind, object.number));
  }
  for (int32_t references : Sim::Get().resources().subspan(1)) {
    if (references != 0) wrongs.push_back("resource with " + std::to_string(references) + " references");
  }
  return wrongs;
}

std::string TypeName(const ::testing::TestParamInfo<storage_type>& info) {
  static constexpr const char* kNames[] = {"sk", "task", "cgroup", "inode"};
  return kNames[info.param];
}

class EveryType : public ::testing::TestWithParam<storage_type> {
 protected:
  Deviate defaults_;
};
INSTANTIATE_TEST_SUITE_P(Types, EveryType, ::testing::ValuesIn(kAllTypes), TypeName);

TEST_P(EveryType, UpdateLookupDelete) {
  Driver run(&defaults_);
  ASSERT_TRUE(run.Step([&] {
    kernel_map* map = run.NewMap(GetParam());
    void* owner = run.NewOwner(GetParam());
    EXPECT_EQ(run.Read(map, owner), -1);
    EXPECT_EQ(run.Remove(map, owner), -ENOENT);
    EXPECT_EQ(run.Update(map, owner, 1), 0);
    EXPECT_EQ(run.Read(map, owner), 1);
    EXPECT_EQ(run.Update(map, owner, 2), 0);
    EXPECT_EQ(run.Read(map, owner), 2);
    EXPECT_EQ(run.Remove(map, owner), 0);
    EXPECT_EQ(run.Read(map, owner), -1);
    EXPECT_EQ(run.table().owner_charge(owner), 0);
    EXPECT_EQ(run.Update(map, owner, 3), 0) << "the first element again";
    EXPECT_EQ(run.FreeOwner(owner), 0);
    run.FreeMap(map);
  }));
  EXPECT_THAT(Wrongs(), IsEmpty());
}

TEST_P(EveryType, FlagsSayWhatMustBeThere) {
  Driver run(&defaults_);
  ASSERT_TRUE(run.Step([&] {
    kernel_map* map = run.NewMap(GetParam());
    kernel_map* other = run.NewMap(GetParam());
    void* owner = run.NewOwner(GetParam());
    EXPECT_EQ(run.Update(map, owner, 1, UPDATE_EXIST), -ENOENT);
    EXPECT_EQ(run.Update(map, owner, 1, UPDATE_NOEXIST), 0);
    EXPECT_EQ(run.Update(map, owner, 2, UPDATE_NOEXIST), -EEXIST);
    EXPECT_EQ(run.Update(map, owner, 2, UPDATE_EXIST), 0);
    EXPECT_EQ(run.Update(other, owner, 2, UPDATE_EXIST), -ENOENT) << "another map's element";
    EXPECT_EQ(run.Update(map, owner, 3, UPDATE_NOEXIST | UPDATE_EXIST), -EINVAL);
    EXPECT_EQ(run.Update(map, owner, 3, UPDATE_LOCK), -EINVAL) << "no spin lock in the value";
    EXPECT_EQ(run.Update(map, owner, 3, 8), -EINVAL);
    EXPECT_EQ(run.Read(map, owner), 2);
    EXPECT_EQ(run.FreeOwner(owner), 0);
    run.FreeMap(map);
    run.FreeMap(other);
  }));
  EXPECT_THAT(Wrongs(), IsEmpty());
}

TEST_P(EveryType, LockedUpdateIsInPlace) {
  Driver run(&defaults_);
  ASSERT_TRUE(run.Step([&] {
    kernel_map* map = run.NewMap(GetParam(), KERNEL_FIELD_KPTR | KERNEL_FIELD_SPIN_LOCK);
    void* owner = run.NewOwner(GetParam());
    EXPECT_EQ(run.Update(map, owner, 1, UPDATE_LOCK), 0);
    {
      RcuReader reader;
      void* value = run.table().lookup(map, owner, false);
      EXPECT_EQ(run.Update(map, owner, 2, UPDATE_LOCK), 0);
      EXPECT_EQ(run.Update(map, owner, 3, UPDATE_LOCK | UPDATE_EXIST), 0);
      EXPECT_EQ(run.Update(map, owner, 4, UPDATE_LOCK | UPDATE_NOEXIST), -EEXIST);
      EXPECT_EQ(run.table().lookup(map, owner, false), value);
      EXPECT_EQ(run.Read(map, owner), 3);
      EXPECT_EQ(run.Update(map, owner, 5), 0);
      EXPECT_NE(run.table().lookup(map, owner, false), value);
    }
    EXPECT_EQ(run.FreeOwner(owner), 0);
    run.FreeMap(map);
  }));
  EXPECT_THAT(Wrongs(), IsEmpty());
}

// Returns how fields and memory were freed since event `from`, one entry per step: "kfree_rcu", "call_rcu", "trace"
// (call_rcu_tasks_trace), or "field".
std::vector<std::string> Route(uint32_t from) {
  std::vector<std::string> route;
  for (const Event& event : Sim::Get().trace().events().subspan(from)) {
    if (event.kind == EventKind::kKfreeRcu) route.push_back("kfree_rcu");
    if (event.kind == EventKind::kCallRcu) route.push_back(event.flavour() == KERNEL_RCU ? "call_rcu" : "trace");
    if (event.kind == EventKind::kFieldFree) route.push_back("field");
  }
  return route;
}

TEST_P(EveryType, FreeingRoutes) {
  bool nolock = GetParam() == STORAGE_TASK || GetParam() == STORAGE_CGROUP;
  Driver run(&defaults_);
  kernel_map* map;
  void* owner;
  auto update = [&] {
    EXPECT_EQ(run.Update(map, owner, 1), 0);
    RcuReader reader;
    auto* value = static_cast<uint64_t*>(run.table().lookup(map, owner, false));
    Sim::Get().ExchangeKptr(value + kBytes / 8, Sim::Get().NewResource(KERNEL_FIELD_KPTR), KERNEL_HERE);
  };
  ASSERT_TRUE(run.Step([&] {
    map = run.NewMap(GetParam(), KERNEL_FIELD_KPTR);
    owner = run.NewOwner(GetParam());
    update();
  }));

  uint32_t mark = Sim::Get().trace().size();
  ASSERT_TRUE(run.Step([&] { EXPECT_EQ(run.Remove(map, owner), 0); }));
  if (nolock) {
    EXPECT_THAT(Route(mark), ElementsAre("trace", "trace", "field")) << "regular: fields in the callback";
  } else {
    EXPECT_THAT(Route(mark), ElementsAre("field", "trace", "trace")) << "regular: fields at once";
  }

  ASSERT_TRUE(run.Step(update));
  mark = Sim::Get().trace().size();
  ASSERT_TRUE(run.Step([&] { EXPECT_EQ(run.FreeOwner(owner), 0); }));
  std::string route = nolock ? "call_rcu" : "kfree_rcu";
  EXPECT_THAT(Route(mark), ElementsAre("field", route, route)) << "reuse_now: fields under the bucket's lock";
  ASSERT_TRUE(run.Step([&] { run.FreeMap(map); }));
  EXPECT_THAT(Wrongs(), IsEmpty());
}

TEST_P(EveryType, TeardownInEitherOrder) {
  for (bool map_first : {true, false}) {
    Driver run(&defaults_);
    ASSERT_TRUE(run.Step([&] {
      kernel_map* map = run.NewMap(GetParam(), KERNEL_FIELD_KPTR);
      kernel_map* other = run.NewMap(GetParam());
      void* owners[] = {run.NewOwner(GetParam()), run.NewOwner(GetParam()), run.NewOwner(GetParam())};
      for (void* owner : owners) {
        EXPECT_EQ(run.Update(map, owner, 1), 0);
        EXPECT_EQ(run.Update(other, owner, 2), 0);
        EXPECT_EQ(run.Read(map, owner, true), 1);
      }
      if (map_first) {
        run.FreeMap(map);
        for (void* owner : owners) EXPECT_EQ(run.Read(other, owner), 2) << "an owner lives on";
      }
      for (void* owner : owners) EXPECT_EQ(run.FreeOwner(owner), 0);
      if (!map_first) run.FreeMap(map);
      run.FreeMap(other);
    }));
    EXPECT_THAT(Wrongs(), IsEmpty());
  }
}

TEST_P(EveryType, MapFreeTakesTheStorageWithTheLastElement) {
  Driver run(&defaults_);
  ASSERT_TRUE(run.Step([&] {
    kernel_map* map = run.NewMap(GetParam());
    void* owner = run.NewOwner(GetParam());
    EXPECT_EQ(run.Update(map, owner, 1), 0);
    run.FreeMap(map);
    EXPECT_EQ(run.table().owner_charge(owner), 0);
    EXPECT_EQ(static_cast<Owner*>(owner)->storage.raw, nullptr);
    kernel_map* next = run.NewMap(GetParam());
    EXPECT_EQ(run.Update(next, owner, 2), 0);
    EXPECT_EQ(run.FreeOwner(owner), 0);
    run.FreeMap(next);
  }));
  EXPECT_THAT(Wrongs(), IsEmpty());
}

TEST_P(EveryType, MapFreeStartsTheBucketAgainWhenReschedulingIsDue) {
  for (bool preemptible : {true, false}) {
    Deviate due(ChoiceKind::kResched, 1, 1);
    Driver run(&due, {.preemptible_rcu = preemptible, .cpus = 1});
    ASSERT_TRUE(run.Step([&] {
      kernel_map* map = run.NewMap(GetParam());
      void* owners[] = {run.NewOwner(GetParam()), run.NewOwner(GetParam())};
      for (void* owner : owners) EXPECT_EQ(run.Update(map, owner, 1), 0);
      run.FreeMap(map);
      for (void* owner : owners) EXPECT_EQ(run.FreeOwner(owner), 0);
    }));
    EXPECT_TRUE(due.fired());
    EXPECT_THAT(Wrongs(), IsEmpty());
  }
}

TEST_P(EveryType, FailedAllocationsLeaveNothingBehind) {
  for (uint16_t nth = 1;; ++nth) {
    Deviate fail(ChoiceKind::kAlloc, nth, 1);
    Driver run(&fail);
    ASSERT_TRUE(run.Step([&] {
      kernel_map* map = run.NewMap(GetParam());
      if (!map) return;
      alignas(Owner) char memory[sizeof(Owner)] = {};  // not an allocation, so that it cannot be the one that fails
      run.table().owner_init(memory, GetParam(), kNoLimit);
      int errors = 0;
      for (uint8_t value = 1; value <= 2; ++value) {
        int result = run.Update(map, memory, value);
        EXPECT_THAT(result, ::testing::AnyOf(0, -ENOMEM));
        errors += result != 0;
      }
      EXPECT_EQ(errors, fail.fired() ? 1 : 0);
      run.table().owner_destroy(memory);
      EXPECT_EQ(run.table().owner_charge(memory), 0);
      run.FreeMap(map);
    }));
    EXPECT_THAT(Wrongs(), IsEmpty()) << "allocation " << nth;
    if (!fail.fired()) {
      EXPECT_EQ(nth, 6) << "map, buckets, selem, storage, selem";
      break;
    }
  }
}

// Lets each lock attempt of update, lookup and delete fail once. An update or a delete then returns the error and has
// done nothing. A lookup only does not fill the cache.
TEST_P(EveryType, FailedLocksLeaveNothingBehind) {
  for (LockAnswer answer : {kTimeout, kDeadlock}) {
    int error = answer == kTimeout ? -ETIMEDOUT : -EDEADLK;
    uint16_t failed = 0;
    for (uint16_t nth = 1; nth <= 7; ++nth) {
      Deviate fail(ChoiceKind::kLock, nth, answer);
      Driver run(&fail, {.locks = LockMode::kAny});
      ASSERT_TRUE(run.Step([&] {
        kernel_map* map = run.NewMap(GetParam());
        void* owner = run.NewOwner(GetParam());
        // The locks: of the first update the bucket's; of the second the storage's and the bucket's; of the lookup the
        // storage's, for the cache; of the delete the storage's and the bucket's.
        int first = run.Update(map, owner, 1);
        int second = run.Update(map, owner, 2);
        int read = run.Read(map, owner, true);
        EXPECT_EQ(read, second == 0 ? 2 : 1);
        int removed = run.Remove(map, owner);
        EXPECT_EQ(run.Read(map, owner), removed == 0 ? -1 : read);
        for (int result : {first, second, removed}) {
          if (result == 0) continue;
          EXPECT_EQ(result, error);
          ++failed;
        }
        EXPECT_EQ(run.FreeOwner(owner), 0);
        run.FreeMap(map);
      }));
      EXPECT_THAT(Wrongs(), IsEmpty()) << "lock " << nth;
    }
    EXPECT_EQ(failed, 5) << "all but the cache's";
  }
}

// ---- What differs between the types --------------------------------------------------------------------------------

TEST(Sk, ChargesUpToOptmemMax) {
  Deviate defaults;
  Driver run(&defaults);
  ASSERT_TRUE(run.Step([&] {
    kernel_map* map = run.NewMap(STORAGE_SK);
    kernel_map* other = run.NewMap(STORAGE_SK);
    int64_t elem = reinterpret_cast<Map*>(map)->elem_size;
    int64_t first = elem + static_cast<int64_t>(sizeof(Storage));

    void* poor = run.NewOwner(STORAGE_SK, static_cast<uint32_t>(first));
    EXPECT_EQ(run.Update(map, poor, 1), -ENOMEM) << "it must stay below";
    EXPECT_EQ(run.table().owner_charge(poor), 0);
    EXPECT_EQ(run.FreeOwner(poor), 0);

    void* owner = run.NewOwner(STORAGE_SK, static_cast<uint32_t>(first + elem + 1));
    EXPECT_EQ(run.Update(map, owner, 1), 0);
    EXPECT_EQ(run.table().owner_charge(owner), first);
    EXPECT_EQ(run.Update(map, owner, 2), 0) << "old and new are both charged for a while";
    EXPECT_EQ(run.table().owner_charge(owner), first);
    EXPECT_EQ(run.Update(other, owner, 2), 0);
    EXPECT_EQ(run.table().owner_charge(owner), first + elem);
    EXPECT_EQ(run.Update(map, owner, 3), -ENOMEM);
    EXPECT_EQ(run.Remove(map, owner), 0);
    EXPECT_EQ(run.table().owner_charge(owner), first);
    EXPECT_EQ(run.FreeOwner(owner), 0);
    run.FreeMap(map);
    run.FreeMap(other);
  }));
  EXPECT_THAT(Wrongs(), IsEmpty());
}

TEST(Sk, CloneCopiesElementsOfCloneMaps) {
  for (unsigned fields : {0, KERNEL_FIELD_SPIN_LOCK | KERNEL_FIELD_KPTR}) {
    Deviate defaults;
    Driver run(&defaults);
    ASSERT_TRUE(run.Step([&] {
      kernel_map* cloned = run.NewMap(STORAGE_SK, fields, KERNEL_MAP_CLONE);
      kernel_map* cloned_too = run.NewMap(STORAGE_SK, fields, KERNEL_MAP_CLONE);
      kernel_map* kept = run.NewMap(STORAGE_SK, fields);
      void* parent = run.NewOwner(STORAGE_SK);
      void* child = run.NewOwner(STORAGE_SK);
      EXPECT_EQ(run.table().clone(parent, child), 0) << "nothing to copy";
      EXPECT_EQ(run.Update(cloned, parent, 1), 0);
      EXPECT_EQ(run.Update(cloned_too, parent, 2), 0);
      EXPECT_EQ(run.Update(kept, parent, 3), 0);
      EXPECT_EQ(run.table().dump(parent), 3);
      EXPECT_EQ(run.table().clone(parent, child), 0);
      EXPECT_EQ(run.table().dump(child), 2);
      EXPECT_EQ(run.Read(cloned, child), 1);
      EXPECT_EQ(run.Read(cloned_too, child), 2);
      EXPECT_EQ(run.Read(kept, child), -1);
      EXPECT_EQ(run.FreeOwner(parent), 0);
      EXPECT_EQ(run.FreeOwner(child), 0);
      for (kernel_map* map : {cloned, cloned_too, kept}) run.FreeMap(map);
    }));
    EXPECT_THAT(Wrongs(), IsEmpty());
  }
}

TEST(Sk, FailedCloneIsForTheCallerToDestroy) {
  Deviate defaults;
  Driver run(&defaults);
  ASSERT_TRUE(run.Step([&] {
    kernel_map* maps[] = {run.NewMap(STORAGE_SK, 0, KERNEL_MAP_CLONE), run.NewMap(STORAGE_SK, 0, KERNEL_MAP_CLONE)};
    void* parent = run.NewOwner(STORAGE_SK);
    uint32_t room = reinterpret_cast<Map*>(maps[0])->elem_size + sizeof(Storage) + 1;
    void* child = run.NewOwner(STORAGE_SK, room);
    for (kernel_map* map : maps) EXPECT_EQ(run.Update(map, parent, 1), 0);
    EXPECT_EQ(run.table().clone(parent, child), -ENOMEM);
    EXPECT_EQ(run.table().dump(child), 1);
    EXPECT_EQ(run.table().owner_charge(child), room - 1);
    EXPECT_EQ(run.FreeOwner(child), 0);
    EXPECT_EQ(run.FreeOwner(parent), 0);
    for (kernel_map* map : maps) run.FreeMap(map);
  }));
  EXPECT_THAT(Wrongs(), IsEmpty());
}

TEST(Task, UptrMovesIntoTheElementAndIsReleasedOnce) {
  Deviate defaults;
  Driver run(&defaults);
  ASSERT_TRUE(run.Step([&] {
    kernel_map* map = run.NewMap(STORAGE_TASK, KERNEL_FIELD_UPTR | KERNEL_FIELD_SPIN_LOCK);
    void* owner = run.NewOwner(STORAGE_TASK);
    auto pin = [] { return Sim::Get().NewResource(KERNEL_FIELD_UPTR); };
    EXPECT_EQ(run.Update(map, owner, 1, UPDATE_ANY, pin()), 0);
    EXPECT_EQ(run.Update(map, owner, 2, UPDATE_ANY, pin()), 0);
    EXPECT_EQ(run.Update(map, owner, 3, UPDATE_LOCK), -EOPNOTSUPP);
    EXPECT_EQ(run.Update(map, owner, 3, UPDATE_NOEXIST, pin()), -EEXIST) << "the unused element releases it";
    EXPECT_EQ(run.FreeOwner(owner), 0);
    run.FreeMap(map);
  }));
  EXPECT_THAT(Wrongs(), IsEmpty());
}

// ---- Shared -------------------------------------------------------------------------------------------------------

TEST(Cache, IsFilledByLookupAndClearedByDelete) {
  Deviate defaults;
  Driver run(&defaults);
  ASSERT_TRUE(run.Step([&] {
    kernel_map* map = run.NewMap(STORAGE_CGROUP);
    kernel_map* other = run.NewMap(STORAGE_CGROUP);
    void* owner = run.NewOwner(STORAGE_CGROUP);
    EXPECT_EQ(run.Update(map, owner, 1), 0);
    EXPECT_EQ(run.Update(other, owner, 1), 0);
    Storage* storage = static_cast<Owner*>(owner)->storage.raw;
    uint16_t index = reinterpret_cast<Map*>(map)->cache_index;
    EXPECT_NE(index, reinterpret_cast<Map*>(other)->cache_index);
    run.Read(map, owner, false);
    EXPECT_EQ(storage->cache[index].raw, nullptr);
    run.Read(map, owner, true);
    EXPECT_NE(storage->cache[index].raw, nullptr);
    EXPECT_EQ(run.Remove(map, owner), 0);
    EXPECT_EQ(storage->cache[index].raw, nullptr);
    EXPECT_EQ(run.FreeOwner(owner), 0);
    run.FreeMap(map);
    run.FreeMap(other);
  }));
  EXPECT_THAT(Wrongs(), IsEmpty());
}

TEST(Cache, TheLeastUsedIndexWins) {
  Deviate defaults;
  Driver run(&defaults);
  CacheIndexes indexes = {};
  ASSERT_TRUE(run.Step([&] {
    for (uint16_t i = 0; i < kCacheSlots; ++i) EXPECT_EQ(CacheIndexGet(&indexes), i);
    EXPECT_EQ(CacheIndexGet(&indexes), 0);
    CacheIndexFree(&indexes, 5);
    EXPECT_EQ(CacheIndexGet(&indexes), 5);
    EXPECT_EQ(CacheIndexGet(&indexes), 1);
  }));
}

TEST(Cache, ResetForgetsARunThatWasCutShort) {
  Deviate defaults;
  uint16_t indexes[2];
  for (uint16_t& index : indexes) {
    Driver run(&defaults);
    ASSERT_TRUE(run.Step([&] { index = reinterpret_cast<Map*>(run.NewMap(STORAGE_SK))->cache_index; }));
  }
  EXPECT_EQ(indexes[0], indexes[1]);
}

TEST(Map, HasABucketPerCpuButAtLeastTwo) {
  for (auto [cpus, log] : {std::pair<uint8_t, uint32_t>{1, 1}, {2, 1}, {3, 2}, {4, 2}, {5, 3}, {8, 3}}) {
    Deviate defaults;
    Driver run(&defaults, {.cpus = cpus});
    ASSERT_TRUE(run.Step([&] { EXPECT_EQ(reinterpret_cast<Map*>(run.NewMap(STORAGE_SK))->bucket_log, log); }));
  }
}

// The sites of events name the subject's own functions, because signatures tell violations apart by them.
TEST(Sites, NameTheSubjectsFunctions) {
  Deviate defaults;
  Driver run(&defaults);
  ASSERT_TRUE(run.Step([&] {
    kernel_map* map = run.NewMap(STORAGE_SK);
    void* owner = run.NewOwner(STORAGE_SK);
    EXPECT_EQ(run.Update(map, owner, 1), 0);
    EXPECT_EQ(run.FreeOwner(owner), 0);
    run.FreeMap(map);
  }));
  std::vector<std::string> locking;
  for (const Event& event : Sim::Get().trace().events()) {
    if (event.kind == EventKind::kLock) locking.push_back(event.function);
    if (event.kind == EventKind::kStore || event.kind == EventKind::kLoad) EXPECT_NE(event.function, nullptr);
  }
  EXPECT_THAT(locking, ElementsAre("StoragePublish", "SelemUnlinkNofail", "SelemUnlinkNofail"));
}

}  // namespace
}  // namespace nofail
