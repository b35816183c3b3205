// SPDX-License-Identifier: MIT
#include "fuzz/check/cause.h"

#include <algorithm>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "fuzz/check/debts.h"
#include "fuzz/check/evidence.h"

namespace nofail {
namespace {

// "selem"; "memory" for object 0.
std::string Something(const Trace& trace, ObjectId object) {
  return object == 0 ? "memory" : KindOf(trace, object);
}

// What a store or a read-modify-write did.
std::string WriteAct(const Trace& trace, const Violation& violation, uint32_t event) {
  const Event& e = trace.events()[event];
  const std::string object = Something(trace, e.object);
  if (violation.kind.starts_with("charge.")) {
    return ChangeAt(trace, event) < 0
               ? absl::StrCat(object, " uncharged")
               : absl::StrCat(object, " charged for ", Something(trace, ChargedFor(trace, event)));
  }
  if (violation.kind == FaultText(Fault::kDataRace)) {
    return absl::StrCat(Something(trace, PointerObject(e.value)), " published without a release");
  }
  if (violation.kind == FaultText(Fault::kNullDereference)) return absl::StrCat("pointer in ", object, " cleared");
  return absl::StrCat(object, " changed");
}

// What happened at the event; in which function, follows.
std::string Act(const Trace& trace, const Violation& violation, uint32_t event) {
  const Event& e = trace.events()[event];
  const std::string object = Something(trace, e.object);
  switch (e.kind) {
    case EventKind::kStore:
    case EventKind::kRmw:
      return WriteAct(trace, violation, event);
    case EventKind::kMapGet:
      return "reference to map taken";
    case EventKind::kMapPut:
      return "reference to map given back";
    case EventKind::kLock:
      return absl::StrCat("lock of ", object, e.value == 0 ? " taken" : " not got");
    case EventKind::kSpinLock:
      return absl::StrCat("lock of ", object, " taken");
    case EventKind::kReadLock:
      return "reader section entered";
    case EventKind::kCallRcu:
    case EventKind::kKfreeRcu:
    case EventKind::kFree:
      return absl::StrCat(object, " given up");
    case EventKind::kAlloc:
      return absl::StrCat(object, " allocated");
    case EventKind::kFault:
    case EventKind::kEarlierAccess:
      if (violation.kind != FaultText(Fault::kDataRace) || !e.IsPlain()) break;
      return e.IsRacingStore() ? "plain store" : "plain load";
    default:
      return violation.kind;
  }
  const std::string what = e.kind == EventKind::kFault ? FaultText(e.fault()) : violation.kind;
  return e.object == 0 ? what : absl::StrCat(what, " of ", object);
}

// Whether the attribute says more about the cause than the decisive event does.
bool IsTold(const Attribute& attribute, const Event& decisive) {
  const std::string_view key = attribute.key;
  if (key == "lock") return decisive.kind != EventKind::kLock;
  return key == "by" || key == "reader" || key == "set";
}

}  // namespace

std::string CauseOf(const Trace& trace, const Violation& violation) {
  const uint32_t event = violation.decisive == kNoEvent ? violation.event : violation.decisive;
  if (event >= trace.size()) return violation.Signature();
  const char* function = FunctionAt(trace, event);
  std::string text = absl::StrCat(Act(trace, violation, event), " in ", *function ? function : OpNameAt(trace, event));
  for (const Attribute& attribute : violation.attributes) {
    if (!IsTold(attribute, trace.events()[event])) continue;
    absl::StrAppend(&text, ", ", attribute.key, "=", attribute.value);
  }
  return text;
}

std::vector<std::vector<size_t>> FacesByCause(const Trace& trace, const Verdict& verdict) {
  std::vector<std::string> causes;
  std::vector<std::vector<size_t>> faces;
  for (size_t i = 0; i < verdict.violations.size(); ++i) {
    std::string cause = CauseOf(trace, verdict.violations[i]);
    const size_t at = static_cast<size_t>(std::find(causes.begin(), causes.end(), cause) - causes.begin());
    if (at == causes.size()) {
      causes.push_back(std::move(cause));
      faces.emplace_back();
    }
    faces[at].push_back(i);
  }
  return faces;
}

}  // namespace nofail
