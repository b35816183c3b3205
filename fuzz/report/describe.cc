// SPDX-License-Identifier: MIT
#include "fuzz/report/describe.h"

#include <cerrno>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "core/kernel/trace/ids.h"
#include "fuzz/base/object_kind.h"
#include "fuzz/schedule/keywords.h"
#include "fuzz/schedule/text.h"

namespace nofail {
namespace {

absl::string_view OpText(uint8_t kind) {
  return kind < kOpKinds ? kOpKeywords[kind] : "op";
}

const char* FieldText(uint8_t field) {
  switch (field) {
    case KERNEL_FIELD_KPTR:
      return "kptr";
    case KERNEL_FIELD_UPTR:
      return "uptr";
    default:
      return "field";
  }
}

const char* ErrnoText(int error) {
  switch (error) {
    case ENOENT:
      return "-ENOENT";
    case EAGAIN:
      return "-EAGAIN";
    case ENOMEM:
      return "-ENOMEM";
    case EBUSY:
      return "-EBUSY";
    case EEXIST:
      return "-EEXIST";
    case EINVAL:
      return "-EINVAL";
    case EDEADLK:
      return "-EDEADLK";
    case EOPNOTSUPP:
      return "-EOPNOTSUPP";
    case ETIMEDOUT:
      return "-ETIMEDOUT";
    default:
      return nullptr;
  }
}

const char* FlavourText(const Event& e) {
  return e.flavour() == KERNEL_RCU_TASKS_TRACE ? "_trace" : "";
}

std::string TaskText(uint64_t packed) {
  return TaskName(UnpackTarget(static_cast<uint16_t>(packed)));
}

// Describes an Rmw together with the RmwOld that follows it.
std::string DescribeRmw(const Trace& trace, uint32_t event, const std::string& location) {
  const Event& e = trace.events()[event];
  if (event + 1 == trace.size() || trace.events()[event + 1].kind != EventKind::kRmwOld) {
    return absl::StrCat("rmw ", location, " = ", ValueText(trace, e.value));
  }
  const Event& old = trace.events()[event + 1];
  if (!old.wrote()) return absl::StrCat("rmw ", location, " stays ", ValueText(trace, old.value));
  return absl::StrCat("rmw ", location, ": ", ValueText(trace, old.value), "->", ValueText(trace, e.value));
}

// Why a task stops running at a switch. "preempted": the schedule stopped it; "waits" or "done": its own last event
// did.
const char* WhyItStops(const Trace& trace, uint32_t event) {
  const OpRef op = trace.events()[event].op;
  while (event-- > 0) {
    const Event& before = trace.events()[event];
    if (IsByRcu(before)) continue;
    if (before.op != op) break;
    switch (before.kind) {
      case EventKind::kOpEnd:
      case EventKind::kOpSkip:
      case EventKind::kCallbackEnd:
        return "done";
      case EventKind::kGpWait:
      case EventKind::kBarrierWait:
      case EventKind::kLockWait:
      case EventKind::kRelax:
        return "waits";
      default:
        return "preempted";
    }
  }
  return "preempted";
}

}  // namespace

std::string LocationText(const Trace& trace, ObjectId object, uint16_t offset) {
  if (object == 0) return "global";
  const ObjectInfo& info = trace.objects()[object];
  std::string name = ObjectName(info.kind, info.number);
  return offset == 0 ? name : absl::StrCat(name, "+", offset);
}

std::string ValueText(const Trace& trace, uint64_t value) {
  if (value == kOtherPointer) return "pointer";
  if (IsPointer(value) && PointerObject(value) < trace.objects().size()) {
    return LocationText(trace, PointerObject(value), PointerOffset(value));
  }
  const int64_t number = static_cast<int64_t>(value);
  if (number < 0 && number > -4096) {
    const char* text = ErrnoText(static_cast<int>(-number));
    return text != nullptr ? text : absl::StrCat(number);
  }
  return value >> 32 != 0 ? absl::StrCat("0x", absl::Hex(value)) : absl::StrCat(value);
}

std::string SiteText(const Event& event) {
  if (event.function == nullptr) return "";
  return event.line == 0 ? event.function : absl::StrCat(event.function, ":", event.line);
}

std::string EarlierText(const Event& event) {
  const std::string site = SiteText(event);
  if (event.earlier_op().task == kNoTask) return site;
  const std::string who = TaskName(event.earlier_op());
  return site.empty() ? who : absl::StrCat(who, " in ", site);
}

std::string ByWhom(const Event& event) {
  return IsByRcu(event) ? "RCU" : TaskName(event.op);
}

std::string WhoAndWhere(const Trace& trace, uint32_t event) {
  const Event& e = trace.events()[event];
  const std::string site = SiteText(e), who = absl::StrCat("by ", ByWhom(e));
  if (site.empty()) return who;
  return absl::StrCat(who, IsByRcu(e) ? ", given up in " : " in ", site);
}

std::map<std::string, std::string> FunctionsByFile(const Trace& trace) {
  std::map<std::string, std::string> functions;  // from function to file
  const char* last = nullptr;                    // mostly the next event has the same function again
  for (const Event& e : trace.events()) {
    if (e.function == nullptr || e.function == last) continue;
    last = e.function;
    functions.try_emplace(e.function, e.file);
  }
  std::map<std::string, std::string> files;
  for (const auto& [function, file] : functions) {
    std::string& list = files[file];
    absl::StrAppend(&list, list.empty() ? "" : ", ", function);
  }
  return files;
}

std::string Describe(const Trace& trace, uint32_t event) {
  const Event& e = trace.events()[event];
  const std::string location = LocationText(trace, e.object, e.offset);
  const std::string value = ValueText(trace, e.value);
  switch (e.kind) {
    case EventKind::kOpBegin:
      return absl::StrCat(OpText(e.op_kind()), e.object ? " " : "", e.object ? location : "", " begins");
    case EventKind::kOpEnd:
      return absl::StrCat(OpText(e.op_kind()), " ends: ", value);
    case EventKind::kOpSkip:
      return absl::StrCat(OpText(e.op_kind()), " skipped");
    case EventKind::kSwitch:
      return absl::StrCat(WhyItStops(trace, event), " --> ", TaskText(e.value));
    case EventKind::kLoad:
      return absl::StrCat("load ", location, ": ", value);
    case EventKind::kStore:
      return absl::StrCat("store ", location, " = ", value);
    case EventKind::kRmw:
      return DescribeRmw(trace, event, location);
    case EventKind::kRmwOld:
      return absl::StrCat(location, " was ", value);
    case EventKind::kFence:
      return absl::StrCat("fence ", OrderText(e));
    case EventKind::kLockWait:
      return absl::StrCat("wait for lock ", location, ", held by ", TaskText(e.value));
    case EventKind::kLock:
      return absl::StrCat("lock ", location, e.value == 0 ? "" : " FAILS: ", e.value == 0 ? "" : value);
    case EventKind::kUnlock:
      return absl::StrCat("unlock ", location);
    case EventKind::kSpinLock:
      return absl::StrCat("spin_lock ", location);
    case EventKind::kSpinUnlock:
      return absl::StrCat("spin_unlock ", location);
    case EventKind::kReadLock:
      return absl::StrCat("rcu_read_lock", FlavourText(e));
    case EventKind::kReadUnlock:
      return absl::StrCat("rcu_read_unlock", FlavourText(e));
    case EventKind::kCallRcu:
      return absl::StrCat("call_rcu", FlavourText(e), " ", location);
    case EventKind::kKfreeRcu:
      return absl::StrCat("kfree_rcu ", location);
    case EventKind::kGpWait:
      return "synchronize_rcu waits";
    case EventKind::kGpEnd:
      return absl::StrCat("grace period ", e.value, " ends");
    case EventKind::kGpDone:
      return "synchronize_rcu returns";
    case EventKind::kGpStart:
      return absl::StrCat("start_poll_synchronize_rcu: grace period ", e.value);
    case EventKind::kGpPoll:
      return absl::StrCat("poll_state_synchronize_rcu: grace period ", e.value,
                          e.has_ended() ? " has ended" : " goes on");
    case EventKind::kBarrierWait:
      return e.value != 0 ? "flush_work waits" : absl::StrCat("rcu_barrier", FlavourText(e), " waits");
    case EventKind::kBarrierDone:
      return absl::StrCat("rcu_barrier", FlavourText(e), " returns");
    case EventKind::kCallbackBegin:
      return absl::StrCat("callback of ", location, " begins");
    case EventKind::kCallbackEnd:
      return absl::StrCat("callback of ", location, " ends");
    case EventKind::kRelax:
      return "cpu_relax";
    case EventKind::kNeedResched:
      return absl::StrCat("need_resched: ", e.value);
    case EventKind::kAlloc:
      return e.object == 0 ? absl::StrCat("alloc of ", ObjectKindText(e.allocated_kind()), " FAILS")
                           : absl::StrCat("alloc ", location, ", ", e.value, " bytes");
    case EventKind::kFree:
      return absl::StrCat("free ", location);
    case EventKind::kMapGet:
      return absl::StrCat("map reference ", location, e.was_taken() ? " taken" : " refused");
    case EventKind::kMapPut:
      return absl::StrCat("map reference ", location, " given back");
    case EventKind::kFieldSet:
      return absl::StrCat(FieldText(e.field()), " of ", location, " = resource ", e.value);
    case EventKind::kFieldFree:
      return absl::StrCat("free ", FieldText(e.field()), " of ", location, ": ",
                          e.value == 0 ? "it holds none" : absl::StrCat("resource ", e.value));
    case EventKind::kRecordEnd:
      return absl::StrCat("record of m", e.value, " is gone");
    case EventKind::kWarning:
      return "WARNING";
    case EventKind::kFault:
      return absl::StrCat("FAULT ", FaultText(e.fault()), e.object ? " at " : "", e.object ? location : "");
    case EventKind::kQueueWork:
      return absl::StrCat("queue work ", location, e.value != 0 ? ": it is pending already" : "");
    case EventKind::kEarlierAccess:
      return absl::StrCat("the earlier access to ", location);
  }
  return "";
}

std::string Describe(const JudgedRun& report, uint32_t event) {
  const Event& e = report.trace.events()[event];
  const kernel_object_kind kind = report.trace.objects()[e.object].kind;
  const char* name = nullptr;
  if (kind == KERNEL_SELEM && e.offset == report.subject.selem_state_offset) name = ".state";
  if (kind == KERNEL_OWNER && e.offset == report.subject.owner_charge_offset) name = ".charge";
  const std::string text = Describe(report.trace, event);
  if (e.object == 0 || name == nullptr) return text;
  const std::string location = LocationText(report.trace, e.object, e.offset);
  return absl::StrReplaceAll(text, {{location, LocationText(report.trace, e.object, 0) + name}});
}

bool IsByRcu(const Event& event) {
  return event.kind == EventKind::kGpEnd || (event.kind == EventKind::kFree && event.by_rcu());
}

bool IsFailure(const Event& event) {
  return event.kind == EventKind::kFault || event.kind == EventKind::kWarning ||
         (event.kind == EventKind::kLock && event.value != 0) || (event.kind == EventKind::kAlloc && event.object == 0);
}

std::string OrderText(const Event& event) {
  static constexpr const char* kTexts[] = {
#define KERNEL_ORDER(name, meaning) #name,
#include "core/kernel/ordering.def"
#undef KERNEL_ORDER
  };
  return event.HasOrder() ? kTexts[event.order()] : "";
}

// These are the events of the calls that core/kernel/kernel.h marks [point].
bool IsSchedulingPoint(const Event& event) {
  switch (event.kind) {
    case EventKind::kLoad:
    case EventKind::kStore:
    case EventKind::kRmw:
    case EventKind::kFence:
    case EventKind::kLock:
    case EventKind::kUnlock:
    case EventKind::kSpinLock:
    case EventKind::kSpinUnlock:
    case EventKind::kReadUnlock:
    case EventKind::kCallRcu:
    case EventKind::kKfreeRcu:
    case EventKind::kQueueWork:
    case EventKind::kGpWait:
    case EventKind::kGpStart:
    case EventKind::kGpPoll:
    case EventKind::kBarrierWait:
    case EventKind::kRelax:
    case EventKind::kNeedResched:
    case EventKind::kAlloc:
    case EventKind::kFree:
      return true;
    default:
      return false;
  }
}

LocksNeeded FindLocksNeeded(const Trace& trace) {
  LocksNeeded needed = LocksNeeded::kNone;
  std::set<std::pair<ObjectId, uint16_t>> held;
  for (const Event& e : trace.events()) {
    const std::pair word(e.object, e.offset);
    if (e.kind == EventKind::kUnlock) held.erase(word);
    if (e.kind != EventKind::kLock) continue;
    if (e.value == 0) {
      held.insert(word);
    } else if (!held.contains(word)) {
      return LocksNeeded::kAny;
    } else {
      needed = LocksNeeded::kContended;
    }
  }
  return needed;
}

const char* LocksNeededText(LocksNeeded needed) {
  switch (needed) {
    case LocksNeeded::kNone:
      return "none";
    case LocksNeeded::kContended:
      return "contended";
    case LocksNeeded::kAny:
      return "any";
  }
  return "";
}

const char* LocksSentence(LocksNeeded needed) {
  switch (needed) {
    case LocksNeeded::kNone:
      return "any will do (no attempt failed)";
    case LocksNeeded::kContended:
      return "contended is enough (every attempt that failed met a held lock)";
    case LocksNeeded::kAny:
      return "any (an attempt failed on a free lock)";
  }
  return "";
}

std::string ScheduleText(const JudgedRun& report) {
  return report.schedule == nullptr ? "" : FormatText({{}, *report.schedule, {}});
}

}  // namespace nofail
