// SPDX-License-Identifier: MIT
//
// Whether two subjects show the same violation.
#ifndef NOFAIL_FUZZ_LISTING_SAME_VIOLATION_H_
#define NOFAIL_FUZZ_LISTING_SAME_VIOLATION_H_

#include <string>

#include "core/kernel/trace/trace.h"

namespace nofail {

// Whether `seen` is `expected` up to renamed functions: kind, objects and attributes are equal, each function of
// `expected` that `seen` lacks did not run, and `seen` has as many others instead. `trace` is the run that showed
// `seen`. Both are signatures (Violation::Signature).
bool IsSameViolation(const std::string& expected, const std::string& seen, const Trace& trace);

}  // namespace nofail
#endif  // NOFAIL_FUZZ_LISTING_SAME_VIOLATION_H_
