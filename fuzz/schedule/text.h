// SPDX-License-Identifier: MIT
//
// Schedules as text (.sched files): the form that people read and write. docs/schedule.md has the grammar.
//
// GUARANTEES: ParseText(FormatText(file)) == file, if the schedule is valid, no string has a line break, `see` has no
// quote, and no line of the comment ends with a blank.
#ifndef NOFAIL_FUZZ_SCHEDULE_TEXT_H_
#define NOFAIL_FUZZ_SCHEDULE_TEXT_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "fuzz/schedule/schedule.h"

namespace nofail {

// One `expect` line: violations that one subject shows when it runs the schedule. A file may have several lines for one
// subject, for example one with a known limitation and one without.
struct Expectation {
  std::string subject;
  std::vector<std::string> signatures;  // of violations (Violation::Signature); empty: the subject passes
  std::string known;                    // the name of the known limitation that these violations are, or ""
  std::string see;                      // where the authors document the limitation, or ""
  bool operator==(const Expectation&) const = default;
};

struct ScheduleFile {
  std::vector<std::string> comment;  // the comment lines above the first sentence, without their '#'
  Schedule schedule;
  std::vector<Expectation> expectations;  // in the order of the file; a subject shows all violations of all its lines
  bool operator==(const ScheduleFile&) const = default;
};

inline constexpr int kTextVersion = 1;

// Parses the text of a file. `file_name` is for error messages only.
// ERRORS: InvalidArgument, with one line: "file:line:column: expected X, found Y". Columns count bytes, from 1.
absl::StatusOr<ScheduleFile> ParseText(absl::string_view text, absl::string_view file_name);
// REQUIRES: the schedule is valid.
std::string FormatText(const ScheduleFile& file);

// Parts of the text, for reports.
std::string FormatOp(const Op& op);                       // "update m0 o1 noexist"
std::string OpName(const Schedule& schedule, OpRef ref);  // "A/update#2", "end/1", "cb/selem3"
std::string FormatDeviation(const Schedule& schedule, const Deviation& deviation);  // "A/map_free: lock 1 timeout"

}  // namespace nofail
#endif  // NOFAIL_FUZZ_SCHEDULE_TEXT_H_
