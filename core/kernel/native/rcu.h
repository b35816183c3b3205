// SPDX-License-Identifier: MIT
//
// Work that waits for a grace period: three queues, each with a thread of its own that runs for the process's life.
#ifndef NOFAIL_CORE_KERNEL_NATIVE_RCU_H_
#define NOFAIL_CORE_KERNEL_NATIVE_RCU_H_

#include <atomic>
#include <cstdint>

#include "core/kernel/kernel.h"

namespace nofail::native {

class GracePeriodQueue {
 public:
  explicit GracePeriodQueue(kernel_rcu_flavour flavour) : flavour_(flavour) {}

  // Runs callback(head) after a grace period. The callback sees everything before this call; two callers give each
  // other no order.
  void Push(kernel_rcu_head* head, void (*callback)(kernel_rcu_head*));
  // Blocks until everything pushed before, by anyone, has run, and sees what it did.
  void Wait();
  uint32_t pushed() const { return pushed_.load(std::memory_order_relaxed); }

 private:
  [[noreturn]] void Serve();

  const kernel_rcu_flavour flavour_;
  std::atomic<kernel_rcu_head*> newest_{nullptr};
  // Words to sleep on: counts of callbacks. A callback is counted in `pushed_` before it is queued.
  std::atomic<uint32_t> pushed_{0};
  std::atomic<uint32_t> done_{0};
  std::atomic<uint32_t> queued_{0};
  std::atomic<bool> started_{false};
};

}  // namespace nofail::native
#endif  // NOFAIL_CORE_KERNEL_NATIVE_RCU_H_
