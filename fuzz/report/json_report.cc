// SPDX-License-Identifier: MIT
#include "fuzz/report/json_report.h"

#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "fuzz/check/cause.h"
#include "fuzz/check/known.h"
#include "fuzz/check/need.h"
#include "fuzz/report/describe.h"

namespace nofail {
namespace {

using Json = nlohmann::ordered_json;

Json ViolationJson(const JudgedRun& report, const Violation& violation) {
  const std::string signature = violation.Signature();
  const Listed* listed = FindListed(report.subject.name, signature);
  Json attributes = Json::object();
  for (const Attribute& attribute : violation.attributes) attributes[attribute.key] = attribute.value;
  Json involved = Json::array();
  for (ObjectId object : violation.involved) involved.push_back(LocationText(report.trace, object, 0));
  return {{"signature", signature},
          {"kind", violation.kind},
          {"objects", violation.objects},
          {"functions", violation.functions},
          {"attributes", attributes},
          {"listed", listed == nullptr ? Json() : Json(listed->name)},
          {"known", listed != nullptr && listed->is_known},
          {"cause", CauseOf(report.trace, violation)},
          {"need", NeedText(NeedOf(report.trace, violation))},
          {"event", violation.event},
          {"involved", involved},
          {"detail", violation.detail}};
}

Json EventJson(const JudgedRun& report, uint32_t event, Source* source) {
  const Trace& trace = report.trace;
  const Event& e = trace.events()[event];
  const std::string field = FieldOf(report, e);
  Json json = {{"task", TaskName(e.op)},
               {"op", e.op.op},
               {"kind", EventKindText(e.kind)},
               {"object", e.object == 0 ? Json() : Json(LocationText(trace, e.object, 0))},
               {"offset", e.offset},
               {"field", field.empty() ? Json() : Json(field)},
               {"detail", e.detail},
               {"value", ValueText(trace, e.value)},
               {"text", Describe(trace, event)}};
  if (e.function != nullptr) json["site"] = {{"function", e.function}, {"file", e.file}, {"line", e.line}};
  if (source != nullptr && !source->Line(e).empty()) json["source"] = std::string(source->Line(e));
  return json;
}

}  // namespace

nlohmann::ordered_json JsonReport(const JudgedRun& report, bool with_events, Source* source) {
  const Violation* headline = Headline(report.verdict, report.subject.name);
  Json violations = Json::array();
  for (const Violation& violation : report.verdict.violations) violations.push_back(ViolationJson(report, violation));
  Json json = {{"format", 1},
               {"subject", report.subject.name},
               {"schedule", ScheduleText(report)},
               {"trace_hash", absl::StrCat(absl::Hex(report.trace.Hash(), absl::kZeroPad16))},
               {"event_count", report.trace.size()},
               {"locks_needed", LocksNeededText(FindLocksNeeded(report.trace))},
               {"headline", headline == nullptr ? Json() : Json(headline->Signature())},
               {"violations", violations}};
  if (with_events) {
    Json& events = json["events"] = Json::array();
    for (uint32_t i = 0; i < report.trace.size(); ++i) events.push_back(EventJson(report, i, source));
  }
  return json;
}

std::string JsonText(const nlohmann::ordered_json& json) {
  return json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace nofail
