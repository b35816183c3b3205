// SPDX-License-Identifier: MIT
//
// Litmus tests of RCU and RCU Tasks Trace, with their exact sets of outcomes. "Result" in a comment says of a kind of
// outcome whether it occurs: Never, Sometimes (in some executions) or Always.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>

#include "absl/strings/str_cat.h"
#include "tests/litmus.h"

namespace nofail {
namespace {

using ::testing::ElementsAre;

void ReadLock(kernel_rcu_flavour flavour) {
  kernel_rcu_read_lock(flavour, KERNEL_HERE);
}
void ReadUnlock(kernel_rcu_flavour flavour) {
  kernel_rcu_read_unlock(flavour, KERNEL_HERE);
}

// Makes the object that readers find through s.x. The tests' updaters store 0 there, and then free the object.
uint64_t NewObject() {
  return reinterpret_cast<uint64_t>(kernel_alloc(KERNEL_SELEM, 64, KERNEL_HERE));
}
uint64_t* Follow(Shared& s) {
  return reinterpret_cast<uint64_t*>(KERNEL_LOAD(s.x, rcu_dereference, KERNEL_HERE));
}

Litmus::Body Reader(kernel_rcu_flavour flavour) {
  return [flavour](Shared& s) {
    ReadLock(flavour);
    if (uint64_t* object = Follow(s)) ReadOnce(*object);
    ReadUnlock(flavour);
  };
}

void Publish(Shared& s) {
  s.x = NewObject();
}

// Result: a reader uses freed memory: Never.
TEST(Rcu, SynchronizeWaitsForReaders) {
  auto update = [](Shared& s) {
    void* old = reinterpret_cast<void*>(ReadOnce(s.x));
    WriteOnce(s.x, 0);
    kernel_synchronize_rcu(KERNEL_HERE);
    kernel_free(old, KERNEL_HERE);
  };
  EXPECT_THAT(Keys(Litmus().AllChoices().Init(Publish).Task(Reader(KERNEL_RCU)).Task(update).Outcomes()),
              ElementsAre(""));
}

// The same without the wait. Result: the object is freed inside a reader's section: Sometimes. A reader uses freed
// memory: Sometimes.
TEST(Rcu, WithoutGracePeriodReadersAreHit) {
  auto update = [](Shared& s) {
    void* old = reinterpret_cast<void*>(ReadOnce(s.x));
    WriteOnce(s.x, 0);
    kernel_free(old, KERNEL_HERE);
  };
  EXPECT_THAT(Keys(Litmus().Init(Publish).Task(Reader(KERNEL_RCU)).Task(update).Outcomes()),
              ElementsAre("", "!freed-in-reader", "!freed-in-reader !use-after-free"));
}

TEST(Rcu, KfreeWaitsForReaders) {
  auto update = [](Shared& s) {
    void* old = reinterpret_cast<void*>(ReadOnce(s.x));
    WriteOnce(s.x, 0);
    kernel_kfree_rcu(old, KERNEL_HERE);
  };
  EXPECT_THAT(Keys(Litmus().AllChoices().Init(Publish).Task(Reader(KERNEL_RCU)).Task(update).Outcomes()),
              ElementsAre(""));
  // An RCU grace period does not wait for tasks-trace readers.
  EXPECT_THAT(Keys(Litmus().Init(Publish).Task(Reader(KERNEL_RCU_TASKS_TRACE)).Task(update).Outcomes()),
              ElementsAre("", "!freed-in-reader", "!freed-in-reader !use-after-free"));
}

void FreeIt(kernel_rcu_head* head) {
  kernel_free(head, KERNEL_HERE);
}

// A grace period of RCU Tasks Trace implies one of RCU. Result: a reader of either flavour uses freed memory: Never.
TEST(Rcu, TasksTraceWaitsForBothFlavours) {
  auto update = [](Shared& s) {
    auto* old = reinterpret_cast<kernel_rcu_head*>(ReadOnce(s.x));
    WriteOnce(s.x, 0);
    kernel_call_rcu(KERNEL_RCU_TASKS_TRACE, old, &FreeIt, KERNEL_HERE);
  };
  for (kernel_rcu_flavour flavour : {KERNEL_RCU, KERNEL_RCU_TASKS_TRACE}) {
    EXPECT_THAT(Keys(Litmus().AllChoices().Init(Publish).Task(Reader(flavour)).Task(update).Outcomes()),
                ElementsAre(""));
  }
}

// Result: the inner unlock ends the section: Never.
TEST(Rcu, SectionsNest) {
  auto reader = [](Shared& s) {
    ReadLock(KERNEL_RCU);
    uint64_t* object = Follow(s);
    ReadLock(KERNEL_RCU);
    ReadUnlock(KERNEL_RCU);
    if (object != nullptr) ReadOnce(*object);
    ReadUnlock(KERNEL_RCU);
  };
  auto update = [](Shared& s) {
    void* old = reinterpret_cast<void*>(ReadOnce(s.x));
    WriteOnce(s.x, 0);
    kernel_kfree_rcu(old, KERNEL_HERE);
  };
  EXPECT_THAT(Keys(Litmus().Init(Publish).Task(reader).Task(update).Outcomes()), ElementsAre(""));
}

TEST(Rcu, FollowingAPointerNeedsASectionOrALock) {
  EXPECT_THAT(Keys(Litmus().Init(Publish).Task([](Shared& s) { Follow(s); }).Outcomes()), ElementsAre("!rcu-not-held"));
  EXPECT_THAT(Keys(Litmus()
                       .Init(Publish)
                       .Task([](Shared& s) {
                         kernel_spin_lock(&s.spin[0], KERNEL_HERE);
                         Follow(s);
                         kernel_spin_unlock(&s.spin[0], KERNEL_HERE);
                       })
                       .Outcomes()),
              ElementsAre(""));
}

Shared* g_shared;
void Mark(kernel_rcu_head*) {
  WriteOnce(g_shared->y, ReadOnce(g_shared->y) + 1);
}

// Result: rcu_barrier returns before the callback has run: Never. Without it: Sometimes.
TEST(Rcu, BarrierWaitsForCallbacks) {
  static uint64_t seen;
  auto call = [](bool barrier) {
    return [barrier](Shared& s) {
      g_shared = &s;
      kernel_call_rcu(KERNEL_RCU, &s.head, &Mark, KERNEL_HERE);
      if (barrier) kernel_rcu_barrier(KERNEL_RCU, KERNEL_HERE);
      seen = ReadOnce(s.y);
    };
  };
  auto final = [](Shared&) { return absl::StrCat(seen); };
  EXPECT_THAT(Keys(Litmus().AllChoices().Task(call(true)).Final(final).Outcomes()), ElementsAre("1"));
  EXPECT_THAT(Keys(Litmus().AllChoices().Task(call(false)).Final(final).Outcomes()), ElementsAre("0", "1"));
}

// The barrier of one flavour does not wait for callbacks of the other. Result: the callback has not run when the other
// flavour's barrier returns: Sometimes.
TEST(Rcu, BarriersAreByFlavour) {
  static uint64_t seen;
  auto body = [](Shared& s) {
    g_shared = &s;
    kernel_call_rcu(KERNEL_RCU_TASKS_TRACE, &s.head, &Mark, KERNEL_HERE);
    kernel_rcu_barrier(KERNEL_RCU, KERNEL_HERE);
    seen = ReadOnce(s.y);
  };
  EXPECT_THAT(Keys(Litmus().AllChoices().Task(body).Final([](Shared&) { return absl::StrCat(seen); }).Outcomes()),
              ElementsAre("0", "1"));
}

// rcu_barrier implies no grace period. Result: with no callback handed over, it returns while a reader is in its
// section: Sometimes.
TEST(Rcu, BarrierImpliesNoGracePeriod) {
  static uint64_t inside;
  EXPECT_THAT(Keys(Litmus()
                       .Task([](Shared& s) {
                         ReadLock(KERNEL_RCU);
                         WriteOnce(s.y, 1);
                         WriteOnce(s.y, 0);
                         ReadUnlock(KERNEL_RCU);
                       })
                       .Task([](Shared& s) {
                         kernel_rcu_barrier(KERNEL_RCU, KERNEL_HERE);
                         inside = ReadOnce(s.y);
                       })
                       .Final([](Shared&) { return absl::StrCat(inside); })
                       .Outcomes()),
              ElementsAre("0", "1"));
}

// rcu_barrier does not wait for kfree_rcu. Result: the object is not freed yet when rcu_barrier returns: Sometimes.
TEST(Rcu, BarrierDoesNotWaitForKfree) {
  static bool alive;
  EXPECT_THAT(Keys(Litmus()
                       .AllChoices()
                       .Init(Publish)
                       .Task([](Shared& s) {
                         void* object = reinterpret_cast<void*>(ReadOnce(s.x));
                         ObjectId id = Sim::Get().ObjectAt(object);
                         kernel_kfree_rcu(object, KERNEL_HERE);
                         kernel_rcu_barrier(KERNEL_RCU, KERNEL_HERE);
                         alive = Sim::Get().trace().object(id).freed == ObjectInfo::kAlive;
                       })
                       .Final([](Shared&) { return absl::StrCat(alive); })
                       .Outcomes()),
              ElementsAre("0", "1"));
}

// A callback sees every store from before its call_rcu, and runs after the sections of all readers that were inside at
// that time.
TEST(Rcu, CallbackComesAfterReadersAndStores) {
  static uint64_t at_callback;
  auto callback = [](kernel_rcu_head*) { at_callback = ReadOnce(g_shared->x) * 10 + ReadOnce(g_shared->z); };
  EXPECT_THAT(Keys(Litmus()
                       .Task([](Shared& s) {
                         ReadLock(KERNEL_RCU);
                         bool before = ReadOnce(s.x) == 0;
                         if (before) WriteOnce(s.z, 1);
                         ReadUnlock(KERNEL_RCU);
                         if (!before) WriteOnce(s.z, 1);  // the section may have begun later: nobody waits for it
                       })
                       .Task([callback](Shared& s) {
                         g_shared = &s;
                         WriteOnce(s.x, 1);
                         kernel_call_rcu(KERNEL_RCU, &s.head, callback, KERNEL_HERE);
                       })
                       .Final([](Shared&) { return absl::StrCat(at_callback); })
                       .Outcomes()),
              ElementsAre("10", "11"));
}

// A callback hands its own object to RCU once more. Result: a reader of either flavour uses freed memory: Never. If
// anybody else hands the object over before the callback has run, that is a fault.
TEST(Rcu, ACallbackMayHandItsObjectOverAgain) {
  static ObjectId object;
  auto again = [](kernel_rcu_head* head) { kernel_call_rcu(KERNEL_RCU_TASKS_TRACE, head, &FreeIt, KERNEL_HERE); };
  auto update = [again](Shared& s) {
    auto* old = reinterpret_cast<kernel_rcu_head*>(ReadOnce(s.x));
    object = Sim::Get().ObjectAt(old);
    WriteOnce(s.x, 0);
    kernel_call_rcu(KERNEL_RCU, old, again, KERNEL_HERE);
  };
  auto freed = [](Shared&) { return absl::StrCat(Sim::Get().trace().object(object).freed != ObjectInfo::kAlive); };
  for (kernel_rcu_flavour flavour : {KERNEL_RCU, KERNEL_RCU_TASKS_TRACE}) {
    EXPECT_THAT(Keys(Litmus().Init(Publish).Task(Reader(flavour)).Task(update).Final(freed).Outcomes()),
                ElementsAre("1"));
  }
  auto twice = [update](Shared& s) {
    auto* old = reinterpret_cast<kernel_rcu_head*>(ReadOnce(s.x));
    update(s);
    kernel_call_rcu(KERNEL_RCU, old, &FreeIt, KERNEL_HERE);
  };
  EXPECT_THAT(Keys(Litmus().Init(Publish).Task(twice).Outcomes()), ElementsAre("!double-free", "!use-after-free"));
}

// A head lies where its object may have had a link until then. Nobody can follow that link any more.
TEST(Rcu, AHeadThatWasHandedOverIsOverwritten) {
  static bool is_link;
  Litmus()
      .Task([](Shared& s) {
        s.head.next = &s.head;
        kernel_call_rcu(KERNEL_RCU, &s.head, [](kernel_rcu_head*) {}, KERNEL_HERE);
        is_link = s.head.next == &s.head;
      })
      .Outcomes();
  EXPECT_FALSE(is_link);
}

// A grace period may be late for as long as any task has something to do. Result: every possible number of switches of
// tasks, 0 to 6, occurs before its end.
TEST(Rcu, AGracePeriodMayBeAsLateAsCanBe) {
  auto switches_before_its_end = [](Shared&) {
    int switches = 0;
    for (const Event& event : Sim::Get().trace().events()) {
      if (event.kind == EventKind::kCallRcu) switches = 0;
      if (event.kind == EventKind::kGpEnd) break;
      switches += event.kind == EventKind::kSwitch;
    }
    return absl::StrCat(switches);
  };
  auto work = [](Shared& s) {
    for (uint64_t i = 0; i < 3; ++i) WriteOnce(s.x, i);
  };
  auto call = [work](Shared& s) {
    kernel_call_rcu(KERNEL_RCU, &s.head, [](kernel_rcu_head*) {}, KERNEL_HERE);
    work(s);
  };
  EXPECT_THAT(Keys(Litmus().AllChoices().Task(call).Task(work).Final(switches_before_its_end).Outcomes()),
              ElementsAre("0", "1", "2", "3", "4", "5", "6"));
}

// A task that begins a grace period and does not wait for it frees the object if the grace period has ended by then.
Litmus::Body UnlinkAndPoll(std::string* answer) {
  return [answer](Shared& s) {
    void* old = reinterpret_cast<void*>(ReadOnce(s.x));
    WriteOnce(s.x, 0);
    const uint64_t number = kernel_start_poll_rcu(KERNEL_HERE);
    const bool has_ended = kernel_poll_rcu(number, KERNEL_HERE);
    *answer = has_ended ? "yes" : "no";
    if (has_ended) kernel_free(old, KERNEL_HERE);
  };
}

// Result: a reader uses freed memory: Never. The poll says yes: Sometimes.
TEST(Rcu, APollSaysYesOnlyAfterReaders) {
  static std::string answer;
  auto final = [](Shared&) { return answer; };
  EXPECT_THAT(Keys(Litmus()
                       .AllChoices()
                       .Init(Publish)
                       .Task(Reader(KERNEL_RCU))
                       .Task(UnlinkAndPoll(&answer))
                       .Final(final)
                       .Outcomes()),
              ElementsAre("no", "yes"));
  // It does not wait for tasks-trace readers.
  EXPECT_THAT(Keys(Litmus()
                       .Init(Publish)
                       .Task(Reader(KERNEL_RCU_TASKS_TRACE))
                       .Task(UnlinkAndPoll(&answer))
                       .Final(final)
                       .Outcomes()),
              ElementsAre("!freed-in-reader !use-after-free", "yes", "yes !freed-in-reader"));
}

// A grace period that begins before the object is unlinked does not wait for readers that come in between. Result: a
// reader uses freed memory: Sometimes.
TEST(Rcu, AGracePeriodThatBeganTooEarlyIsNone) {
  auto update = [](Shared& s) {
    const uint64_t number = kernel_start_poll_rcu(KERNEL_HERE);
    void* old = reinterpret_cast<void*>(ReadOnce(s.x));
    WriteOnce(s.x, 0);
    if (kernel_poll_rcu(number, KERNEL_HERE)) kernel_free(old, KERNEL_HERE);
  };
  EXPECT_THAT(Keys(Litmus().Init(Publish).Task(update).Task(Reader(KERNEL_RCU)).Outcomes()),
              ElementsAre("", "!freed-in-reader", "!freed-in-reader !use-after-free"));
}

// Result: a task polls for ever though no reader holds the grace period up, however late it ends: Never.
TEST(Rcu, PollingComesToAnEnd) {
  auto poll = [](Shared& s) {
    const uint64_t number = kernel_start_poll_rcu(KERNEL_HERE);
    while (!kernel_poll_rcu(number, KERNEL_HERE)) kernel_cpu_relax(KERNEL_HERE);
    WriteOnce(s.y, 1);
  };
  auto reader = [](Shared&) {
    ReadLock(KERNEL_RCU);
    ReadUnlock(KERNEL_RCU);
  };
  EXPECT_THAT(Keys(Litmus().AllChoices().Task(poll).Task(reader).Outcomes()), ElementsAre(""));
}

// Result: yes inside the section in which the grace period began: Never. After it: Sometimes.
TEST(Rcu, APolledGracePeriodWaitsForTheSectionThatItBeganIn) {
  static std::string answers;
  auto ask = [](uint64_t number) { answers += kernel_poll_rcu(number, KERNEL_HERE) ? 'y' : 'n'; };
  auto body = [ask](Shared&) {
    answers.clear();
    ReadLock(KERNEL_RCU);
    const uint64_t number = kernel_start_poll_rcu(KERNEL_HERE);
    ask(number);
    ReadUnlock(KERNEL_RCU);
    ask(number);
  };
  EXPECT_THAT(Keys(Litmus().AllChoices().Task(body).Final([](Shared&) { return answers; }).Outcomes()),
              ElementsAre("nn", "ny"));
}

// Whatever waits for a grace period that begins later has waited long enough. Result: the poll says no after it: Never.
TEST(Rcu, APollSeesAGracePeriodThatBeganLater) {
  static bool has_ended;
  auto final = [](Shared&) { return absl::StrCat(has_ended); };
  auto after = [](void (*wait)(kernel_site)) {
    return [wait](Shared&) {
      const uint64_t number = kernel_start_poll_rcu(KERNEL_HERE);
      wait(KERNEL_HERE);
      has_ended = kernel_poll_rcu(number, KERNEL_HERE);
    };
  };
  for (auto* wait : {&kernel_synchronize_rcu, &kernel_synchronize_rcu_tasks_trace}) {
    EXPECT_THAT(Keys(Litmus().AllChoices().Task(after(wait)).Task(Reader(KERNEL_RCU)).Final(final).Outcomes()),
                ElementsAre("1"));
  }
}

TEST(Rcu, AnEndlessLoopOfGracePeriodsIsARunaway) {
  auto loop = [](Shared&) {
    for (;;) kernel_synchronize_rcu(KERNEL_HERE);
  };
  EXPECT_THAT(Keys(Litmus().Task(loop).Outcomes()), ElementsAre("!runaway"));
}

// Once need_resched has said yes, it says yes until the task may have been scheduled. Result: yes and then no, within a
// section that cannot be preempted: Never. The same where the task may be scheduled in between: Sometimes.
TEST(Rcu, NeedReschedStaysUntilTheTaskCanBeScheduled) {
  static std::string seen;
  auto ask = [] { seen += kernel_need_resched(KERNEL_HERE) ? 'y' : 'n'; };
  auto twice = [ask](bool gives_way) {
    return [ask, gives_way](Shared&) {
      seen.clear();
      ReadLock(KERNEL_RCU);
      ask();
      if (gives_way) kernel_cond_resched_rcu(KERNEL_HERE);
      ask();
      ReadUnlock(KERNEL_RCU);
    };
  };
  auto outcomes = [twice](bool preemptible, bool gives_way) {
    auto final = [](Shared&) { return seen; };
    return Keys(Litmus({.preemptible_rcu = preemptible}).Task(twice(gives_way)).Final(final).Outcomes());
  };
  EXPECT_THAT(outcomes(false, false), ElementsAre("nn", "ny", "yy"));
  EXPECT_THAT(outcomes(false, true), ElementsAre("nn", "ny", "yn", "yy"));
  EXPECT_THAT(outcomes(true, false), ElementsAre("nn", "ny", "yn", "yy"));
}

TEST(Rcu, SleepingInASectionIsAFault) {
  auto sleep_in = [](kernel_rcu_flavour flavour) {
    return [flavour](Shared&) {
      ReadLock(flavour);
      kernel_synchronize_rcu(KERNEL_HERE);
      ReadUnlock(flavour);
    };
  };
  EXPECT_THAT(Keys(Litmus().Task(sleep_in(KERNEL_RCU)).Outcomes()), ElementsAre("!sleep-in-rcu"));
  EXPECT_THAT(Keys(Litmus().Task(sleep_in(KERNEL_RCU_TASKS_TRACE)).Outcomes()), ElementsAre(""));
  EXPECT_THAT(Keys(Litmus()
                       .Task([](Shared& s) {
                         kernel_spin_lock(&s.spin[0], KERNEL_HERE);
                         kernel_synchronize_rcu(KERNEL_HERE);
                         kernel_spin_unlock(&s.spin[0], KERNEL_HERE);
                       })
                       .Outcomes()),
              ElementsAre("!sleep-in-atomic"));
}

TEST(Rcu, UnbalancedSectionsAreFaults) {
  EXPECT_THAT(Keys(Litmus().Task([](Shared&) { ReadLock(KERNEL_RCU); }).Outcomes()), ElementsAre("!rcu-imbalance"));
  EXPECT_THAT(Keys(Litmus().Task([](Shared&) { ReadUnlock(KERNEL_RCU); }).Outcomes()), ElementsAre("!rcu-imbalance"));
}

// cond_resched_rcu leaves the reader section unless RCU is preemptible. Result: a grace period ends meanwhile and the
// object is freed: Never if RCU is preemptible, otherwise Sometimes.
TEST(Rcu, CondReschedLeavesTheSectionUnlessPreemptible) {
  auto reader = [](Shared& s) {
    ReadLock(KERNEL_RCU);
    uint64_t* object = Follow(s);
    kernel_cond_resched_rcu(KERNEL_HERE);
    if (object != nullptr) ReadOnce(*object);
    ReadUnlock(KERNEL_RCU);
  };
  auto update = [](Shared& s) {
    void* old = reinterpret_cast<void*>(ReadOnce(s.x));
    WriteOnce(s.x, 0);
    kernel_kfree_rcu(old, KERNEL_HERE);
  };
  EXPECT_THAT(Keys(Litmus({.preemptible_rcu = true}).Init(Publish).Task(reader).Task(update).Outcomes()),
              ElementsAre(""));
  EXPECT_THAT(Keys(Litmus({.preemptible_rcu = false}).Init(Publish).Task(reader).Task(update).Outcomes()),
              ElementsAre("", "!use-after-free"));
}

}  // namespace
}  // namespace nofail
