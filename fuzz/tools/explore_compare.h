// SPDX-License-Identifier: MIT
//
// Compares what the same search has found in two subjects, or in one subject before and after a change.
#ifndef NOFAIL_FUZZ_TOOLS_EXPLORE_COMPARE_H_
#define NOFAIL_FUZZ_TOOLS_EXPLORE_COMPARE_H_

#include <nlohmann/json.hpp>
#include <string>

#include "fuzz/exec/executor.h"

namespace nofail {

// The two subjects, if they are linked here.
struct ComparedSubjects {
  Executor* subject = nullptr;
  Executor* baseline = nullptr;
};

// Why it makes no sense to compare the certificates, in one line; "": it does. They must be of the same scenarios and
// bounds.
std::string NotComparable(const nlohmann::ordered_json& certificate, const nlohmann::ordered_json& baseline);

// What the certificate has found and the baseline has not, and the other way round:
//   "subject", "baseline"  their names
//   "complete"             whether both were searched to the end, so that what is missing is not there
//   "new"    what the baseline does not show
//   "worse"  what the baseline shows, but only after more failures, for other storage types or in the other RCU
//            configuration
//   "gone"   what the baseline alone shows
//   "both"   the rest
// Each is a list of {"signature", "scenarios" (how many show it), "need", "schedule"}. Where both subjects are linked,
// news is doubted: the schedule, and those close by, run on the baseline, and functions may have other names there.
// REQUIRES: the certificates are comparable.
nlohmann::ordered_json CompareCertificates(const nlohmann::ordered_json& certificate,
                                           const nlohmann::ordered_json& baseline, const ComparedSubjects& subjects);

void PrintComparison(const nlohmann::ordered_json& comparison);

}  // namespace nofail
#endif  // NOFAIL_FUZZ_TOOLS_EXPLORE_COMPARE_H_
