// SPDX-License-Identifier: MIT
//
// The violations that are listed: known limitations (corpus/known/, the authors documented them) and findings
// (corpus/findings/, we found them). Compiled in from the `expect` lines of those schedules, so that a bare fuzz binary
// counts them and goes on. A listed violation never hides another.
#ifndef NOFAIL_FUZZ_CHECK_KNOWN_H_
#define NOFAIL_FUZZ_CHECK_KNOWN_H_

#include <span>
#include <string_view>

#include "fuzz/check/verdict.h"

namespace nofail {

struct Listed {
  const char* subject;
  const char* signature;
  const char* name;  // what the schedule's line says after known=, or else its file, as CAUSE/NAME without .sched
  bool is_known;     // a known limitation; false: a finding
};

std::span<const Listed> AllListed();
// nullptr: not listed for this subject.
const Listed* FindListed(std::string_view subject, std::string_view signature);
// The first violation that is not listed: what is new. nullptr when there is none.
const Violation* Headline(const Verdict& verdict, std::string_view subject);

}  // namespace nofail
#endif  // NOFAIL_FUZZ_CHECK_KNOWN_H_
