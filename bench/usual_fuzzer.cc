// SPDX-License-Identifier: MIT
//
// The two-task teardown run the usual way, as a libFuzzer target. bench/run compares nofail_two_task_fuzzer with it. No
// lock failures are injected: a lock fails only when a real one would. Nothing here could tell a documented leak after
// a failed lock from a new leak.
#include <cstdio>
#include <cstdlib>

#include "bench/inputs.h"
#include "bench/usual_way.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static nofail::Schedule schedule;
  nofail::DecodeAndFit(nofail::TwoTaskInput(data, size), nofail::Profile::kTeardown, &schedule);
  if (nofail::RunTheUsualWay(*linked_subject, schedule).clean()) return 0;
  std::fprintf(stderr, "nofail: something is left after the usual way\n");
  std::abort();
}
