// SPDX-License-Identifier: MIT
#include "fuzz/report/describe.h"

#include <algorithm>
#include <cerrno>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "core/kernel/trace/ids.h"
#include "fuzz/base/object_kind.h"
#include "fuzz/report/fields.h"
#include "fuzz/schedule/keywords.h"
#include "fuzz/schedule/text.h"

namespace nofail {
namespace {

absl::string_view OpText(uint8_t kind) {
  return kind < kOpKinds ? kOpKeywords[kind] : "op";
}

const char* SpecialFieldText(uint8_t field) {
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

// Whether the event is about a word of memory, and not about a whole object.
bool IsAboutWord(const Event& e) {
  switch (e.kind) {
    case EventKind::kLoad:
    case EventKind::kStore:
    case EventKind::kRmw:
    case EventKind::kRmwOld:
    case EventKind::kLockWait:
    case EventKind::kLock:
    case EventKind::kUnlock:
    case EventKind::kSpinLock:
    case EventKind::kSpinUnlock:
    case EventKind::kEarlierAccess:
      return e.object != 0;
    default:
      return e.object != 0 && e.offset != 0;
  }
}

// A field of an object, as it is written behind the object's name; "" where nobody knows one.
std::string FieldText(const JudgedRun& report, ObjectId object, uint16_t offset) {
  const kernel_object_kind kind = report.trace.objects()[object].kind;
  if (std::string field = FieldAt(report.subject, kind, offset); !field.empty()) return field;
  if (kind == KERNEL_SELEM && offset == report.subject.selem_state_offset) return ".state";
  if (kind == KERNEL_OWNER && offset == report.subject.owner_charge_offset) return ".charge";
  return "";
}

// How locations and pointers are written in one description: with the names of fields if the report is there.
struct Names {
  const Trace& trace;
  const JudgedRun* report;

  std::string Value(uint64_t value) const { return report ? ValueText(*report, value) : ValueText(trace, value); }
  std::string Location(const Event& e) const {
    return report && IsAboutWord(e) ? LocationText(*report, e.object, e.offset)
                                    : LocationText(trace, e.object, e.offset);
  }
};

// Describes an Rmw together with the RmwOld that follows it.
std::string DescribeRmw(const Names& names, uint32_t event, const std::string& location) {
  const Trace& trace = names.trace;
  const Event& e = trace.events()[event];
  if (event + 1 == trace.size() || trace.events()[event + 1].kind != EventKind::kRmwOld) {
    return absl::StrCat("rmw ", location, " = ", names.Value(e.value));
  }
  const Event& old = trace.events()[event + 1];
  if (!old.wrote()) return absl::StrCat("rmw ", location, " stays ", names.Value(old.value));
  return absl::StrCat("rmw ", location, ": ", names.Value(old.value), "->", names.Value(e.value));
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

std::string Describe(const Names& names, uint32_t event) {
  const Trace& trace = names.trace;
  const Event& e = trace.events()[event];
  const std::string location = names.Location(e);
  const std::string value = names.Value(e.value);
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
      return DescribeRmw(names, event, location);
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
      return absl::StrCat(SpecialFieldText(e.field()), " of ", location, " = resource ", e.value);
    case EventKind::kFieldFree:
      return absl::StrCat("free ", SpecialFieldText(e.field()), " of ", location, ": ",
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

}  // namespace

std::string LocationText(const Trace& trace, ObjectId object, uint16_t offset) {
  if (object == 0) return "global";
  const ObjectInfo& info = trace.objects()[object];
  std::string name = ObjectName(info.kind, info.number);
  return offset == 0 ? name : absl::StrCat(name, "+", offset);
}

std::string LocationText(const JudgedRun& report, ObjectId object, uint16_t offset) {
  const std::string field = object == 0 ? "" : FieldText(report, object, offset);
  return field.empty() ? LocationText(report.trace, object, offset)
                       : absl::StrCat(LocationText(report.trace, object, 0), field);
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

std::string ValueText(const JudgedRun& report, uint64_t value) {
  const ObjectId object = PointerObject(value);
  const bool points = IsPointer(value) && value != kOtherPointer && object < report.trace.objects().size();
  if (!points || PointerOffset(value) == 0) return ValueText(report.trace, value);
  const std::string field = FieldPointedTo(report.subject, report.trace.objects()[object].kind, PointerOffset(value));
  if (field.empty()) return ValueText(report.trace, value);
  return absl::StrCat("&", LocationText(report.trace, object, 0), field);
}

std::string FieldOf(const JudgedRun& report, const Event& event) {
  if (!IsAboutWord(event)) return "";
  const kernel_object_kind kind = report.trace.objects()[event.object].kind;
  return std::string(absl::StripPrefix(FieldAt(report.subject, kind, event.offset), "."));
}

std::string WithFields(const JudgedRun& report, absl::string_view sentence) {
  const auto objects = report.trace.objects();
  std::map<std::string, ObjectId> by_name;
  for (ObjectId id = 1; id < objects.size(); ++id) by_name[ObjectName(objects[id].kind, objects[id].number)] = id;
  std::string out;
  for (size_t at = 0; at < sentence.size();) {
    size_t end = at;
    while (end < sentence.size() && absl::ascii_isalnum(sentence[end])) ++end;
    const auto named = by_name.find(std::string(sentence.substr(at, end - at)));
    size_t digits = std::min(end + 1, sentence.size());
    while (digits < sentence.size() && absl::ascii_isdigit(sentence[digits])) ++digits;
    uint32_t offset = 0;
    if (named != by_name.end() && end < sentence.size() && sentence[end] == '+' &&
        absl::SimpleAtoi(sentence.substr(end + 1, digits - end - 1), &offset)) {
      absl::StrAppend(&out, LocationText(report, named->second, static_cast<uint16_t>(offset)));
      at = digits;
      continue;
    }
    end = std::max(end, at + 1);
    absl::StrAppend(&out, sentence.substr(at, end - at));
    at = end;
  }
  return out;
}

std::string SiteText(const Event& event) {
  if (event.function == nullptr) return "";
  return event.line == 0 ? event.function : absl::StrCat(event.function, ":", event.line);
}

const Event* LastSite(const Trace& trace, uint32_t event) {
  for (uint32_t i = std::min(event + 1, trace.size()); i > 0; --i) {
    const Event& e = trace.events()[i - 1];
    if (e.function != nullptr) return &e;
  }
  return nullptr;
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
  return Describe(Names{trace, nullptr}, event);
}

std::string Describe(const JudgedRun& report, uint32_t event) {
  return Describe(Names{report.trace, &report}, event);
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
