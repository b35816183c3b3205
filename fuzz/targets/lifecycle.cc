// SPDX-License-Identifier: MIT
//
// All operations against each other: update, delete, lookup, kptr exchange, clone, dump, destroy, map_free. Its bounds
// are those of Profile::kLifecycle (fuzz/schedule/codec.h).
#include "fuzz/engine/driver.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  return nofail::FuzzOne(nofail::Profile::kLifecycle, data, size);
}
