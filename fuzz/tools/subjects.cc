// SPDX-License-Identifier: MIT
#include "fuzz/tools/subjects.h"

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

extern "C" {
#define NOFAIL_SUBJECT(symbol, folder) extern const subject* const symbol;
#include "subjects.inc"
#undef NOFAIL_SUBJECT
}

namespace nofail {

const Subjects& AllSubjects() {
  static const Subjects subjects = {
#define NOFAIL_SUBJECT(symbol, folder) symbol,
#include "subjects.inc"
#undef NOFAIL_SUBJECT
  };
  return subjects;
}

const subject* FindSubject(absl::string_view name) {
  for (const subject* subject : AllSubjects()) {
    if (name == subject->name) return subject;
  }
  return nullptr;
}

std::vector<std::pair<std::string, std::string>> SourcesOf(const subject& subject) {
  static const struct {
    const struct subject* of;
    const char* name;
    const char* hash;
  } kSources[] = {
#define NOFAIL_SOURCE(symbol, name, hash) {symbol, name, hash},
#include "sources.inc"
#undef NOFAIL_SOURCE
  };
  std::vector<std::pair<std::string, std::string>> sources;
  for (const auto& source : kSources) {
    if (source.of == &subject) sources.emplace_back(source.name, source.hash);
  }
  return sources;
}

std::vector<std::string> RootsOf(const subject& subject) {
  std::vector<std::string> roots;
#define NOFAIL_SUBJECT(symbol, folder) \
  if (symbol == &subject) roots = {folder, NOFAIL_ROOT};
#include "subjects.inc"
#undef NOFAIL_SUBJECT
  return roots;
}

std::string NamesOf(const Subjects& subjects) {
  return absl::StrJoin(subjects, ", ", [](std::string* out, const subject* subject) { out->append(subject->name); });
}

Subjects SubjectsFor(const ScheduleFile& file, const Subjects& asked) {
  if (!asked.empty()) return asked;
  if (file.expectations.empty()) return {AllSubjects()[0]};
  Subjects named;
  for (const Expectation& expectation : file.expectations) {
    const subject* subject = FindSubject(expectation.subject);
    // Several `expect` lines may name the same subject.
    if (subject != nullptr && std::find(named.begin(), named.end(), subject) == named.end()) named.push_back(subject);
  }
  return named;
}

absl::StatusOr<const subject*> SubjectFor(const ScheduleFile& file, const Subjects& asked) {
  if (asked.size() > 1) {
    return absl::InvalidArgumentError(absl::StrCat("--subject: expected one, not ", NamesOf(asked)));
  }
  const Subjects subjects = SubjectsFor(file, asked);
  if (!subjects.empty()) return subjects[0];
  std::set<std::string> missing;
  AddMissing(file, &missing);
  return absl::InvalidArgumentError(
      absl::StrCat("the schedule is for ", absl::StrJoin(missing, ", "),
                   ", which is not linked here; --subject runs it on another: ", NamesOf(AllSubjects())));
}

void AddMissing(const ScheduleFile& file, std::set<std::string>* missing) {
  for (const Expectation& expectation : file.expectations) {
    if (FindSubject(expectation.subject) == nullptr) missing->insert(expectation.subject);
  }
}

}  // namespace nofail
