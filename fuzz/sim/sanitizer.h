// SPDX-License-Identifier: MIT
//
// What the simulator tells the sanitizers' runtimes. The simulator itself is not instrumented (it would report its own
// globals, and every fiber switch would look like a race); it speaks to the runtimes through these calls alone.
//
// Without a sanitizer they are empty.
#ifndef NOFAIL_FUZZ_SIM_SANITIZER_H_
#define NOFAIL_FUZZ_SIM_SANITIZER_H_

#include <cstddef>

#if NOFAIL_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif
#if NOFAIL_TSAN
#include <sanitizer/tsan_interface.h>
extern "C" void __tsan_write_range(void* address, unsigned long size);
#endif

namespace nofail {

#if NOFAIL_ASAN
inline void PoisonMemory(const void* address, size_t size) { __asan_poison_memory_region(address, size); }
inline void UnpoisonMemory(const void* address, size_t size) { __asan_unpoison_memory_region(address, size); }
#else
inline void PoisonMemory(const void*, size_t) {}
inline void UnpoisonMemory(const void*, size_t) {}
#endif

// Happens-before for the thread sanitizer: what came before SyncRelease(x) comes before what follows a later
// SyncAcquire(x). Only edges that the kernel promises are expressed.
#if NOFAIL_TSAN
inline constexpr bool kThreadSanitizer = true;
inline void SyncRelease(const volatile void* token) { __tsan_release(const_cast<void*>(token)); }
inline void SyncAcquire(const volatile void* token) { __tsan_acquire(const_cast<void*>(token)); }
// Freeing memory counts as writing all of it: an access that nothing orders before it is a race.
inline void SyncFree(void* address, size_t size) { __tsan_write_range(address, size); }
#else
inline constexpr bool kThreadSanitizer = false;
inline void SyncRelease(const volatile void*) {}
inline void SyncAcquire(const volatile void*) {}
inline void SyncFree(void*, size_t) {}
#endif

}  // namespace nofail
#endif  // NOFAIL_FUZZ_SIM_SANITIZER_H_
