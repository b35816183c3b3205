// SPDX-License-Identifier: MIT
//
// The exit codes of every program of the suite: the nofail command, the fuzz binaries and the processes they start.
// Scripts use the same numbers, so a number never gets another meaning.
#ifndef NOFAIL_FUZZ_BASE_EXIT_CODE_H_
#define NOFAIL_FUZZ_BASE_EXIT_CODE_H_

namespace nofail {

enum ExitCode {
  kAsExpected = 0,
  kUnexpected = 1,         // a violation that was not expected
  kUsage = 2,              // wrong arguments, or input that cannot be used
  kHarnessBug = 3,         // a bug of the suite itself (harness_bug.h)
  kNothingToMinimize = 4,  // the schedule does not show the violation to minimize, or none to write a mail about
  kSetUpFailed = 5,        // the program cannot get something that it needs, such as disk space
  kIncomplete = 6,         // a search or a check ended before it was complete, and nothing new was found
  kInterrupted = 130,      // SIGINT or SIGTERM ended the program
};

}  // namespace nofail
#endif  // NOFAIL_FUZZ_BASE_EXIT_CODE_H_
