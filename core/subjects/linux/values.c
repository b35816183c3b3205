// SPDX-License-Identifier: MIT
//
// Copies of values, as the kernel's copy_map_value and copy_map_value_locked make them (contracts in bpf.h).
#include "core/subjects/linux/bpf.h"

typedef uint64_t __attribute__((may_alias)) value_word;

// Copies word by word through volatile pointers, so that the compiler does not turn the loop into a call of memcpy,
// which a sanitizer would check. Values race by design, so the thread sanitizer must not see these accesses.
__attribute__((no_sanitize("thread"))) static void copy_words(void* to, const void* from, u32 bytes) {
  volatile value_word* target = to;
  const volatile value_word* source = from;
  for (u32 i = 0; i < bytes / sizeof(value_word); ++i) target[i] = source[i];
}

void nofail_copy_value(const struct bpf_map* map, void* to, const void* from, struct kernel_site site) {
  kernel_check_bytes(to, map->plain_bytes, site);
  kernel_check_bytes(from, map->plain_bytes, site);
  copy_words(to, from, map->plain_bytes);
}

void nofail_copy_value_locked(const struct bpf_map* map, void* to, void* from, bool lock_from,
                              struct kernel_site site) {
  struct kernel_spinlock* lock = (struct kernel_spinlock*)((char*)(lock_from ? from : to) + map->spin_lock_offset);
  kernel_spin_lock(lock, site);
  nofail_copy_value(map, to, from, site);
  kernel_spin_unlock(lock, site);
}
