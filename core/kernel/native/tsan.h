// SPDX-License-Identifier: MIT
//
// Edges that the thread sanitizer cannot see by itself: whoever acquires an address sees everything that those did who
// released it before. And some that it must not see: a library's own locks order more than the kernel promises.
#ifndef NOFAIL_CORE_KERNEL_NATIVE_TSAN_H_
#define NOFAIL_CORE_KERNEL_NATIVE_TSAN_H_

#if NOFAIL_TSAN
#include <sanitizer/tsan_interface.h>
extern "C" void AnnotateIgnoreSyncBegin(const char* file, int line);
extern "C" void AnnotateIgnoreSyncEnd(const char* file, int line);
#endif

namespace nofail::native {

inline void Acquire([[maybe_unused]] void* address) {
#if NOFAIL_TSAN
  __tsan_acquire(address);
#endif
}
inline void Release([[maybe_unused]] void* address) {
#if NOFAIL_TSAN
  __tsan_release(address);
#endif
}

// Inside its scope, locks and atomics order nothing.
class IgnoreSync {
 public:
#if NOFAIL_TSAN
  IgnoreSync() { AnnotateIgnoreSyncBegin(__FILE__, __LINE__); }
  ~IgnoreSync() { AnnotateIgnoreSyncEnd(__FILE__, __LINE__); }
#else
  IgnoreSync() {}
#endif
  IgnoreSync(const IgnoreSync&) = delete;
  IgnoreSync& operator=(const IgnoreSync&) = delete;
};

}  // namespace nofail::native
#endif  // NOFAIL_CORE_KERNEL_NATIVE_TSAN_H_
