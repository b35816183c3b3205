// SPDX-License-Identifier: MIT
//
// Harness bugs: bugs of the suite itself. Examples are two runs of one schedule that differ, and a bound that no
// schedule should reach. A harness bug must never be reported as a finding about the subject.
#ifndef NOFAIL_FUZZ_BASE_HARNESS_BUG_H_
#define NOFAIL_FUZZ_BASE_HARNESS_BUG_H_

namespace nofail {

// Prints "nofail: HARNESS BUG: WHAT" and then `details` to stderr, and ends the process with kHarnessBug. `details` is
// whole lines, or "". Ends the process by _exit, so that no fuzzing engine reports a crash of the subject.
[[noreturn]] void HarnessBug(const char* what, const char* details = "");

}  // namespace nofail
#endif  // NOFAIL_FUZZ_BASE_HARNESS_BUG_H_
