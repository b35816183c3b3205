// SPDX-License-Identifier: MIT
//
// An event's words and its site as lines of limited width.
#ifndef NOFAIL_FUZZ_BASE_WRAP_H_
#define NOFAIL_FUZZ_BASE_WRAP_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace nofail {

struct Line {
  std::string text, site;  // printed one after the other, blanks included
  size_t size() const { return text.size() + site.size(); }
};

// Breaks at blanks; a word that is too long, inside a name where its next part begins. Lines after the first are
// indented by two. The site goes behind the text where there is room, else on lines of its own. REQUIRES: width > 8.
std::vector<Line> Wrap(absl::string_view text, absl::string_view site, size_t width);

}  // namespace nofail
#endif  // NOFAIL_FUZZ_BASE_WRAP_H_
