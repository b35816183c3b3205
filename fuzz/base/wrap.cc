// SPDX-License-Identifier: MIT
#include "fuzz/base/wrap.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace nofail {
namespace {

constexpr size_t kIndent = 2;

// How many bytes of `text` go on a line that has room for `room` bytes.
size_t Cut(absl::string_view text, size_t room) {
  if (text.size() <= room) return text.size();
  const size_t space = text.rfind(' ', room);
  if (space != absl::string_view::npos && space != 0) return space;
  for (size_t at = room; at > room / 2; --at) {
    const bool part_begins = text[at] == ':' || text[at] == '+' || text[at - 1] == '_' ||
                             (absl::ascii_isupper(text[at]) && absl::ascii_islower(text[at - 1]));
    if (part_begins) return at;
  }
  return room;
}

}  // namespace

std::vector<Line> Wrap(absl::string_view text, absl::string_view site, size_t width) {
  std::vector<Line> lines;
  auto next = [&](absl::string_view* rest) {
    const std::string indent(lines.empty() ? 0 : kIndent, ' ');
    const size_t cut = Cut(*rest, width - indent.size());
    const std::string line = absl::StrCat(indent, rest->substr(0, cut));
    rest->remove_prefix(cut);
    while (!rest->empty() && rest->front() == ' ') rest->remove_prefix(1);
    return line;
  };
  while (!text.empty()) lines.push_back({next(&text), ""});
  if (site.empty()) return lines;
  if (!lines.empty() && lines.back().size() + 2 + site.size() <= width) {
    lines.back().site = absl::StrCat("  ", site);
    return lines;
  }
  while (!site.empty()) lines.push_back({"", next(&site)});
  return lines;
}

}  // namespace nofail
