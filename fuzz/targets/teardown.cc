// SPDX-License-Identifier: MIT
//
// map_free against destroy: each task ends maps and owners that a set-up has filled. The narrowest target, and the one
// that the suite is about. Its bounds are those of Profile::kTeardown (fuzz/schedule/codec.h).
#include "fuzz/engine/driver.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  return nofail::FuzzOne(nofail::Profile::kTeardown, data, size);
}
