// SPDX-License-Identifier: MIT
//
// The sandbox: runs schedules in a child process, so that a run that ends its process is a result like any other. Such
// ends are a signal outside the subject's code, an abort, a sanitizer that gives up, and an endless loop.
//
// CHOICES: One child runs many schedules, one after the other, each on fresh fibers. A new child is started only when a
// run has ended the last one. The process that owns the sandbox never runs a subject itself, because the runtime of
// ThreadSanitizer does not survive a fork after it has seen fibers.
#ifndef NOFAIL_FUZZ_MINIMIZE_SANDBOX_H_
#define NOFAIL_FUZZ_MINIMIZE_SANDBOX_H_

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "core/subjects/subject.h"
#include "fuzz/listing/listings.h"
#include "fuzz/listing/shows_nearby.h"
#include "fuzz/schedule/schedule.h"

namespace nofail {

// What the child is asked for.
struct SandboxRequest {
  Schedule schedule;
  std::string story_of = "";    // the signature of the violation whose story is wanted; "": none
  std::string nearby = "";      // the signature to look for nearby; "": the schedule runs once, as it is
  Range range = Range::kClose;  // how far around
  bool rates = false;           // whether to say of each violation if it is news
};

// The result of one run.
struct SandboxResult {
  std::vector<std::string> signatures;  // of each violation, in the order of the verdict
  std::vector<Sighting> sightings;      // of each violation, in the same order; empty if the run ended its process
  std::vector<News> news;               // of each violation, in the same order; empty unless asked for
  // Every answer that was not the default, as a deviation, sorted. A schedule with these deviations and no policy runs
  // the same.
  std::vector<Deviation> recorded;
  std::vector<std::string> story;  // the interleaving, one numbered sentence a line; empty unless asked for
  uint64_t trace = 0;              // the hash of the run's trace
  // The run ended its process. Then there is one signature, crash/WHAT/FUNCTION. WHAT is the name of a signal, `hang`,
  // `sanitizer` or `exit-N`. FUNCTION is the function of the subject that the last event with a site names, or "-".
  bool died = false;
  // The child found a bug of the suite itself and has reported it on stderr. The other members mean nothing then.
  bool harness_bug = false;
};

class Sandbox {
 public:
  // A run that takes more processor time than this counts as a hang. Most runs take less than 10 milliseconds.
  static constexpr int kHangMilliseconds = 300;
  // The same for many runs: those of the whole crash corpus (Rate), or of schedules nearby.
  static constexpr int kManyRunsMilliseconds = 60'000;

  explicit Sandbox(const subject& subject) : subject_(subject) {}
  ~Sandbox() { Renew(); }
  Sandbox(const Sandbox&) = delete;
  Sandbox& operator=(const Sandbox&) = delete;

  // Runs the schedule. REQUIRES: `schedule` is valid, but it may have more than kMaxDeviations deviations.
  SandboxResult Run(const Schedule& schedule) { return Ask({.schedule = schedule}); }
  // Runs the schedule, and also returns the story of the violation with this signature.
  SandboxResult Explain(const Schedule& schedule, const std::string& signature) {
    return Ask({.schedule = schedule, .story_of = signature});
  }
  // Whether the schedule, or one with other ordinals, shows the violation with this signature (ShowsNearby). A run that
  // ends the child shows nothing.
  bool ShowsNearby(const Schedule& schedule, const std::string& signature, Range range) {
    const SandboxResult result = Ask({.schedule = schedule, .nearby = signature, .range = range});
    return !result.died && !result.signatures.empty();
  }
  // Runs the schedule, and also says of each violation whether it is news. For that, the child runs the crash corpus
  // (ListByReplay), which takes up to seconds. If a run of the corpus ends the child, listings go by names
  // (ListByName).
  SandboxResult Rate(const Schedule& schedule);
  // Ends the child, so that the next run is the first one of a new process.
  void Renew();

 private:
  SandboxResult Ask(const SandboxRequest& request);
  void Start();
  bool Receive(int limit, std::string* reply);
  SandboxResult Died();

  const subject& subject_;
  pid_t child_ = -1;  // -1: there is no child
  int channel_ = -1;  // this side of the socket to the child
};

}  // namespace nofail
#endif  // NOFAIL_FUZZ_MINIMIZE_SANDBOX_H_
