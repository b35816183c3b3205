// SPDX-License-Identifier: MIT
//
// Litmus tests of deferred functions, of might_sleep and of the number of the CPU, with their exact sets of outcomes.
// "Result" in a comment says of a kind of outcome whether it occurs: Never, Sometimes (in some executions) or Always.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "tests/litmus.h"

namespace nofail {
namespace {

using ::testing::ElementsAre;

// What the items of these tests share: they have no other argument.
struct Items {
  kernel_work work[2];
  uint64_t runs, plain;
  bool inside, both;
};
Items items;

void Forget(Shared&) {
  items = {};
}
void CountRun(kernel_work*) {
  WriteOnce(items.runs, ReadOnce(items.runs) + 1);
}
bool Queue(kernel_work& work, void (*function)(kernel_work*), kernel_work_context context = KERNEL_IN_PROCESS) {
  work.function = function;
  return kernel_queue_work(&work, context, KERNEL_HERE);
}
std::string Runs(Shared&) {
  return absl::StrCat(items.runs);
}

// Result: the function runs, and runs once: Always.
TEST(Work, RunsOnce) {
  for (const kernel_work_context context : {KERNEL_IN_PROCESS, KERNEL_IN_INTERRUPT}) {
    EXPECT_THAT(Keys(Litmus()
                         .Init(Forget)
                         .Task([=](Shared&) { EXPECT_TRUE(Queue(items.work[0], CountRun, context)); })
                         .Task([](Shared& s) { WriteOnce(s.x, 1); })
                         .Final(Runs)
                         .Outcomes()),
                ElementsAre("1"));
  }
}

// A task queues an item twice. Result: the second call is refused, and the function runs once: Sometimes. The function
// has begun before the second call, and runs twice: Sometimes.
TEST(Work, PendingItemIsQueuedOnce) {
  static bool again;
  EXPECT_THAT(Keys(Litmus()
                       .Init(Forget)
                       .Task([](Shared&) {
                         Queue(items.work[0], CountRun);
                         again = kernel_queue_work(&items.work[0], KERNEL_IN_PROCESS, KERNEL_HERE);
                       })
                       .Final([](Shared& s) { return absl::StrCat(again ? "again " : "refused ", Runs(s)); })
                       .Outcomes()),
              ElementsAre("again 2", "refused 1"));
}

// What is seen of two queued items whose functions overlap: "both", else "one".
std::vector<std::string> OverlapOf(kernel_work* first, kernel_work* second) {
  auto enter = [](kernel_work*) {
    items.both |= items.inside;
    items.inside = true;
    WriteOnce(items.runs, 1);
    items.inside = false;
  };
  return Keys(Litmus()
                  .Init(Forget)
                  .Task([=](Shared&) {
                    Queue(*first, enter);
                    Queue(*second, enter);
                  })
                  .Final([](Shared&) { return std::string(items.both ? "both" : "one"); })
                  .Outcomes());
}

// The function of an item begins while it runs already. Result: two runs overlap: Never.
TEST(Work, RunsOfOneItemNeverOverlap) {
  EXPECT_THAT(OverlapOf(&items.work[0], &items.work[0]), ElementsAre("one"));
}

// The runs of two items do overlap. Result: Sometimes.
TEST(Work, RunsOfTwoItemsOverlap) {
  EXPECT_THAT(OverlapOf(&items.work[0], &items.work[1]), ElementsAre("both", "one"));
}

// Result: the function sees what was stored before the item was queued, and whoever flushes it sees what it stored:
// Always. The accesses are plain, so the thread sanitizer checks the order.
TEST(Work, IsOrderedWithWhoQueuesAndFlushes) {
  static uint64_t seen;
  EXPECT_THAT(Keys(Litmus()
                       .Init(Forget)
                       .Task([](Shared&) {
                         items.plain = 1;
                         Queue(items.work[0], [](kernel_work*) { items.plain += 1; });
                         kernel_flush_work(&items.work[0], KERNEL_IN_PROCESS, KERNEL_HERE);
                         seen = items.plain;
                       })
                       .Task([](Shared& s) { WriteOnce(s.x, 1); })
                       .Final([](Shared&) { return absl::StrCat(seen); })
                       .Outcomes()),
              ElementsAre("2"));
}

// Result: a cancelled item does not run, and one that runs was not cancelled: Always.
TEST(Work, CancelledItemDoesNotRun) {
  static bool cancelled;
  EXPECT_THAT(Keys(Litmus()
                       .Init(Forget)
                       .Task([](Shared&) {
                         Queue(items.work[0], CountRun);
                         cancelled = kernel_cancel_work(&items.work[0], KERNEL_HERE);
                       })
                       .Final([](Shared& s) { return absl::StrCat(cancelled ? "cancelled " : "late ", Runs(s)); })
                       .Outcomes()),
              ElementsAre("cancelled 0", "late 1"));
}

TEST(Work, FlushOfItselfNeverReturns) {
  EXPECT_THAT(Keys(Litmus()
                       .Init(Forget)
                       .Task([](Shared&) {
                         Queue(items.work[0],
                               [](kernel_work* work) { kernel_flush_work(work, KERNEL_IN_PROCESS, KERNEL_HERE); });
                       })
                       .Outcomes()),
              ElementsAre("!deadlock"));
}

TEST(Work, OneThatQueuesItselfForEverIsARunaway) {
  EXPECT_THAT(Keys(Litmus()
                       .Init(Forget)
                       .Task([](Shared&) {
                         Queue(items.work[0],
                               [](kernel_work* work) { kernel_queue_work(work, KERNEL_IN_PROCESS, KERNEL_HERE); });
                       })
                       .Outcomes()),
              ElementsAre("!runaway"));
}

// More items wait than there are fibers. Each of them gets its turn. One execution is enough: the default one, in which
// the task queues all of them before the first one runs.
TEST(Work, MoreItemsMayWaitThanRunAtATime) {
  static kernel_work many[100];
  for (kernel_work& work : many) work = {&CountRun, 0};
  items = {};
  ExhaustiveChooser defaults;
  Sim& sim = Sim::Get();
  sim.Reset({}, &defaults);
  auto body = [](void*) {
    for (kernel_work& work : many) kernel_queue_work(&work, KERNEL_IN_PROCESS, KERNEL_HERE);
    EXPECT_EQ(items.runs, 0u);
  };
  sim.Spawn(kTaskA, body, nullptr);
  EXPECT_TRUE(sim.Run());
  EXPECT_EQ(items.runs, 100u);
}

TEST(Work, PendingItemMayNotBeFreed) {
  EXPECT_THAT(Keys(Litmus()
                       .Task([](Shared&) {
                         auto* work =
                             static_cast<kernel_work*>(kernel_alloc(KERNEL_OTHER, sizeof(kernel_work), KERNEL_HERE));
                         Queue(*work, [](kernel_work*) {});
                         kernel_free(work, KERNEL_HERE);
                       })
                       .Outcomes()),
              ElementsAre("", "!use-after-free"));
}

TEST(Work, LeavesNothingBehind) {
  EXPECT_THAT(Keys(Litmus()
                       .Init(Forget)
                       .Task([](Shared&) {
                         Queue(items.work[0], [](kernel_work*) { kernel_rcu_read_lock(KERNEL_RCU, KERNEL_HERE); });
                       })
                       .Outcomes()),
              ElementsAre("!rcu-imbalance"));
}

// A grace period waits for a function in an interrupt, but not for one in a process.
TEST(Work, IsAReaderOfRcuInAnInterruptAlone) {
  static bool inside, during;
  auto outcomes = [](kernel_work_context context) {
    return Keys(Litmus()
                    .Init([](Shared& s) { Forget(s), inside = during = false; })
                    .Task([=](Shared&) {
                      Queue(
                          items.work[0],
                          [](kernel_work*) {
                            inside = true;
                            WriteOnce(items.runs, 1);
                            inside = false;
                          },
                          context);
                    })
                    .Task([](Shared& s) {
                      WriteOnce(s.x, 1);
                      const bool before = inside;
                      kernel_synchronize_rcu(KERNEL_HERE);
                      during |= before && inside;
                    })
                    .Final([](Shared&) { return std::string(during ? "overtaken" : "waited"); })
                    .Outcomes());
  };
  EXPECT_THAT(outcomes(KERNEL_IN_PROCESS), ElementsAre("overtaken", "waited"));
  EXPECT_THAT(outcomes(KERNEL_IN_INTERRUPT), ElementsAre("waited"));
}

// ---- might_sleep ---------------------------------------------------------------------------------------------------

std::vector<std::string> Sleep(Litmus::Body body) {
  return Keys(Litmus().Init(Forget).Task(std::move(body)).Outcomes());
}

TEST(MightSleep, IsAFaultWhereATaskMustNotBlock) {
  EXPECT_THAT(Sleep([](Shared&) { kernel_might_sleep(KERNEL_HERE); }), ElementsAre(""));
  EXPECT_THAT(Sleep([](Shared&) {
                kernel_rcu_read_lock(KERNEL_RCU_TASKS_TRACE, KERNEL_HERE);
                kernel_might_sleep(KERNEL_HERE);
                kernel_rcu_read_unlock(KERNEL_RCU_TASKS_TRACE, KERNEL_HERE);
              }),
              ElementsAre(""));
  EXPECT_THAT(Sleep([](Shared&) {
                kernel_rcu_read_lock(KERNEL_RCU, KERNEL_HERE);
                kernel_might_sleep(KERNEL_HERE);
                kernel_rcu_read_unlock(KERNEL_RCU, KERNEL_HERE);
              }),
              ElementsAre("!sleep-in-rcu"));
  EXPECT_THAT(Sleep([](Shared& s) {
                kernel_spin_lock(&s.spin[0], KERNEL_HERE);
                kernel_might_sleep(KERNEL_HERE);
                kernel_spin_unlock(&s.spin[0], KERNEL_HERE);
              }),
              ElementsAre("!sleep-in-atomic"));
  EXPECT_THAT(Sleep([](Shared&) { Queue(items.work[0], [](kernel_work*) { kernel_might_sleep(KERNEL_HERE); }); }),
              ElementsAre(""));
  EXPECT_THAT(Sleep([](Shared&) {
                Queue(items.work[0], [](kernel_work*) { kernel_might_sleep(KERNEL_HERE); }, KERNEL_IN_INTERRUPT);
              }),
              ElementsAre("!sleep-in-atomic"));
  EXPECT_THAT(Sleep([](Shared& s) {
                kernel_call_rcu(
                    KERNEL_RCU, &s.head, [](kernel_rcu_head*) { kernel_synchronize_rcu(KERNEL_HERE); }, KERNEL_HERE);
              }),
              ElementsAre("!sleep-in-atomic"));
}

// ---- Locks and CPUs ------------------------------------------------------------------------------------------------

// Result: both tasks take the lock: Always, one after the other; Sometimes one finds it held.
TEST(SpinTrylock, FailsOnlyWhileHeld) {
  static bool taken[2];
  auto body = [](int task) {
    return [task](Shared& s) {
      taken[task] = kernel_spin_trylock(&s.spin[0], KERNEL_HERE);
      if (!taken[task]) return;
      EXPECT_TRUE(kernel_lock_held(&s.spin[0]));
      WriteOnce(s.x, 1);
      kernel_spin_unlock(&s.spin[0], KERNEL_HERE);
      EXPECT_FALSE(kernel_lock_held(&s.spin[0]));
    };
  };
  EXPECT_THAT(Keys(Litmus()
                       .Task(body(0))
                       .Task(body(1))
                       .Final([](Shared&) { return absl::StrCat(taken[0], taken[1]); })
                       .Outcomes()),
              ElementsAre("01", "10", "11"));
}

TEST(LockHeld, IsAboutTheTaskItself) {
  static bool own, other;
  auto final = [](Shared&) { return absl::StrCat(own, other); };
  EXPECT_THAT(Keys(Litmus()
                       .Task([](Shared& s) {
                         if (kernel_rqspin_lock(&s.lock[0], KERNEL_HERE) != 0) return;
                         own = kernel_lock_held(&s.lock[0]);
                         WriteOnce(s.x, 1);
                         kernel_rqspin_unlock(&s.lock[0], KERNEL_HERE);
                       })
                       .Task([](Shared& s) {
                         ReadOnce(s.x);
                         other = kernel_lock_held(&s.lock[0]);
                       })
                       .Final(final)
                       .Outcomes()),
              ElementsAre("10"));
}

TEST(Cpu, IsTheTasksOwn) {
  static unsigned cpu[2];
  auto body = [](int task) {
    return [task](Shared& s) {
      cpu[task] = kernel_cpu();
      WriteOnce(s.x, 1);
      EXPECT_EQ(kernel_cpu(), cpu[task]);
      EXPECT_LT(kernel_cpu(), unsigned{KERNEL_MAX_CPUS});
    };
  };
  EXPECT_THAT(Keys(Litmus()
                       .Task(body(0))
                       .Task(body(1))
                       .Final([](Shared&) { return std::string(cpu[0] == cpu[1] ? "shared" : "own"); })
                       .Outcomes()),
              ElementsAre("own"));
}

// A section of RCU Tasks Trace holds up synchronize_rcu_tasks_trace, and not synchronize_rcu.
TEST(SynchronizeRcuTasksTrace, WaitsForSleepableReaders) {
  static bool inside, during;
  auto outcomes = [](void (*wait)(kernel_site)) {
    return Keys(Litmus()
                    .Init([](Shared&) { inside = during = false; })
                    .Task([](Shared& s) {
                      kernel_rcu_read_lock(KERNEL_RCU_TASKS_TRACE, KERNEL_HERE);
                      inside = true;
                      WriteOnce(s.x, 1);
                      inside = false;
                      kernel_rcu_read_unlock(KERNEL_RCU_TASKS_TRACE, KERNEL_HERE);
                    })
                    .Task([wait](Shared& s) {
                      WriteOnce(s.y, 1);
                      const bool before = inside;
                      wait(KERNEL_HERE);
                      during |= before && inside;
                    })
                    .Final([](Shared&) { return std::string(during ? "overtaken" : "waited"); })
                    .Outcomes());
  };
  EXPECT_THAT(outcomes(&kernel_synchronize_rcu), ElementsAre("overtaken", "waited"));
  EXPECT_THAT(outcomes(&kernel_synchronize_rcu_tasks_trace), ElementsAre("waited"));
}

}  // namespace
}  // namespace nofail
