// SPDX-License-Identifier: MIT
//
// The report as data, for programs.
#ifndef NOFAIL_FUZZ_REPORT_JSON_REPORT_H_
#define NOFAIL_FUZZ_REPORT_JSON_REPORT_H_

#include <nlohmann/json_fwd.hpp>

#include "fuzz/check/judged_run.h"

namespace nofail {

// {"format": 1, "subject", "schedule", "trace_hash" (16 hex digits), "event_count", "locks_needed", "headline" (the
// first signature that is not listed, or null), "violations": [{"signature", "kind", "objects", "functions",
// "attributes" ({key: value}), "listed" (name or null), "known", "event", "involved", "detail"}], "events" (when asked
// for)}
nlohmann::ordered_json JsonReport(const JudgedRun& report, bool with_events);

}  // namespace nofail
#endif  // NOFAIL_FUZZ_REPORT_JSON_REPORT_H_
