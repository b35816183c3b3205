// SPDX-License-Identifier: MIT
#include "fuzz/check/oracles.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "fuzz/check/evidence.h"
#include "fuzz/check/judges.h"

namespace nofail {
namespace {

using FaultJudge = void (*)(const RunView&, uint32_t, Findings*);

// The judge of a fault. Each fault has exactly one.
constexpr FaultJudge JudgeOf(Fault fault) {
  constexpr FaultJudge kJudges[] = {
#define FAULT(name, text, fatality, judge, meaning) Judge##judge,
#include "core/kernel/trace/faults.def"
#undef FAULT
  };
  return kJudges[static_cast<int>(fault)];
}

constexpr void (*kRunJudges[])(const RunView&, Findings*) = {JudgeEventLimit, JudgeWarnings, JudgeState, JudgeCharge,
                                                             JudgeLeaks};

void JudgeFaults(const RunView& run, Findings* findings) {
  if (!run.trace.Has(EventKind::kFault)) return;
  for (uint32_t i = 0; i < run.trace.size(); ++i) {
    const Event& event = run.trace.events()[i];
    if (event.kind == EventKind::kFault) JudgeOf(event.fault())(run, i, findings);
  }
}

void SortUnique(auto* values) {
  std::sort(values->begin(), values->end());
  values->erase(std::unique(values->begin(), values->end()), values->end());
}

}  // namespace

void Findings::Add(Violation violation) {
  SortUnique(&violation.objects);
  SortUnique(&violation.functions);
  if (violation.objects.empty() && violation.functions.empty()) {
    violation.functions.push_back(OpNameAt(trace_, violation.event));
  }
  const std::string signature = violation.Signature();
  for (size_t i = 0; i < counts_.size(); ++i) {
    Violation& known = verdict_.violations[i];
    if (known.kind != violation.kind || known.Signature() != signature) continue;
    ++counts_[i];
    known.involved.insert(known.involved.end(), violation.involved.begin(), violation.involved.end());
    SortUnique(&known.involved);
    return;
  }
  verdict_.violations.push_back(std::move(violation));
  counts_.push_back(1);
}

void Findings::Finish() {
  auto& violations = verdict_.violations;
  if (violations.empty()) return;
  for (size_t i = 0; i < counts_.size(); ++i) {
    if (counts_[i] > 1) absl::StrAppend(&violations[i].detail, " (", counts_[i], " times in this run)");
  }
  auto rank = [](const Violation& v) { return std::tuple(absl::StartsWith(v.kind, "leak."), v.event, v.Signature()); };
  std::sort(violations.begin(), violations.end(),
            [&](const Violation& a, const Violation& b) { return rank(a) < rank(b); });
}

void Judge(const RunView& run, Verdict* verdict) {
  Findings findings(run.trace, verdict);
  JudgeFaults(run, &findings);
  for (auto judge : kRunJudges) judge(run, &findings);
  findings.Finish();
}

}  // namespace nofail
