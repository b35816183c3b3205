// SPDX-License-Identifier: MIT
//
// What the simulator tells the runtimes of the sanitizers. The simulator itself is not instrumented: an instrumented
// one would have its own global variables reported, and every fiber switch would look like a race. It speaks to the
// runtimes through these calls and those in fiber.cc. The runtimes also see its calls of malloc and memmove, because
// they replace these functions.
//
// Without a sanitizer the calls do nothing, but in the build that sees every access: there the race detector of the
// simulator gets what ThreadSanitizer would get.
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
// The runtime's interface for programs that have a heap of their own.
void __tsan_java_init(unsigned long heap, unsigned long size);
void __tsan_java_alloc(unsigned long object, unsigned long size);
void __tsan_java_free(unsigned long object, unsigned long size);
}
#endif

namespace nofail {

// Whether the simulator sees the plain accesses of the subject (access_runtime.cc). If not, only sanitizers do.
#if NOFAIL_ACCESSES
inline constexpr bool kAccessesSeen = true;
#else
inline constexpr bool kAccessesSeen = false;
#endif

// Tells the address sanitizer that an access to the memory is an error, or that it is none.
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

// One of those whose accesses and orders the race detector tells apart: the tasks of one fiber, one after the other, or
// another Fiber (fiber.h). What one context does is ordered.
struct RaceContext {
  uint64_t run = 0;  // the last run in which it did something
  uint8_t number = 0;
};

// Happens-before, for the thread sanitizer or for the race detector: what came before SyncRelease(x) happens before
// what follows a later SyncAcquire(x). A token x is any address. The simulator makes only those edges that the kernel
// promises.
#if NOFAIL_TSAN
inline constexpr bool kThreadSanitizer = true;
inline void SyncRelease(const volatile void* token) {
  __tsan_release(const_cast<void*>(token));
}
inline void SyncAcquire(const volatile void* token) {
  __tsan_acquire(const_cast<void*>(token));
}
// Tells of a free. To the thread sanitizer it is a write to all of the memory, so an access that nothing orders before
// the free is a race.
inline void SyncFree(void* address, size_t size) {
  __tsan_write_range(address, size);
}
// SyncArena tells of the memory that objects will come from, SyncAlloc of a new object, and SyncEmpty of the end of all
// objects in the first `size` bytes of the arena. With these calls the sanitizer forgets what it knew of the memory:
// the accesses of earlier runs, and the races that it has already reported there.
inline void SyncArena(uint64_t arena, size_t size) {
  __tsan_java_init(arena, size);
}
inline void SyncAlloc(void* address, size_t size) {
  __tsan_java_alloc(reinterpret_cast<uint64_t>(address), size);
}
inline void SyncEmpty(uint64_t arena, size_t size) {
  if (size != 0) __tsan_java_free(arena, size);
}
#elif NOFAIL_ACCESSES
inline constexpr bool kThreadSanitizer = false;
// The same, told to the simulator's own race detector (race_detector.cc).
void SyncRelease(const volatile void* token);
void SyncAcquire(const volatile void* token);
void SyncFree(void* address, size_t size);
void SyncArena(uint64_t arena, size_t size);
void SyncAlloc(void* address, size_t size);
// From now on, what is done is done by `context`, which must live until the next call. Returns the context before.
RaceContext* EnterContext(RaceContext* context);
inline void SyncEmpty(uint64_t, size_t) {}  // RaceDetector::Reset does it
#else
inline constexpr bool kThreadSanitizer = false;
inline void SyncRelease(const volatile void*) {}
inline void SyncAcquire(const volatile void*) {}
inline void SyncFree(void*, size_t) {}
inline void SyncArena(uint64_t, size_t) {}
inline void SyncAlloc(void*, size_t) {}
inline void SyncEmpty(uint64_t, size_t) {}
#endif
// Whether somebody finds data races, and so has to hear what comes before what.
inline constexpr bool kDetectsRaces = kThreadSanitizer || kAccessesSeen;

}  // namespace nofail
#endif  // NOFAIL_CORE_KERNEL_SIM_SANITIZER_H_
