// SPDX-License-Identifier: MIT
//
// Prints a violation in the form in which sanitizers report crashes: a header, a stack and a summary. Fuzzing services
// sort crashes by the last such report that a process printed.
//
// STANDS FOR: the real stack of the process at the abort. That stack is the suite's own and the same for every
// violation, so it would tell a service nothing.
// GUARANTEES: the functions of the frames are the same if and only if the signatures of two violations have the same
// hash, in every process and build. The first two frames also have the file and the line where the violation shows;
// services do not tell crashes apart by these. docs/oss-fuzz.md says how ClusterFuzz reads the header;
// tests/crash_test.py reads it in the same way.
#ifndef NOFAIL_FUZZ_REPORT_CRASH_HEADER_H_
#define NOFAIL_FUZZ_REPORT_CRASH_HEADER_H_

#include <string>

#include "fuzz/check/verdict.h"

namespace nofail {

// Returns the report as text with line breaks. `trace` is that of the run; `pid` is the process id to print.
// REQUIRES: the process is about to end by SIGABRT, and prints nothing else in this form.
std::string CrashHeader(const Trace& trace, const Violation& violation, int pid);

}  // namespace nofail
#endif  // NOFAIL_FUZZ_REPORT_CRASH_HEADER_H_
