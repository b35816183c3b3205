// SPDX-License-Identifier: MIT
//
// Runs the posted subject on real threads, in random teardown scenarios. The native kernel's counters judge the runs,
// and so does the sanitizer that the test is built with.
//
// Scenarios run in child processes, because a scenario that hangs or that a sanitizer ends must not end the others. A
// child writes what it saw into memory that it shares with the parent. M is MapFree, D is StorageDestroy.
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>

#include "bench/inputs.h"
#include "bench/usual_way.h"
#include "fuzz/schedule/rng.h"

#if NOFAIL_ASAN
extern "C" const char* __asan_default_options() {
  return "detect_leaks=0";
}  // the counters show leaks
#endif

namespace nofail {
namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr unsigned kWatchdogSeconds = 60;  // for one scenario
constexpr auto kBudget = 4s;               // for one test

// What the children saw: numbers of scenarios. A scenario may count in several of the last five.
struct Tally {
  uint32_t next;  // the number of the next scenario, which is also how many were begun
  uint32_t clean;
  uint32_t fields;     // special fields leaked
  uint32_t storages;   // storages leaked, and selems with them
  uint32_t selems;     // selems leaked without their storage
  uint32_t saturated;  // M's refcount_dec reached zero and saturated the count; D then usually polls for ever
  uint32_t other;      // something else was left
};
Tally* tally;

Schedule ScenarioOf(uint32_t number) {
  Rng rng(number);
  Input input(96);
  for (uint8_t& byte : input) byte = static_cast<uint8_t>(rng.Next());
  Schedule schedule;
  DecodeAndFit(input, Profile::kTeardown, &schedule);
  return schedule;
}

void Print(uint32_t number, const UsualResult& result) {
  const native::Counters& more = result.more;
  std::fprintf(
      stderr,
      "scenario %u left: selems %ld, storages %ld, maps %ld, buckets %ld, fields %ld, charge %ld; warnings: %ld, of "
      "refcounts %ld; failed locks: %ld\n",
      number, more.objects[KERNEL_SELEM], more.objects[KERNEL_STORAGE], more.objects[KERNEL_MAP],
      more.objects[KERNEL_BUCKETS], more.resources, result.charge_left, more.warnings, more.refcount_warnings,
      more.timeouts + more.deadlocks);
}

// Counts a run by what it left behind. Takes out of `result` everything that a failed lock explains; if anything stays
// in it, the run counts as `other`.
void Account(uint32_t number, UsualResult result) {
  if (result.clean()) {
    ++tally->clean;
    return;
  }
  const UsualResult all = result;
  native::Counters& more = result.more;
  if (more.timeouts + more.deadlocks > 0) {
    // Leaked fields: M could not lock the bucket and warned. D could not lock it either, or came too late. The authors
    // document this leak.
    if (more.resources > 0 && more.warnings > 0) {
      ++tally->fields;
      more.resources = 0;
    }
    // A leaked storage: D could not lock the storage, so nobody empties it. D may have taken selems off their buckets
    // before that. M does not find these selems, so they leak with the storage. A comment and a warning of later
    // versions document the leak of the storage.
    if (more.objects[KERNEL_STORAGE] > 0) {
      ++tally->storages;
      more.objects[KERNEL_STORAGE] = 0;
      more.objects[KERNEL_SELEM] = 0;
    }
    // A leaked selem: M could not lock the bucket and warned, but could lock the storage, and took the selem off the
    // storage's list. D does not find the selem there. So D never visits it, which would free it.
    if (more.objects[KERNEL_SELEM] > 0 && more.objects[KERNEL_SELEM] <= more.warnings) {
      ++tally->selems;
      more.objects[KERNEL_SELEM] = 0;
    }
    // A saturated count with which D has ended all the same: M's refcount_dec reached zero, and D read the zero just
    // before the saturated value was stored.
    if (more.refcount_warnings > 0) {
      ++tally->saturated;
      more.refcount_warnings = 0;
    }
    more.warnings = 0;
  }
  if (result.clean()) return;
  ++tally->other;
  Print(number, all);
}

void OnSoftLockup(kernel_site site) {
  if (native::Count().refcount_warnings == 0) {
    std::fprintf(stderr, "soft lockup in %s, %s:%u\n", site.function, site.file, site.line);
    _exit(1);
  }
  ++tally->saturated;
  _exit(0);
}

[[noreturn]] void RunChild(const UsualOptions& options, Clock::time_point end) {
  while (Clock::now() < end) {
    alarm(kWatchdogSeconds);
    const uint32_t number = tally->next++;
    Account(number, RunTheUsualWay(*linked_subject, ScenarioOf(number), options));
  }
  exit(0);  // not _exit, so that the thread sanitizer lists the suppressions that were used
}

void RunScenarios(UsualOptions options) {
  options.start_together = true;
  options.kernel.on_soft_lockup = OnSoftLockup;
  const auto end = Clock::now() + kBudget;
  while (Clock::now() < end) {
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) RunChild(options, end);
    int status;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    if (status != 0) {
      ADD_FAILURE() << "scenario " << tally->next - 1 << " ended its process with "
                    << (WIFSIGNALED(status) ? "signal " : "status ")
                    << (WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status))
                    << (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM ? " (the watchdog: a deadlock)" : "");
    }
  }
  std::printf("%u scenarios: %u clean; with leaked fields %u, storages %u, selems alone %u; saturated %u\n",
              tally->next, tally->clean, tally->fields, tally->storages, tally->selems, tally->saturated);
}

class NativeStress : public testing::Test {
 protected:
  void SetUp() override {
    void* memory = mmap(nullptr, sizeof(Tally), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ASSERT_NE(memory, MAP_FAILED);
    tally = new (memory) Tally{};
  }
  void TearDown() override {
    EXPECT_EQ(tally->other, 0u);
    EXPECT_GT(tally->clean, 0u);
    munmap(tally, sizeof(Tally));
  }
};

TEST_F(NativeStress, WithoutLockFailuresEverythingIsFreedAndUncharged) {
  RunScenarios({.kernel = {.lock_timeout = 1h, .deadlock_check = 1h, .yields = 50}});
  EXPECT_EQ(tally->clean, tally->next);
}

TEST_F(NativeStress, WithLockFailuresOnlyWhatTheyExplainLeaks) {
  // Rescheduling is off (reschedules = 0), because otherwise too many children would end with a use after free:
  //   1. MapFree's walk fails to get bucket->lock for an selem, sets the selem's smap to null, and leaves the selem in
  //      the bucket.
  //   2. Rescheduling makes the walk leave its reader section and start again at the head.
  //   3. The walk meets the selem again. Either the first visit freed the selem, and its memory went when the section
  //   was
  //      left. Or the walk takes the storage's last selem off and frees the storage, without clearing the owner's
  //      pointer to it.
  RunScenarios(
      {.kernel = {.lock_timeout = 1ms, .lock_failures = 100, .reschedules = 0, .yields = 50, .soft_lockup = 500ms}});
}

}  // namespace
}  // namespace nofail
