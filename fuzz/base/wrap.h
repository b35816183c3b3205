// SPDX-License-Identifier: MIT
//
// Wraps the text of an event and its site into lines of limited width.
#ifndef NOFAIL_FUZZ_BASE_WRAP_H_
#define NOFAIL_FUZZ_BASE_WRAP_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace nofail {

// One line: the text, followed by the site. Either may be empty, and the blanks between them are in `site`.
struct Line {
  std::string text, site;
  size_t size() const { return text.size() + site.size(); }  // in bytes
};

// Returns the lines, none longer than `width` bytes. Breaks lines at blanks. A word that is longer than a line is
// broken inside, if possible where a part of a name begins, for example before an upper-case letter. Lines after the
// first are indented by two blanks. The site stands behind the last line of text if it fits there, otherwise on lines
// of its own.
// REQUIRES: width > 8.
std::vector<Line> Wrap(absl::string_view text, absl::string_view site, size_t width);

}  // namespace nofail
#endif  // NOFAIL_FUZZ_BASE_WRAP_H_
