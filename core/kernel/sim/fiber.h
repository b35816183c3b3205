// SPDX-License-Identifier: MIT
//
// Fibers: the stacks that tasks run on, and the switch between them. Boost.Context makes the switch. AddressSanitizer,
// ThreadSanitizer and the race detector are told of each switch. ThreadSanitizer is told that the switch orders nothing
// (its no-sync flag).
//
// A fiber runs one task after the other. When its task was abandoned in the middle, the fiber is created again.
// Bounds: kMaxFibers fibers with kStackBytes of stack each. All stacks lie in one mapping, so that one comparison tells
// whether an address is on a stack.
#ifndef NOFAIL_CORE_KERNEL_SIM_FIBER_H_
#define NOFAIL_CORE_KERNEL_SIM_FIBER_H_

#include <boost/context/detail/fcontext.hpp>
#include <cstddef>
#include <cstdint>

#include "core/kernel/sim/sanitizer.h"
#include "fuzz/base/limits.h"

namespace nofail {

class Fiber {
 public:
  using Entry = void (*)();

  // Makes this a fiber on the stack [base, base + size), which the caller owns. The first switch to the fiber calls
  // entry(), which must not return.
  void Create(char* base, size_t size, Entry entry);
  // Makes this the fiber of the calling thread, which has a stack already.
  void AdoptThread();
  // Makes this the fiber of the caller, which runs on the stack that `other` was created with.
  void Adopt(const Fiber& other) {
    stack_ = other.stack_;
    stack_size_ = other.stack_size_;
  }
  // Forgets what the fiber was running. The next switch to it calls entry() again.
  void Recreate();

  // Leaves the fiber `from`, which is running, and continues `to`. Returns when another call switches back to `from`.
  static void Switch(Fiber& from, Fiber& to);
  // Copies where the fiber goes on, and the part of its stack that is in use (archive.h). REQUIRES: the fiber does not
  // run, and no sanitizer watches the stacks.
  template <typename Archive>
  void Copy(Archive& archive) {
    archive.Value(context_);
    char* const used = static_cast<char*>(context_);
    archive.Bytes(used, static_cast<size_t>(stack_ + stack_size_ - used));
  }
  // Calls body(argument) at once, on the current stack. To who finds data races (kDetectsRaces) it runs on this fiber.
  // The fiber needs no stack for this: Create need not have been called.
  void Impersonate(void (*body)(void*), void* argument);

 private:
  // The first function that runs on a fiber.
  static void Start(boost::context::detail::transfer_t transfer);
  // Runs right after a switch: saves the context of the fiber that was left, and tells AddressSanitizer of `to`.
  static void Arrive(boost::context::detail::transfer_t transfer, Fiber& to);

  boost::context::detail::fcontext_t context_ = nullptr;  // where the fiber goes on; stale while it runs
  char* stack_ = nullptr;                                 // lowest address
  size_t stack_size_ = 0;                                 // bytes
  Entry entry_ = nullptr;
  void* asan_fake_stack_ = nullptr;
  [[maybe_unused]] void* tsan_fiber_ = nullptr;
  RaceContext race_context_;
};

// All fibers of the simulator that have a stack of their own.
class FiberPool {
 public:
  // Every fiber calls `entry`. The mapping of the stacks is never unmapped.
  explicit FiberPool(Fiber::Entry entry);
  Fiber& operator[](uint32_t index) { return fibers_[index]; }
  uint64_t StackOffset(uint64_t address) const { return address - stacks_; }
  bool IsStackAddress(uint64_t address) const { return StackOffset(address) < kStackBytes * kMaxFibers; }

 private:
  uint64_t stacks_;  // lowest address
  Fiber fibers_[kMaxFibers];
};

}  // namespace nofail
#endif  // NOFAIL_CORE_KERNEL_SIM_FIBER_H_
