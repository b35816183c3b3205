// SPDX-License-Identifier: MIT
#include "fuzz/report/sarif_report.h"

#include "absl/strings/str_cat.h"
#include "fuzz/check/known.h"

namespace nofail {
namespace {

using Json = nlohmann::ordered_json;

// The last event up to `event` that has a line of the subject; nullptr: none has.
const Event* LastWithSite(const Trace& trace, uint32_t event) {
  for (uint32_t i = event + 1; i > 0; --i) {
    const Event& e = trace.events()[i - 1];
    if (e.function != nullptr) return &e;
  }
  return nullptr;
}

Json Result(const JudgedRun& run, const Violation& violation, const std::string& signature, bool worse) {
  Json result = {{"ruleId", violation.kind},
                 {"level", "error"},
                 {"message", {{"text", absl::StrCat(signature, ": ", violation.detail)}}},
                 {"partialFingerprints", {{"signature/v1", signature}}}};
  if (const Event* e = LastWithSite(run.trace, violation.event)) {
    const Json location = {{"artifactLocation", {{"uri", e->file}}}, {"region", {{"startLine", e->line}}}};
    result["locations"] = Json::array({{{"physicalLocation", location}}});
  }
  const Listed* listed = worse ? nullptr : FindListed(run.subject.name, signature);
  if (listed != nullptr) {
    const std::string why = absl::StrCat("listed in the crash corpus: ", listed->name);
    result["suppressions"] = Json::array({{{"kind", "external"}, {"justification", why}}});
  }
  return result;
}

}  // namespace

void SarifReport::Add(const JudgedRun& run) {
  for (const Violation& violation : run.verdict.violations) {
    const std::string signature = violation.Signature();
    if (!signatures_.insert(signature).second) continue;
    kinds_.insert(violation.kind);
    results_.push_back(Result(run, violation, signature, worse_));
  }
}

Json SarifReport::Log() const {
  Json rules = Json::array();
  for (const std::string& kind : kinds_) rules.push_back({{"id", kind}});
  const Json driver = {{"name", "nofail"}, {"rules", rules}};
  const Json run = {{"tool", {{"driver", driver}}}, {"results", results_}};
  return {
      {"$schema", "https://json.schemastore.org/sarif-2.1.0.json"}, {"version", "2.1.0"}, {"runs", Json::array({run})}};
}

}  // namespace nofail
