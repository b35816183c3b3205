// SPDX-License-Identifier: MIT
//
// RCU, implemented with liburcu. Its flavour memb stands for RCU, its flavour mb for RCU Tasks Trace. Readers of one
// are no readers of the other, as in the kernel. A callback of RCU Tasks Trace waits for a grace period of both.
//
// The thread sanitizer does not see into liburcu. Two happens-before edges for each flavour tell it what a grace period
// promises:
//   1. from the end of a reader section to the end of a grace period;
//   2. from the beginning of a grace period to the beginning of a later reader section.
// Each edge is one address for all sections and grace periods, so the sanitizer sees some pairs as ordered that the
// kernel leaves unordered. For example, a reader section that begins after a grace period begins, and ends before it
// ends, is ordered before that end. Errs towards silence.
#include "core/kernel/native/rcu.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <urcu/urcu-mb.h>
#include <urcu/urcu-memb.h>

#include <climits>
#include <cstdlib>
#include <thread>

#include "core/kernel/native/task.h"
#include "core/kernel/native/tsan.h"

namespace nofail::native {
namespace {

// The addresses of the two edges, by flavour.
struct Edges {
  char readers_ended;
  char period_began;
} edges[2];

// Registers a thread with liburcu at its first reader section or grace period, and until the thread ends.
struct Registration {
  Registration() {
    IgnoreSync ignore;
    urcu_memb_register_thread();
    urcu_mb_register_thread();
  }
  ~Registration() {
    IgnoreSync ignore;
    urcu_memb_unregister_thread();
    urcu_mb_unregister_thread();
  }
};
void Register() {
  thread_local Registration registration;
}

// How many grace periods tasks have begun to poll for, and how many of these have ended. Whoever asks for one, or for
// its end, is ordered with everyone who did so before, also where the kernel does not promise it: errs towards silence.
std::atomic<uint64_t> polled_begun{0}, polled_ended{0};

// Waits for a grace period of this flavour alone.
void WaitForReaders(kernel_rcu_flavour flavour) {
  Register();
  const uint64_t begun_before = flavour == KERNEL_RCU ? polled_begun.load(std::memory_order_acquire) : 0;
  Release(&edges[flavour].period_began);
  {
    IgnoreSync ignore;
    flavour == KERNEL_RCU ? urcu_memb_synchronize_rcu() : urcu_mb_synchronize_rcu();
  }
  Acquire(&edges[flavour].readers_ended);
  uint64_t ended = polled_ended.load(std::memory_order_relaxed);
  while (ended < begun_before && !polled_ended.compare_exchange_weak(ended, begun_before, std::memory_order_acq_rel)) {
  }
}

// Sleep waits until Wake is called, unless the word is no longer `seen`. A futex does it, because with the standard
// library's primitives the threads that call Wake would be ordered with each other.
void Sleep(std::atomic<uint32_t>& word, uint32_t seen) {
  syscall(SYS_futex, reinterpret_cast<uint32_t*>(&word), FUTEX_WAIT_PRIVATE, seen, nullptr, nullptr, 0);
}
void Wake(std::atomic<uint32_t>& word) {
  syscall(SYS_futex, reinterpret_cast<uint32_t*>(&word), FUTEX_WAKE_PRIVATE, INT_MAX, nullptr, nullptr, 0);
}

GracePeriodQueue callbacks[2] = {GracePeriodQueue(KERNEL_RCU), GracePeriodQueue(KERNEL_RCU_TASKS_TRACE)};
GracePeriodQueue frees(KERNEL_RCU);  // apart from the callbacks, because rcu_barrier does not wait for kfree_rcu

// What a kfree_rcu queues.
struct DelayedFree {
  kernel_rcu_head head;
  void* object;
};

}  // namespace

void GracePeriodQueue::Push(kernel_rcu_head* head, void (*callback)(kernel_rcu_head*)) {
  if (!started_.exchange(true, std::memory_order_relaxed)) std::thread([this] { Serve(); }).detach();
  pushed_.fetch_add(1, std::memory_order_relaxed);
  head->callback = callback;
  kernel_rcu_head* newest = newest_.load(std::memory_order_relaxed);
  do {
    head->next = newest;
  } while (!newest_.compare_exchange_weak(newest, head, std::memory_order_release, std::memory_order_relaxed));
  queued_.fetch_add(1, std::memory_order_relaxed);
  Wake(queued_);
}

void GracePeriodQueue::Wait() {
  const uint32_t target = pushed_.load(std::memory_order_relaxed);
  for (;;) {
    const uint32_t done = done_.load(std::memory_order_acquire);
    if (static_cast<int32_t>(done - target) >= 0) return;
    Sleep(done_, done);
  }
}

void GracePeriodQueue::Serve() {
  for (;;) {
    const uint32_t seen = queued_.load(std::memory_order_relaxed);
    kernel_rcu_head* batch = newest_.exchange(nullptr, std::memory_order_acquire);
    if (batch == nullptr) {
      Sleep(queued_, seen);
      continue;
    }
    WaitForReaders(flavour_);
    if (flavour_ == KERNEL_RCU_TASKS_TRACE) WaitForReaders(KERNEL_RCU);
    kernel_rcu_head* oldest = nullptr;
    while (batch != nullptr) {
      kernel_rcu_head* next = batch->next;
      batch->next = oldest;
      oldest = batch;
      batch = next;
    }
    uint32_t n = 0;
    for (; oldest != nullptr; ++n) {
      kernel_rcu_head* next = oldest->next;
      oldest->callback(oldest);
      oldest = next;
    }
    done_.fetch_add(n, std::memory_order_release);
    Wake(done_);
  }
}

void Drain() {
  GracePeriodQueue* const queues[] = {&callbacks[0], &callbacks[1], &frees};
  uint32_t before, after = 0;
  do {
    before = after;
    kernel_flush_work(nullptr, KERNEL_IN_PROCESS, KERNEL_HERE);
    for (GracePeriodQueue* queue : queues) queue->Wait();
    after = 0;
    for (GracePeriodQueue* queue : queues) after += queue->pushed();
  } while (after != before);
}

}  // namespace nofail::native

using namespace nofail::native;

void kernel_rcu_read_lock(kernel_rcu_flavour flavour, kernel_site) {
  if (local.nesting[flavour]++ > 0) return;
  Register();
  flavour == KERNEL_RCU ? urcu_memb_read_lock() : urcu_mb_read_lock();
  Acquire(&edges[flavour].period_began);
}

void kernel_rcu_read_unlock(kernel_rcu_flavour flavour, kernel_site site) {
  Point();
  if (local.nesting[flavour] == 0) Panic("a reader section ends that did not begin", site);
  if (--local.nesting[flavour] > 0) return;
  local.polling_since = {};
  Release(&edges[flavour].readers_ended);
  flavour == KERNEL_RCU ? urcu_memb_read_unlock() : urcu_mb_read_unlock();
}

bool kernel_rcu_read_lock_held(kernel_rcu_flavour flavour) {
  return local.nesting[flavour] > 0;
}

void kernel_call_rcu(kernel_rcu_flavour flavour, kernel_rcu_head* head, void (*callback)(kernel_rcu_head*),
                     kernel_site) {
  Point();
  callbacks[flavour].Push(head, callback);
}

void kernel_kfree_rcu(void* object, kernel_site) {
  Point();
  auto* delayed = static_cast<DelayedFree*>(std::malloc(sizeof(DelayedFree)));
  delayed->object = object;
  frees.Push(&delayed->head, [](kernel_rcu_head* head) {
    auto* delayed = reinterpret_cast<DelayedFree*>(head);
    kernel_free(delayed->object, KERNEL_HERE);
    std::free(delayed);
  });
}

void kernel_synchronize_rcu(kernel_site site) {
  Point();
  if (local.nesting[KERNEL_RCU] > 0) Panic("synchronize_rcu inside an RCU reader section never returns", site);
  WaitForReaders(KERNEL_RCU);
}

void kernel_synchronize_rcu_tasks_trace(kernel_site site) {
  kernel_synchronize_rcu(site);
  if (local.nesting[KERNEL_RCU_TASKS_TRACE] > 0) {
    Panic("synchronize_rcu_tasks_trace inside a section of RCU Tasks Trace never returns", site);
  }
  WaitForReaders(KERNEL_RCU_TASKS_TRACE);
}

void kernel_might_sleep(kernel_site site) {
  if (local.nesting[KERNEL_RCU] > 0) Panic("a task may sleep inside an RCU reader section", site);
}

void kernel_rcu_barrier(kernel_rcu_flavour flavour, kernel_site site) {
  Point();
  if (local.nesting[KERNEL_RCU] > 0) Panic("rcu_barrier inside an RCU reader section never returns", site);
  callbacks[flavour].Wait();
}

uint64_t kernel_start_poll_rcu(kernel_site) {
  Point();
  const uint64_t number = polled_begun.fetch_add(1, std::memory_order_acq_rel);
  // Any grace period from here on will do. So that there is one, something waits for it.
  frees.Push(static_cast<kernel_rcu_head*>(std::malloc(sizeof(kernel_rcu_head))),
             [](kernel_rcu_head* head) { std::free(head); });
  return number;
}

bool kernel_poll_rcu(uint64_t number, kernel_site) {
  Point();
  return polled_ended.load(std::memory_order_acquire) > number;
}
