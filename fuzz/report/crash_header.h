// SPDX-License-Identifier: MIT
//
// A violation in the form in which sanitizers report crashes, for services that sort crashes by what a process printed
// last: a header, a stack, a summary.
//
// STANDS FOR: the stack that the process has when it stops, which is the suite's own and the same for every violation.
// GUARANTEES: two violations give the same frames if and only if they have the same signature (its hash, to be exact),
// in every process and build. docs/oss-fuzz.md says how ClusterFuzz reads it; tests/crash_test.py reads it likewise.
#ifndef NOFAIL_FUZZ_REPORT_CRASH_HEADER_H_
#define NOFAIL_FUZZ_REPORT_CRASH_HEADER_H_

#include <string>

#include "fuzz/check/verdict.h"

namespace nofail {

// REQUIRES: the process is about to end by SIGABRT, and nothing else is printed in this form.
std::string CrashHeader(const Violation& violation, int pid);

}  // namespace nofail
#endif  // NOFAIL_FUZZ_REPORT_CRASH_HEADER_H_
