// SPDX-License-Identifier: MIT
//
// The target that runs map_free against destroy. The set-up fills maps and owners; then each task ends some of them.
// This is the narrowest target, and the one that the suite is about. Profile::kTeardown (fuzz/schedule/codec.h) has its
// bounds.
#include "fuzz/engine/driver.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  return nofail::FuzzOne(nofail::Profile::kTeardown, data, size);
}
