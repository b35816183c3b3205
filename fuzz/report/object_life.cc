// SPDX-License-Identifier: MIT
#include "fuzz/report/object_life.h"

#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "fuzz/report/describe.h"

namespace nofail {
namespace {

// Whether the event is a use of its object.
bool IsTouch(const Event& e) {
  switch (e.kind) {
    case EventKind::kLoad:
    case EventKind::kStore:
    case EventKind::kRmw:
    case EventKind::kLock:
    case EventKind::kUnlock:
    case EventKind::kSpinLock:
    case EventKind::kSpinUnlock:
    case EventKind::kFieldSet:
    case EventKind::kFieldFree:
    case EventKind::kFault:
      return true;
    default:
      return false;
  }
}

}  // namespace

std::vector<LifeEvent> LifeOf(const JudgedRun& report, ObjectId object, bool touches) {
  const Trace& trace = report.trace;
  const ObjectInfo& info = trace.objects()[object];
  std::vector<LifeEvent> life;
  std::set<std::pair<ObjectId, uint16_t>> links;  // the words of memory that hold a pointer to the object now
  for (uint32_t i = 0; i < trace.size(); ++i) {
    const Event& e = trace.events()[i];
    if (i == info.allocated) life.push_back({i, LifeKind::kAllocated, "allocated"});
    if (i == info.handed_over) life.push_back({i, LifeKind::kHandedOver, "handed to RCU"});
    if (i == info.freed) life.push_back({i, LifeKind::kFreed, "freed"});
    if (touches && e.object == object && IsTouch(e)) life.push_back({i, LifeKind::kTouched, "used"});
    if ((e.kind != EventKind::kStore && e.kind != EventKind::kRmw) || e.object == object || e.object == 0) continue;
    const std::pair word(e.object, e.offset);
    const bool points = IsPointer(e.value) && PointerObject(e.value) == object;
    if (points && links.insert(word).second) {
      life.push_back({i, LifeKind::kLinked, absl::StrCat("linked from ", LocationText(report, e.object, e.offset))});
    } else if (!points && links.erase(word) != 0) {
      life.push_back(
          {i, LifeKind::kUnlinked, absl::StrCat("unlinked from ", LocationText(report, e.object, e.offset))});
    }
  }
  return life;
}

}  // namespace nofail
