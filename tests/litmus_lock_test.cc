// SPDX-License-Identifier: MIT
//
// Litmus tests of rqspinlock_t and spinlock_t, with their exact sets of outcomes. An outcome has a letter for each
// attempt: T is -ETIMEDOUT, D is -EDEADLK, 0 means that the lock was taken. "Result" in a comment says of a kind of
// outcome whether it occurs: Never, Sometimes (in some executions) or Always.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>

#include "absl/strings/str_cat.h"
#include "tests/litmus.h"

namespace nofail {
namespace {

using ::testing::ElementsAre;
using ::testing::IsSupersetOf;

constexpr SimConfig kAnyFailure = {.locks = LockMode::kAny};

std::string Code(int error) {
  return error == 0 ? "0" : error == -ETIMEDOUT ? "T" : error == -EDEADLK ? "D" : "?";
}

int Lock(kernel_rqspinlock& lock) {
  return kernel_rqspin_lock(&lock, KERNEL_HERE);
}
void Unlock(kernel_rqspinlock& lock) {
  kernel_rqspin_unlock(&lock, KERNEL_HERE);
}

TEST(RqSpinLock, FreeLockIsTaken) {
  static int error;
  auto body = [](Shared& s) {
    error = Lock(s.lock[0]);
    if (error == 0) Unlock(s.lock[0]);
  };
  EXPECT_THAT(Keys(Litmus().Task(body).Final([](Shared&) { return Code(error); }).Outcomes()), ElementsAre("0"));
  EXPECT_THAT(Keys(Litmus(kAnyFailure).Task(body).Final([](Shared&) { return Code(error); }).Outcomes()),
              ElementsAre("0", "D", "T"));
}

// AA: a task asks for a lock that it holds. Result: -EDEADLK Always, in either lock mode.
TEST(RqSpinLock, HeldByOneself) {
  static int error;
  auto body = [](Shared& s) {
    if (Lock(s.lock[0]) != 0) return;
    error = Lock(s.lock[0]);
    Unlock(s.lock[0]);
  };
  EXPECT_THAT(Keys(Litmus().Task(body).Final([](Shared&) { return Code(error); }).Outcomes()), ElementsAre("D"));
}

// Two tasks, one lock. Result: both inside Never; one times out Sometimes; -EDEADLK Never; both fail Never.
TEST(RqSpinLock, MutualExclusion) {
  static int error[2];
  static bool inside, both;
  auto body = [](int task) {
    return [task](Shared& s) {
      error[task] = Lock(s.lock[0]);
      if (error[task] != 0) return;
      both |= inside;
      inside = true;
      WriteOnce(s.x, 1);
      inside = false;
      Unlock(s.lock[0]);
    };
  };
  EXPECT_THAT(Keys(Litmus()
                       .Init([](Shared&) { inside = both = false; })
                       .Task(body(0))
                       .Task(body(1))
                       .Final([](Shared&) { return absl::StrCat(Code(error[0]), Code(error[1]), both ? " both" : ""); })
                       .Outcomes()),
              ElementsAre("00", "0T", "T0"));
}

std::string Pair(const int (&error)[2]) {
  return absl::StrCat(Code(error[0]), Code(error[1]));
}

// ABBA: each of two tasks holds one lock and asks for the other's. Result: either side, or both, gets an error,
// -EDEADLK or -ETIMEDOUT; it hangs Never. One side gets -EDEADLK and the other -ETIMEDOUT: Never, because the side that
// fails first releases the lock that the other one waits for.
TEST(RqSpinLock, CycleOfTwo) {
  static int error[2];
  auto body = [](int task) {
    return [task](Shared& s) {
      error[task] = 0;
      if (Lock(s.lock[task]) != 0) {
        error[task] = 1;  // the first lock timed out already ("?" in the outcomes): this test is not about that
        return;
      }
      error[task] = Lock(s.lock[1 - task]);
      if (error[task] == 0) Unlock(s.lock[1 - task]);
      Unlock(s.lock[task]);
    };
  };
  auto outcomes = Litmus().Task(body(0)).Task(body(1)).Final([](Shared&) { return Pair(error); }).Outcomes();
  EXPECT_THAT(Keys(outcomes), ElementsAre("00", "0?", "0D", "0T", "?0", "D0", "DD", "T0", "TT"));
}

// Three tasks wait for each other in a cycle. rqspinlock's check for ABBA finds cycles of two only. Result: -EDEADLK
// Never. The cycle ends because a task times out.
TEST(RqSpinLock, CycleOfThreeEndsByTimeout) {
  static int error[3];
  auto body = [](int task) {
    return [task](Shared& s) {
      error[task] = Lock(s.lock[task]);
      if (error[task] != 0) return;
      WriteOnce(s.x, 1);
      error[task] = Lock(s.lock[(task + 1) % 3]);
      if (error[task] == 0) Unlock(s.lock[(task + 1) % 3]);
      Unlock(s.lock[task]);
    };
  };
  for (const auto& [outcome, n] : Litmus()
                                      .Task(body(0))
                                      .Task(body(1))
                                      .Task(body(2))
                                      .Final([](Shared&) { return Code(error[0]) + Code(error[1]) + Code(error[2]); })
                                      .Outcomes()) {
    EXPECT_EQ(outcome.find_first_not_of("0T"), std::string::npos) << outcome;
  }
}

TEST(RqSpinLock, UnlockIsLifoAndByTheHolder) {
  EXPECT_THAT(Keys(Litmus()
                       .Task([](Shared& s) {
                         if (Lock(s.lock[0]) != 0 || Lock(s.lock[1]) != 0) return;
                         Unlock(s.lock[0]);
                         Unlock(s.lock[1]);
                       })
                       .Outcomes()),
              ElementsAre("!unlock-order"));
  EXPECT_THAT(Keys(Litmus().Task([](Shared& s) { Unlock(s.lock[0]); }).Outcomes()), ElementsAre("!lock-imbalance"));
  EXPECT_THAT(Keys(Litmus().Task([](Shared& s) { (void)Lock(s.lock[0]); }).Outcomes()), ElementsAre("!lock-imbalance"));
}

// One task frees the object that the lock is in, while the other waits for the lock. Result: the use after free is
// reported Sometimes.
TEST(RqSpinLock, FreedWhileWaitedFor) {
  auto outcomes = Litmus()
                      .Task([](Shared& s) {
                        if (Lock(s.lock[0]) != 0) return;
                        Unlock(s.lock[0]);
                        kernel_free(&s, KERNEL_HERE);
                      })
                      .Task([](Shared& s) {
                        if (Lock(s.lock[0]) == 0) Unlock(s.lock[0]);
                      })
                      .Outcomes();
  EXPECT_THAT(Keys(outcomes), IsSupersetOf({"!use-after-free"}));
}

TEST(SpinLock, ExcludesAndNeverFails) {
  auto body = [](Shared& s) {
    kernel_spin_lock(&s.spin[0], KERNEL_HERE);
    WriteOnce(s.x, ReadOnce(s.x) + 1);
    kernel_spin_unlock(&s.spin[0], KERNEL_HERE);
  };
  EXPECT_THAT(Keys(Litmus().Task(body).Task(body).Final([](Shared& s) { return absl::StrCat(s.x); }).Outcomes()),
              ElementsAre("2"));
}

TEST(SpinLock, DeadlocksForReal) {
  EXPECT_THAT(Keys(Litmus()
                       .Task([](Shared& s) {
                         kernel_spin_lock(&s.spin[0], KERNEL_HERE);
                         kernel_spin_lock(&s.spin[0], KERNEL_HERE);
                       })
                       .Outcomes()),
              ElementsAre("!deadlock"));
  auto body = [](int task) {
    return [task](Shared& s) {
      kernel_spin_lock(&s.spin[task], KERNEL_HERE);
      kernel_spin_lock(&s.spin[1 - task], KERNEL_HERE);
      kernel_spin_unlock(&s.spin[1 - task], KERNEL_HERE);
      kernel_spin_unlock(&s.spin[task], KERNEL_HERE);
    };
  };
  EXPECT_THAT(Keys(Litmus().Task(body(0)).Task(body(1)).Outcomes()), ElementsAre("", "!deadlock"));
}

// A loop that polls with cpu_relax ends when somebody stores, and is a livelock when nobody can.
TEST(Spinning, EndsWithTheStore) {
  auto spin = [](Shared& s) {
    while (ReadOnce(s.x) == 0) kernel_cpu_relax(KERNEL_HERE);
  };
  EXPECT_THAT(Keys(Litmus().Task(spin).Task([](Shared& s) { WriteOnce(s.x, 1); }).Outcomes()), ElementsAre(""));
  EXPECT_THAT(Keys(Litmus().Task(spin).Outcomes()), ElementsAre("!livelock"));
  EXPECT_THAT(Keys(Litmus().Task(spin).Task(spin).Outcomes()), ElementsAre("!livelock"));
}

TEST(Spinning, WithoutEndIsRunaway) {
  EXPECT_THAT(Keys(Litmus()
                       .Task([](Shared& s) {
                         while (ReadOnce(s.x) == 0) {
                         }
                       })
                       .Outcomes()),
              ElementsAre("!runaway"));
}

}  // namespace
}  // namespace nofail
