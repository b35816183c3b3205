// SPDX-License-Identifier: MIT
//
// Text that a terminal shows and does not obey.
#ifndef NOFAIL_FUZZ_BASE_PRINTABLE_H_
#define NOFAIL_FUZZ_BASE_PRINTABLE_H_

#include <string>

#include "absl/strings/string_view.h"

namespace nofail {

// Returns `text` on one line: each control character becomes \xNN. A file name may have any of them, and an escape
// sequence in a name would move the cursor or change the colour. Bytes from 0x80 up stay, because they are letters in
// UTF-8.
std::string Printable(absl::string_view text);

}  // namespace nofail
#endif  // NOFAIL_FUZZ_BASE_PRINTABLE_H_
