// SPDX-License-Identifier: MIT
//
// Deferred functions. One thread runs them all, one after the other: errs towards silence. It starts with the first
// item and runs until the process ends.
#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "core/kernel/native/task.h"

using namespace nofail::native;

namespace {

// The items that wait, and what runs. A task that queues and a task that flushes are ordered by this mutex, also where
// the kernel does not promise it: errs towards silence.
struct Items {
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<kernel_work*> waiting;
  kernel_work* running = nullptr;  // its memory may be gone
  uint64_t queued = 0, over = 0;  // how many items have been queued, and how many of these have ended or were cancelled
  bool started = false;
};
// Never destroyed, because the thread waits for `changed` when the process ends.
Items& items = *new Items;

[[noreturn]] void Serve() {
  std::unique_lock lock(items.mutex);
  for (;;) {
    items.changed.wait(lock, [] { return !items.waiting.empty(); });
    items.running = items.waiting.front();
    items.waiting.pop_front();
    items.running->pending = 0;
    lock.unlock();
    items.running->function(items.running);
    lock.lock();
    items.running = nullptr;
    ++items.over;
    items.changed.notify_all();
  }
}

}  // namespace

bool kernel_queue_work(kernel_work* work, kernel_work_context, kernel_site) {
  Point();
  std::lock_guard lock(items.mutex);
  if (work->pending != 0) return false;
  work->pending = 1;
  items.waiting.push_back(work);
  ++items.queued;
  if (!items.started) std::thread(&Serve).detach();
  items.started = true;
  items.changed.notify_all();
  return true;
}

bool kernel_cancel_work(kernel_work* work, kernel_site) {
  Point();
  std::lock_guard lock(items.mutex);
  if (work->pending == 0) return false;
  work->pending = 0;
  items.waiting.erase(std::find(items.waiting.begin(), items.waiting.end(), work));
  ++items.over;
  items.changed.notify_all();
  return true;
}

void kernel_flush_work(kernel_work* work, kernel_work_context context, kernel_site site) {
  Point();
  if (context == KERNEL_IN_PROCESS) kernel_might_sleep(site);
  std::unique_lock lock(items.mutex);
  const uint64_t target = items.queued;
  items.changed.wait(lock, [&] {
    if (work == nullptr) return items.over >= target;
    return items.running != work && std::find(items.waiting.begin(), items.waiting.end(), work) == items.waiting.end();
  });
}
