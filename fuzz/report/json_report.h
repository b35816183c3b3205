// SPDX-License-Identifier: MIT
//
// The report as JSON, for programs.
#ifndef NOFAIL_FUZZ_REPORT_JSON_REPORT_H_
#define NOFAIL_FUZZ_REPORT_JSON_REPORT_H_

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "fuzz/check/judged_run.h"
#include "fuzz/report/source.h"

namespace nofail {

// The result has these members, in this order:
//   "format"        1
//   "subject"       name of the subject
//   "schedule"      the schedule's text form; "" when the report has none
//   "trace_hash"    16 hexadecimal digits
//   "event_count"   number of events in the trace
//   "locks_needed"  "none", "contended" or "any" (describe.h)
//   "headline"      the gravest signature that is not listed, or null
//   "violations"    [{"signature", "kind", "objects", "functions", "attributes" ({key: value}), "listed" (its name in
//                   the list, or null), "known" (true for a known limitation), "cause" (CauseOf: the same for what
//                   belongs together), "need" (NeedText), "event" (its number), "involved" (names of objects),
//                   "detail"}]
//   "events"        only when `with_events`: [{"task", "op" (its number), "kind", "object" (name or null), "offset"
//                   (bytes), "field" (its name, as of FieldOf in describe.h, or null), "detail", "value", "text", and
//                   for an event in the subject "site" ({"function", "file", "line"}) and, where `source` has it,
//                   "source" (the text of that line)}]
// `source` may be null.
nlohmann::ordered_json JsonReport(const JudgedRun& report, bool with_events, Source* source = nullptr);

// Returns the text of a JSON value, indented. A byte that is not UTF-8 becomes U+FFFD: names of files and words of an
// `expect` line may have any bytes.
std::string JsonText(const nlohmann::ordered_json& json);

}  // namespace nofail
#endif  // NOFAIL_FUZZ_REPORT_JSON_REPORT_H_
