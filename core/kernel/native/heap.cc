// SPDX-License-Identifier: MIT
//
// The heap: malloc, with a header in front of each object. The header has the object's kind and its hash. It is
// poisoned, so that the address sanitizer reports a subject that touches it.
#include <atomic>
#include <cstdlib>
#include <cstring>

#include "core/kernel/native/task.h"

#if NOFAIL_ASAN
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(address, size) ((void)0)
#define ASAN_UNPOISON_MEMORY_REGION(address, size) ((void)0)
#endif

using namespace nofail::native;

namespace {

constexpr size_t kAlignment = 64;

struct alignas(kAlignment) Header {
  kernel_object_kind kind;
  uint32_t hash;
};
static_assert(sizeof(Header) == kAlignment, "the object behind it is aligned like it");

std::atomic<uint32_t> objects_so_far;

}  // namespace

void* kernel_alloc(kernel_object_kind kind, size_t size, kernel_site) {
  Point();
  void* block = nullptr;
  if (posix_memalign(&block, kAlignment, sizeof(Header) + size) != 0) return nullptr;
  std::memset(block, 0, sizeof(Header) + size);
  auto* header = static_cast<Header*>(block);
  header->kind = kind;
  header->hash = kind == KERNEL_STORAGE ? local.hash : objects_so_far.fetch_add(1, std::memory_order_relaxed);
  ASAN_POISON_MEMORY_REGION(header, sizeof(Header));
  Add(totals.objects[kind], 1);
  return header + 1;
}

void kernel_free(void* object, kernel_site) {
  Point();
  if (object == nullptr) return;
  auto* header = static_cast<Header*>(object) - 1;
  ASAN_UNPOISON_MEMORY_REGION(header, sizeof(Header));
  Add(totals.objects[header->kind], -1);
  std::free(header);
}

// Not instrumented: in the kernel, hashing a pointer does not read what it points to.
__attribute__((no_sanitize("address", "thread"))) uint32_t kernel_hash_ptr(const void* object, unsigned bits) {
  if (object == nullptr) return 0;
  return (static_cast<const Header*>(object) - 1)->hash & ((1u << bits) - 1);
}
