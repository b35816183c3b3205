// SPDX-License-Identifier: MIT
//
// What sanitizers and signals say about the subject becomes faults of the run, in the same process: so a finding costs
// one execution, not a restart, and gets the same verdict and report as any other.
//
// To be linked into every program that runs a subject: as nofail_sanitizer_hooks, an object library, because nothing
// refers to it by name and an archive's members would be left out. It also compiles in the sanitizer options that
// verdicts depend on.
//
//   AddressSanitizer           -> use-after-free, out-of-bounds, sanitizer (the run ends at the next scheduling point)
//   ThreadSanitizer            -> data-race (the run goes on)
//   UndefinedBehaviorSanitizer -> sanitizer; compiled to traps, since its runtime reports each place only once
//   SIGSEGV, SIGBUS, ...       -> null-dereference, sanitizer, when the subject's own code was running; else the
//   process
//                                 ends as it would have
#ifndef NOFAIL_FUZZ_SANITIZERS_SANITIZER_HOOKS_H_
#define NOFAIL_FUZZ_SANITIZERS_SANITIZER_HOOKS_H_

#include <string>

#include "absl/strings/string_view.h"

namespace nofail {

// What this program was built with, in the words of `--sanitizer`.
#if NOFAIL_ASAN
inline constexpr absl::string_view kSanitizer = "address";
#elif NOFAIL_TSAN
inline constexpr absl::string_view kSanitizer = "thread";
#else
inline constexpr absl::string_view kSanitizer = "none";
#endif

// Installs the signal handlers, and hides the sanitizers' own reports from now on; not where UndefinedBehaviorSanitizer
// is alone, whose reports end the process. `on_death` (may be null) is called once when a signal is about to end the
// process.
void InstallSanitizerHooks(void (*on_death)());

// Keeps the sanitizers' own reports off stderr from now on, the one of an abort() included.
void HideSanitizerReports();

// What the sanitizers have printed since the last call. Empty unless there was a report.
std::string TakeSanitizerReports();

// Whether ThreadSanitizer prints what it reports, as it does at first: that takes as long as dozens of runs.
void PrintRaces(bool print);

}  // namespace nofail
#endif  // NOFAIL_FUZZ_SANITIZERS_SANITIZER_HOOKS_H_
