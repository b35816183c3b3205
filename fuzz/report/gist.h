// SPDX-License-Identifier: MIT
//
// The gist of a run: three sentences for a reader who has never seen a trace. Who does what, what goes wrong, and what
// it took. Details (objects, sites, events) are in the reports that follow such sentences.
#ifndef NOFAIL_FUZZ_REPORT_GIST_H_
#define NOFAIL_FUZZ_REPORT_GIST_H_

#include <string>

#include "absl/strings/string_view.h"
#include "fuzz/check/judged_run.h"

namespace nofail {

// Each member is a sentence; "" where there is nothing to say.
struct Gist {
  std::string who;    // "In Linux 7.2, A frees the map m0 while B ends the cgroup o1."; of ops that were run
  std::string wrong;  // "B waits for ever, for something that nobody can change any more."
  std::string took;   // "It took 1 failed attempt to lock a storage that was held and 1 preemption."; "" for a pass
};

// The gist of the run, as to this violation of it. null: nothing is wrong.
Gist GistOf(const JudgedRun& report, const Violation* violation);

// What the schedule makes happen at the wrong moment, and what failures are not part of: "1 preemption at the wrong
// moment and 1 grace period that ends late". "" when it makes nothing so happen.
std::string TimingText(const JudgedRun& report);

// What the code is that was run, for a sentence: "Linux 7.2", "the posted series".
std::string CodeText(absl::string_view subject);

// The violation in a few words, for a subject or a title: "use after free in bpf_selem_unlink_nofail()". The function
// is that of the event at which it shows, or of the last event before it of the same op.
std::string TitleOf(const JudgedRun& report, const Violation& violation);

// The kind of a violation in words that kernel reports use, for example "use after free", "refcount saturated".
std::string KindWords(absl::string_view kind);

}  // namespace nofail
#endif  // NOFAIL_FUZZ_REPORT_GIST_H_
