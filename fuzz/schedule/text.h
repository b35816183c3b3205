// SPDX-License-Identifier: MIT
//
// Schedules as text (.sched files): the form people read and write. docs/schedule.md has the grammar.
//
// GUARANTEES: ParseText(FormatText(file)) == file for every file whose schedule is valid and whose strings stay on
// their line (no line breaks, no quotes in `see`, no trailing blanks in comments).
#ifndef NOFAIL_FUZZ_SCHEDULE_TEXT_H_
#define NOFAIL_FUZZ_SCHEDULE_TEXT_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "fuzz/schedule/schedule.h"

namespace nofail {

// What one subject does with the schedule, or that part of it that is known by one name.
struct Expectation {
  std::string subject;
  std::vector<std::string> signatures;  // of every violation, as Violation::Signature has them; none: it passes
  std::string known;                    // the known limitation this is, or ""
  std::string see;                      // where the authors say so, or ""
  bool operator==(const Expectation&) const = default;
};

struct ScheduleFile {
  std::vector<std::string> comment;  // the lines above the first sentence, without their '#'
  Schedule schedule;
  std::vector<Expectation> expectations;  // in the file's order; those of one subject add up
  bool operator==(const ScheduleFile&) const = default;
};

inline constexpr int kTextVersion = 1;

// An error is one line: "file:line:column: expected X, found Y". Columns count bytes from 1.
absl::StatusOr<ScheduleFile> ParseText(absl::string_view text, absl::string_view file_name);
std::string FormatText(const ScheduleFile& file);

// Parts of the same text, for reports.
std::string FormatOp(const Op& op);                       // "update m0 o1 noexist"
std::string OpName(const Schedule& schedule, OpRef ref);  // "A/update#2", "end/1", "cb/selem3"
std::string FormatDeviation(const Schedule& schedule, const Deviation& deviation);  // "A/map_free: lock 1 timeout"

}  // namespace nofail
#endif  // NOFAIL_FUZZ_SCHEDULE_TEXT_H_
