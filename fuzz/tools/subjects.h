// SPDX-License-Identifier: MIT
//
// The subjects that the `nofail` command is linked with (cmake/subjects.cmake), and which of them a schedule is run on.
#ifndef NOFAIL_FUZZ_TOOLS_SUBJECTS_H_
#define NOFAIL_FUZZ_TOOLS_SUBJECTS_H_

#include <set>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/subjects/subject.h"
#include "fuzz/schedule/text.h"

namespace nofail {

using Subjects = std::vector<const subject*>;

// Never empty; the first is the default one. Each name stands once.
const Subjects& AllSubjects();
// nullptr: there is none of that name here.
const subject* FindSubject(absl::string_view name);
// "posted, linux-7.2"
std::string NamesOf(const Subjects& subjects);

// What to run a schedule on: `asked`, if that is not empty; else those of the subjects here that its `expect` lines
// name, maybe none; else, when there are no such lines, the default one.
Subjects SubjectsFor(const ScheduleFile& file, const Subjects& asked);
// The same where there can be only one: the first. Errors are one line and say what to do.
absl::StatusOr<const subject*> SubjectFor(const ScheduleFile& file, const Subjects& asked);
// Adds the subjects that the schedule names and that are not here.
void AddMissing(const ScheduleFile& file, std::set<std::string>* missing);

}  // namespace nofail
#endif  // NOFAIL_FUZZ_TOOLS_SUBJECTS_H_
