// SPDX-License-Identifier: MIT
//
// The options that a fuzz binary takes besides those of its engine.
#ifndef NOFAIL_FUZZ_ENGINE_OPTIONS_H_
#define NOFAIL_FUZZ_ENGINE_OPTIONS_H_

#include <set>
#include <string>

namespace nofail {

// The means besides code coverage by which an engine is guided. They are options so that their worth can be measured.
struct Guidance {
  bool mutator = true;    // mutate schedules instead of bytes alone (input.h)
  bool features = false;  // tell the engine features of each run (fuzz/exec/features.h)
                          // docs/performance.md says why this is off by default
};

struct Options {
  std::string findings;            // --findings=DIR: folder in which new schedules are saved; "": none are saved
  std::set<std::string> baseline;  // --baseline=FILE: the lines of FILE, which are signatures that do not count as new
  std::string only_signature;      // --only-signature=S: the only signature that counts as new; "": all may
  Guidance guidance;               // --guidance=none|mutator|features|all
  bool stop_on_new = false;        // --stop-on-new: abort at a new violation, even with --findings
  bool once = false;               // --once: never check an input by a second run (driver.h)
  bool no_failures = false;        // --no-failures: no lock attempt and no allocation fails, whatever the input says

  std::set<std::string> orders;  // --orders=F,G: functions whose accesses' orders are counted (access_orders.h)

  bool SavesFindings() const { return !findings.empty(); }
};

// Reads the options above from the command line, and ignores all other arguments, which are for the engine. If a value
// is wrong or FILE cannot be read, the process prints one line to stderr and ends with kUsage.
Options ParseOptions(int argc, char** argv);

}  // namespace nofail
#endif  // NOFAIL_FUZZ_ENGINE_OPTIONS_H_
