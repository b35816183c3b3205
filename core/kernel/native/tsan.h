// SPDX-License-Identifier: MIT
//
// Happens-before edges for the thread sanitizer. Acquire and Release make edges that the sanitizer cannot see by
// itself: what came before Release(x) happens before what follows a later Acquire(x). IgnoreSync hides edges that the
// sanitizer must not see, because the locks inside a library order more than the kernel promises.
//
// Without the thread sanitizer nothing here does anything.
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

// In the scope of such an object, the sanitizer sees no order from locks and atomics.
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
