// SPDX-License-Identifier: MIT
//
// The two-task teardown written the usual way, as a libFuzzer target: what bench/run compares nofail_two_task_fuzzer
// with. Locks fail only as real ones do, because nothing here could tell a documented leak after a failed lock from a
// new one.
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
