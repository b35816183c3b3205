// SPDX-License-Identifier: MIT
#include "fuzz/schedule/text.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "fuzz/schedule/keywords.h"
#include "fuzz/schedule/rng.h"

namespace nofail {
namespace {

// How many ops FormatText writes on one `setup` line.
constexpr size_t kOpsPerLine = 4;

std::string FormatMap(const MapSpec& map, size_t index) {
  std::string text = absl::StrCat("map   m", index, " type=", KeywordOf(kTypeKeywords, map.type), " value=", map.bytes);
  const char* separator = " fields=";
  for (size_t bit = 0; bit < std::size(kFieldKeywords); ++bit) {
    if ((map.fields >> bit & 1) == 0) continue;
    absl::StrAppend(&text, separator, kFieldKeywords[bit]);
    separator = "+";
  }
  return absl::StrCat(text, map.clone ? " clone" : "", "\n");
}

std::string FormatOwner(const OwnerSpec& owner, size_t index) {
  std::string text =
      absl::StrCat("owner o", index, " type=", KeywordOf(kTypeKeywords, owner.type), " bucket=", owner.bucket);
  if (owner.optmem != 0) absl::StrAppend(&text, " optmem=", owner.optmem * kOptmemUnit);
  return text + "\n";
}

std::string FormatModes(const Modes& modes) {
  return absl::StrCat("mode  locks=", KeywordOf(kLocksKeywords, modes.locks),
                      " memory=", KeywordOf(kMemoryKeywords, modes.memory),
                      " rcu=", KeywordOf(kRcuKeywords, modes.preemptible_rcu ? 0 : 1), " cpus=", modes.cpus, "\n");
}

std::string FormatOps(const Op* begin, const Op* end) {
  return absl::StrJoin(begin, end, "; ", [](std::string* out, const Op& op) { absl::StrAppend(out, FormatOp(op)); });
}

std::string FormatAnswer(const Deviation& d) {
  switch (d.kind) {
    case ChoiceKind::kPreempt:
      return d.answer == 0 ? " stay" : absl::StrCat(" to ", TaskName(UnpackTarget(d.answer)));
    case ChoiceKind::kLock:
      return absl::StrCat(" ", KeywordOf(kLockAnswerKeywords, d.answer));
    case ChoiceKind::kAlloc:
      return d.answer == 0 ? " default" : " fail";
    case ChoiceKind::kResched:
      return d.answer == 0 ? " default" : "";
    case ChoiceKind::kGracePeriod:
    case ChoiceKind::kLoadAge:
    case ChoiceKind::kNmi:
      return d.answer == 0 ? " default" : absl::StrCat(" ", KeywordOf(kNumberKeywords, d.kind), " ", d.answer);
  }
  return "";
}

std::string FormatPolicy(const Policy& policy) {
  std::string text = absl::StrCat("policy ", KeywordOf(kPolicyKeywords, policy.kind));
  if (policy.kind == PolicyKind::kRate) absl::StrAppend(&text, " 1/", policy.parameter);
  if (policy.kind == PolicyKind::kPct) absl::StrAppend(&text, " depth=", policy.parameter);
  return absl::StrCat(text, " seed=", policy.seed, " v", Rng::kVersion, "\n");
}

std::string FormatExpectation(const Expectation& expectation) {
  std::string text =
      absl::StrCat("expect ", expectation.subject, ": ",
                   expectation.signatures.empty() ? "pass" : absl::StrJoin(expectation.signatures, ", "));
  if (!expectation.known.empty()) absl::StrAppend(&text, " known=", expectation.known);
  if (!expectation.see.empty()) absl::StrAppend(&text, " see=\"", expectation.see, "\"");
  return text + "\n";
}

}  // namespace

std::string OpLabel(const std::vector<Op>& ops, size_t index) {
  auto number =
      std::count_if(ops.begin(), ops.begin() + index + 1, [&](const Op& op) { return op.kind == ops[index].kind; });
  std::string label(KeywordOf(kOpKeywords, ops[index].kind));
  return number == 1 ? label : absl::StrCat(label, "#", number);
}

std::string FormatOp(const Op& op) {
  std::string text(KeywordOf(kOpKeywords, op.kind));
  for (char operand : KeywordOf(kOperandsOfOp, op.kind)) {
    absl::StrAppend(&text, " ",
                    operand == 'm'   ? ObjectName(KERNEL_MAP, op.map)
                    : operand == 'o' ? ObjectName(KERNEL_OWNER, op.owner)
                                     : ObjectName(KERNEL_OWNER, op.other));
  }
  for (const Modifier& modifier : kModifiers) {
    if (modifier.IsIn(op)) absl::StrAppend(&text, " ", modifier.keyword);
  }
  return text;
}

std::string OpName(const Schedule& schedule, OpRef ref) {
  const std::string task = TaskName(ref);
  if (ref.IsCallback()) return task;
  const std::vector<Op>* ops = ref.task == kSetup ? &schedule.setup : nullptr;
  if (ref.task >= kTaskA && ref.task < kTaskA + schedule.tasks.size()) ops = &schedule.tasks[ref.task - kTaskA];
  if (ops == nullptr || ref.op >= ops->size()) return absl::StrCat(task, "/", ref.op + 1);
  return absl::StrCat(task, "/", OpLabel(*ops, ref.op));
}

std::string FormatDeviation(const Schedule& schedule, const Deviation& d) {
  return absl::StrCat(OpName(schedule, d.where), ": ", KeywordOf(kChoiceKeywords, d.kind), " ", d.ordinal,
                      FormatAnswer(d));
}

std::string FormatText(const ScheduleFile& file) {
  const Schedule& s = file.schedule;
  std::string text;
  for (const std::string& line : file.comment) absl::StrAppend(&text, "#", line, "\n");
  absl::StrAppend(&text, "nofail schedule ", kTextVersion, "\n");
  for (size_t i = 0; i < s.maps.size(); ++i) absl::StrAppend(&text, FormatMap(s.maps[i], i));
  for (size_t i = 0; i < s.owners.size(); ++i) absl::StrAppend(&text, FormatOwner(s.owners[i], i));
  absl::StrAppend(&text, FormatModes(s.modes));
  for (size_t i = 0; i < s.setup.size(); i += kOpsPerLine) {
    const Op* first = &s.setup[i];
    absl::StrAppend(&text, "setup: ", FormatOps(first, first + std::min(kOpsPerLine, s.setup.size() - i)), "\n");
  }
  for (size_t i = 0; i < s.tasks.size(); ++i) {
    const std::vector<Op>& ops = s.tasks[i];
    absl::StrAppend(&text, "task ", TaskName({static_cast<uint8_t>(kTaskA + i)}), ": ",
                    FormatOps(ops.data(), ops.data() + ops.size()), "\n");
  }
  for (const Deviation& d : s.deviations) absl::StrAppend(&text, "deviate ", FormatDeviation(s, d), "\n");
  if (s.policy.kind != PolicyKind::kNone) absl::StrAppend(&text, FormatPolicy(s.policy));
  for (const Expectation& expectation : file.expectations) absl::StrAppend(&text, FormatExpectation(expectation));
  return text;
}

}  // namespace nofail
