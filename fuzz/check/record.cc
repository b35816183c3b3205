// SPDX-License-Identifier: MIT
#include "fuzz/check/record.h"

#include "fuzz/check/judges.h"
#include "fuzz/check/verdict.h"

namespace nofail {

bool IsOnRecord(const RunView& run, uint32_t event) {
  const Event& e = run.trace.events()[event];
  switch (e.kind) {
    case EventKind::kFault:
    case EventKind::kWarning:
      return true;
    case EventKind::kLock:
      return e.value != 0;
    case EventKind::kAlloc:
      return e.object == 0;
    case EventKind::kStore:
      return IsWrongStateWrite(run, event);
    case EventKind::kRmw:
      if (run.trace.objects()[e.object].kind != KERNEL_OWNER) return IsWrongStateWrite(run, event);
      return e.offset == run.subject.owner_charge_offset && static_cast<int32_t>(e.value) < 0;
    default:
      return false;
  }
}

uint64_t RecordEntry(const Event& event, uint64_t name) {
  uint64_t entry = event.function != nullptr ? HashOfSignature(event.function) : 0;
  const uint64_t words[] = {uint64_t{static_cast<uint8_t>(event.kind)} << 8 | event.detail, event.line,
                            uint64_t{event.op.task} << 8 | event.op.op, name + event.offset};
  for (const uint64_t word : words) {
    entry = (entry ^ word) * 0x9e3779b97f4a7c15;
    entry ^= entry >> 29;
  }
  return entry;
}

}  // namespace nofail
