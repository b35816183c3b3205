// SPDX-License-Identifier: MIT
//
// Measures the suite's own engine: what a fiber switch costs, what one execution costs from bytes to verdict, what its
// phases cost, and how the cost grows with the number of operations.
#include <benchmark/benchmark.h>

#include "bench/inputs.h"
#include "core/kernel/sim/sim.h"
#include "core/subjects/subject.h"
#include "fuzz/check/oracles.h"
#include "fuzz/exec/executor.h"
#include "fuzz/sanitizers/sanitizer_hooks.h"

namespace nofail {
namespace {

// ---- A fiber switch: two tasks that yield to each other at every scheduling point ---------------------------------

class AlwaysSwitch : public Chooser {
 public:
  uint16_t Choose(const Choice& choice) override { return choice.kind == ChoiceKind::kPreempt && choice.n > 1 ? 1 : 0; }
};

constexpr int kPointsPerTask = 2000;
static_assert(kPointsPerTask * 2 * 2 < kMaxEvents, "a fence and a switch each");

void PassManyPoints(void*) {
  for (int i = 0; i < kPointsPerTask; ++i) kernel_fence(KERNEL_ONCE, KERNEL_HERE);
}

void BM_Switch(benchmark::State& state) {
  AlwaysSwitch chooser;
  Sim& sim = Sim::Get();
  for (auto _ : state) {
    sim.Reset({}, &chooser);
    sim.Spawn(kTaskA, PassManyPoints, nullptr);
    sim.Spawn(static_cast<TaskId>(kTaskA + 1), PassManyPoints, nullptr);
    if (!sim.Run()) state.SkipWithError("the run did not end");
  }
  state.SetItemsProcessed(state.iterations() * kPointsPerTask * 2);
}
BENCHMARK(BM_Switch);

// ---- Executions ---------------------------------------------------------------------------------------------------

void BM_Execution(benchmark::State& state, Profile profile) {
  const std::vector<Input>& inputs = TwoTaskInputs(profile);
  Executor executor(*linked_subject, Sim::Get());
  Schedule schedule;
  size_t next = 0;
  uint64_t events = 0;
  uint64_t violations = 0;
  for (auto _ : state) {
    DecodeAndFit(inputs[next++ % kInputs], profile, &schedule);
    const JudgedRun& result = executor.Run(schedule);
    events += executor.trace().size();
    violations += !result.verdict.pass();
  }
  state.SetItemsProcessed(state.iterations());
  state.counters["events"] = benchmark::Counter(events, benchmark::Counter::kAvgIterations);
  state.counters["violating"] = benchmark::Counter(violations, benchmark::Counter::kAvgIterations);
}
BENCHMARK_CAPTURE(BM_Execution, teardown, Profile::kTeardown);
BENCHMARK_CAPTURE(BM_Execution, lifecycle, Profile::kLifecycle);

// The part of an execution that decoding takes. The rest is running and judging.
void BM_Decode(benchmark::State& state, Profile profile) {
  const std::vector<Input>& inputs = TwoTaskInputs(profile);
  Schedule schedule;
  size_t next = 0;
  for (auto _ : state) {
    DecodeAndFit(inputs[next++ % kInputs], profile, &schedule);
    benchmark::DoNotOptimize(schedule);
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK_CAPTURE(BM_Decode, teardown, Profile::kTeardown);

// The part of an execution that judging takes, on runs that pass. Each run is judged kTimes times, so that the cost of
// reading the clock does not count.
void BM_Judge(benchmark::State& state) {
  constexpr int kTimes = 100;
  const std::vector<Input>& inputs = TwoTaskInputs(Profile::kTeardown);
  Executor executor(*linked_subject, Sim::Get());
  Schedule schedule;
  size_t next = 0;
  Verdict verdict;
  for (auto _ : state) {
    state.PauseTiming();
    do {
      DecodeAndFit(inputs[next++ % kInputs], Profile::kTeardown, &schedule);
    } while (!executor.Run(schedule).verdict.pass());
    const RunView run = {executor.trace(), {}, *linked_subject, {}, false};
    state.ResumeTiming();
    for (int i = 0; i < kTimes; ++i) Judge(run, &verdict);
  }
  state.SetItemsProcessed(state.iterations() * kTimes);
}
BENCHMARK(BM_Judge);

// ---- Cost by number of operations ---------------------------------------------------------------------------------

// Returns a schedule of two tasks with `ops` operations each, updates and deletes in turn. Each task has an owner of
// its own; both use map m0. Maps and owners have the default type.
Schedule ScheduleOf(int64_t ops) {
  Schedule schedule{.maps = {{}, {}}, .owners = {{}, {}}, .tasks = {{}, {}}};
  for (uint8_t task = 0; task < 2; ++task) {
    for (int64_t i = 0; i < ops; ++i) {
      schedule.tasks[task].push_back({.kind = i % 2 == 0 ? OpKind::kUpdate : OpKind::kDelete, .owner = task});
    }
  }
  Normalize(&schedule);
  return schedule;
}

void BM_Operations(benchmark::State& state) {
  const Schedule schedule = ScheduleOf(state.range(0));
  Executor executor(*linked_subject, Sim::Get());
  for (auto _ : state) executor.Run(schedule);
  state.SetComplexityN(executor.trace().size());
  state.SetItemsProcessed(state.iterations());
  state.counters["events"] = executor.trace().size();
}
BENCHMARK(BM_Operations)->RangeMultiplier(2)->Range(1, kMaxOpsPerTask)->Complexity(benchmark::oN);

}  // namespace
}  // namespace nofail

int main(int argc, char** argv) {
  nofail::InstallSanitizerHooks(nullptr);  // what a run violates is its verdict, not the end of the process
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  benchmark::RunSpecifiedBenchmarks();
}
