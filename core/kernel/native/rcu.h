// SPDX-License-Identifier: MIT
//
// Work that waits for a grace period. There are three queues: one for the callbacks of each RCU flavour, and one for
// kfree_rcu. Each has a thread of its own, which starts with the first Push and runs until the process ends.
#ifndef NOFAIL_CORE_KERNEL_NATIVE_RCU_H_
#define NOFAIL_CORE_KERNEL_NATIVE_RCU_H_

#include <atomic>
#include <cstdint>

#include "core/kernel/kernel.h"

namespace nofail::native {

class GracePeriodQueue {
 public:
  explicit GracePeriodQueue(kernel_rcu_flavour flavour) : flavour_(flavour) {}

  // Runs callback(head) on the queue's thread after a grace period. The callback sees everything that the caller stored
  // before this call. Two callers of Push are not ordered with each other.
  void Push(kernel_rcu_head* head, void (*callback)(kernel_rcu_head*));
  // Blocks until every callback that any thread pushed before has run. Afterwards the caller sees what these callbacks
  // did.
  void Wait();
  // How many callbacks have been pushed, modulo 2^32.
  uint32_t pushed() const { return pushed_.load(std::memory_order_relaxed); }

 private:
  // What the queue's thread runs.
  [[noreturn]] void Serve();

  const kernel_rcu_flavour flavour_;
  std::atomic<kernel_rcu_head*> newest_{nullptr};  // the queued callbacks, newest first
  // Counts of callbacks. Push counts a callback in `pushed_`, then queues it, then counts it in `queued_`. Threads
  // sleep on `queued_` and `done_` until these change.
  std::atomic<uint32_t> pushed_{0};
  std::atomic<uint32_t> done_{0};
  std::atomic<uint32_t> queued_{0};
  std::atomic<bool> started_{false};  // the thread exists
};

}  // namespace nofail::native
#endif  // NOFAIL_CORE_KERNEL_NATIVE_RCU_H_
