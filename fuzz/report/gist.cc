// SPDX-License-Identifier: MIT
#include "fuzz/report/gist.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "core/kernel/trace/ids.h"
#include "fuzz/check/need.h"
#include "fuzz/report/describe.h"

namespace nofail {
namespace {

// "a", "a and b", "a, b and c".
std::string List(const std::vector<std::string>& parts) {
  if (parts.size() < 2) return parts.empty() ? "" : parts[0];
  return absl::StrCat(absl::StrJoin(parts.begin(), parts.end() - 1, ", "), " and ", parts.back());
}

std::string Count(size_t count, absl::string_view one, absl::string_view many) {
  return absl::StrCat(count, " ", count == 1 ? one : many);
}

// ---- Who does what -----------------------------------------------------------------------------------------------

std::string OwnerText(const Schedule& schedule, uint8_t owner) {
  static constexpr const char* kTypes[STORAGE_TYPES] = {"socket", "task_struct", "cgroup", "inode"};
  return absl::StrCat("the ", kTypes[schedule.owners[owner].type], " o", owner);
}

// What an op does, as the predicate of a sentence.
std::string OpWords(const Schedule& schedule, const Op& op) {
  const std::string map = absl::StrCat("m", op.map), owner = OwnerText(schedule, op.owner);
  const std::string value = absl::StrCat("the value of ", map, " for ", owner);
  const std::string sleepable = op.sleepable ? " in a sleepable program" : "";
  switch (op.kind) {
    case OpKind::kUpdate:
      return absl::StrCat("sets ", value, sleepable);
    case OpKind::kDelete:
      return absl::StrCat("deletes ", value, sleepable);
    case OpKind::kLookup:
      return absl::StrCat("looks up ", value, sleepable);
    case OpKind::kKptr:
      return absl::StrCat("exchanges the kptr in ", value);
    case OpKind::kClone:
      return absl::StrCat("clones ", owner, " to o", op.other);
    case OpKind::kDump:
      return absl::StrCat("dumps the values of ", owner, " (socket diag)");
    case OpKind::kDestroy:
      return absl::StrCat("ends ", owner);
    case OpKind::kMapFree:
      return absl::StrCat("frees the map ", map);
  }
  return "";
}

// What a task does, as a sentence without its full stop: the ops that have begun in the run, and were not skipped. ""
// when there is none.
std::string TaskWords(const JudgedRun& report, uint8_t task, const std::set<OpRef>& begun) {
  const std::vector<Op>& ops = report.schedule->tasks[task - kTaskA];
  std::vector<std::string> words;
  for (size_t i = 0; i < ops.size(); ++i) {
    if (begun.contains({task, static_cast<uint8_t>(i)})) words.push_back(OpWords(*report.schedule, ops[i]));
  }
  return words.empty() ? "" : absl::StrCat(TaskName({task, 0}), " ", absl::StrJoin(words, ", then "));
}

std::string Who(const JudgedRun& report) {
  std::set<OpRef> begun;
  for (const Event& e : report.trace.events()) {
    if (e.kind == EventKind::kOpBegin) begun.insert(e.op);
    if (e.kind == EventKind::kOpSkip) begun.erase(e.op);
  }
  std::vector<std::string> tasks;
  for (size_t i = 0; report.schedule != nullptr && i < report.schedule->tasks.size(); ++i) {
    tasks.push_back(TaskWords(report, static_cast<uint8_t>(kTaskA + i), begun));
  }
  std::erase(tasks, "");
  const std::string code = CodeText(report.subject.name);
  if (tasks.empty()) return absl::StrCat("This is about ", code, ".");
  if (tasks.size() == 2) return absl::StrCat("In ", code, ", ", tasks[0], " while ", tasks[1], ".");
  return absl::StrCat("In ", code, ", ", absl::StrJoin(tasks, "; "),
                      tasks.size() > 2 ? ", all at the same time." : ".");
}

// ---- What goes wrong ---------------------------------------------------------------------------------------------

// By kind of violation: what it is called, and what happens, as a sentence. {who}: the task at whose event the
// violation shows; {what}: the first object involved.
constexpr struct {
  absl::string_view kind, words, sentence;
} kKinds[] = {
    {"use-after-free", "use after free", "{who} uses {what} after its memory was freed"},
    {"double-free", "double free", "{who} frees {what} a second time"},
    {"invalid-free", "invalid free", "{who} frees what is not the start of an object"},
    {"out-of-bounds", "out-of-bounds access", "{who} reads or writes past the end of {what}"},
    {"null-dereference", "null pointer dereference", "{who} follows a null pointer"},
    {"sanitizer", "sanitizer report", "A sanitizer reports what {who} does"},
    {"deadlock", "deadlock", "All that still run wait for each other, so none of them goes on"},
    {"livelock", "endless loop", "{who} waits for ever, for something that nobody can change any more"},
    {"runaway", "endless loop", "The run does not end"},
    {"freed-in-reader", "free under an RCU reader", "{what} is freed while a reader may still be using it"},
    {"field-freed-twice", "double free of a special field", "A special field of {what} is freed a second time"},
    {"record-dead", "use of a freed btf_record",
     "The special fields of {what} are freed by a description that is itself freed already"},
    {"rcu-not-held", "unprotected RCU dereference", "{who} follows a pointer outside every section that protects it"},
    {"refcount-add-on-zero", "refcount addition on zero", "{who} raises a reference count that is zero already"},
    {"refcount-overflow", "refcount overflow", "{who} raises a reference count past its limit"},
    {"refcount-underflow", "refcount underflow", "{who} drops a reference that it does not have"},
    {"refcount-dec-to-zero", "refcount saturation",
     "{who} drops the last reference by a call that must not, so the count is stuck for ever"},
    {"lock-imbalance", "lock imbalance", "{who} keeps a lock that it should release, or releases one that is free"},
    {"unlock-order", "unlock order violation", "{who} releases its locks in the wrong order"},
    {"unlock-foreign", "unlock by a task that does not hold the lock", "{who} releases a lock that it does not hold"},
    {"sleep-in-rcu", "sleep in an RCU reader section", "{who} sleeps inside an RCU reader section"},
    {"sleep-in-atomic", "sleep in atomic context", "{who} sleeps with a lock held"},
    {"rcu-imbalance", "unbalanced RCU reader section", "{who} does not leave the reader section that it entered"},
    {"leak.fields", "leak of special fields", "What the special fields of {what} hold is never released"},
    {"leak", "memory leak", "{what} is never freed"},
    {"charge.left", "memory charge left behind", "{what} stays charged for memory that is gone"},
    {"charge", "negative memory charge", "{what} gets back more charge than it was charged"},
    {"data-race", "data race", "{who} and another task access {what} with nothing to order the two"},
    {"state", "wrong state of an element",
     "{who} changes the state of {what} in a way that the protocol does not have"},
    {"warning", "WARN_ON_ONCE", "A warning of the code itself fires for {who}"},
};

// The row of a kind, or of the part before its '.'; nullptr when there is neither.
const auto* RowOf(absl::string_view kind) {
  for (const absl::string_view name : {kind, kind.substr(0, kind.find('.'))}) {
    const auto* row = std::find_if(std::begin(kKinds), std::end(kKinds), [=](const auto& r) { return r.kind == name; });
    if (row != std::end(kKinds)) return row;
  }
  return static_cast<decltype(&kKinds[0])>(nullptr);
}

// The function in which the op of an event was then; "" where that is not known.
std::string FunctionAt(const Trace& trace, uint32_t event) {
  if (event >= trace.size()) return "";
  const OpRef op = trace.events()[event].op;
  for (uint32_t i = event + 1; i-- > 0;) {
    const Event& e = trace.events()[i];
    if (e.op == op && e.function != nullptr) return absl::StrCat(e.function, "()");
  }
  return "";
}

// The doer of an event, as the subject of a sentence.
std::string Doer(const Event& event) {
  if (event.op.IsCallback()) return "an RCU callback";
  if (event.op.task == kEnd) return "whoever comes afterwards";
  return event.op.task == kNoTask || event.op.task == kSetup ? "somebody" : TaskName(event.op);
}

std::string ObjectText(const JudgedRun& report, ObjectId object) {
  if (object == 0) return "shared memory";
  const std::string name = LocationText(report.trace, object, 0);
  switch (report.trace.objects()[object].kind) {
    case KERNEL_SELEM:
      return absl::StrCat("the element ", name);
    case KERNEL_MAP:
      return absl::StrCat("the map ", name);
    case KERNEL_OWNER:
      return absl::StrCat("the owner ", name);
    default:
      return name;
  }
}

// The text with its first letter in upper case, where that is a word of ours and not a name.
std::string Capital(std::string text) {
  for (const absl::string_view word : {"the ", "an ", "whoever ", "somebody ", "shared "}) {
    if (absl::StartsWith(text, word)) text[0] = static_cast<char>(text[0] - 'a' + 'A');
  }
  return text;
}

std::string Wrong(const JudgedRun& report, const Violation& violation) {
  const auto* row = RowOf(violation.kind);
  if (row == nullptr) return absl::StrCat(violation.kind, ": ", violation.detail, ".");
  const bool has_event = violation.event < report.trace.size();
  const std::string who = has_event ? Doer(report.trace.events()[violation.event]) : "somebody";
  const std::string what = ObjectText(report, violation.involved.empty() ? ObjectId{0} : violation.involved.front());
  return absl::StrCat(Capital(absl::StrReplaceAll(row->sentence, {{"{who}", who}, {"{what}", what}})), ".");
}

// ---- What it took ------------------------------------------------------------------------------------------------

// How many deviations of a kind had an effect.
size_t Deviations(const JudgedRun& report, ChoiceKind kind) {
  if (report.schedule == nullptr) return 0;
  const auto counts = [&](const std::vector<Deviation>& list) {
    return static_cast<size_t>(
        std::count_if(list.begin(), list.end(), [=](const Deviation& d) { return d.kind == kind && d.answer != 0; }));
  };
  return counts(report.schedule->deviations) - counts(report.ignored);
}

// What TimingText says, item by item.
std::vector<std::string> Timing(const JudgedRun& report) {
  std::vector<std::string> parts;
  const auto add = [&](ChoiceKind kind, absl::string_view one, absl::string_view many) {
    if (const size_t count = Deviations(report, kind); count > 0) parts.push_back(Count(count, one, many));
  };
  add(ChoiceKind::kPreempt, "preemption at the wrong moment", "preemptions at the wrong moments");
  add(ChoiceKind::kGracePeriod, "grace period that ends late", "grace periods that end late");
  add(ChoiceKind::kResched, "rescheduling that is due", "reschedulings that are due");
  add(ChoiceKind::kLoadAge, "read of an older value", "reads of older values");
  if (report.schedule != nullptr && report.schedule->policy.kind != PolicyKind::kNone) {
    parts.push_back("the answers of a random policy");
  }
  return parts;
}

std::string Took(const JudgedRun& report, const Violation& violation) {
  const Need need = NeedOf(report.trace, violation);
  std::vector<std::string> parts = Timing(report);
  if (need == Need()) {
    if (parts.empty()) return "Nothing had to fail for it, and no task had to be stopped.";
    return absl::StrCat("Nothing had to fail for it; it took ", List(parts), ".");
  }
  parts.insert(parts.begin(), NeedText(need));
  return absl::StrCat("It took ", List(parts), ".");
}

}  // namespace

Gist GistOf(const JudgedRun& report, const Violation* violation) {
  if (violation == nullptr) return {Who(report), "Nothing goes wrong.", ""};
  return {Who(report), Wrong(report, *violation), Took(report, *violation)};
}

std::string TimingText(const JudgedRun& report) {
  return List(Timing(report));
}

std::string CodeText(absl::string_view subject) {
  if (subject == "posted") return "the posted series that introduced bpf_selem_unlink_nofail()";
  absl::string_view version = subject;
  if (!absl::ConsumePrefix(&version, "linux-")) return absl::StrCat("the tree under test (subject ", subject, ")");
  return absl::StrCat("Linux ", version);
}

std::string TitleOf(const JudgedRun& report, const Violation& violation) {
  const std::string function = FunctionAt(report.trace, violation.event);
  return absl::StrCat(KindWords(violation.kind), function.empty() ? "" : absl::StrCat(" in ", function));
}

std::string KindWords(absl::string_view kind) {
  const auto* row = RowOf(kind);
  return std::string(row == nullptr ? kind : row->words);
}

}  // namespace nofail
