// SPDX-License-Identifier: MIT
#include "fuzz/engine/feature_arrays.h"

namespace nofail {
namespace {

// The size of each array. An engine scans the whole array after each run, even if few elements are used. 4096 elements
// would cost libFuzzer a tenth of its speed.
constexpr size_t kExtraFeatures = 512;
[[gnu::used, gnu::retain, gnu::section("__libfuzzer_extra_counters")]] uint8_t extra_counters[kExtraFeatures];
[[gnu::used, gnu::retain, gnu::section("__centipede_extra_features")]] uint64_t extra_features[kExtraFeatures];

}  // namespace

FeatureCollector::Arrays FeatureArrays() {
  return {extra_counters, extra_features};
}

}  // namespace nofail
