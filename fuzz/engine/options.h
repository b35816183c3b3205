// SPDX-License-Identifier: MIT
//
// The options that a fuzz binary takes besides its engine's.
#ifndef NOFAIL_FUZZ_ENGINE_OPTIONS_H_
#define NOFAIL_FUZZ_ENGINE_OPTIONS_H_

#include <set>
#include <string>

namespace nofail {

// What an engine is steered by besides code coverage. It is an option so that its worth can be measured.
struct Guidance {
  bool mutator = true;    // input.h
  bool features = false;  // fuzz/exec/features.h; docs/performance.md says why not
};

struct Options {
  std::string findings;            // --findings=DIR: where new schedules are saved; "": nowhere
  std::set<std::string> baseline;  // --baseline=FILE: the lines of FILE, signatures that are no news
  Guidance guidance;               // --guidance=none|mutator|features|all
  bool stop_on_new = false;        // --stop-on-new: also with --findings
  bool once = false;               // --once: never run an input twice, for engines to whom it then looks unstable
  bool no_failures = false;        // --no-failures: no lock attempt and no allocation fails, whatever the input says

  bool SavesFindings() const { return !findings.empty(); }
};

// Reads the options above and passes over all others, which are the engine's. A value that is wrong, or a file that
// cannot be read, ends the process with one line on stderr and kUsage.
Options ParseOptions(int argc, char** argv);

}  // namespace nofail
#endif  // NOFAIL_FUZZ_ENGINE_OPTIONS_H_
