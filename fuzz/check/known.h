// SPDX-License-Identifier: MIT
//
// The violations that are listed. A listed violation is a known limitation, which the authors of the patch documented
// (corpus/known/), or a finding of this project (corpus/findings/).
//
// The build compiles the list from the `expect` lines of the schedules in these two folders. So even a bare fuzz binary
// has the list: it counts listed violations and goes on. A listed violation never hides a new one in the same run.
#ifndef NOFAIL_FUZZ_CHECK_KNOWN_H_
#define NOFAIL_FUZZ_CHECK_KNOWN_H_

#include <span>
#include <string_view>

#include "fuzz/check/verdict.h"

namespace nofail {

// One listed violation. Strings are static.
struct Listed {
  const char* subject;    // name of the subject that has the violation
  const char* signature;  // Violation::Signature()
  const char* name;       // what the `expect` line says after known=; without that, the file as CAUSE/NAME, no .sched
  bool is_known;          // true: a known limitation; false: a finding
};

// Several schedules may show a violation. Whether it is better known under the name `a` than under `b`: as a known
// limitation, by a file or a cause that is named for its kind, or under the shorter name.
struct ListedName {
  std::string_view name;
  bool is_known;
};
bool IsBetterName(const ListedName& a, const ListedName& b, std::string_view signature);

// All listed violations, of all subjects.
std::span<const Listed> AllListed();
// The entry of a signature; nullptr when it is not listed for this subject.
const Listed* FindListed(std::string_view subject, std::string_view signature);
// The gravest violation of the verdict that is new, which is to say not listed for this subject; of several the first.
// nullptr when there is none. The result points into `verdict`.
const Violation* Headline(const Verdict& verdict, std::string_view subject);
// The violation that a report of the run is about: the headline, or the gravest of all when all are listed. nullptr
// when the run passes. The result points into `verdict`.
const Violation* Foremost(const Verdict& verdict, std::string_view subject);

}  // namespace nofail
#endif  // NOFAIL_FUZZ_CHECK_KNOWN_H_
