// SPDX-License-Identifier: MIT
//
// Measures the teardown target run the usual way (usual_way.h), on the inputs that bench_sim.cc runs.
#include <benchmark/benchmark.h>

#include "bench/inputs.h"
#include "bench/usual_way.h"

namespace nofail {
namespace {

void BM_UsualWay(benchmark::State& state) {
  const std::vector<Input>& inputs = TwoTaskInputs(Profile::kTeardown);
  Schedule schedule;
  size_t next = 0;
  uint64_t violations = 0;
  for (auto _ : state) {
    DecodeAndFit(inputs[next++ % kInputs], Profile::kTeardown, &schedule);
    violations += !RunTheUsualWay(*linked_subject, schedule).clean();
  }
  state.SetItemsProcessed(state.iterations());
  state.counters["violating"] = benchmark::Counter(violations, benchmark::Counter::kAvgIterations);
}
// Measured by wall-clock time, because other threads do the work.
BENCHMARK(BM_UsualWay)->Name("BM_UsualWay/teardown")->UseRealTime();

}  // namespace
}  // namespace nofail

BENCHMARK_MAIN();
