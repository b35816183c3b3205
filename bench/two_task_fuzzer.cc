// SPDX-License-Identifier: MIT
//
// The plain two-task teardown inside libFuzzer, through the driver of the real targets: what the promised speeds are
// about.
#include "bench/inputs.h"
#include "fuzz/engine/driver.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const nofail::Input& input = nofail::TwoTaskInput(data, size);
  return nofail::FuzzOne(nofail::Profile::kTeardown, input.data(), input.size());
}
