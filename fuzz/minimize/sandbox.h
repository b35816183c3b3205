// SPDX-License-Identifier: MIT
//
// Runs schedules in a child process, so that whatever ends a run counts the same: a violation that an oracle judges, a
// signal outside the subject, an abort, a sanitizer that gives up, a loop without end.
//
// One child runs one schedule after the other, each on fresh fibers; only what ends it costs a new one. The process
// that has the sandbox never runs a subject itself (a thread sanitizer that has seen fibers does not survive a fork).
#ifndef NOFAIL_FUZZ_MINIMIZE_SANDBOX_H_
#define NOFAIL_FUZZ_MINIMIZE_SANDBOX_H_

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "core/subjects/subject.h"
#include "fuzz/schedule/schedule.h"

namespace nofail {

// What one run came to.
struct SandboxResult {
  std::vector<std::string> signatures;  // of each violation, in order
  std::string headline;                 // the first that is not listed, else the first; "": it passes
  std::vector<Deviation> recorded;  // every answer that was not the default, sorted: without a policy, they are the run
  std::vector<std::string> story;   // when asked for: the interleaving
  uint64_t trace = 0;               // its hash
  bool died = false;                // it ended the process; then there is one signature, crash/WHAT/FUNCTION, where
                                    // WHAT is a signal, `hang`, `sanitizer` or `exit-N`
  bool harness_bug = false;         // the suite's own fault, said on stderr already; nothing else holds
};

class Sandbox {
 public:
  // A run that takes more processor time than this hangs. Usual ones take less than 10 milliseconds.
  static constexpr int kHangMilliseconds = 300;

  explicit Sandbox(const subject& subject) : subject_(subject) {}
  ~Sandbox() { Renew(); }
  Sandbox(const Sandbox&) = delete;
  Sandbox& operator=(const Sandbox&) = delete;

  // REQUIRES: `schedule` is valid, but for the number of its deviations.
  SandboxResult Run(const Schedule& schedule) { return Ask(schedule, ""); }
  // The same, and tells the story of the violation with this signature.
  SandboxResult Explain(const Schedule& schedule, const std::string& signature) { return Ask(schedule, signature); }
  // The next run is the first of its process.
  void Renew();

 private:
  SandboxResult Ask(const Schedule& schedule, const std::string& signature);
  void Start();
  bool Receive(std::string* reply);
  SandboxResult Died();

  const subject& subject_;
  pid_t child_ = -1;
  int channel_ = -1;
};

}  // namespace nofail
#endif  // NOFAIL_FUZZ_MINIMIZE_SANDBOX_H_
