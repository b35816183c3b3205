// SPDX-License-Identifier: MIT
//
// libFuzzer's mutation hooks. In the targets themselves: an engine looks for these names, nothing refers to them.
#include "fuzz/engine/driver.h"
#include "fuzz/engine/input.h"

// Only libFuzzer and engines that stand in for it have it.
extern "C" [[gnu::weak]] size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t max_size);

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size, unsigned seed) {
  using namespace nofail;
  if (!CurrentGuidance().mutator && LLVMFuzzerMutate != nullptr) return LLVMFuzzerMutate(data, size, max_size);
  return MutateInput({LastProfile(), LLVMFuzzerMutate, AnswersOf}, data, size, max_size, seed);
}

// libFuzzer crosses as often as it mutates, and mutates instead when nothing comes of it.
extern "C" size_t LLVMFuzzerCustomCrossOver(const uint8_t* data1, size_t size1, const uint8_t* data2, size_t size2,
                                            uint8_t* out, size_t max_out_size, unsigned seed) {
  using namespace nofail;
  constexpr unsigned kOneInCrosses = 8;
  if (!CurrentGuidance().mutator || seed % kOneInCrosses != 0) return 0;
  return CrossInputs(LastProfile(), {data1, size1}, {data2, size2}, {out, max_out_size}, seed);
}
