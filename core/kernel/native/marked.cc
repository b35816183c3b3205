// SPDX-License-Identifier: MIT
//
// Marked accesses. The subject makes them itself, as real atomics. So the announcement of a store or a
// read-modify-write does nothing but yield to another thread now and then. The announcement of a load also loads the
// value.
#include <atomic>

#include "core/kernel/native/task.h"
#include "core/kernel/native/tsan.h"

#if NOFAIL_ASAN
#include <sanitizer/asan_interface.h>
#endif

using namespace nofail::native;

namespace {

// The thread sanitizer does not see fences, so each fence acquires and releases this one address. That orders more than
// the kernel promises, where two fences are ordered only through an access between them: errs towards silence.
char fence;

template <typename T>
uint64_t Load(const volatile void* address, kernel_order order) {
  auto* p = static_cast<const volatile T*>(address);
  switch (order) {
    case KERNEL_ONCE:
      return __atomic_load_n(p, __ATOMIC_RELAXED);
    case KERNEL_FULL:
      return __atomic_load_n(p, __ATOMIC_SEQ_CST);
    default:
      return __atomic_load_n(p, __ATOMIC_ACQUIRE);
  }
}

}  // namespace

uint64_t kernel_load(const volatile void* address, unsigned size, kernel_order order, kernel_site site) {
  Point();
  switch (size) {
    case 1:
      return Load<uint8_t>(address, order);
    case 2:
      return Load<uint16_t>(address, order);
    case 4:
      return Load<uint32_t>(address, order);
    case 8:
      return Load<uint64_t>(address, order);
  }
  Panic("kernel_load of a size other than 1, 2, 4 and 8", site);
}

void kernel_store(volatile void*, unsigned, uint64_t, kernel_order, kernel_site) {
  Point();
}
void kernel_rmw(volatile void*, unsigned, kernel_order, kernel_site) {
  Point();
}
void kernel_rmw_done(volatile void*, unsigned, uint64_t, uint64_t, bool) {}

void kernel_fence(kernel_order order, kernel_site) {
  Point();
  if (order != KERNEL_RELEASE) Acquire(&fence);
  std::atomic_thread_fence(order == KERNEL_FULL      ? std::memory_order_seq_cst
                           : order == KERNEL_RELEASE ? std::memory_order_release
                                                     : std::memory_order_acquire);
  if (order != KERNEL_ACQUIRE) Release(&fence);
}

// Reads the first byte that is not live memory, so that the address sanitizer reports it as if the subject had read it.
__attribute__((no_sanitize("thread"))) void kernel_check_bytes([[maybe_unused]] const void* address,
                                                               [[maybe_unused]] size_t size, kernel_site) {
#if NOFAIL_ASAN
  if (auto* dead = static_cast<const volatile char*>(__asan_region_is_poisoned(const_cast<void*>(address), size))) {
    (void)*dead;
  }
#endif
}
