// SPDX-License-Identifier: MIT
//
// The search finds exactly the outcomes that textbooks give for small concurrent programs.
//
// A program is the subject. Each op of a scenario runs one of the program's threads: update the first, delete the
// second, lookup the third, dump the fourth. The program's variables are the static variables of the subject. The end
// of a run frees the map, and there the program's outcome is noted.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <vector>

#include "core/kernel/sync.h"
#include "fuzz/exec/world.h"
#include "fuzz/explore/explorer.h"
#include "fuzz/schedule/text.h"

namespace nofail {
namespace {

using testing::ElementsAre;

using Outcome = std::vector<uint64_t>;

// ---- The subject ----------------------------------------------------------------------------------------------------

struct Variables {
  uint64_t x, y, turn;
  std::array<uint64_t, 4> r;  // what threads keep for the outcome
} v;

struct Program {
  std::vector<void (*)()> threads;
  Outcome (*outcome)();
  uint64_t start = 0;  // what x and y are at the beginning
};
const Program* program = nullptr;
std::set<Outcome> outcomes;

uint64_t Load(const uint64_t& variable) {
  return kernel_load(&variable, sizeof(variable), KERNEL_ONCE, KERNEL_HERE);
}
void Store(uint64_t& variable, uint64_t value) {
  kernel_store(&variable, sizeof(variable), value, KERNEL_ONCE, KERNEL_HERE);
  variable = value;
}

void Reset() {
  v = {.x = program->start, .y = program->start};
}
size_t Memory(subject_range* ranges) {
  ranges[0] = {&v, sizeof(v)};
  return 1;
}
kernel_map* MapAlloc(const subject_map_attr*) {
  return static_cast<kernel_map*>(kernel_alloc(KERNEL_MAP, sizeof(uint64_t), KERNEL_HERE));
}
void MapFree(kernel_map* map) {
  outcomes.insert(program->outcome());
  kernel_free(map, KERNEL_HERE);
}
int Run(size_t thread) {
  program->threads[thread]();
  return 0;
}

const subject kTextbook = {
    .name = "textbook",
    .reset = Reset,
    .memory = Memory,
    .map_alloc = MapAlloc,
    .map_free = MapFree,
    .owner_size = sizeof(uint64_t),
    .owner_init = [](void*, storage_type, uint32_t) {},
    .owner_destroy = [](void*) {},
    .owner_charge = [](const void*) -> int64_t { return 0; },
    .owner_charge_offset = SIZE_MAX,
    .update = [](kernel_map*, void*, void*, uint64_t) { return Run(0); },
    .remove = [](kernel_map*, void*) { return Run(1); },
    .lookup = [](kernel_map*, void*, bool) -> void* {
      Run(2);
      return nullptr;
    },
    .clone = [](void*, void*) { return 0; },
    .dump = [](void*) { return Run(3); },
    .selem_state_offset = SIZE_MAX,
    .missing_fields = KERNEL_FIELD_KPTR | KERNEL_FIELD_UPTR,
};

// Searches every interleaving. Returns the outcomes.
std::set<Outcome> OutcomesOf(const Program& the_program, bool reduces = true) {
  program = &the_program;
  outcomes.clear();
  std::string text = "nofail schedule 1\nmap m0 type=sk value=8\nowner o0 type=sk\n";
  static constexpr const char* kTasks[] = {"task A: update m0 o0\n", "task B: delete m0 o0\n", "task C: lookup m0 o0\n",
                                           "task D: dump o0\n"};
  for (size_t i = 0; i < the_program.threads.size(); ++i) text += kTasks[i];
  const absl::StatusOr<ScheduleFile> file = ParseText(text, "test");
  EXPECT_TRUE(file.ok()) << file.status();
  Explorer explorer(kTextbook, Sim::Get());
  const Explored explored = explorer.Explore(file->schedule, {.reduces = reduces});
  EXPECT_EQ(explored.ended, Ended::kComplete);
  EXPECT_THAT(explored.found, testing::IsEmpty());
  return outcomes;
}

// ---- Litmus tests, sequentially consistent --------------------------------------------------------------------------

TEST(TextbookTest, StoreBufferingHasThreeOutcomes) {
  const Program sb = {.threads = {[] {
                                    Store(v.x, 1);
                                    v.r[0] = Load(v.y);
                                  },
                                  [] {
                                    Store(v.y, 1);
                                    v.r[1] = Load(v.x);
                                  }},
                      .outcome = [] { return Outcome{v.r[0], v.r[1]}; }};
  EXPECT_THAT(OutcomesOf(sb), ElementsAre(Outcome{0, 1}, Outcome{1, 0}, Outcome{1, 1}));
}

TEST(TextbookTest, MessagePassingHasThreeOutcomes) {
  const Program mp = {.threads = {[] {
                                    Store(v.x, 1);
                                    Store(v.y, 1);
                                  },
                                  [] {
                                    v.r[0] = Load(v.y);
                                    v.r[1] = Load(v.x);
                                  }},
                      .outcome = [] { return Outcome{v.r[0], v.r[1]}; }};
  EXPECT_THAT(OutcomesOf(mp), ElementsAre(Outcome{0, 0}, Outcome{0, 1}, Outcome{1, 1}));
}

TEST(TextbookTest, LoadBufferingHasThreeOutcomes) {
  const Program lb = {.threads = {[] {
                                    v.r[0] = Load(v.y);
                                    Store(v.x, 1);
                                  },
                                  [] {
                                    v.r[1] = Load(v.x);
                                    Store(v.y, 1);
                                  }},
                      .outcome = [] { return Outcome{v.r[0], v.r[1]}; }};
  EXPECT_THAT(OutcomesOf(lb), ElementsAre(Outcome{0, 0}, Outcome{0, 1}, Outcome{1, 0}));
}

// Independent reads of independent writes: all but "the two readers see the writes in opposite orders".
TEST(TextbookTest, IndependentReadsHaveFifteenOutcomes) {
  const Program iriw = {.threads = {[] { Store(v.x, 1); }, [] { Store(v.y, 1); },
                                    [] {
                                      v.r[0] = Load(v.x);
                                      v.r[1] = Load(v.y);
                                    },
                                    [] {
                                      v.r[2] = Load(v.y);
                                      v.r[3] = Load(v.x);
                                    }},
                        .outcome = [] { return Outcome(v.r.begin(), v.r.end()); }};
  const std::set<Outcome> all = OutcomesOf(iriw);
  EXPECT_EQ(all.size(), 15u);
  EXPECT_FALSE(all.contains(Outcome{1, 0, 1, 0}));
  EXPECT_EQ(OutcomesOf(iriw, false), all);
}

// ---- Programs by which searches are compared ------------------------------------------------------------------------

// One writer and n readers of one variable have 2^n outcomes. (C. Flanagan and P. Godefroid, Dynamic partial-order
// reduction for model checking software, 2005, and later papers.)
TEST(TextbookTest, ThreeReadersHaveEightOutcomes) {
  const Program readers = {.threads = {[] { Store(v.x, 1); }, [] { v.r[1] = Load(v.x); }, [] { v.r[2] = Load(v.x); },
                                       [] { v.r[3] = Load(v.x); }},
                           .outcome = [] { return Outcome(v.r.begin(), v.r.end()); }};
  EXPECT_EQ(OutcomesOf(readers).size(), 8u);
}

// Two threads that each add 1 five times, without a lock, may leave anything from 2 to 10. That it may be 2 surprises
// many. (M. Ben-Ari, Principles of Concurrent and Distributed Programming, section 2.9.)
TEST(TextbookTest, TwoThreadsThatCountToFiveLeaveTwoToTen) {
  constexpr auto kCount = [] {
    for (int i = 0; i < 5; ++i) Store(v.x, Load(v.x) + 1);
  };
  const Program count = {.threads = {kCount, kCount}, .outcome = [] { return Outcome{v.x}; }};
  const std::set<Outcome> all = OutcomesOf(count);
  EXPECT_EQ(all.size(), 9u);
  EXPECT_EQ(*all.begin(), Outcome{2});
  EXPECT_EQ(*all.rbegin(), Outcome{10});
}

// Five times x += y against five times y += x, from 1 and 1: at most the 12th Fibonacci number, 144. (fib_bench of the
// Competition on Software Verification.)
TEST(TextbookTest, FibonacciReaches144) {
  const Program fibonacci = {.threads = {[] {
                                           for (int i = 0; i < 5; ++i) Store(v.x, Load(v.x) + Load(v.y));
                                         },
                                         [] {
                                           for (int i = 0; i < 5; ++i) Store(v.y, Load(v.y) + Load(v.x));
                                         }},
                             .outcome = [] { return Outcome{std::max(v.x, v.y)}; },
                             .start = 1};
  EXPECT_EQ(*OutcomesOf(fibonacci).rbegin(), Outcome{144});
}

// ---- Mutual exclusion: loops that poll ------------------------------------------------------------------------------

// What a thread does inside: whether another one is there as well is kept.
void Inside(size_t thread) {
  v.r[2] |= Load(v.r[3]);
  Store(v.r[3], 1);
  Store(v.r[3], 0);
  v.r[thread] = 1;
}

template <bool kTakesTurns>
void Peterson(size_t thread, uint64_t& mine, const uint64_t& other) {
  Store(mine, 1);
  if (kTakesTurns) Store(v.turn, 1 - thread);
  while (Load(other) != 0 && (!kTakesTurns || Load(v.turn) == 1 - thread)) {
    if (!kTakesTurns) break;  // goes in although the other one is there
    kernel_cpu_relax(KERNEL_HERE);
  }
  Inside(thread);
  Store(mine, 0);
}

template <bool kTakesTurns>
Program Exclusion() {
  return {.threads = {[] { Peterson<kTakesTurns>(0, v.x, v.y); }, [] { Peterson<kTakesTurns>(1, v.y, v.x); }},
          .outcome = [] { return Outcome{v.r[0], v.r[1], v.r[2]}; }};
}

// (G. L. Peterson, Myths about the mutual exclusion problem, 1981.)
TEST(TextbookTest, PetersonsThreadsAreNeverInsideTogether) {
  EXPECT_THAT(OutcomesOf(Exclusion<true>()), ElementsAre(Outcome{1, 1, 0}));
}

TEST(TextbookTest, ThreadsThatDoNotWaitAreInsideTogether) {
  EXPECT_THAT(OutcomesOf(Exclusion<false>()), ElementsAre(Outcome{1, 1, 0}, Outcome{1, 1, 1}));
}

}  // namespace
}  // namespace nofail
