// SPDX-License-Identifier: MIT
//
// libFuzzer's mutation hooks, which Centipede calls, too. This file is compiled into each target instead of a library:
// an engine looks the functions up by name and nothing refers to them, so a linker would leave them out of a library.
#include "fuzz/engine/driver.h"
#include "fuzz/engine/input.h"

// The engine's own mutation. Only libFuzzer and engines that imitate it define this function.
extern "C" [[gnu::weak]] size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t max_size);

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size, unsigned seed) {
  using namespace nofail;
  if (!CurrentGuidance().mutator && LLVMFuzzerMutate != nullptr) return LLVMFuzzerMutate(data, size, max_size);
  return MutateInput({LastProfile(), LLVMFuzzerMutate, AnswersOf}, data, size, max_size, seed);
}

// libFuzzer calls this as often as the mutator. When the result is 0, it mutates instead.
extern "C" size_t LLVMFuzzerCustomCrossOver(const uint8_t* data1, size_t size1, const uint8_t* data2, size_t size2,
                                            uint8_t* out, size_t max_out_size, unsigned seed) {
  using namespace nofail;
  constexpr unsigned kOneInCrosses = 8;
  if (!CurrentGuidance().mutator || seed % kOneInCrosses != 0) return 0;
  return CrossInputs(LastProfile(), {data1, size1}, {data2, size2}, {out, max_out_size}, seed);
}
