// SPDX-License-Identifier: MIT
#include "fuzz/tools/identity.h"

#include "fuzz/tools/subjects.h"

namespace nofail {

namespace {

constexpr char kSuite[] =
#include "suite.inc"
    ;

}  // namespace

Identity IdentityOf(const subject& subject) {
  return {.sources = SourcesOf(subject), .version = NOFAIL_VERSION, .suite = kSuite, .compiler = __VERSION__};
}

}  // namespace nofail
