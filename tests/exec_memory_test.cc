// SPDX-License-Identifier: MIT
//
// Tests that a run that passes allocates no memory, once earlier runs have made all buffers large enough.
#include <cstdlib>
#include <new>
#include <vector>

#include "fuzz/exec/executor.h"
#include "fuzz/schedule/generate.h"
#include "gtest/gtest.h"

namespace {
size_t allocations = 0;
}  // namespace

void* operator new(size_t size) {
  ++allocations;
  void* memory = malloc(size);
  if (memory == nullptr) abort();
  return memory;
}
void operator delete(void* memory) noexcept {
  free(memory);
}
void operator delete(void* memory, size_t) noexcept {
  free(memory);
}

namespace nofail {
namespace {

TEST(ExecutorMemoryTest, PassingRunsAllocateNothing) {
  Executor executor(*linked_subject, Sim::Get());
  Rng rng(1);
  std::vector<Schedule> passing;
  for (int i = 0; i < 2000; ++i) {
    Schedule schedule = Generate(i % 2 ? Profile::kTeardown : Profile::kLifecycle, rng);
    if (executor.Run(schedule).verdict.pass()) passing.push_back(schedule);
  }
  ASSERT_GT(passing.size(), 500u);
  const size_t before = allocations;
  for (const Schedule& schedule : passing) executor.Run(schedule);
  EXPECT_EQ(allocations, before);
}

}  // namespace
}  // namespace nofail
