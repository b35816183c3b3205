// SPDX-License-Identifier: MIT
//
// The kernel's dialect of C: types, attributes, arithmetic, error numbers and error pointers. Nothing here has
// behaviour that could hide or invent a bug.
#ifndef NOFAIL_CORE_SUBJECTS_LINUX_LANGUAGE_H_
#define NOFAIL_CORE_SUBJECTS_LINUX_LANGUAGE_H_

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// The subject's static variables go into sections of their own: those that are zero at boot, and those that are not.
// The subject's `reset` makes them what they were at boot.
#pragma clang section bss = "nofail_linux_bss" data = "nofail_linux_data"

typedef uint8_t u8, __u8;
typedef uint16_t u16, __u16;
typedef uint32_t u32, __u32;
typedef uint64_t u64, __u64;
typedef int32_t s32;
typedef int64_t s64;
typedef int8_t s8, __s8;
typedef int16_t s16, __s16;
typedef int32_t __s32;
typedef int64_t __s64;
typedef unsigned gfp_t;
typedef ptrdiff_t ssize_t;
typedef long long loff_t;

#define U8_MAX UINT8_MAX
#define S32_MAX INT32_MAX
#define S64_MAX INT64_MAX
#define INT_MAX __INT_MAX__
#define UINT_MAX (__INT_MAX__ * 2u + 1)
#define LONG_MAX __LONG_MAX__
#define ULONG_MAX (__LONG_MAX__ * 2ul + 1)
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
#define __must_check __attribute__((warn_unused_result))
#define __cold __attribute__((cold))
#define noinline __attribute__((noinline))
#define __noinline noinline
#define fallthrough __attribute__((fallthrough))
#define __read_mostly
#define __exit
#define __must_hold(x)
#define __acquire(x) ((void)0)
#define __release(x) ((void)0)
#define __force
#define __iomem
#define __cleanup(function) __attribute__((cleanup(function)))
#define __counted_by(member)
#define typeof_member(type, member) __typeof__(((type*)0)->member)
#define __PASTE(a, b) NOFAIL_PASTE(a, b)
#define NOFAIL_PASTE(a, b) a##b
// A name that no other macro of the file uses.
#define __UNIQUE_ID(prefix) __PASTE(nofail_##prefix, __COUNTER__)
#define __aligned(bytes) __attribute__((aligned(bytes)))
#define ____cacheline_aligned __aligned(64)
#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

#define container_of(pointer, type, member) ((type*)((char*)(pointer) - offsetof(type, member)))
#define struct_size(pointer, member, count) (sizeof(*(pointer)) + (size_t)(count) * sizeof((pointer)->member[0]))
#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))
#define BUILD_BUG_ON(condition) _Static_assert(!(condition), #condition)
#define static_assert(...) NOFAIL_STATIC_ASSERT(__VA_ARGS__, "")
#define NOFAIL_STATIC_ASSERT(condition, text, ...) _Static_assert(condition, text)
#define IS_ENABLED(option) 0
#define IS_BUILTIN(option) 0
#define IS_REACHABLE(option) 0
#define min_t(type, a, b) ((type)(a) < (type)(b) ? (type)(a) : (type)(b))
#define max_t(type, a, b) ((type)(a) > (type)(b) ? (type)(a) : (type)(b))

#define NOFAIL_PICK(a, b, operator)                   \
  ({                                                  \
    const __typeof__(a) nofail_a = (a);               \
    const __typeof__(b) nofail_b = (b);               \
    nofail_a operator nofail_b ? nofail_a : nofail_b; \
  })
#define min(a, b) NOFAIL_PICK(a, b, <)
#define max(a, b) NOFAIL_PICK(a, b, >)
#define clamp(value, low, high) min(max(value, low), high)
#define swap(a, b)                      \
  do {                                  \
    __typeof__(a) nofail_swapped = (a); \
    (a) = (b);                          \
    (b) = nofail_swapped;               \
  } while (0)
#define DIV_ROUND_UP(n, d) (((n) + (d) - 1) / (d))
#define round_up(n, to) ((((n) - 1) | ((__typeof__(n))(to) - 1)) + 1)
#define round_down(n, to) ((n) & ~((__typeof__(n))(to) - 1))
#define ALIGN(n, to) round_up(n, to)
#define check_add_overflow(a, b, sum) __builtin_add_overflow(a, b, sum)
#define check_sub_overflow(a, b, difference) __builtin_sub_overflow(a, b, difference)
#define check_mul_overflow(a, b, product) __builtin_mul_overflow(a, b, product)
#define offsetofend(type, member) (offsetof(type, member) + sizeof(((type*)0)->member))
#define sizeof_field(type, member) sizeof(((type*)0)->member)

#define BITS_PER_BYTE 8
#define BITS_PER_LONG 64
#define BIT(n) (1ul << (n))
#define BIT_ULL(n) (1ull << (n))
#define GENMASK(high, low) ((~0ul << (low)) & (~0ul >> (BITS_PER_LONG - 1 - (high))))
#define BITS_TO_LONGS(bits) DIV_ROUND_UP(bits, BITS_PER_LONG)
#define DECLARE_BITMAP(name, bits) unsigned long name[BITS_TO_LONGS(bits)]
#define hweight32(n) __builtin_popcount(n)
#define hweight64(n) __builtin_popcountll(n)
#define __ffs(n) ((unsigned long)__builtin_ctzl(n))
#define ffs(n) __builtin_ffs(n)
static inline int fls(unsigned n) {
  return n ? 32 - __builtin_clz(n) : 0;
}
static inline int fls64(uint64_t n) {
  return n ? 64 - __builtin_clzll(n) : 0;
}
// The bytes of an array, or SIZE_MAX, which no allocation can have, if that overflows.
static inline size_t nofail_array_size(size_t count, size_t size) {
  size_t bytes;
  return __builtin_mul_overflow(count, size, &bytes) ? SIZE_MAX : bytes;
}
#define array_size(count, size) nofail_array_size((count), (size))
static inline bool is_power_of_2(unsigned long n) {
  return n != 0 && (n & (n - 1)) == 0;
}

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
int strcmp(const char* a, const char* b);
int memcmp(const void* a, const void* b, size_t size);
void* memmove(void* to, const void* from, size_t size);

// What becomes of a message: its arguments have been evaluated.
static inline void nofail_print(const char* format, ...) {}

// Error numbers, with the values that user space sees. Only ENOTSUPP is internal to the kernel.
enum {
  EPERM = 1,
  ENOENT = 2,
  ESRCH = 3,
  EINTR = 4,
  EIO = 5,
  EBADF = 9,
  EAGAIN = 11,
  ENOMEM = 12,
  EACCES = 13,
  EFAULT = 14,
  EBUSY = 16,
  EEXIST = 17,
  ENODEV = 19,
  EINVAL = 22,
  ENOSPC = 28,
  ERANGE = 34,
  E2BIG = 7,
  EDEADLK = 35,
  ENOSYS = 38,
  ENODATA = 61,
  EOVERFLOW = 75,
  EMSGSIZE = 90,
  EOPNOTSUPP = 95,
  ENOBUFS = 105,
  ETIMEDOUT = 110,
  ECANCELED = 125,
  ENOTSUPP = 524,
};

// Only those of GFP_USER and GFP_KERNEL allow an allocation to sleep. The others make no difference here.
enum { GFP_ATOMIC = 1, GFP_USER = 2, GFP_KERNEL = 4, __GFP_NOWARN = 8, __GFP_ZERO = 16, GFP_NOWAIT = 32 };
enum { __GFP_ACCOUNT = 64, __GFP_NORETRY = 128, __GFP_NOFAIL = 256, __GFP_HIGH = 512 };
enum { KMALLOC_MAX_SIZE = 1 << 22 };
#define GFP_KERNEL_ACCOUNT (GFP_KERNEL | __GFP_ACCOUNT)

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
