// SPDX-License-Identifier: MIT
//
// Tells how a violation comes about, as numbered sentences: which task does what, in which order, and at which site.
// Only the events that the story needs become sentences: failures, switches from one task to another, and what happens
// to the objects that the violation is about.
#ifndef NOFAIL_FUZZ_REPORT_INTERLEAVING_H_
#define NOFAIL_FUZZ_REPORT_INTERLEAVING_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "fuzz/check/judged_run.h"

namespace nofail {

// One thing that a task does, or the violation itself.
struct Step {
  OpRef op;              // {} for the violation, and for the end of the process; of what RCU does, the op that runs
  std::string sentence;  // "A (map_free m0) cannot lock storage0, which B holds: -ETIMEDOUT"
  std::string what;      // the sentence without its subject: "cannot lock storage0, which B holds: -ETIMEDOUT"
  std::string begun;     // in the first step of each op: the op, for example "map_free m0"; otherwise ""
  uint32_t event;        // the event that the sentence is about, which may have a site; kNoEvent where there is none
  bool is_before;        // the task is preempted before this event, which comes later
};

// The steps that lead to the violation, in order; the last one is the violation. When it is null, because the process
// ended, the steps are about the whole trace, and the last one says that the process ends by `ending`.
std::vector<Step> Steps(const JudgedRun& report, const Violation* violation, absl::string_view ending = "");
// The site of a step as a sentence has it behind it: "(before SelemUnlinkNofail, teardown.cc:26)". "" without a site.
std::string StepSite(const JudgedRun& report, const Step& step);

// The interleaving that leads to the violation with this signature. When the verdict has no such violation, because the
// process ended, the sentences are about the whole trace and the last one says that the process ends.
//
// The first line says which failures the run needs; the numbered sentences follow. Each element is one line without its
// line break, for a fixed-width font. Lines have at most 118 characters, unless a single token is longer.
std::vector<std::string> Interleaving(const JudgedRun& report, absl::string_view signature);

// Counts the failures of a run, for example "1 failed attempt to lock what is held, 1 failed allocation". "none" when
// nothing failed.
std::string FailuresText(const Trace& trace);

}  // namespace nofail
#endif  // NOFAIL_FUZZ_REPORT_INTERLEAVING_H_
