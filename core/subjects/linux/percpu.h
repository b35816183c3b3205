// SPDX-License-Identifier: MIT
//
// Per-CPU variables. A task has a CPU of its own and is never migrated, so each task has a copy of its own. A task's
// accesses to its own copy are no scheduling points. Other tasks may look at the copy, so they are real atomics without
// order. This errs towards silence: two tasks that share a CPU could meet a busy counter.
// (Documentation/core-api/this_cpu_ops.rst, include/linux/percpu-defs.h, Linux 7.2)
//
// A variable, or the memory of alloc_percpu, is the template of its copies. The address of a copy is found from the
// address in the template and the number of the CPU (percpu.c).
#ifndef NOFAIL_CORE_SUBJECTS_LINUX_PERCPU_H_
#define NOFAIL_CORE_SUBJECTS_LINUX_PERCPU_H_

#include "core/kernel/kernel.h"
#include "core/subjects/linux/language.h"
#include "core/subjects/linux/routed.h"
#include "core/subjects/subject.h"

// ---- Per-CPU variables ----------------------------------------------------------------------------------------------
// Each task has a CPU of its own, and so a copy of its own. This errs towards silence: two tasks on one CPU could meet.
#define DEFINE_PER_CPU(type, name) \
  __attribute__((section("nofail_linux_percpu"), used)) __typeof__(type) name __aligned(16)
#define DECLARE_PER_CPU(type, name) extern __typeof__(type) name
#define DEFINE_PER_CPU_ALIGNED(type, name) DEFINE_PER_CPU(type, name)
#define DEFINE_PER_CPU_SHARED_ALIGNED(type, name) DEFINE_PER_CPU(type, name)
#define DEFINE_PER_CPU_READ_MOSTLY(type, name) DEFINE_PER_CPU(type, name)

// The address of the copy of a CPU. `address` lies in a per-CPU variable or in memory of alloc_percpu.
void* nofail_per_cpu(const volatile void* address, unsigned cpu);
// kernel_alloc for a copy for each CPU, and kernel_free.
void* nofail_alloc_percpu(size_t size, struct kernel_site site);
void nofail_free_percpu(void* memory, struct kernel_site site);
// Forgets the copies of the last run. To be called before the reset of the variables that say which there are.
void nofail_percpu_reset(void);
// The memory of the copies of all variables, for struct subject's `memory`; of size 0 when the tree has no variable.
struct subject_range nofail_percpu_areas(void);

#define smp_processor_id() kernel_cpu()
#define raw_smp_processor_id() kernel_cpu()
#define get_cpu() (preempt_disable(), kernel_cpu())
#define put_cpu() preempt_enable()
// Every CPU that has a copy.
#define for_each_possible_cpu(cpu) for ((cpu) = 0; (cpu) < KERNEL_MAX_CPUS; ++(cpu))
#define for_each_online_cpu(cpu) for_each_possible_cpu(cpu)
#define per_cpu_ptr(pointer, cpu) ((__typeof__(&*(pointer)))nofail_per_cpu((pointer), (unsigned)(cpu)))
#define per_cpu(variable, cpu) (*per_cpu_ptr(&(variable), cpu))
#define this_cpu_ptr(pointer) per_cpu_ptr(pointer, kernel_cpu())
#define raw_cpu_ptr(pointer) this_cpu_ptr(pointer)
#define get_cpu_ptr(pointer) (preempt_disable(), this_cpu_ptr(pointer))
#define put_cpu_ptr(pointer) ((void)(pointer), preempt_enable())
#define get_cpu_var(variable) (*get_cpu_ptr(&(variable)))
#define put_cpu_var(variable) put_cpu_ptr(&(variable))

#define this_cpu_read(variable) __atomic_load_n(this_cpu_ptr(&(variable)), __ATOMIC_RELAXED)
#define this_cpu_write(variable, value) \
  __atomic_store_n(this_cpu_ptr(&(variable)), (__typeof__(variable))(value), __ATOMIC_RELAXED)
#define this_cpu_add_return(variable, value) \
  ((__typeof__(variable))(__atomic_add_fetch(this_cpu_ptr(&(variable)), (value), __ATOMIC_RELAXED)))
#define this_cpu_add(variable, value) ((void)this_cpu_add_return(variable, value))
#define this_cpu_sub(variable, value) this_cpu_add(variable, -(__typeof__(variable))(value))
#define this_cpu_inc(variable) this_cpu_add(variable, 1)
#define this_cpu_dec(variable) this_cpu_add(variable, -1)
#define this_cpu_inc_return(variable) this_cpu_add_return(variable, 1)
#define this_cpu_dec_return(variable) this_cpu_add_return(variable, -1)
#define this_cpu_or(variable, bits) ((void)__atomic_fetch_or(this_cpu_ptr(&(variable)), (bits), __ATOMIC_RELAXED))
#define this_cpu_and(variable, bits) ((void)__atomic_fetch_and(this_cpu_ptr(&(variable)), (bits), __ATOMIC_RELAXED))
#define this_cpu_xchg(variable, value) \
  __atomic_exchange_n(this_cpu_ptr(&(variable)), (__typeof__(variable))(value), __ATOMIC_RELAXED)
#define this_cpu_cmpxchg(variable, old, new)                                                                  \
  ({                                                                                                          \
    __typeof__(variable) nofail_found = (old);                                                                \
    __atomic_compare_exchange_n(this_cpu_ptr(&(variable)), &nofail_found, (__typeof__(variable))(new), false, \
                                __ATOMIC_RELAXED, __ATOMIC_RELAXED);                                          \
    nofail_found;                                                                                             \
  })
#define __this_cpu_read(variable) this_cpu_read(variable)
#define __this_cpu_write(variable, value) this_cpu_write(variable, value)
#define __this_cpu_add(variable, value) this_cpu_add(variable, value)
#define __this_cpu_sub(variable, value) this_cpu_sub(variable, value)
#define __this_cpu_inc(variable) this_cpu_inc(variable)
#define __this_cpu_dec(variable) this_cpu_dec(variable)
#define __this_cpu_inc_return(variable) this_cpu_inc_return(variable)
#define raw_cpu_read(variable) this_cpu_read(variable)
#define raw_cpu_write(variable, value) this_cpu_write(variable, value)

#define alloc_percpu_gfp(type, flags) \
  ((__typeof__(type)*)(might_alloc(flags), nofail_alloc_percpu(sizeof(type), KERNEL_HERE)))
#define alloc_percpu(type) alloc_percpu_gfp(type, GFP_KERNEL)
#define __alloc_percpu(size, align) nofail_alloc_percpu((size), KERNEL_HERE)
#define __alloc_percpu_gfp(size, align, flags) nofail_alloc_percpu((size), KERNEL_HERE)
#define free_percpu(memory) nofail_free_percpu((void*)(memory), KERNEL_HERE)

#endif  // NOFAIL_CORE_SUBJECTS_LINUX_PERCPU_H_
