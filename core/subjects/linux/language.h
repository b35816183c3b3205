// SPDX-License-Identifier: MIT
//
// The kernel's dialect of C: types, attributes, arithmetic, error numbers and error pointers. Nothing here has
// behaviour that could hide or invent a bug.
#ifndef NOFAIL_CORE_SUBJECTS_LINUX_LANGUAGE_H_
#define NOFAIL_CORE_SUBJECTS_LINUX_LANGUAGE_H_

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// The subject's static variables go into a section of their own. The subject's `reset` sets this section to zero, which
// is what the variables were at boot. (Static variables with another initial value are in other sections. The tree's
// files never write them, so they need no reset.)
#pragma clang section bss = "nofail_linux_bss"

typedef uint8_t u8, __u8;
typedef uint16_t u16, __u16;
typedef uint32_t u32, __u32;
typedef uint64_t u64, __u64;
typedef int32_t s32;
typedef int64_t s64;
typedef unsigned gfp_t;
typedef long long loff_t;

#define U16_MAX UINT16_MAX
#define U32_MAX UINT32_MAX
#define U64_MAX UINT64_MAX

#define __rcu
#define __percpu
#define __user
#define __init
#define __ro_after_init
#define __acquires(x)
#define __releases(x)
#define __always_inline inline __attribute__((always_inline))
#define __maybe_unused __attribute__((unused))
#define __aligned(bytes) __attribute__((aligned(bytes)))
#define ____cacheline_aligned __aligned(64)
#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

#define container_of(pointer, type, member) ((type*)((char*)(pointer) - offsetof(type, member)))
#define struct_size(pointer, member, count) (sizeof(*(pointer)) + (size_t)(count) * sizeof((pointer)->member[0]))
#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))
#define BUILD_BUG_ON(condition) _Static_assert(!(condition), #condition)
#define IS_ENABLED(option) 0
#define min_t(type, a, b) ((type)(a) < (type)(b) ? (type)(a) : (type)(b))
#define max_t(type, a, b) ((type)(a) > (type)(b) ? (type)(a) : (type)(b))

static inline int ilog2(uint64_t n) {
  return 63 - __builtin_clzll(n);
}
static inline uint64_t roundup_pow_of_two(uint64_t n) {
  return n <= 1 ? 1 : 1ull << (64 - __builtin_clzll(n - 1));
}

void* memset(void* to, int byte, size_t size);
void* memcpy(void* to, const void* from, size_t size);
size_t strlen(const char* text);
int strncmp(const char* a, const char* b, size_t size);

// Error numbers, with the values that user space sees. Only ENOTSUPP is internal to the kernel.
enum {
  EPERM = 1,
  ENOENT = 2,
  EBADF = 9,
  EAGAIN = 11,
  ENOMEM = 12,
  EACCES = 13,
  EFAULT = 14,
  EBUSY = 16,
  EEXIST = 17,
  EINVAL = 22,
  E2BIG = 7,
  EDEADLK = 35,
  EMSGSIZE = 90,
  EOPNOTSUPP = 95,
  ETIMEDOUT = 110,
  ENOTSUPP = 524,
};

#define MAX_ERRNO 4095
static inline void* ERR_PTR(long error) {
  return (void*)error;
}
static inline long PTR_ERR(const void* pointer) {
  return (long)pointer;
}
static inline bool IS_ERR(const void* pointer) {
  return (uintptr_t)pointer >= (uintptr_t)-MAX_ERRNO;
}
static inline bool IS_ERR_OR_NULL(const void* pointer) {
  return !pointer || IS_ERR(pointer);
}
static inline int PTR_ERR_OR_ZERO(const void* pointer) {
  return IS_ERR(pointer) ? (int)PTR_ERR(pointer) : 0;
}
static inline void* ERR_CAST(const void* pointer) {
  return (void*)pointer;
}

#endif  // NOFAIL_CORE_SUBJECTS_LINUX_LANGUAGE_H_
