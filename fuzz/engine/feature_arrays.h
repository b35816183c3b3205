// SPDX-License-Identifier: MIT
//
// Where libFuzzer and Centipede look for features of a run besides code coverage (fuzz/exec/features.h).
#ifndef NOFAIL_FUZZ_ENGINE_FEATURE_ARRAYS_H_
#define NOFAIL_FUZZ_ENGINE_FEATURE_ARRAYS_H_

#include "fuzz/exec/features.h"

namespace nofail {

// The arrays of this process. They stand in the sections that these engines search after each run; what is not 0 there
// counts as covered, and the engine clears it. Other engines leave them alone.
FeatureCollector::Arrays FeatureArrays();

}  // namespace nofail
#endif  // NOFAIL_FUZZ_ENGINE_FEATURE_ARRAYS_H_
