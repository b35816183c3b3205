// SPDX-License-Identifier: MIT
//
// The arrays in which libFuzzer and Centipede look for features of a run besides code coverage. fuzz/exec/features.h
// says which features there are.
#ifndef NOFAIL_FUZZ_ENGINE_FEATURE_ARRAYS_H_
#define NOFAIL_FUZZ_ENGINE_FEATURE_ARRAYS_H_

#include "fuzz/exec/features.h"

namespace nofail {

// The arrays of this process. They are in two sections of the binary that these engines search after each run. Every
// element that is not 0 counts as covered; then the engine clears it. Other engines ignore the arrays.
FeatureCollector::Arrays FeatureArrays();

}  // namespace nofail
#endif  // NOFAIL_FUZZ_ENGINE_FEATURE_ARRAYS_H_
