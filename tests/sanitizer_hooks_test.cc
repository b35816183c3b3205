// SPDX-License-Identifier: MIT
//
// Tests that what sanitizers and signals report becomes a fault of the run, each time that it happens in a process.
#include "fuzz/sanitizers/sanitizer_hooks.h"

#include <gtest/gtest.h>

#include <string>

#include "core/kernel/sim/sim.h"
#include "fuzz/exec/choosers.h"
#include "tests/misbehave.h"

namespace nofail {
namespace {

using Body = void (*)(SharedWord*);

SharedWord* shared;
Body bodies[2];

// Runs two tasks, one for each body. Returns the text of the run's first fault, or "none".
std::string FaultOf(Body first, Body second = Behave) {
  InstallSanitizerHooks(nullptr);
  DefaultChooser chooser;
  Sim& sim = Sim::Get();
  sim.Reset({}, &chooser);
  const auto allocate = [](void*) {
    shared = static_cast<SharedWord*>(kernel_alloc(KERNEL_OTHER, sizeof(SharedWord), KERNEL_HERE));
  };
  sim.Spawn(kSetup, allocate, nullptr);
  EXPECT_TRUE(sim.Run());
  bodies[0] = first;
  bodies[1] = second;
  for (int i = 0; i < 2; ++i) {
    sim.Spawn(static_cast<TaskId>(kTaskA + i), [](void* body) { (*static_cast<Body*>(body))(shared); }, &bodies[i]);
  }
  sim.Run();
  for (const Event& event : sim.trace().events()) {
    if (event.kind == EventKind::kFault) return FaultText(event.fault());
  }
  return "none";
}

// Expects the fault in each of several runs, not only in the first, and no fault in the runs between them.
void ExpectFault(const std::string& fault, Body first, Body second = Behave) {
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(FaultOf(first, second), fault);
    EXPECT_EQ(FaultOf(Behave), "none");
  }
  TakeSanitizerReports();
}

TEST(SanitizerHooks, ANullPointerEndsTheRunOnly) {
  ExpectFault("null-dereference", FollowNull);
}
#if !NOFAIL_TSAN  // ThreadSanitizer's runtime follows a wild pointer before the subject does
TEST(SanitizerHooks, AWildPointerEndsTheRunOnly) {
  ExpectFault("sanitizer", FollowWildPointer);
}
// On aarch64 a compiler may call a library's helper for an atomic operation. The helper would not be in the subject's
// section (cmake/sanitizers.cmake).
TEST(SanitizerHooks, SoDoesAnAtomicOperationThroughOne) {
  ExpectFault("sanitizer", AddThroughWildPointer);
}
#endif

#if NOFAIL_ASAN || NOFAIL_ACCESSES
TEST(SanitizerHooks, APlainReadAfterFree) {
  ExpectFault("use-after-free", ReadAfterFree);
}
TEST(SanitizerHooks, APlainReadPastTheEnd) {
  ExpectFault("out-of-bounds", ReadPastEnd);
}
#endif
#if NOFAIL_ASAN
TEST(SanitizerHooks, UndefinedBehaviourIsReportedEachTime) {
  ExpectFault("sanitizer", OverflowSigned);
}
TEST(SanitizerHooks, TheReportCanBeHad) {
  FaultOf(ReadAfterFree);
  EXPECT_NE(TakeSanitizerReports().find("AddressSanitizer"), std::string::npos);
  EXPECT_EQ(TakeSanitizerReports(), "");
}
#endif

#if NOFAIL_TSAN || NOFAIL_ACCESSES
TEST(SanitizerHooks, ADataRaceIsReportedEachTime) {
  ExpectFault("data-race", WritePlainly, WritePlainly);
}

// A reader section that has ended happens before a grace period only if the grace period waits for its flavour.
TEST(SanitizerHooks, AGracePeriodOrdersTheSectionsItWaitsFor) {
  ExpectFault("none", ReadInRcu, FreeAfterRcu);
  ExpectFault("none", ReadInRcu, FreeAfterTasksTrace);
  ExpectFault("none", ReadInTasksTrace, FreeAfterTasksTrace);
  ExpectFault("data-race", ReadInTasksTrace, FreeAfterRcu);
}
#else
TEST(SanitizerHooks, OneTaskAfterTheOtherIsNoFault) {
  ExpectFault("none", WritePlainly, WritePlainly);
}
#endif

TEST(SanitizerHooksDeathTest, ABugOfTheSuiteItselfStillEndsTheProcess) {
  EXPECT_DEATH(*reinterpret_cast<volatile int*>(uintptr_t{8}) = 1, "");
}

}  // namespace
}  // namespace nofail
