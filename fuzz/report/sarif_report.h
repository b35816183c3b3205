// SPDX-License-Identifier: MIT
//
// Violations in the form in which code hosts show them beside source lines: SARIF 2.1.0 (OASIS, 2020).
#ifndef NOFAIL_FUZZ_REPORT_SARIF_REPORT_H_
#define NOFAIL_FUZZ_REPORT_SARIF_REPORT_H_

#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "fuzz/check/judged_run.h"

namespace nofail {

// One SARIF log of several runs. Each signature is one result, of the first run that shows it, at the last line of the
// subject that was reached when the violation showed. A listed violation is a suppressed result: hosts know it, and do
// not call it news.
class SarifReport {
 public:
  // `worse`: listed violations are news as well.
  explicit SarifReport(bool worse = false) : worse_(worse) {}

  void Add(const JudgedRun& run);
  // The whole log of what was added.
  nlohmann::ordered_json Log() const;

 private:
  const bool worse_;
  std::set<std::string> signatures_, kinds_;
  nlohmann::ordered_json results_ = nlohmann::ordered_json::array();
};

}  // namespace nofail
#endif  // NOFAIL_FUZZ_REPORT_SARIF_REPORT_H_
