// SPDX-License-Identifier: MIT
//
// selem->state. Its value changes only by the protocol's transitions, and only by atomic read-modify-writes.
//
//                 or 1 --> MAP_UNLINKED (1) ------ or 2 --.
//   linked (0) --<                                         >--> UNLINKED (3) -- cmpxchg --> TOFREE (4), for ever
//                 or 2 --> STORAGE_UNLINKED (2) -- or 1 --'
//
// Promised by: the patch. The task that changes UNLINKED to TOFREE frees the element. A store, or a change to TOFREE
//   from another state, would break that.
// Reads: Store, Rmw and RmwOld on the word of memory at subject::selem_state_offset. Two writes are legal besides the
//   transitions: a read-modify-write that does not change the word, and the initialisation, which is a store of 0 as
//   the word's first write.
// Signature: the function that writes.
// Silent: for subjects that do not have selem->state.
#include "absl/strings/str_cat.h"
#include "fuzz/check/evidence.h"
#include "fuzz/check/judges.h"

namespace nofail {
namespace {

bool IsLegal(uint32_t from, uint32_t to) {
  if (from == to) return true;
  switch (from) {
    case 0:
      return to == 1 || to == 2;
    case 1:
    case 2:
      return to == 3;
    case 3:
      return to == 4;
    default:
      return false;
  }
}

bool IsWrite(const Event& e) {
  return e.kind == EventKind::kStore || e.kind == EventKind::kRmw;
}

// Whether the store is of 0 and is the first write to its word since the object was allocated.
bool IsInitialisation(const Trace& trace, uint32_t event) {
  const Event& store = trace.events()[event];
  if (store.value != 0) return false;
  for (uint32_t i = trace.objects()[store.object].allocated; i < event; ++i) {
    const Event& e = trace.events()[i];
    if (IsWrite(e) && e.object == store.object && e.offset == store.offset) return false;
  }
  return true;
}

// What is wrong with a write to the state, in words; "" when nothing is.
std::string WhatIsWrong(const Trace& trace, uint32_t event) {
  const Event& e = trace.events()[event];
  const uint32_t to = static_cast<uint32_t>(e.value);
  if (e.kind == EventKind::kStore) {
    return IsInitialisation(trace, event) ? "" : absl::StrCat("stored ", to, " without a read-modify-write");
  }
  if (event + 1 == trace.size() || trace.events()[event + 1].kind != EventKind::kRmwOld) return "";
  const Event& old = trace.events()[event + 1];
  const uint32_t from = static_cast<uint32_t>(old.value);
  return !old.wrote() || IsLegal(from, to) ? "" : absl::StrCat("changed from ", from, " to ", to);
}

void JudgeWrite(const Trace& trace, uint32_t event, Findings* findings) {
  const Event& e = trace.events()[event];
  const std::string what = WhatIsWrong(trace, event);
  if (what.empty()) return;
  Violation violation = At(trace, "state", e.object, event);
  violation.detail = absl::StrCat("the state of ", NameOf(trace, e.object), " was ", what, " by ", WhoAt(trace, event));
  findings->Add(std::move(violation));
}

}  // namespace

bool IsWrongStateWrite(const RunView& run, uint32_t event) {
  const Event& e = run.trace.events()[event];
  return IsWrite(e) && e.offset == run.subject.selem_state_offset &&
         run.trace.objects()[e.object].kind == KERNEL_SELEM && !WhatIsWrong(run.trace, event).empty();
}

void JudgeState(const RunView& run, Findings* findings) {
  const size_t offset = run.subject.selem_state_offset;
  if (offset == SIZE_MAX) return;
  const Event* const events = run.trace.events().data();
  const ObjectInfo* const objects = run.trace.objects().data();
  for (uint32_t i = 0, n = run.trace.size(); i < n; ++i) {
    if ((events[i].offset == offset) & IsWrite(events[i]) && objects[events[i].object].kind == KERNEL_SELEM) {
      JudgeWrite(run.trace, i, findings);
    }
  }
}

}  // namespace nofail
