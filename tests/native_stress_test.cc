// SPDX-License-Identifier: MIT
//
// The posted subject on real threads: random teardown scenarios, judged by the native kernel's counters and by the
// sanitizer this is built with.
//
// Scenarios run in child processes, because one that hangs or that a sanitizer ends must not end the others. The child
// writes what it saw into memory that it shares with the parent.
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
}  // the counters see leaks
#endif

namespace nofail {
namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr unsigned kWatchdogSeconds = 60;  // for one scenario
constexpr auto kBudget = 4s;               // for one test

// What the children saw, by scenario.
struct Tally {
  uint32_t next;  // the one to run next; as many were begun
  uint32_t clean;
  uint32_t fields;     // special fields leaked
  uint32_t storages;   // storages leaked, and selems with them
  uint32_t selems;     // selems leaked without their storage
  uint32_t saturated;  // M's refcount_dec reached zero and saturated the count: D polls for ever, but for good luck
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
    // M could not lock the bucket and warned, and D could not either, or came too late. The authors document it.
    if (more.resources > 0 && more.warnings > 0) {
      ++tally->fields;
      more.resources = 0;
    }
    // D could not lock the storage, so nobody empties it. D may have taken selems off their buckets before: M does not
    // find those, and they go the storage's way. A comment and a warning of later versions say so of the storage.
    if (more.objects[KERNEL_STORAGE] > 0) {
      ++tally->storages;
      more.objects[KERNEL_STORAGE] = 0;
      more.objects[KERNEL_SELEM] = 0;
    }
    // M could not lock the bucket and warned, but could lock the storage, and took the selem off it: D does not find
    // it, so the second of the two visits that would free it never comes.
    if (more.objects[KERNEL_SELEM] > 0 && more.objects[KERNEL_SELEM] <= more.warnings) {
      ++tally->selems;
      more.objects[KERNEL_SELEM] = 0;
    }
    // D polls, M's refcount_dec reaches zero, and D looks just before the count is saturated.
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
  exit(0);  // the thread sanitizer lists the suppressions used
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
  // Without rescheduling, because of what the walk of MapFree does when it restarts at the head after a failed
  // bucket->lock: it meets an selem whose smap is null already. Either its last step freed it while it was in the
  // bucket, and the memory went when the section was left; or it takes the storage's last selem off and frees the
  // storage without clearing the owner's pointer to it. Both end in a use after free, which would end too many
  // children.
  RunScenarios(
      {.kernel = {.lock_timeout = 1ms, .lock_failures = 100, .reschedules = 0, .yields = 50, .soft_lockup = 500ms}});
}

}  // namespace
}  // namespace nofail
