// SPDX-License-Identifier: MIT
//
// The copies of per-CPU variables, and the queue of those who wait for a variable.
#include "core/subjects/linux/percpu.h"

#include "core/subjects/linux/waiting.h"

wait_queue_head_t nofail_variable_queue;

// ---- Variables -----------------------------------------------------------------------------------------------------
// A section holds the variables as they are at boot. The first use of a CPU's copy makes all copies of that CPU.
enum { AREA_BYTES = 4096 };
extern char __start_nofail_linux_percpu[] __attribute__((weak)), __stop_nofail_linux_percpu[] __attribute__((weak));

// What is large is not in the section that is reset before each run: to reset it for each subject of a program would
// take longer than the run. `has_area` and `block_count`, which are reset, say what of it means anything.
#define NOT_RESET __attribute__((section(".bss.nofail_linux_not_reset")))

static char areas[KERNEL_MAX_CPUS * AREA_BYTES] __aligned(64) NOT_RESET;
static bool has_area[KERNEL_MAX_CPUS];

// The bytes of the copy of a CPU.
static size_t area_bytes(void) {
  return (size_t)(__stop_nofail_linux_percpu - __start_nofail_linux_percpu + 63) & ~(size_t)63;
}

struct subject_range nofail_percpu_areas(void) {
  return (struct subject_range){areas, KERNEL_MAX_CPUS * area_bytes()};
}

__attribute__((no_sanitize("address", "thread"))) void nofail_percpu_reset(void) {
  for (unsigned cpu = 0; cpu < KERNEL_MAX_CPUS; ++cpu) {
    volatile char* area = areas + cpu * area_bytes();
    for (size_t i = 0; has_area[cpu] && i < area_bytes(); ++i) area[i] = 0;
  }
}

// Copies byte by byte through volatile pointers, and is not seen by sanitizers: between the variables there are the
// redzones of the address sanitizer.
__attribute__((no_sanitize("address", "thread"))) static char* area_of(unsigned cpu) {
  if (!has_area[cpu]) {
    const volatile char* from = __start_nofail_linux_percpu;
    volatile char* to = areas + cpu * area_bytes();
    const size_t size = (size_t)(__stop_nofail_linux_percpu - __start_nofail_linux_percpu);
    if (area_bytes() > AREA_BYTES) __builtin_trap();
    for (size_t i = 0; i < size; ++i) to[i] = from[i];
    has_area[cpu] = true;
  }
  return areas + cpu * area_bytes();
}

// ---- alloc_percpu --------------------------------------------------------------------------------------------------
// A block is the template, which nobody reads or writes, and after it a copy for each CPU, at a distance of `size`.
// A run has few blocks. Each run starts with none (the subject's reset), so the numbers of blocks start at 0.
enum { MAX_BLOCKS = 256 };
static struct block {
  char* memory;
  size_t size;  // of a copy
} blocks[MAX_BLOCKS] NOT_RESET;
static unsigned block_count;

__attribute__((no_sanitize("thread"))) static const struct block* block_of(const char* address) {
  for (unsigned i = 0; i < block_count; ++i) {
    if (address >= blocks[i].memory && address < blocks[i].memory + blocks[i].size) return &blocks[i];
  }
  return NULL;
}

void* nofail_per_cpu(const volatile void* pointer, unsigned cpu) {
  const char* address = (const char*)pointer;
  if (address >= __start_nofail_linux_percpu && address < __stop_nofail_linux_percpu) {
    return area_of(cpu) + (address - __start_nofail_linux_percpu);
  }
  const struct block* block = block_of(address);
  if (!block) return (void*)address;  // not per-CPU memory: an access to it faults if it is none at all
  return (char*)address + (cpu + 1) * block->size;
}

__attribute__((no_sanitize("thread"))) void* nofail_alloc_percpu(size_t size, struct kernel_site site) {
  const size_t copy = (size + 15) & ~(size_t)15;
  if (block_count == MAX_BLOCKS) return NULL;
  char* memory = kernel_alloc(KERNEL_OTHER, (KERNEL_MAX_CPUS + 1) * copy, site);
  if (memory) blocks[block_count++] = (struct block){memory, copy};
  return memory;
}

void nofail_free_percpu(void* memory, struct kernel_site site) {
  kernel_free(memory, site);
}
