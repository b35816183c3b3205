// SPDX-License-Identifier: MIT
#include "fuzz/report/sarif_report.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "fuzz/check/cause.h"
#include "fuzz/check/known.h"
#include "fuzz/report/describe.h"

namespace nofail {
namespace {

using Json = nlohmann::ordered_json;

// Where the violation shows, and what it is; without a physical location if no line of the subject was reached.
Json Location(const JudgedRun& run, const Violation& violation) {
  Json location = Json::object();
  if (const Event* e = LastSite(run.trace, violation.event)) {
    location["physicalLocation"] = {{"artifactLocation", {{"uri", e->file}}}, {"region", {{"startLine", e->line}}}};
  }
  return location;
}

Json Message(const Violation& violation, const std::string& signature) {
  return {{"text", absl::StrCat(signature, ": ", violation.detail)}};
}

Json Result(const JudgedRun& run, const Violation& violation, const std::string& signature, const std::string& cause) {
  Json result = {{"ruleId", violation.kind},
                 {"level", "error"},
                 {"message", Message(violation, signature)},
                 {"partialFingerprints", {{"cause/v1", cause}}}};
  if (Json location = Location(run, violation); !location.empty()) result["locations"] = Json::array({location});
  return result;
}

}  // namespace

void SarifReport::AddViolation(const JudgedRun& run, const Violation& violation, const std::string& signature) {
  const Listed* listed = worse_ ? nullptr : FindListed(run.subject.name, signature);
  const std::string cause = CauseOf(run.trace, violation);
  const auto [place, is_first] =
      places_.try_emplace(absl::StrCat(listed == nullptr ? "" : "listed ", cause), results_.size());
  if (is_first) {
    kinds_.insert(violation.kind);
    Json& result = results_.emplace_back(Result(run, violation, signature, cause));
    if (listed == nullptr) return;
    const std::string why = absl::StrCat("listed in the crash corpus: ", listed->name);
    result["suppressions"] = Json::array({{{"kind", "external"}, {"justification", why}}});
    return;
  }
  Json& faces = results_[place->second]["relatedLocations"];
  Json face = Location(run, violation);
  face["id"] = faces.size() + 1;  // `faces` is null before the first one; then its size is 0
  face["message"] = Message(violation, signature);
  faces.push_back(face);
}

void SarifReport::Add(const JudgedRun& run) {
  for (const Violation& violation : run.verdict.violations) {
    const std::string signature = violation.Signature();
    if (signatures_.insert(signature).second) AddViolation(run, violation, signature);
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
