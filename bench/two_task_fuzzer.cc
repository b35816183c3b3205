// SPDX-License-Identifier: MIT
//
// The two-task teardown (inputs.h) inside libFuzzer, with the driver of the real targets. The promised speeds are about
// this program (docs/performance.md).
#include "bench/inputs.h"
#include "fuzz/engine/driver.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const nofail::Input& input = nofail::TwoTaskInput(data, size);
  return nofail::FuzzOne(nofail::Profile::kTeardown, input.data(), input.size());
}
