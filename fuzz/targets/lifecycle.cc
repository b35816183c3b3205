// SPDX-License-Identifier: MIT
//
// The target that runs all operations against each other: update, delete, lookup, kptr exchange, clone, dump, destroy
// and map_free. Profile::kLifecycle (fuzz/schedule/codec.h) has its bounds.
#include "fuzz/engine/driver.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  return nofail::FuzzOne(nofail::Profile::kLifecycle, data, size);
}
