// SPDX-License-Identifier: MIT
//
// Tests that the native kernel keeps the contract of core/kernel/kernel.h. Some tests wait a little to see that
// something does NOT happen. On a slow machine such a test may pass although it should fail, but never the reverse.
#include <gtest/gtest.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <functional>
#include <thread>
#include <vector>

#include "core/kernel/native/native.h"
#include "core/kernel/value.h"

namespace nofail::native {
namespace {

using namespace std::chrono_literals;

constexpr auto kALittle = 20ms;

class NativeTest : public testing::Test {
 protected:
  void SetUp() override {
    GTEST_FLAG_SET(death_test_style, "threadsafe");  // needed because the kernel's callback threads are running
    Configure({});
    before_ = Count();
  }
  void TearDown() override {
    Drain();
    const Counters after = Count();
    EXPECT_EQ(after.objects, before_.objects);
    EXPECT_EQ(after.resources, before_.resources);
    EXPECT_EQ(after.records, before_.records);
  }
  Counters before_;
};

// A thread that calls `enter`, waits until Leave is called, and then calls `leave`. The constructor returns after
// `enter` has returned; Leave returns when the thread has ended.
class Stay {
 public:
  Stay(std::function<void()> enter, std::function<void()> leave)
      : thread_([this, enter, leave] {
          enter();
          inside_ = true;
          inside_.notify_one();
          left_.wait(false);
          leave();
        }) {
    inside_.wait(false);
  }
  ~Stay() {
    if (thread_.joinable()) Leave();
  }
  void Leave() {
    left_ = true;
    left_.notify_one();
    thread_.join();
  }

 private:
  std::atomic<bool> inside_{false};
  std::atomic<bool> left_{false};
  std::thread thread_;
};

Stay HoldLock(kernel_rqspinlock* lock) {
  return Stay([=] { kernel_rqspin_lock(lock, KERNEL_HERE); }, [=] { kernel_rqspin_unlock(lock, KERNEL_HERE); });
}
Stay Reader(kernel_rcu_flavour flavour) {
  return Stay([=] { kernel_rcu_read_lock(flavour, KERNEL_HERE); },
              [=] { kernel_rcu_read_unlock(flavour, KERNEL_HERE); });
}

// ---- Deferred functions --------------------------------------------------------------------------------------------

using Work = NativeTest;

struct CountedWork {
  kernel_work work;
  int runs;  // plain: the thread sanitizer checks that the queue orders the runs
};
void CountRun(kernel_work* work) {
  ++reinterpret_cast<CountedWork*>(work)->runs;
}

TEST_F(Work, RunsOnceForEachTimeItIsQueued) {
  CountedWork counted = {{&CountRun, 0}, 0};
  for (int i = 1; i <= 100; ++i) {
    EXPECT_TRUE(kernel_queue_work(&counted.work, KERNEL_IN_PROCESS, KERNEL_HERE));
    kernel_flush_work(&counted.work, KERNEL_IN_PROCESS, KERNEL_HERE);
    EXPECT_EQ(counted.runs, i);
  }
}

TEST_F(Work, CancelledItemDoesNotRun) {
  static std::atomic<bool> leave{false};
  kernel_work blocker = {[](kernel_work*) { leave.wait(false); }, 0};
  CountedWork counted = {{&CountRun, 0}, 0};
  kernel_queue_work(&blocker, KERNEL_IN_PROCESS, KERNEL_HERE);
  EXPECT_TRUE(kernel_queue_work(&counted.work, KERNEL_IN_PROCESS, KERNEL_HERE));
  EXPECT_FALSE(kernel_queue_work(&counted.work, KERNEL_IN_PROCESS, KERNEL_HERE));
  EXPECT_TRUE(kernel_cancel_work(&counted.work, KERNEL_HERE));
  EXPECT_FALSE(kernel_cancel_work(&counted.work, KERNEL_HERE));
  leave = true;
  leave.notify_one();
  kernel_flush_work(nullptr, KERNEL_IN_PROCESS, KERNEL_HERE);
  EXPECT_EQ(counted.runs, 0);
}

TEST_F(Work, SynchronizeRcuTasksTraceWaitsForSleepableReaders) {
  std::atomic<bool> returned{false};
  Stay reader([] { kernel_rcu_read_lock(KERNEL_RCU_TASKS_TRACE, KERNEL_HERE); },
              [] { kernel_rcu_read_unlock(KERNEL_RCU_TASKS_TRACE, KERNEL_HERE); });
  std::thread waiter([&] {
    kernel_synchronize_rcu_tasks_trace(KERNEL_HERE);
    returned = true;
  });
  std::this_thread::sleep_for(kALittle);
  EXPECT_FALSE(returned);
  reader.Leave();
  waiter.join();
}

// ---- Locks -------------------------------------------------------------------------------------------------------

using Lock = NativeTest;

TEST_F(Lock, OfTheSameThreadIsADeadlockAtOnce) {
  Configure({.lock_timeout = 1h});
  kernel_rqspinlock lock{};
  EXPECT_EQ(kernel_rqspin_lock(&lock, KERNEL_HERE), 0);
  EXPECT_EQ(kernel_rqspin_lock(&lock, KERNEL_HERE), -EDEADLK);
  kernel_rqspin_unlock(&lock, KERNEL_HERE);
  EXPECT_EQ(kernel_rqspin_lock(&lock, KERNEL_HERE), 0);
  kernel_rqspin_unlock(&lock, KERNEL_HERE);
}

TEST_F(Lock, OfASlowHolderTimesOut) {
  Configure({.lock_timeout = 5ms});
  kernel_rqspinlock lock{};
  Stay holder = HoldLock(&lock);
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(kernel_rqspin_lock(&lock, KERNEL_HERE), -ETIMEDOUT);
  EXPECT_GE(std::chrono::steady_clock::now() - begin, 5ms);
  EXPECT_EQ(Count().timeouts, before_.timeouts + 1);
}

TEST_F(Lock, IsGrantedWhenTheHolderLeaves) {
  Configure({.lock_timeout = 1h});
  kernel_rqspinlock lock{};
  Stay holder = HoldLock(&lock);
  std::thread waiter([&] {
    EXPECT_EQ(kernel_rqspin_lock(&lock, KERNEL_HERE), 0);
    kernel_rqspin_unlock(&lock, KERNEL_HERE);
  });
  std::this_thread::sleep_for(kALittle);
  holder.Leave();
  waiter.join();
}

TEST_F(Lock, CycleOfTwoIsFoundLongBeforeTheTimeout) {
  Configure({.lock_timeout = 1h, .deadlock_check = 1ms});
  kernel_rqspinlock locks[2] = {};
  std::atomic<int> holding{0};
  int results[2];
  const auto cross = [&](int mine) {
    ASSERT_EQ(kernel_rqspin_lock(&locks[mine], KERNEL_HERE), 0);
    ++holding;
    while (holding < 2) std::this_thread::yield();
    results[mine] = kernel_rqspin_lock(&locks[1 - mine], KERNEL_HERE);
    if (results[mine] == 0) kernel_rqspin_unlock(&locks[1 - mine], KERNEL_HERE);
    kernel_rqspin_unlock(&locks[mine], KERNEL_HERE);
  };
  std::thread other(cross, 1);
  cross(0);
  other.join();
  EXPECT_TRUE(results[0] == -EDEADLK || results[1] == -EDEADLK);
  for (int result : results) EXPECT_TRUE(result == 0 || result == -EDEADLK) << result;
}

TEST_F(Lock, ExcludesAndOrders) {
  kernel_rqspinlock lock{};
  int plain = 0;  // not atomic, so that the thread sanitizer reports a missing happens-before edge
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 1000; ++i) {
        ASSERT_EQ(kernel_rqspin_lock(&lock, KERNEL_HERE), 0);
        ++plain;
        kernel_rqspin_unlock(&lock, KERNEL_HERE);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(plain, 4000);
}

TEST_F(Lock, FailsAsOftenAsAskedInBothWays) {
  Configure({.lock_failures = 1000});
  kernel_rqspinlock lock{};
  for (int i = 0; i < 100; ++i) EXPECT_LT(kernel_rqspin_lock(&lock, KERNEL_HERE), 0);
  EXPECT_GT(Count().timeouts, before_.timeouts);
  EXPECT_GT(Count().deadlocks, before_.deadlocks);
}

TEST_F(Lock, ReleasedOutOfOrderEndsTheProcess) {
  kernel_rqspinlock locks[2] = {};
  ASSERT_EQ(kernel_rqspin_lock(&locks[0], KERNEL_HERE), 0);
  ASSERT_EQ(kernel_rqspin_lock(&locks[1], KERNEL_HERE), 0);
  EXPECT_DEATH(kernel_rqspin_unlock(&locks[0], KERNEL_HERE), "nofail native: .*not the last one");
  kernel_rqspin_unlock(&locks[1], KERNEL_HERE);
  kernel_rqspin_unlock(&locks[0], KERNEL_HERE);
}

TEST_F(Lock, SpinlockExcludesAndDeadlocksOnItself) {
  kernel_spinlock lock{};
  int plain = 0;
  const auto count = [&] {
    for (int i = 0; i < 1000; ++i) {
      kernel_spin_lock(&lock, KERNEL_HERE);
      ++plain;
      kernel_spin_unlock(&lock, KERNEL_HERE);
    }
  };
  std::thread other(count);
  count();
  other.join();
  EXPECT_EQ(plain, 2000);
  kernel_spin_lock(&lock, KERNEL_HERE);
  EXPECT_DEATH(kernel_spin_lock(&lock, KERNEL_HERE), "nofail native: deadlock");
  kernel_spin_unlock(&lock, KERNEL_HERE);
}

// ---- RCU ---------------------------------------------------------------------------------------------------------

using Rcu = NativeTest;

TEST_F(Rcu, SynchronizeWaitsForAReader) {
  Stay reader = Reader(KERNEL_RCU);
  std::atomic<bool> done{false};
  std::thread waiter([&] {
    kernel_synchronize_rcu(KERNEL_HERE);
    done = true;
  });
  std::this_thread::sleep_for(kALittle);
  EXPECT_FALSE(done);
  reader.Leave();
  waiter.join();
}

TEST_F(Rcu, SynchronizeDoesNotWaitForATraceReader) {
  Stay reader = Reader(KERNEL_RCU_TASKS_TRACE);
  kernel_synchronize_rcu(KERNEL_HERE);
}

TEST_F(Rcu, SectionsNest) {
  kernel_rcu_read_lock(KERNEL_RCU, KERNEL_HERE);
  kernel_rcu_read_lock(KERNEL_RCU, KERNEL_HERE);
  kernel_rcu_read_unlock(KERNEL_RCU, KERNEL_HERE);
  EXPECT_TRUE(kernel_rcu_read_lock_held(KERNEL_RCU));
  EXPECT_FALSE(kernel_rcu_read_lock_held(KERNEL_RCU_TASKS_TRACE));
  EXPECT_DEATH(kernel_synchronize_rcu(KERNEL_HERE), "nofail native: synchronize_rcu inside");
  kernel_rcu_read_unlock(KERNEL_RCU, KERNEL_HERE);
  EXPECT_FALSE(kernel_rcu_read_lock_held(KERNEL_RCU));
  EXPECT_DEATH(kernel_rcu_read_unlock(KERNEL_RCU, KERNEL_HERE), "nofail native: .*did not begin");
}

TEST_F(Rcu, AReaderMayUseWhatItFoundUntilItsSectionEnds) {
  std::atomic<int*> published{new int(1)};
  std::atomic<bool> stop{false};
  std::thread reader([&] {
    while (!stop.load(std::memory_order_relaxed)) {
      kernel_rcu_read_lock(KERNEL_RCU, KERNEL_HERE);
      EXPECT_GT(*published.load(std::memory_order_acquire), 0);
      kernel_rcu_read_unlock(KERNEL_RCU, KERNEL_HERE);
    }
  });
  for (int i = 2; i < 500; ++i) {
    int* old = published.exchange(new int(i), std::memory_order_release);
    kernel_synchronize_rcu(KERNEL_HERE);
    delete old;  // a data race, unless the end of each reader's section happens before this
    std::this_thread::yield();
  }
  stop = true;
  reader.join();
  delete published.load();
}

TEST_F(Rcu, ALaterReaderSeesWhatCameBeforeTheGracePeriod) {
  int plain = 0;
  std::atomic<bool> over{false};
  std::thread reader([&] {
    while (!over.load(std::memory_order_relaxed)) std::this_thread::yield();
    kernel_rcu_read_lock(KERNEL_RCU, KERNEL_HERE);
    EXPECT_EQ(plain, 1);  // a data race, unless the grace period orders the store before this
    kernel_rcu_read_unlock(KERNEL_RCU, KERNEL_HERE);
  });
  plain = 1;
  kernel_synchronize_rcu(KERNEL_HERE);
  over.store(true, std::memory_order_relaxed);
  reader.join();
}

struct Callback {
  kernel_rcu_head head{};
  int plain = 0;
  std::atomic<bool> ran{false};
};
void RunCallback(kernel_rcu_head* head) {
  auto* callback = reinterpret_cast<Callback*>(head);
  EXPECT_EQ(callback->plain, 7);
  callback->plain = 8;
  callback->ran = true;
}

TEST_F(Rcu, CallbacksWaitForReadersOfTheirFlavour) {
  for (kernel_rcu_flavour flavour : {KERNEL_RCU, KERNEL_RCU_TASKS_TRACE}) {
    Callback callback;
    callback.plain = 7;
    {
      Stay reader = Reader(flavour);
      kernel_call_rcu(flavour, &callback.head, RunCallback, KERNEL_HERE);
      std::this_thread::sleep_for(kALittle);
      EXPECT_FALSE(callback.ran);
    }
    kernel_rcu_barrier(flavour, KERNEL_HERE);
    EXPECT_TRUE(callback.ran);
    EXPECT_EQ(callback.plain, 8);  // a data race, unless the callback's store happens before this
  }
}

TEST_F(Rcu, ATraceGracePeriodImpliesAnRcuOne) {
  Callback callback;
  callback.plain = 7;
  {
    Stay reader = Reader(KERNEL_RCU);
    kernel_call_rcu(KERNEL_RCU_TASKS_TRACE, &callback.head, RunCallback, KERNEL_HERE);
    std::this_thread::sleep_for(kALittle);
    EXPECT_FALSE(callback.ran);
  }
  kernel_rcu_barrier(KERNEL_RCU_TASKS_TRACE, KERNEL_HERE);
  EXPECT_TRUE(callback.ran);
}

TEST_F(Rcu, BarrierDoesNotWaitForKfreeRcu) {
  void* object = kernel_alloc(KERNEL_SELEM, 64, KERNEL_HERE);
  {
    Stay reader = Reader(KERNEL_RCU);
    kernel_kfree_rcu(object, KERNEL_HERE);
    kernel_rcu_barrier(KERNEL_RCU, KERNEL_HERE);
    EXPECT_EQ(Count().objects[KERNEL_SELEM], before_.objects[KERNEL_SELEM] + 1);
  }
  Drain();
  EXPECT_EQ(Count().objects[KERNEL_SELEM], before_.objects[KERNEL_SELEM]);
}

TEST_F(Rcu, APolledGracePeriodWaitsForAReader) {
  Stay reader = Reader(KERNEL_RCU);
  const uint64_t number = kernel_start_poll_rcu(KERNEL_HERE);
  std::this_thread::sleep_for(kALittle);
  EXPECT_FALSE(kernel_poll_rcu(number, KERNEL_HERE));
  reader.Leave();
  while (!kernel_poll_rcu(number, KERNEL_HERE)) std::this_thread::yield();
}

TEST_F(Rcu, APollSeesAGracePeriodThatBeganLater) {
  const uint64_t number = kernel_start_poll_rcu(KERNEL_HERE);
  kernel_synchronize_rcu(KERNEL_HERE);
  EXPECT_TRUE(kernel_poll_rcu(number, KERNEL_HERE));
}

TEST_F(Rcu, APollThatSaysYesComesAfterTheReaders) {
  int plain = 0;
  Stay reader([] { kernel_rcu_read_lock(KERNEL_RCU, KERNEL_HERE); },
              [&] {
                plain = 1;
                kernel_rcu_read_unlock(KERNEL_RCU, KERNEL_HERE);
              });
  const uint64_t number = kernel_start_poll_rcu(KERNEL_HERE);
  std::thread poller([&] {
    while (!kernel_poll_rcu(number, KERNEL_HERE)) std::this_thread::yield();
    EXPECT_EQ(plain, 1);  // a data race, unless the reader's section happens before this
  });
  reader.Leave();
  poller.join();
}

TEST_F(Rcu, DrainWaitsForWhatCallbacksHandOver) {
  static void* object;
  object = kernel_alloc(KERNEL_SELEM, 64, KERNEL_HERE);
  kernel_rcu_head head;
  kernel_call_rcu(
      KERNEL_RCU_TASKS_TRACE, &head, [](kernel_rcu_head*) { kernel_kfree_rcu(object, KERNEL_HERE); }, KERNEL_HERE);
  Drain();
  EXPECT_EQ(Count().objects[KERNEL_SELEM], before_.objects[KERNEL_SELEM]);
}

TEST_F(Rcu, CondReschedLeavesTheSectionUnlessRcuIsPreemptible) {
  for (bool preemptible : {false, true}) {
    Configure({.preemptible_rcu = preemptible});
    std::atomic<bool> stop{false};
    std::atomic<bool> done{false};
    std::thread reader([&] {
      kernel_rcu_read_lock(KERNEL_RCU, KERNEL_HERE);
      while (!stop) kernel_cond_resched_rcu(KERNEL_HERE);
      kernel_rcu_read_unlock(KERNEL_RCU, KERNEL_HERE);
    });
    std::thread waiter([&] {
      kernel_synchronize_rcu(KERNEL_HERE);
      done = true;
    });
    if (preemptible) {
      std::this_thread::sleep_for(kALittle);
    } else {
      while (!done) std::this_thread::yield();
    }
    stop = true;
    reader.join();
    waiter.join();
  }
}

// ---- Memory, fields, maps, warnings --------------------------------------------------------------------------------

using Heap = NativeTest;

TEST_F(Heap, GivesZeroedAlignedMemoryAndCountsByKind) {
  auto* object = static_cast<unsigned char*>(kernel_alloc(KERNEL_BUCKETS, 100, KERNEL_HERE));
  EXPECT_EQ(reinterpret_cast<uintptr_t>(object) % 64, 0u);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(object[i], 0);
  EXPECT_EQ(Count().objects[KERNEL_BUCKETS], before_.objects[KERNEL_BUCKETS] + 1);
  kernel_check_bytes(object, 100, KERNEL_HERE);
  kernel_free(object, KERNEL_HERE);
  EXPECT_EQ(Count().objects[KERNEL_BUCKETS], before_.objects[KERNEL_BUCKETS]);
  kernel_free(nullptr, KERNEL_HERE);
}

#if NOFAIL_ASAN
TEST_F(Heap, CheckBytesSeesDeadBytesAndTheHeader) {
  auto* object = static_cast<char*>(kernel_alloc(KERNEL_SELEM, 64, KERNEL_HERE));
  EXPECT_DEATH(kernel_check_bytes(object, 65, KERNEL_HERE), "AddressSanitizer");
  EXPECT_DEATH(kernel_check_bytes(object - 1, 2, KERNEL_HERE), "AddressSanitizer");
  kernel_free(object, KERNEL_HERE);
  EXPECT_DEATH(kernel_check_bytes(object, 1, KERNEL_HERE), "heap-use-after-free");
}
#endif

TEST_F(Heap, HashesAsTold) {
  SetHash(5);
  void* a = kernel_alloc(KERNEL_STORAGE, 64, KERNEL_HERE);
  SetHash(7);
  void* b = kernel_alloc(KERNEL_STORAGE, 64, KERNEL_HERE);
  EXPECT_EQ(kernel_hash_ptr(a, 1), 1u);
  EXPECT_EQ(kernel_hash_ptr(a, 3), 5u);
  EXPECT_EQ(kernel_hash_ptr(b, 2), 3u);
  kernel_free(a, KERNEL_HERE);
  kernel_free(b, KERNEL_HERE);
}

using Fields = NativeTest;

TEST_F(Fields, FreeingTakesTheKptrAndLeavesTheUptrInPlace) {
  const unsigned fields = KERNEL_FIELD_KPTR | KERNEL_FIELD_UPTR;
  kernel_record* record = NewRecord(16, fields);
  alignas(8) char data[32] = {};
  alignas(8) char source[32] = {};
  auto slot = [&](char* value, unsigned field) {
    return reinterpret_cast<uint64_t*>(value + kernel_value_offset(16, fields, field));
  };
  ExchangeKptr(slot(data, KERNEL_FIELD_KPTR), NewResource());
  ExchangeKptr(slot(data, KERNEL_FIELD_KPTR), NewResource());
  *slot(source, KERNEL_FIELD_UPTR) = NewResource();
  EXPECT_EQ(Count().resources, before_.resources + 2);
  kernel_obj_swap_uptrs(record, data, source, KERNEL_HERE);
  EXPECT_EQ(*slot(source, KERNEL_FIELD_UPTR), 0u);
  kernel_obj_free_fields(record, data, KERNEL_HERE);
  EXPECT_EQ(Count().resources, before_.resources);
  EXPECT_EQ(*slot(data, KERNEL_FIELD_KPTR), 0u);
  EXPECT_NE(*slot(data, KERNEL_FIELD_UPTR), 0u);
  EndRecord(record);
}

TEST_F(Fields, AMapWithoutReferencesGivesNone) {
  kernel_record* record = NewRecord(8, 0);
  kernel_map map = {.record = record};
  EXPECT_TRUE(kernel_map_inc_not_zero(&map, KERNEL_HERE));
  kernel_map_put(&map, KERNEL_HERE);
  EXPECT_TRUE(MapInUse(record));
  PutMap(record);
  EXPECT_FALSE(MapInUse(record));
  EXPECT_FALSE(kernel_map_inc_not_zero(&map, KERNEL_HERE));
  EndRecord(record);
}

using Watch = NativeTest;

TEST_F(Watch, WarningsAreCounted) {
  EXPECT_FALSE(kernel_warn_on_once(false, "no", KERNEL_HERE));
  EXPECT_TRUE(kernel_warn_on_once(true, "yes", KERNEL_HERE));
  EXPECT_EQ(Count().warnings, before_.warnings + 1);
  kernel_refcount_warn(nullptr, KERNEL_REFCOUNT_OVERFLOW, KERNEL_HERE);
  EXPECT_EQ(Count().refcount_warnings, before_.refcount_warnings + 1);
}

TEST_F(Watch, PollingForEverIsASoftLockup) {
  Configure({.soft_lockup = 10ms});
  EXPECT_DEATH(
      {
        for (;;) kernel_cpu_relax(KERNEL_HERE);
      },
      "nofail native: soft lockup");
}

}  // namespace
}  // namespace nofail::native
