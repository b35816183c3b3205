// SPDX-License-Identifier: MIT
#include "core/kernel/sim/fiber.h"

#include <sys/mman.h>

#include <cstdlib>

#include "core/kernel/sim/sanitizer.h"
#include "fuzz/base/harness_bug.h"

namespace nofail {

using boost::context::detail::jump_fcontext;
using boost::context::detail::make_fcontext;
using boost::context::detail::transfer_t;

namespace {

#if NOFAIL_TSAN
// A fiber of the sanitizer is made when it is first needed, by the task that runs then. The calls around it keep the
// new fiber from being ordered after what that task did.
void* MakeTsanFiber() {
  AnnotateIgnoreSyncBegin(__FILE__, __LINE__);
  void* fiber = __tsan_create_fiber(0);
  AnnotateIgnoreSyncEnd(__FILE__, __LINE__);
  return fiber;
}
#endif

// The fiber that the switch under way leaves, and the one that it continues.
Fiber* g_from = nullptr;
Fiber* g_to = nullptr;

}  // namespace

void Fiber::Create(char* base, size_t size, Entry entry) {
  stack_ = base;
  stack_size_ = size;
  entry_ = entry;
  Recreate();
}

void Fiber::AdoptThread() {
#if NOFAIL_TSAN
  tsan_fiber_ = __tsan_get_current_fiber();
#endif
#if NOFAIL_ACCESSES
  EnterContext(&race_context_);
#endif
}

void Fiber::Recreate() {
  // Functions that never returned have left the redzones of their frames poisoned.
  UnpoisonMemory(stack_, stack_size_);
  context_ = make_fcontext(stack_ + stack_size_, stack_size_, &Fiber::Start);
  asan_fake_stack_ = nullptr;
#if NOFAIL_TSAN
  if (tsan_fiber_ != nullptr) __tsan_destroy_fiber(tsan_fiber_);
  tsan_fiber_ = nullptr;  // made at the first switch to it, because most fibers of a pool never run
#endif
}

void Fiber::Switch(Fiber& from, Fiber& to) {
  g_from = &from;
  g_to = &to;
#if NOFAIL_ASAN
  __sanitizer_start_switch_fiber(&from.asan_fake_stack_, to.stack_, to.stack_size_);
#endif
#if NOFAIL_TSAN
  if (to.tsan_fiber_ == nullptr) to.tsan_fiber_ = MakeTsanFiber();
  __tsan_switch_to_fiber(to.tsan_fiber_, __tsan_switch_to_fiber_no_sync);
#endif
#if NOFAIL_ACCESSES
  EnterContext(&to.race_context_);
#endif
  transfer_t transfer = jump_fcontext(to.context_, nullptr);
  Arrive(transfer, from);
}

void Fiber::Arrive(transfer_t transfer, Fiber& to) {
  Fiber& from = *g_from;
  from.context_ = transfer.fctx;
#if NOFAIL_ASAN
  const void* bottom = nullptr;
  size_t size = 0;
  __sanitizer_finish_switch_fiber(to.asan_fake_stack_, &bottom, &size);
  if (from.stack_ == nullptr) {  // the thread's own stack, which AddressSanitizer tells when the thread is first left
    from.stack_ = static_cast<char*>(const_cast<void*>(bottom));
    from.stack_size_ = size;
  }
#else
  (void)to;
#endif
}

void Fiber::Start(transfer_t transfer) {
  Fiber& self = *g_to;
  Arrive(transfer, self);
  self.entry_();
  abort();  // an entry never returns
}

void Fiber::Impersonate(void (*body)(void*), void* argument) {
#if NOFAIL_TSAN
  void* current = __tsan_get_current_fiber();
  if (tsan_fiber_ == nullptr) tsan_fiber_ = MakeTsanFiber();
  __tsan_switch_to_fiber(tsan_fiber_, __tsan_switch_to_fiber_no_sync);
  body(argument);
  __tsan_switch_to_fiber(current, __tsan_switch_to_fiber_no_sync);
#elif NOFAIL_ACCESSES
  RaceContext* current = EnterContext(&race_context_);
  body(argument);
  EnterContext(current);
#else
  body(argument);
#endif
}

FiberPool::FiberPool(Fiber::Entry entry) {
  void* stacks = mmap(nullptr, kStackBytes * kMaxFibers, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (stacks == MAP_FAILED) HarnessBug("no memory for fiber stacks");
  stacks_ = reinterpret_cast<uint64_t>(stacks);
  for (uint32_t i = 0; i < kMaxFibers; ++i) {
    fibers_[i].Create(static_cast<char*>(stacks) + i * kStackBytes, kStackBytes, entry);
  }
}

}  // namespace nofail
