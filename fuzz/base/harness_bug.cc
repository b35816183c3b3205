// SPDX-License-Identifier: MIT
#include "fuzz/base/harness_bug.h"

#include <unistd.h>

#include <cstdio>

#include "fuzz/base/exit_code.h"

namespace nofail {

void HarnessBug(const char* what, const char* details) {
  fprintf(stderr, "nofail: HARNESS BUG: %s\n%s", what, details);
  _exit(kHarnessBug);
}

}  // namespace nofail
