// SPDX-License-Identifier: MIT
//
// Fibers: stacks that a task runs on, and the switch between them. Boost.Context makes the switch; ASan and TSan are
// told of each one, TSan with the no-sync flag (a switch orders nothing).
//
// A fiber is reused for one task after the other. One whose task was abandoned in the middle is made anew.
// Bounds: kMaxFibers fibers, kStackBytes each, in one mapping, so that "is this a stack address" is one comparison.
#ifndef NOFAIL_CORE_KERNEL_SIM_FIBER_H_
#define NOFAIL_CORE_KERNEL_SIM_FIBER_H_

#include <boost/context/detail/fcontext.hpp>
#include <cstddef>
#include <cstdint>

#include "fuzz/base/limits.h"

namespace nofail {

class Fiber {
 public:
  using Entry = void (*)();

  // A fiber on the stack [base, base + size) that calls entry() when first switched to. entry must not return.
  void Create(char* base, size_t size, Entry entry);
  // For the thread that runs everything: it has a stack already.
  void AdoptThread();
  // Forgets what was running. The next switch to it calls entry() again.
  void Recreate();

  // Leaves `from` and continues `to`. Returns when something switches back to `from`.
  static void Switch(Fiber& from, Fiber& to);
  // For what must look to the thread sanitizer as if it ran on this fiber, which needs no stack: body runs at once.
  void Impersonate(void (*body)(void*), void* argument);

 private:
  static void Start(boost::context::detail::transfer_t transfer);
  // The first thing that runs after a switch: takes note of where the fiber switched away from stands.
  static void Arrive(boost::context::detail::transfer_t transfer, Fiber& to);

  boost::context::detail::fcontext_t context_ = nullptr;
  char* stack_ = nullptr;  // lowest address
  size_t stack_size_ = 0;
  Entry entry_ = nullptr;
  void* asan_fake_stack_ = nullptr;
  [[maybe_unused]] void* tsan_fiber_ = nullptr;
};

// All stacks of the simulator.
class FiberPool {
 public:
  explicit FiberPool(Fiber::Entry entry);
  Fiber& operator[](uint32_t index) { return fibers_[index]; }
  bool IsStackAddress(uint64_t address) const { return address - stacks_ < kStackBytes * kMaxFibers; }

 private:
  uint64_t stacks_;
  Fiber fibers_[kMaxFibers];
};

}  // namespace nofail
#endif  // NOFAIL_CORE_KERNEL_SIM_FIBER_H_
