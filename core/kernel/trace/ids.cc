// SPDX-License-Identifier: MIT
#include "core/kernel/trace/ids.h"

#include "fuzz/base/object_kind.h"

namespace nofail {

std::string ObjectName(kernel_object_kind kind, uint32_t number) {
  // A schedule declares maps and owners, so they have the short names of the schedule.
  const char* word = kind == KERNEL_MAP ? "m" : kind == KERNEL_OWNER ? "o" : ObjectKindText(kind);
  return word + std::to_string(number);
}

std::string TaskName(OpRef ref) {
  if (ref.task == kSetup) return "setup";
  if (ref.task == kEnd) return "end";
  if (ref.task >= kTaskA && ref.task <= kTaskD) return std::string(1, static_cast<char>('A' + ref.task - kTaskA));
  if (ref.IsCallback()) return "cb/" + ObjectName(static_cast<kernel_object_kind>(ref.task - kFirstCallback), ref.op);
  return "none";
}

}  // namespace nofail
