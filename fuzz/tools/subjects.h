// SPDX-License-Identifier: MIT
//
// The subjects that the `nofail` command is linked with (cmake/subjects.cmake), and which of them a schedule runs on.
#ifndef NOFAIL_FUZZ_TOOLS_SUBJECTS_H_
#define NOFAIL_FUZZ_TOOLS_SUBJECTS_H_

#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/subjects/subject.h"
#include "fuzz/schedule/text.h"

namespace nofail {

using Subjects = std::vector<const subject*>;

// All subjects that the command is linked with. There is at least one, and names are unique. The first is the default.
const Subjects& AllSubjects();
// The subject with this name; nullptr when the command has none.
const subject* FindSubject(absl::string_view name);
// The source files that the subject was built from, as the names that its tree has for them, each with the SHA-256 of
// its contents in hexadecimal digits.
std::vector<std::pair<std::string, std::string>> SourcesOf(const subject& subject);
// The folders that the names of the subject's sites are relative to: its tree, and this suite. What they have may have
// been changed since, or be gone.
std::vector<std::string> RootsOf(const subject& subject);
// The names as a list for a person, for example "posted, linux-7.2".
std::string NamesOf(const Subjects& subjects);

// The subjects on which to run a schedule:
//   1. `asked`, the subjects that the user asked for, unless that is empty;
//   2. otherwise, when the file has `expect` lines, the subjects that they name and that the command has (maybe none);
//   3. otherwise the default subject.
Subjects SubjectsFor(const ScheduleFile& file, const Subjects& asked);
// The same for a command that takes one subject: returns the first of them. It is an error when `asked` has several, or
// when there is none to run on. Errors are one line that says what to do.
absl::StatusOr<const subject*> SubjectFor(const ScheduleFile& file, const Subjects& asked);
// Adds to `missing` the names of the subjects that the file names and that the command does not have.
void AddMissing(const ScheduleFile& file, std::set<std::string>* missing);

}  // namespace nofail
#endif  // NOFAIL_FUZZ_TOOLS_SUBJECTS_H_
