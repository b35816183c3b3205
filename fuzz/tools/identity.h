// SPDX-License-Identifier: MIT
//
// What this program and its subjects were built from, for certificates.
#ifndef NOFAIL_FUZZ_TOOLS_IDENTITY_H_
#define NOFAIL_FUZZ_TOOLS_IDENTITY_H_

#include "core/subjects/subject.h"
#include "fuzz/explore/certificate.h"

namespace nofail {

// REQUIRES: the subject is one of AllSubjects.
Identity IdentityOf(const subject& subject);

}  // namespace nofail
#endif  // NOFAIL_FUZZ_TOOLS_IDENTITY_H_
