// SPDX-License-Identifier: MIT
//
// The plain two-task teardown inside libFuzzer, through the driver of the real targets: what the promised speeds are
// about. nofail_teardown_fuzzer starts from three tasks and soon runs bigger inputs, so how many of them it runs in a
// second depends on what it happens to keep.
//
//   map m0, owner o0; setup: update m0 o0; task A: map_free m0; task B: destroy o0
//
// The input only says how that goes: each 6 bytes are a deviation, and all of them together make the policy.
#include <algorithm>

#include "fuzz/targets/driver.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace nofail;
  constexpr uint8_t kDeviation = 1;  // codec.cc: the record, followed by its operands
  constexpr size_t kOperands = 6, kMost = 16;
  static const std::vector<uint8_t> scenario = [] {
    Schedule schedule{.maps = {{}},
                      .owners = {{}},
                      .setup = {{.kind = OpKind::kUpdate}},
                      .tasks = {{{.kind = OpKind::kMapFree}}, {{.kind = OpKind::kDestroy}}}};
    std::vector<uint8_t> bytes = Encode(schedule);
    bytes.resize(bytes.size() - 1 - kOperands);  // without its policy, which comes last
    return bytes;
  }();
  uint8_t input[64 + kMost * (1 + kOperands)];
  uint8_t* end = std::copy(scenario.begin(), scenario.end(), input);
  for (size_t i = 0; i < kMost && size >= kOperands; ++i, data += kOperands, size -= kOperands) {
    *end++ = kDeviation;
    end = std::copy_n(data, kOperands, end);
  }
  return FuzzOne(Profile::kTeardown, input, static_cast<size_t>(end - input));
}
