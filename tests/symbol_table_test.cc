// SPDX-License-Identifier: MIT
#include "fuzz/sanitizers/symbol_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>

namespace nofail {

// This function is not static, because a compiler may give a static function another name.
[[gnu::noinline]] int Landmark(int step) {
  asm volatile("" : "+r"(step));
  return step + 1;
}
[[gnu::noinline]] inline int InHeader(int step) {
  asm volatile("" : "+r"(step));
  return step + 2;
}

namespace {

using ::testing::StartsWith;

template <typename Function>
uintptr_t AddressOf(Function* function) {
  return reinterpret_cast<uintptr_t>(function);
}

TEST(SymbolTable, NamesAFunctionByAnyOfItsAddresses) {
  const SymbolTable table = SymbolTable::OfProgram(0, UINTPTR_MAX);
  EXPECT_THAT(table.FunctionAt(AddressOf(Landmark)), StartsWith("nofail::Landmark(int"));
  EXPECT_THAT(table.FunctionAt(AddressOf(Landmark) + 1), StartsWith("nofail::Landmark(int"));
}

TEST(SymbolTable, KnowsOnlyWhatWasAskedFor) {
  const uintptr_t there = AddressOf(Landmark);
  EXPECT_STREQ(SymbolTable::OfProgram(there + 1, UINTPTR_MAX).FunctionAt(there), "");
  EXPECT_STREQ(SymbolTable::OfProgram(there, there).FunctionAt(there), "");
}

TEST(SymbolTable, IsSilentWhereNoFunctionOfThisProgramIs) {
  const SymbolTable table = SymbolTable::OfProgram(0, UINTPTR_MAX);
  EXPECT_STREQ(table.FunctionAt(1), "");
  EXPECT_STREQ(table.FunctionAt(AddressOf(InHeader)), "") << "it speaks for its caller";
}

}  // namespace
}  // namespace nofail
