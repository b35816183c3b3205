// SPDX-License-Identifier: MIT
#include "fuzz/report/sarif_report.h"

#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/kernel/trace/ids.h"
#include "fuzz/check/cause.h"
#include "fuzz/check/known.h"
#include "fuzz/report/describe.h"
#include "fuzz/report/interleaving.h"

namespace nofail {
namespace {

using Json = nlohmann::ordered_json;

// What paths are relative to: the tree that the subject was built from. Hosts take it for the repository.
constexpr const char* kTree = "%SRCROOT%";

// The file and line of an event, and its function. REQUIRES: the event has a site.
Json PlaceOf(const Event& e) {
  Json physical = {{"artifactLocation", {{"uri", e.file}, {"uriBaseId", kTree}}}};
  if (e.line != 0) physical["region"] = {{"startLine", e.line}};
  const Json function = {{"name", e.function}, {"kind", "function"}};
  return {{"physicalLocation", physical}, {"logicalLocations", Json::array({function})}};
}

// Where the violation shows: the last line of the subject up to there; without one, if none was reached.
Json Location(const JudgedRun& run, const Violation& violation) {
  const Event* e = LastSite(run.trace, violation.event);
  return e == nullptr ? Json::object() : PlaceOf(*e);
}

Json Message(const JudgedRun& run, const Violation& violation, const std::string& signature) {
  return {{"text", absl::StrCat(signature, ": ", WithFields(run, violation.detail))}};
}

// The task of a step. The last step is the violation itself, which shows in one of the tasks as well.
std::string TaskOf(const JudgedRun& run, const Violation& violation, const Step& step) {
  return TaskName(step.op == OpRef{} ? run.trace.events()[violation.event].op : step.op);
}

// How the violation comes about: a thread for each task, whose steps are numbered across all of them.
Json CodeFlow(const JudgedRun& run, const Violation& violation) {
  std::vector<std::string> tasks;  // in the order in which they come in
  std::map<std::string, Json> locations;
  int number = 0;
  for (const Step& step : Steps(run, &violation)) {
    const Event* e = step.event == kNoEvent ? nullptr : &run.trace.events()[step.event];
    Json location = e != nullptr && e->function != nullptr ? PlaceOf(*e) : Json::object();
    if (step.op == OpRef{}) location = Location(run, violation);
    location["message"] = {{"text", absl::StrCat(step.sentence, step.is_before ? " before this line" : "")}};
    const std::string task = TaskOf(run, violation, step);
    Json& steps = locations[task];
    if (steps.is_null()) tasks.push_back(task);
    steps.push_back({{"location", location}, {"executionOrder", ++number}});
  }
  Json threads = Json::array();
  for (const std::string& task : tasks) threads.push_back({{"id", task}, {"locations", locations[task]}});
  return {{"threadFlows", threads}};
}

// Where each task that is in the middle of an op stands when the violation shows. A task's stack is known as far as its
// op and the function of the subject that it is in.
Json Stacks(const JudgedRun& run, const Violation& violation) {
  std::map<OpRef, const Event*> standing;  // nullptr: it has not reached the subject yet
  for (uint32_t i = 0; i <= violation.event && i < run.trace.size(); ++i) {
    const Event& e = run.trace.events()[i];
    if (e.kind == EventKind::kOpBegin || e.kind == EventKind::kCallbackBegin) standing[e.op] = nullptr;
    if (e.kind == EventKind::kOpEnd || e.kind == EventKind::kCallbackEnd) standing.erase(e.op);
    const auto op = standing.find(e.op);
    if (op != standing.end() && e.function != nullptr && !IsByRcu(e)) op->second = &e;
  }
  Json stacks = Json::array();
  for (const auto& [op, e] : standing) {
    if (e == nullptr) continue;
    const std::string text = absl::StrCat("where ", TaskName(op), " stands");
    const Json frame = {{"location", PlaceOf(*e)}};
    stacks.push_back({{"message", {{"text", text}}}, {"frames", Json::array({frame})}});
  }
  return stacks;
}

Json Result(const JudgedRun& run, const Violation& violation, const std::string& signature, const std::string& cause) {
  Json result = {{"ruleId", violation.kind},
                 {"level", "error"},
                 {"message", Message(run, violation, signature)},
                 {"partialFingerprints", {{"cause/v1", cause}}}};
  if (Json location = Location(run, violation); !location.empty()) result["locations"] = Json::array({location});
  result["codeFlows"] = Json::array({CodeFlow(run, violation)});
  if (Json stacks = Stacks(run, violation); !stacks.empty()) result["stacks"] = stacks;
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
  face["message"] = Message(run, violation, signature);
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
  const Json tree = {{"description", {{"text", "the top of the tree that the subject was built from"}}}};
  const Json run = {{"tool", {{"driver", driver}}}, {"originalUriBaseIds", {{kTree, tree}}}, {"results", results_}};
  return {
      {"$schema", "https://json.schemastore.org/sarif-2.1.0.json"}, {"version", "2.1.0"}, {"runs", Json::array({run})}};
}

}  // namespace nofail
