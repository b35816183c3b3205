// SPDX-License-Identifier: MIT
//
// The interface through which somebody follows the plain accesses of the subject, for example a search whose states
// contain what each task has read. Marked accesses are events of the trace; plain ones are not.
#ifndef NOFAIL_CORE_KERNEL_SIM_ACCESS_OBSERVER_H_
#define NOFAIL_CORE_KERNEL_SIM_ACCESS_OBSERVER_H_

#include <cstddef>
#include <cstdint>

#include "core/kernel/trace/trace.h"

namespace nofail {

// A plain access that the subject is about to make: to an object of the heap that is alive, to a static variable, or to
// the stack of a task. Or an access by a primitive, of which no event tells: to the bytes of a value, or to a map's
// record. What a primitive reads decides nothing but whether it reports a fault.
struct PlainAccess {
  const volatile void* address;
  size_t size;      // bytes
  bool is_write;    // a read otherwise
  ObjectId object;  // 0: a static variable, a stack, or unknown
  uint16_t offset;  // in the object
  uintptr_t pc;     // the address of the subject's code to which the access's announcement returns; 0: of no code
};

class AccessObserver {
 public:
  virtual ~AccessObserver() = default;
  // Called right before each plain access of the task that runs, in the order in which the task makes them. Memory
  // still holds what a read is going to read and what a write is going to overwrite. The call must not switch tasks.
  virtual void OnPlainAccess(const PlainAccess& access) = 0;
};

}  // namespace nofail
#endif  // NOFAIL_CORE_KERNEL_SIM_ACCESS_OBSERVER_H_
