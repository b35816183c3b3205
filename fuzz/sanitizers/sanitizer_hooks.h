// SPDX-License-Identifier: MIT
//
// Turns sanitizer reports and signals about the subject into faults of the run, without ending the process. So a
// violation that a sanitizer finds costs one execution instead of a restart, and has the same verdict and report as any
// other.
//
//   AddressSanitizer: faults use-after-free, out-of-bounds or sanitizer. The run ends at the next scheduling point.
//   ThreadSanitizer: fault data-race. The run goes on.
//   UndefinedBehaviorSanitizer: fault sanitizer. The code is compiled to trap, because the runtime of this sanitizer
//     reports each site only once per process.
//   SIGSEGV, SIGBUS and other signals of the processor: faults null-dereference or sanitizer, if the subject's own code
//     was running. Otherwise the process ends as it would without these hooks.
//
//   In the build that sees every access (NOFAIL_ACCESSES) no sanitizer reports. The simulator itself notices bad plain
//     accesses, and these hooks tell it which function makes one.
//
// Every program that runs a subject must link the object library nofail_sanitizer_hooks. It is an object library
// because nothing refers to the hooks by name, so a linker would leave them out of an archive. The library also
// contains the sanitizer options on which verdicts depend.
#ifndef NOFAIL_FUZZ_SANITIZERS_SANITIZER_HOOKS_H_
#define NOFAIL_FUZZ_SANITIZERS_SANITIZER_HOOKS_H_

#include <string>

#include "absl/strings/string_view.h"

namespace nofail {

// The sanitizer that this program was built with, as scripts name it in `--sanitizer`.
#if NOFAIL_ASAN
inline constexpr absl::string_view kSanitizer = "address";
#elif NOFAIL_TSAN
inline constexpr absl::string_view kSanitizer = "thread";
#elif NOFAIL_ACCESSES
inline constexpr absl::string_view kSanitizer = "race";
#else
inline constexpr absl::string_view kSanitizer = "none";
#endif

// Installs the signal handlers, and hides the sanitizers' own reports from now on (HideSanitizerReports). In a build
// with UndefinedBehaviorSanitizer alone the reports stay visible, because there they end the process. `on_death` is
// called when a signal is about to end the process; it may be null.
void InstallSanitizerHooks(void (*on_death)());

// From now on, the text of sanitizer reports goes to a file in memory instead of stderr. This includes the report that
// a sanitizer makes of an abort().
void HideSanitizerReports();

// Returns the hidden text of sanitizer reports and empties the file. Empty when there was no report since the last
// call.
std::string TakeSanitizerReports();

// Says whether ThreadSanitizer shall make the text of its reports. It does so until this is called with false. Making
// the text takes as long as dozens of runs. Races become faults of the run in both cases.
void PrintRaces(bool print);

}  // namespace nofail
#endif  // NOFAIL_FUZZ_SANITIZERS_SANITIZER_HOOKS_H_
