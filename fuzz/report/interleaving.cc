// SPDX-License-Identifier: MIT
#include "fuzz/report/interleaving.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "core/kernel/trace/ids.h"
#include "fuzz/report/describe.h"
#include "fuzz/report/object_life.h"

namespace nofail {
namespace {

constexpr size_t kColumns = 118;  // of a line
constexpr absl::string_view kIndent = "    ";

// A word of memory: object and offset.
using Word = std::pair<ObjectId, uint16_t>;
Word WordOf(const Event& e) {
  return {e.object, e.offset};
}

bool IsFailedLock(const Event& e) {
  return e.kind == EventKind::kLock && e.value != 0;
}

// Keeps track of which op holds which lock, while events are read in the order of the trace.
class Holders {
 public:
  // Takes the next event into account.
  void Follow(uint32_t index, const Event& e) {
    if ((e.kind == EventKind::kLock && e.value == 0) || e.kind == EventKind::kSpinLock) taken_[WordOf(e)] = index;
    if (e.kind == EventKind::kUnlock || e.kind == EventKind::kSpinUnlock) taken_.erase(WordOf(e));
  }
  // The event at which the lock that `e` is about was taken; -1 when the lock is free.
  int64_t TakenAt(const Event& e) const {
    const auto it = taken_.find(WordOf(e));
    return it == taken_.end() ? -1 : int64_t{it->second};
  }

 private:
  std::map<Word, uint32_t> taken_;  // by lock that is held: the event that took it
};

// ---- Which events are told ---------------------------------------------------------------------------------------

// Selects the events of a trace that become sentences.
class Selection {
 public:
  // `violation` may be null: then the whole trace is told.
  Selection(const JudgedRun& report, const Violation* violation)
      : report_(report), trace_(report.trace), violation_(violation) {
    // Events after the violation do not matter, except for a leak, which shows at the end of the run.
    const bool to_the_end = violation == nullptr || absl::StartsWith(violation->kind, "leak.");
    end_ = to_the_end ? trace_.size() : violation->event + 1;
    if (violation != nullptr) {
      objects_.insert(violation->involved.begin(), violation->involved.end());
      told_.insert(violation->event);
      if (violation->decisive != kNoEvent) told_.insert(violation->decisive);
      TellGettingThere();
    }
    for (const ObjectId object : objects_) TellLife(object);
    tells_all_states_ = std::none_of(objects_.begin(), objects_.end(),
                                     [this](ObjectId object) { return trace_.objects()[object].kind == KERNEL_SELEM; });
    TellLocks();
    for (uint32_t i = 0; i < end_; ++i) {
      if (IsTold(trace_.events()[i])) told_.insert(i);
    }
  }

  // Whether the event becomes a sentence.
  bool Tells(uint32_t event) const { return event < end_ && told_.contains(event); }
  // No event from this one on is told.
  uint32_t end() const { return end_; }

 private:
  static bool IsConcurrent(const Event& e) { return e.op.task != kSetup && e.op.task != kEnd; }

  // Selects the life of an object, but for what the set-up does.
  void TellLife(ObjectId object) {
    for (const LifeEvent& moment : LifeOf(report_, object)) {
      if (trace_.events()[moment.event].op.task != kSetup) told_.insert(moment.event);
    }
  }

  // Selects the event by which the violating op got to the object: its last load of a pointer to the object.
  void TellGettingThere() {
    const Event& shown = trace_.events()[violation_->event];
    for (uint32_t i = violation_->event; i-- > 0;) {
      const Event& e = trace_.events()[i];
      const bool gets = e.kind == EventKind::kLoad && IsPointer(e.value) && PointerObject(e.value) == shown.object;
      if (e.op == shown.op && gets && shown.object != 0) {
        told_.insert(i);
        return;
      }
    }
  }

  // Selects, for each lock attempt that failed on a held lock, the event that took the lock.
  void TellLocks() {
    Holders holders;
    for (uint32_t i = 0; i < end_; ++i) {
      const Event& e = trace_.events()[i];
      if (IsFailedLock(e) && holders.TakenAt(e) >= 0) told_.insert(static_cast<uint32_t>(holders.TakenAt(e)));
      holders.Follow(i, e);
    }
  }

  bool IsState(const Event& e) const {
    return e.object != 0 && trace_.objects()[e.object].kind == KERNEL_SELEM &&
           e.offset == report_.subject.selem_state_offset;
  }

  // Whether an event is told whatever the other events are.
  bool IsTold(const Event& e) const {
    switch (e.kind) {
      case EventKind::kLock:
        return IsFailedLock(e);
      case EventKind::kAlloc:
        return e.object == 0;
      case EventKind::kFault:
      case EventKind::kWarning:
      case EventKind::kEarlierAccess:
        return true;
      case EventKind::kNeedResched:
        return e.value != 0;
      case EventKind::kOpSkip:
        return IsConcurrent(e);
      case EventKind::kStore:
        return IsConcurrent(e) && objects_.contains(e.object);
      case EventKind::kRmw:
        return IsConcurrent(e) && (objects_.contains(e.object) || (tells_all_states_ && IsState(e)));
      case EventKind::kFieldSet:
      case EventKind::kFieldFree:
        return IsConcurrent(e) && objects_.contains(e.object);
      default:
        return false;
    }
  }

  const JudgedRun& report_;
  const Trace& trace_;
  const Violation* const violation_;
  uint32_t end_;
  std::set<ObjectId> objects_;     // the objects that the violation is about
  bool tells_all_states_ = false;  // tell how the state of every element changes, because the violation is about none
  std::set<uint32_t> told_;        // events
};

// ---- How each event is told --------------------------------------------------------------------------------------

// Makes the sentences.
class Teller {
 public:
  Teller(const JudgedRun& report, const Violation* violation)
      : report_(report), trace_(report.trace), violation_(violation), selection_(report, violation) {}

  // Returns the steps. `ending` is named when there is no violation. Called once.
  std::vector<Step> Tell(absl::string_view ending) {
    const bool is_leak = violation_ != nullptr && absl::StartsWith(violation_->kind, "leak.");
    for (uint32_t i = 0; i < selection_.end(); ++i) {
      const Event& e = trace_.events()[i];
      if (e.kind == EventKind::kSwitch) TellSwitch(i);
      if (violation_ != nullptr && i == violation_->event && !is_leak) {
        Add({}, WithFields(report_, violation_->detail), i);
      } else if (selection_.Tells(i) && !ChangesNothing(e)) {
        Add(e.op, EventText(i), i);
      }
      Follow(i);
    }
    if (violation_ == nullptr) Add({}, absl::StrCat("the process ends: ", ending), kNoEvent);
    if (is_leak) Add({}, WithFields(report_, violation_->detail), kNoEvent);
    return std::move(steps_);
  }

 private:
  // Updates what is known of locks, values and ops after the event.
  void Follow(uint32_t index) {
    const Event& e = trace_.events()[index];
    holders_.Follow(index, e);
    if (e.kind == EventKind::kStore || e.kind == EventKind::kRmw) values_[WordOf(e)] = e.value;
    if (e.kind == EventKind::kOpBegin) ops_[e.op] = std::string(absl::StripSuffix(Describe(report_, index), " begins"));
  }

  // Tells of a switch away from a task that has more to do: what it waits for, or before which site it is preempted.
  void TellSwitch(uint32_t index) {
    const OpRef op = trace_.events()[index].op;
    const Event* blocked = index > 0 ? &trace_.events()[index - 1] : nullptr;
    const bool waits = blocked != nullptr && blocked->op == op &&
                       (blocked->kind == EventKind::kGpWait || blocked->kind == EventKind::kBarrierWait ||
                        blocked->kind == EventKind::kLockWait);
    if (waits) return Add(op, EventText(index - 1), index - 1);
    for (uint32_t next = index + 1; next < trace_.size(); ++next) {
      const Event& e = trace_.events()[next];
      if (e.op != op || e.kind == EventKind::kSwitch || e.kind == EventKind::kOpEnd) continue;
      if (e.kind == EventKind::kOpBegin || e.kind == EventKind::kCallbackEnd) return;
      if (e.function == nullptr) continue;
      return Add(op, "is preempted", next, true);
    }
  }

  uint64_t ValueBefore(const Event& e) const {
    const auto before = values_.find(WordOf(e));
    return before == values_.end() ? 0 : before->second;
  }
  bool ChangesNothing(const Event& e) const {
    return (e.kind == EventKind::kStore || e.kind == EventKind::kRmw) && ValueBefore(e) == e.value;
  }

  std::string Name(const Event& e) const { return LocationText(trace_, e.object, 0); }

  bool PointsToObject(uint64_t value) const { return IsPointer(value) && PointerObject(value) != 0; }

  // The word that `e` is about: "storage0.lock". Where the field has no name, a lock or a pointer is not said to be at
  // an offset: one says which object it is in.
  std::string WordName(const Event& e) const { return LocationText(report_, e.object, e.offset); }
  std::string LockName(const Event& e) const { return FieldOf(report_, e).empty() ? Name(e) : WordName(e); }
  std::string PointerOf(const Event& e, uint64_t target) const {
    return absl::StrCat(Name(e), "'s pointer to ", LocationText(trace_, PointerObject(target), 0));
  }

  std::string WriteText(const Event& e) const {
    const uint64_t old = ValueBefore(e);
    const bool sets = PointsToObject(e.value), clears = !sets && PointsToObject(old),
               is_named = !FieldOf(report_, e).empty();
    if (sets && is_named) return absl::StrCat("sets ", WordName(e), " to ", ValueText(report_, e.value));
    if (clears && is_named) return absl::StrCat("clears ", WordName(e), ", which pointed to ", ValueText(report_, old));
    if (sets) return absl::StrCat("sets ", PointerOf(e, e.value));
    if (clears) return absl::StrCat("clears ", PointerOf(e, old));
    return absl::StrCat("changes ", WordName(e), " from ", ValueText(report_, old), " to ",
                        ValueText(report_, e.value));
  }

  std::string ReadText(const Event& e) const {
    if (PointsToObject(e.value) && FieldOf(report_, e).empty()) return absl::StrCat("reads ", PointerOf(e, e.value));
    return absl::StrCat("reads ", WordName(e), ": ", ValueText(report_, e.value));
  }

  std::string FailedLockText(const Event& e) const {
    const int64_t taken = holders_.TakenAt(e);
    const std::string holder = taken < 0 ? "" : TaskName(trace_.events()[static_cast<size_t>(taken)].op);
    return absl::StrCat("cannot lock ", LockName(e), ", which ",
                        taken < 0                  ? "nobody holds"
                        : holder == TaskName(e.op) ? "it holds itself"
                                                   : absl::StrCat(holder, " holds"),
                        ": ", ValueText(report_, e.value));
  }

  std::string EventText(uint32_t index) const {
    const Event& e = trace_.events()[index];
    switch (e.kind) {
      case EventKind::kLock:
        return IsFailedLock(e) ? FailedLockText(e) : absl::StrCat("locks ", LockName(e));
      case EventKind::kLockWait:
        return absl::StrCat("waits for the lock of ", Name(e));
      case EventKind::kGpWait:
        return "waits for a grace period";
      case EventKind::kBarrierWait:
        return "waits for all callbacks";
      case EventKind::kStore:
      case EventKind::kRmw:
        return WriteText(e);
      case EventKind::kLoad:
        return ReadText(e);
      case EventKind::kCallRcu:
      case EventKind::kKfreeRcu:
        return absl::StrCat("hands ", Name(e), " to RCU");
      case EventKind::kFree:
        return absl::StrCat("frees ", Name(e), e.by_rcu() ? ", the grace period being over" : "");
      case EventKind::kAlloc:
        return e.object == 0 ? Describe(report_, index) : absl::StrCat("allocates ", Name(e));
      case EventKind::kWarning:
        return "warns (WARN_ON_ONCE)";
      case EventKind::kNeedResched:
        return "is due for rescheduling";
      case EventKind::kFault:
        return absl::StrCat("runs into ", FaultText(e.fault()), " of ", Name(e));
      default:
        return Describe(report_, index);
    }
  }

  // What op it is, for its first step; "" for its others.
  std::string Begun(OpRef op) {
    const auto ops = ops_.find(op);
    return op != OpRef{} && told_ops_.insert(op).second && ops != ops_.end() ? ops->second : "";
  }
  // The subject of a sentence: "A (map_free m0) " in the first sentence about an op, "A " in the others.
  static std::string Who(OpRef op, absl::string_view begun) {
    if (op == OpRef{}) return "";
    return absl::StrCat(TaskName(op), begun.empty() ? "" : absl::StrCat(" (", begun, ")"), " ");
  }

  // Adds one step. One that says the same as the one before is left out: for example, taking an element off a list
  // writes two pointers to it.
  void Add(OpRef op, std::string what, uint32_t event, bool is_before = false) {
    std::string said = absl::StrCat(TaskName(op), what);
    if (said == last_said_) return;
    last_said_ = std::move(said);
    const bool by_rcu = event != kNoEvent && IsByRcu(trace_.events()[event]);
    std::string begun = by_rcu ? "" : Begun(op);
    std::string sentence = absl::StrCat(by_rcu ? "RCU " : Who(op, begun), what);
    steps_.push_back({op, std::move(sentence), std::move(what), std::move(begun), event, is_before});
  }

  const JudgedRun& report_;
  const Trace& trace_;
  const Violation* const violation_;
  const Selection selection_;
  Holders holders_;
  std::map<Word, uint64_t> values_;   // what each word of memory holds now
  std::map<OpRef, std::string> ops_;  // the ops that have begun, as "map_free m0"
  std::set<OpRef> told_ops_;          // the ops that a sentence was about
  std::vector<Step> steps_;
  std::string last_said_;
};

// Appends the text as lines of at most kColumns characters, broken at blanks.
void Wrap(std::string text, std::vector<std::string>* lines) {
  while (text.size() > kColumns) {
    const size_t blank = text.rfind(' ', kColumns);
    if (blank == text.npos || blank < kIndent.size()) break;
    lines->push_back(text.substr(0, blank));
    text = absl::StrCat(kIndent, text.substr(blank + 1));
  }
  lines->push_back(std::move(text));
}

std::string Count(int count, absl::string_view one, absl::string_view many) {
  return absl::StrCat(count, " ", count == 1 ? one : many);
}

}  // namespace

std::string FailuresText(const Trace& trace) {
  Holders holders;
  int held = 0, free = 0, allocations = 0;
  for (uint32_t i = 0; i < trace.size(); ++i) {
    const Event& e = trace.events()[i];
    if (IsFailedLock(e)) ++(holders.TakenAt(e) >= 0 ? held : free);
    if (e.kind == EventKind::kAlloc && e.object == 0) ++allocations;
    holders.Follow(i, e);
  }
  std::vector<std::string> failures;
  if (held > 0) {
    failures.push_back(Count(held, "failed attempt to lock what is held", "failed attempts to lock what is held"));
  }
  if (free > 0) {
    failures.push_back(Count(free, "failed attempt to lock what is free", "failed attempts to lock what is free"));
  }
  if (allocations > 0) failures.push_back(Count(allocations, "failed allocation", "failed allocations"));
  return failures.empty() ? "none" : absl::StrJoin(failures, ", ");
}

std::vector<Step> Steps(const JudgedRun& report, const Violation* violation, absl::string_view ending) {
  return Teller(report, violation).Tell(ending);
}

std::string StepSite(const JudgedRun& report, const Step& step) {
  if (step.event == kNoEvent) return "";
  const Event& e = report.trace.events()[step.event];
  if (e.function == nullptr) return "";
  const absl::string_view file = e.file == nullptr ? "" : e.file;
  return absl::StrCat("(", step.is_before ? "before " : "", e.function, ", ", file.substr(file.rfind('/') + 1), ":",
                      e.line, ")");
}

std::vector<std::string> Interleaving(const JudgedRun& report, absl::string_view signature) {
  const Violation* violation = nullptr;
  for (const Violation& candidate : report.verdict.violations) {
    if (candidate.Signature() == signature) violation = &candidate;
  }
  std::vector<std::string> lines = {absl::StrCat("Failures it needs: ", FailuresText(report.trace), ".")};
  int number = 0;
  for (const Step& step : Steps(report, violation, signature)) {
    Wrap(absl::StrFormat("%2d. %s", ++number, step.sentence), &lines);
    const std::string site = StepSite(report, step);
    if (site.empty()) continue;
    if (lines.back().size() + 1 + site.size() <= kColumns) {
      absl::StrAppend(&lines.back(), " ", site);
    } else {
      lines.push_back(absl::StrCat(kIndent, site));
    }
  }
  return lines;
}

}  // namespace nofail
