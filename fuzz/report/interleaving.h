// SPDX-License-Identifier: MIT
//
// How a violation comes about, as numbered sentences: who does what, in which order, where in the source. The fewest
// that tell it: what fails, where a task is preempted, and what happens to the objects that are violated.
#ifndef NOFAIL_FUZZ_REPORT_INTERLEAVING_H_
#define NOFAIL_FUZZ_REPORT_INTERLEAVING_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "fuzz/check/judged_run.h"

namespace nofail {

// The story of the violation with this signature; where the verdict has none such (the process ended), of the whole
// trace. First what it needs, then the numbered sentences. Lines without line breaks, to be read in a fixed-width font,
// of at most 118 columns where words allow.
std::vector<std::string> Interleaving(const JudgedRun& report, absl::string_view signature);

// Which failures a run has: "1 lock attempt that fails while another task holds the lock, 1 failed allocation"; "none".
std::string FailuresText(const Trace& trace);

}  // namespace nofail
#endif  // NOFAIL_FUZZ_REPORT_INTERLEAVING_H_
