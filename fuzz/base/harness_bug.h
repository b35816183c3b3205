// SPDX-License-Identifier: MIT
//
// A bug of the suite itself: two runs of one schedule differ, or a bound is passed that no schedule should reach. It
// must never be reported as a finding about the subject.
#ifndef NOFAIL_FUZZ_BASE_HARNESS_BUG_H_
#define NOFAIL_FUZZ_BASE_HARNESS_BUG_H_

namespace nofail {

// Prints "nofail: HARNESS BUG: WHAT" and then `details` to stderr, and ends the process with kHarnessBug. It leaves at
// once, so that no fuzzing engine files this as a crash of the subject. `details`: whole lines, or "".
[[noreturn]] void HarnessBug(const char* what, const char* details = "");

}  // namespace nofail
#endif  // NOFAIL_FUZZ_BASE_HARNESS_BUG_H_
