// SPDX-License-Identifier: MIT
//
// The memory charged to an owner is never negative, and no charge is left when the owner ends.
//
// Promised by: the patch. "To make sure uncharging memory is done only when the owner is still present in map_free(),
//   block destroy() from returning until there is no pending map_free()". destroy returns the charge that is left, and
//   its caller uncharges it.
// Reads: Rmw on the owner's word at subject::owner_charge_offset; RunView::owner_ends.
// Signature: charge.negative: the function that took the charge below zero. charge.left: the function that changed the
//   charge last.
// Silent:
//   - For storage types that do not charge.
//   - About changes to the charge of an owner that was freed. oracle_memory.cc reports these as use after free.
//   - When a reference count has saturated. A wrong charge is then only a consequence of that violation:
//       1. A pin saturates owner_refcnt.
//       2. Every later pin succeeds, because the count never becomes zero again.
//       3. destroy reads the charge in the meantime, while such a pin is held.
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "fuzz/check/debts.h"
#include "fuzz/check/evidence.h"
#include "fuzz/check/judges.h"

namespace nofail {
namespace {

// Whether the charge is below zero. The subject's word has 4 or 8 bytes. Charges are small, so a set bit 31 means a
// negative number in both cases, no matter how the trace extended 4 bytes to 8.
bool IsNegative(uint64_t word) {
  return (word >> 31 & 1) != 0 || static_cast<int64_t>(word) < 0;
}

// What had been uncharged before already: as much as is too much now, or else whatever was last. "" when nothing was.
std::string EarlierUncharge(const Trace& trace, uint32_t event, int64_t charge) {
  const Event& word = trace.events()[event];
  uint32_t last = kNoEvent;
  for (uint32_t i = event; i-- > 0;) {
    const Event& e = trace.events()[i];
    if (e.kind != EventKind::kRmw || e.object != word.object || e.offset != word.offset) continue;
    const int64_t change = ChangeAt(trace, i);
    if (change == charge || (change < 0 && last == kNoEvent)) last = i;
    if (change == charge) break;
  }
  if (last == kNoEvent) return "";
  return absl::StrCat("; ", WhoAt(trace, last), " had uncharged ", -ChangeAt(trace, last), " at #", last);
}

void AddNegative(const Trace& trace, ObjectId owner, uint32_t event, int64_t charge, Findings* findings) {
  Violation violation = At(trace, "charge.negative", owner, event);
  const bool is_write = trace.events()[event].kind == EventKind::kRmw;
  violation.detail =
      absl::StrCat("the charge of ", NameOf(trace, owner), " became ", charge, " by ", WhoAt(trace, event),
                   is_write ? absl::StrCat(", which uncharged ", -ChangeAt(trace, event)) : "",
                   is_write ? EarlierUncharge(trace, event, charge) : "");
  findings->Add(std::move(violation));
}

// Which charges are left at the end, as a clause.
std::string LeftText(const Trace& trace, const Debts& charges, uint32_t last_write) {
  if (charges.empty() && last_write == kNoEvent) return "";
  if (charges.empty())
    return absl::StrCat("; ", WhoAt(trace, last_write), " changed the charge last, at #", last_write);
  std::vector<std::string> made;
  for (const uint32_t event : charges) {
    const ObjectId object = ChargedFor(trace, event);
    made.push_back(absl::StrCat(WhoAt(trace, event), " charged ", ChangeAt(trace, event),
                                object == 0 ? "" : " for " + NameOf(trace, object), " at #", event));
  }
  return absl::StrCat("; ", absl::StrJoin(made, ", "), ", and no uncharge of that followed");
}

// Reports each write that makes the charge negative. A write to a charge that was negative before is not reported,
// because it belongs to the same bug.
void JudgeWrites(const RunView& run, Findings* findings) {
  const size_t offset = run.subject.owner_charge_offset;
  const Event* const events = run.trace.events().data();
  const ObjectInfo* const objects = run.trace.objects().data();
  for (uint32_t i = 0, n = run.trace.size(); i < n; ++i) {
    if (!((events[i].offset == offset) & (events[i].kind == EventKind::kRmw) & IsNegative(events[i].value))) continue;
    if (objects[events[i].object].kind != KERNEL_OWNER) continue;
    if (i + 1 < n && events[i + 1].kind == EventKind::kRmwOld && IsNegative(events[i + 1].value)) continue;
    AddNegative(run.trace, events[i].object, i, static_cast<int32_t>(events[i].value), findings);
  }
}

// Reports an owner whose charge is not zero at its end.
void JudgeEnd(const RunView& run, const OwnerEnd& end, Findings* findings) {
  const Trace& trace = run.trace;
  uint32_t write = LastBefore(trace, end.event, [&](const Event& e) {
    return e.object == end.owner && e.offset == run.subject.owner_charge_offset &&
           (e.kind == EventKind::kRmw || e.kind == EventKind::kStore);
  });
  if (end.charge < 0) {
    // If there was a marked write, JudgeWrites has reported the one that made the charge negative.
    if (write == kNoEvent) AddNegative(trace, end.owner, end.event - 1, end.charge, findings);
    return;
  }
  Violation violation = At(trace, "charge.left", end.owner, write != kNoEvent ? write : end.event - 1);
  violation.event = end.event - 1;
  const Debts charges = ChargesKept(trace, end.event, end.owner, run.subject.owner_charge_offset, end.charge);
  violation.decisive = charges.empty() ? write : charges.front();
  violation.detail = absl::StrCat(NameOf(trace, end.owner), " ended with ", end.charge, " bytes still charged",
                                  LeftText(trace, charges, write));
  findings->Add(std::move(violation));
}

}  // namespace

void JudgeCharge(const RunView& run, Findings* findings) {
  if (run.subject.owner_charge_offset == SIZE_MAX || SaturatedAt(run.trace, run.trace.size()) != kNoEvent) return;
  JudgeWrites(run, findings);
  for (const OwnerEnd& end : run.owner_ends) {
    if (end.charge != 0) JudgeEnd(run, end, findings);
  }
}

}  // namespace nofail
