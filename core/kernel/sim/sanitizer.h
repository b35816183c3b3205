// SPDX-License-Identifier: MIT
//
// What the simulator tells the sanitizers' runtimes. The simulator itself is not instrumented (it would report its own
// globals, and every fiber switch would look like a race); it speaks to the runtimes through these calls alone.
//
// Without a sanitizer they are empty.
#ifndef NOFAIL_CORE_KERNEL_SIM_SANITIZER_H_
#define NOFAIL_CORE_KERNEL_SIM_SANITIZER_H_

#include <cstddef>
#include <cstdint>

#if NOFAIL_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif
#if NOFAIL_TSAN
#include <sanitizer/tsan_interface.h>
extern "C" {
void AnnotateIgnoreSyncBegin(const char* file, int line);
void AnnotateIgnoreSyncEnd(const char* file, int line);
void __tsan_write_range(void* address, unsigned long size);
// The runtime's interface for heaps of its clients' own.
void __tsan_java_init(unsigned long heap, unsigned long size);
void __tsan_java_alloc(unsigned long object, unsigned long size);
void __tsan_java_free(unsigned long object, unsigned long size);
}
#endif

namespace nofail {

#if NOFAIL_ASAN
inline void PoisonMemory(const void* address, size_t size) {
  __asan_poison_memory_region(address, size);
}
inline void UnpoisonMemory(const void* address, size_t size) {
  __asan_unpoison_memory_region(address, size);
}
#else
inline void PoisonMemory(const void*, size_t) {}
inline void UnpoisonMemory(const void*, size_t) {}
#endif

// Happens-before for the thread sanitizer: what came before SyncRelease(x) comes before what follows a later
// SyncAcquire(x). Only edges that the kernel promises are expressed.
#if NOFAIL_TSAN
inline constexpr bool kThreadSanitizer = true;
inline void SyncRelease(const volatile void* token) {
  __tsan_release(const_cast<void*>(token));
}
inline void SyncAcquire(const volatile void* token) {
  __tsan_acquire(const_cast<void*>(token));
}
// Freeing memory counts as writing all of it: an access that nothing orders before it is a race.
inline void SyncFree(void* address, size_t size) {
  __tsan_write_range(address, size);
}
// Memory that objects come from; a new object; the end of all of them. The sanitizer forgets what it knew of the
// memory: earlier runs, and that it has reported a race there already.
inline void SyncArena(uint64_t arena, size_t size) {
  __tsan_java_init(arena, size);
}
inline void SyncAlloc(void* address, size_t size) {
  __tsan_java_alloc(reinterpret_cast<uint64_t>(address), size);
}
inline void SyncEmpty(uint64_t arena, size_t size) {
  if (size != 0) __tsan_java_free(arena, size);
}
#else
inline constexpr bool kThreadSanitizer = false;
inline void SyncRelease(const volatile void*) {}
inline void SyncAcquire(const volatile void*) {}
inline void SyncFree(void*, size_t) {}
inline void SyncArena(uint64_t, size_t) {}
inline void SyncAlloc(void*, size_t) {}
inline void SyncEmpty(uint64_t, size_t) {}
#endif

}  // namespace nofail
#endif  // NOFAIL_CORE_KERNEL_SIM_SANITIZER_H_
