// SPDX-License-Identifier: MIT
#include "fuzz/base/printable.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_format.h"

namespace nofail {

std::string Printable(absl::string_view text) {
  std::string shown;
  for (const char c : text) {
    const unsigned char byte = static_cast<unsigned char>(c);
    if (absl::ascii_iscntrl(byte)) {
      absl::StrAppendFormat(&shown, "\\x%02x", byte);
    } else {
      shown.push_back(c);
    }
  }
  return shown;
}

}  // namespace nofail
