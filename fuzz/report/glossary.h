// SPDX-License-Identifier: MIT
//
// The words and names of reports that a stranger does not know, explained in a line each.
#ifndef NOFAIL_FUZZ_REPORT_GLOSSARY_H_
#define NOFAIL_FUZZ_REPORT_GLOSSARY_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace nofail {

struct Term {
  std::string name;           // as it is in the text: "grace period", "selem1"
  absl::string_view meaning;  // without a full stop
};

// The terms that occur in the text, in the order of the glossary: first objects, then what is done to them. Of names
// with numbers, such as selem0 and selem1, only the first in the text.
std::vector<Term> TermsIn(absl::string_view text);

}  // namespace nofail
#endif  // NOFAIL_FUZZ_REPORT_GLOSSARY_H_
