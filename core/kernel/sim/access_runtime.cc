// SPDX-License-Identifier: MIT
//
// The functions that the compiler calls before each plain access of the subject, in the build that has
// -fsanitize=thread without the runtime of ThreadSanitizer (cmake/sanitizers.cmake). Each tells Memory::Plain.
//
// Stands for: the interface between LLVM's ThreadSanitizer pass and its runtime
//   (compiler-rt/lib/tsan/rtl/tsan_interface.h, LLVM 19). Atomics and function entries are not instrumented in this
//   build, so their functions are not here.
#include <cstring>

#include "core/kernel/sim/machine.h"

namespace {

// The address in the subject to which the function that contains this returns.
#define NOFAIL_CALLER reinterpret_cast<uintptr_t>(__builtin_return_address(0))

inline void Plain(const volatile void* address, size_t size, bool is_write, uintptr_t pc) {
  // Code of the subject may also run before there is a simulator, as constructors of variables do. A copy of no bytes
  // is no access.
  if (nofail::Machine* machine = nofail::MachineOrNull(); machine != nullptr && size != 0) {
    machine->memory.Plain(address, size, is_write, pc);
  }
}

}  // namespace

extern "C" {

void __tsan_init() {}

#define NOFAIL_ACCESS(size)                          \
  void __tsan_read##size(void* address) {            \
    Plain(address, size, false, NOFAIL_CALLER);      \
  }                                                  \
  void __tsan_write##size(void* address) {           \
    Plain(address, size, true, NOFAIL_CALLER);       \
  }                                                  \
  void __tsan_unaligned_read##size(void* address) {  \
    Plain(address, size, false, NOFAIL_CALLER);      \
  }                                                  \
  void __tsan_unaligned_write##size(void* address) { \
    Plain(address, size, true, NOFAIL_CALLER);       \
  }
NOFAIL_ACCESS(1)
NOFAIL_ACCESS(2)
NOFAIL_ACCESS(4)
NOFAIL_ACCESS(8)
NOFAIL_ACCESS(16)

void __tsan_read_range(void* address, size_t size) {
  Plain(address, size, false, NOFAIL_CALLER);
}
void __tsan_write_range(void* address, size_t size) {
  Plain(address, size, true, NOFAIL_CALLER);
}
void __tsan_vptr_read(void** address) {
  Plain(address, sizeof(*address), false, NOFAIL_CALLER);
}
void __tsan_vptr_update(void** address, void*) {
  Plain(address, sizeof(*address), true, NOFAIL_CALLER);
}

void* __tsan_memcpy(void* to, const void* from, size_t size) {
  Plain(from, size, false, NOFAIL_CALLER);
  Plain(to, size, true, NOFAIL_CALLER);
  return memcpy(to, from, size);
}
void* __tsan_memmove(void* to, const void* from, size_t size) {
  Plain(from, size, false, NOFAIL_CALLER);
  Plain(to, size, true, NOFAIL_CALLER);
  return memmove(to, from, size);
}
void* __tsan_memset(void* to, int value, size_t size) {
  Plain(to, size, true, NOFAIL_CALLER);
  return memset(to, value, size);
}

}  // extern "C"
