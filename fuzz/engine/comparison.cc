// SPDX-License-Identifier: MIT
#include "fuzz/engine/comparison.h"

#include <algorithm>
#include <bit>

#include "fuzz/listing/shows_nearby.h"

namespace nofail {
namespace {

bool IsCompared(const std::string& signature) {
  return !signature.starts_with("data-race/");
}

}  // namespace

std::vector<std::string> ComparedSignatures(const Verdict& verdict) {
  std::vector<std::string> signatures;
  for (const Violation& violation : verdict.violations) {
    std::string signature = violation.Signature();
    if (IsCompared(signature)) signatures.push_back(std::move(signature));
  }
  return signatures;
}

void Comparison::CountPair(const Schedule& schedule, const std::vector<std::string>& shown) {
  const JudgedRun& run = RunAndDropReports(schedule, &executor_);
  ++pairs_;
  for (const std::string& signature : shown) {
    PairCount& count = counts_[signature];
    ++(HasViolation(run, signature) ? count.both : count.subject_alone);
  }
  for (const std::string& signature : ComparedSignatures(run.verdict)) {
    if (std::find(shown.begin(), shown.end(), signature) == shown.end()) ++counts_[signature].baseline_alone;
  }
}

bool Comparison::IsSample(const std::string& signature, uint64_t count) {
  return std::has_single_bit(count) && IsCompared(signature);
}

bool Comparison::Differs(const Schedule& schedule, const std::string& signature) {
  return !HasViolation(RunAndDropReports(schedule, &executor_), signature);
}

void Comparison::AddTo(Status* status) const {
  status->pairs = pairs_;
  for (const auto& [signature, count] : counts_) {
    status->pair_counts.push_back(count);
    status->pair_counts.back().signature = signature;
  }
}

}  // namespace nofail
