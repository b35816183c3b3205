// SPDX-License-Identifier: MIT
//
// Violations in the form in which code hosts show them beside source lines: SARIF 2.1.0 (OASIS, 2020).
#ifndef NOFAIL_FUZZ_REPORT_SARIF_REPORT_H_
#define NOFAIL_FUZZ_REPORT_SARIF_REPORT_H_

#include <cstddef>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "fuzz/check/judged_run.h"

namespace nofail {

// One SARIF log of several runs. Each cause (fuzz/check/cause.h) is one result, told by the first violation that shows
// it, at the last line of the subject that was reached when the violation showed. Its other faces are related locations
// of that result, each signature once. What is listed is a suppressed result: hosts know it, and do not call it news.
// So a cause that has listed and other faces is two results.
//
// A result has the steps that lead to it (interleaving.h) as one code flow, with a thread for each task: the steps'
// executionOrder is their number. Its stacks say where each task stood. Files are relative to the subject's tree.
class SarifReport {
 public:
  // `worse`: listed violations are news as well.
  explicit SarifReport(bool worse = false) : worse_(worse) {}

  void Add(const JudgedRun& run);
  // The whole log of what was added.
  nlohmann::ordered_json Log() const;

 private:
  void AddViolation(const JudgedRun& run, const Violation& violation, const std::string& signature);

  const bool worse_;
  std::set<std::string> signatures_, kinds_;
  std::map<std::string, size_t>
      places_;  // of the result of each cause; those of suppressed ones have keys of their own
  nlohmann::ordered_json results_ = nlohmann::ordered_json::array();
};

}  // namespace nofail
#endif  // NOFAIL_FUZZ_REPORT_SARIF_REPORT_H_
