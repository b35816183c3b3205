// SPDX-License-Identifier: MIT
//
// Litmus tests of the heap, of map records and of special fields.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "core/kernel/value.h"
#include "tests/litmus.h"

namespace nofail {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

uint64_t* NewObject(size_t size = 64) {
  return static_cast<uint64_t*>(kernel_alloc(KERNEL_SELEM, size, KERNEL_HERE));
}

TEST(Heap, AllocationFailsByChoiceOnly) {
  static bool got;
  auto body = [](Shared&) {
    uint64_t* object = NewObject();
    got = object != nullptr;
    kernel_free(object, KERNEL_HERE);
  };
  auto final = [](Shared&) { return absl::StrCat(got); };
  EXPECT_THAT(Litmus().Task(body).Final(final).Outcomes(), ElementsAre(Pair("1", 1)));
  EXPECT_THAT(Litmus().AllChoices().Task(body).Final(final).Outcomes(), ElementsAre(Pair("0", 1), Pair("1", 1)));
}

TEST(Heap, MemoryIsZeroedInEveryRun) {
  for (int run = 0; run < 2; ++run) {
    EXPECT_THAT(Keys(Litmus()
                         .Task([](Shared&) {
                           uint64_t* object = NewObject();
                           EXPECT_EQ(object[0] | object[7], 0u);
                           object[0] = object[7] = ~uint64_t{0};
                         })
                         .Outcomes()),
                ElementsAre(""));
  }
}

TEST(Heap, LateAndWrongAccessesAreSeenInEveryBuild) {
  auto outcome = [](Litmus::Body body) { return Keys(Litmus().Task(std::move(body)).Outcomes()); };
  EXPECT_THAT(outcome([](Shared&) {
                uint64_t* object = NewObject();
                kernel_free(object, KERNEL_HERE);
                kernel_load(object, 8, KERNEL_ONCE, KERNEL_HERE);
              }),
              ElementsAre("!use-after-free"));
  EXPECT_THAT(outcome([](Shared&) { kernel_load(NewObject(56) + 7, 8, KERNEL_ONCE, KERNEL_HERE); }),
              ElementsAre("!out-of-bounds"));
  EXPECT_THAT(outcome([](Shared&) { kernel_load(NewObject() + 8, 8, KERNEL_ONCE, KERNEL_HERE); }),
              ElementsAre("!out-of-bounds"));
  EXPECT_THAT(outcome([](Shared&) { kernel_load(reinterpret_cast<void*>(uint64_t{64}), 8, KERNEL_ONCE, KERNEL_HERE); }),
              ElementsAre("!null-dereference"));
  EXPECT_THAT(outcome([](Shared&) {
                uint64_t* object = NewObject();
                kernel_free(object, KERNEL_HERE);
                kernel_free(object, KERNEL_HERE);
              }),
              ElementsAre("!double-free"));
  EXPECT_THAT(outcome([](Shared&) {
                uint64_t* object = NewObject();
                kernel_kfree_rcu(object, KERNEL_HERE);
                kernel_kfree_rcu(object, KERNEL_HERE);
              }),
              ElementsAre("!use-after-free"));
  EXPECT_THAT(outcome([](Shared&) {
                uint64_t* object = NewObject();
                kernel_rcu_read_lock(KERNEL_RCU, KERNEL_HERE);  // keeps the grace period open
                kernel_kfree_rcu(object, KERNEL_HERE);
                kernel_kfree_rcu(object, KERNEL_HERE);
              }),
              ElementsAre("!double-free"));
  EXPECT_THAT(outcome([](Shared&) { kernel_free(NewObject() + 1, KERNEL_HERE); }), ElementsAre("!invalid-free"));
}

TEST(Heap, BucketsAreChosenNotHashedFromAddresses) {
  static uint32_t bucket[3];
  Litmus()
      .Task([](Shared&) {
        for (int i = 0; i < 3; ++i) {
          Sim::Get().SetHash(i == 2 ? 5 : 2);
          bucket[i] = kernel_hash_ptr(kernel_alloc(KERNEL_STORAGE, 64, KERNEL_HERE), 1);
        }
      })
      .Outcomes();
  EXPECT_THAT(bucket, ElementsAre(0, 0, 1));
}

// A value with one plain word, a kptr and a uptr.
struct Value {
  uint64_t word, kptr, uptr;
};
static_assert(sizeof(Value) == 24);

TEST(Fields, KptrIsReleasedOnce) {
  EXPECT_THAT(Keys(Litmus()
                       .Task([](Shared&) {
                         Sim& sim = Sim::Get();
                         kernel_record* record = sim.MakeRecord({0, 8, KERNEL_FIELD_KPTR});
                         auto* value = reinterpret_cast<Value*>(NewObject());
                         sim.ExchangeKptr(&value->kptr, sim.NewResource(KERNEL_FIELD_KPTR), KERNEL_HERE);
                         kernel_obj_free_fields(record, value, KERNEL_HERE);
                         kernel_obj_free_fields(record, value, KERNEL_HERE);  // finds NULL
                         EXPECT_THAT(sim.resources(), ElementsAre(0, 0));
                       })
                       .Outcomes()),
              ElementsAre(""));
}

TEST(Fields, ExchangeReleasesWhatWasThere) {
  EXPECT_THAT(Keys(Litmus()
                       .Task([](Shared&) {
                         Sim& sim = Sim::Get();
                         auto* value = reinterpret_cast<Value*>(NewObject());
                         sim.ExchangeKptr(&value->kptr, sim.NewResource(KERNEL_FIELD_KPTR), KERNEL_HERE);
                         sim.ExchangeKptr(&value->kptr, sim.NewResource(KERNEL_FIELD_KPTR), KERNEL_HERE);
                         EXPECT_THAT(sim.resources(), ElementsAre(0, 0, 1));
                       })
                       .Outcomes()),
              ElementsAre(""));
}

// Freeing a uptr field unpins the user memory, but leaves the uptr in the value. So freeing the fields twice is a
// fault.
TEST(Fields, UptrFreedTwiceIsAFault) {
  EXPECT_THAT(Keys(Litmus()
                       .Task([](Shared&) {
                         Sim& sim = Sim::Get();
                         kernel_record* record = sim.MakeRecord({0, 8, KERNEL_FIELD_KPTR | KERNEL_FIELD_UPTR});
                         Value source = {1, 0, sim.NewResource(KERNEL_FIELD_UPTR)};
                         auto* value = reinterpret_cast<Value*>(NewObject());
                         kernel_obj_swap_uptrs(record, value, &source, KERNEL_HERE);
                         EXPECT_EQ(source.uptr, 0u);
                         kernel_obj_free_fields(record, value, KERNEL_HERE);
                         EXPECT_NE(value->uptr, 0u);
                         kernel_obj_free_fields(record, value, KERNEL_HERE);
                       })
                       .Outcomes()),
              ElementsAre("!field-freed-twice"));
}

TEST(Fields, NeedALiveRecord) {
  EXPECT_THAT(Keys(Litmus()
                       .Task([](Shared&) {
                         Sim& sim = Sim::Get();
                         kernel_record* record = sim.MakeRecord({0, 8, KERNEL_FIELD_KPTR});
                         auto* value = reinterpret_cast<Value*>(NewObject());
                         sim.EndRecord(record);
                         kernel_obj_free_fields(record, value, KERNEL_HERE);
                       })
                       .Outcomes()),
              ElementsAre("!record-dead"));
}

}  // namespace
}  // namespace nofail
