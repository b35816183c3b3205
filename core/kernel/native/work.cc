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
std::mutex mutex;
std::condition_variable changed;
std::deque<kernel_work*> waiting;
kernel_work* running = nullptr;  // its memory may be gone
uint64_t queued = 0, over = 0;   // how many items have been queued, and how many of these have ended or were cancelled
bool started = false;

[[noreturn]] void Serve() {
  std::unique_lock lock(mutex);
  for (;;) {
    changed.wait(lock, [] { return !waiting.empty(); });
    running = waiting.front();
    waiting.pop_front();
    running->pending = 0;
    lock.unlock();
    running->function(running);
    lock.lock();
    running = nullptr;
    ++over;
    changed.notify_all();
  }
}

}  // namespace

bool kernel_queue_work(kernel_work* work, kernel_work_context, kernel_site) {
  Point();
  std::lock_guard lock(mutex);
  if (work->pending != 0) return false;
  work->pending = 1;
  waiting.push_back(work);
  ++queued;
  if (!started) std::thread(&Serve).detach();
  started = true;
  changed.notify_all();
  return true;
}

bool kernel_cancel_work(kernel_work* work, kernel_site) {
  Point();
  std::lock_guard lock(mutex);
  if (work->pending == 0) return false;
  work->pending = 0;
  waiting.erase(std::find(waiting.begin(), waiting.end(), work));
  ++over;
  changed.notify_all();
  return true;
}

void kernel_flush_work(kernel_work* work, kernel_work_context context, kernel_site site) {
  Point();
  if (context == KERNEL_IN_PROCESS) kernel_might_sleep(site);
  std::unique_lock lock(mutex);
  const uint64_t target = queued;
  changed.wait(lock, [&] {
    if (work == nullptr) return over >= target;
    return running != work && std::find(waiting.begin(), waiting.end(), work) == waiting.end();
  });
}
