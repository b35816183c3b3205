// SPDX-License-Identifier: MIT
//
// The exit codes of every program of the suite: the command, the fuzz binaries and what they start. Scripts use the
// same numbers, so a number never gets another meaning.
#ifndef NOFAIL_FUZZ_BASE_EXIT_CODE_H_
#define NOFAIL_FUZZ_BASE_EXIT_CODE_H_

namespace nofail {

enum ExitCode {
  kAsExpected = 0,
  kUnexpected = 1,         // a violation that was not expected
  kUsage = 2,              // wrong arguments, or input that cannot be used
  kHarnessBug = 3,         // a bug of the suite itself (harness_bug.h)
  kNothingToMinimize = 4,  // the schedule shows no violation
  kSetUpFailed = 5,        // something that the program needs cannot be had, such as room on the disk
  kInterrupted = 130,      // by SIGINT or SIGTERM
};

}  // namespace nofail
#endif  // NOFAIL_FUZZ_BASE_EXIT_CODE_H_
