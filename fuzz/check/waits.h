// SPDX-License-Identifier: MIT
//
// What the tasks wait for that are stuck when a run ends. This header is private to the folder.
#ifndef NOFAIL_FUZZ_CHECK_WAITS_H_
#define NOFAIL_FUZZ_CHECK_WAITS_H_

#include <string>
#include <vector>

#include "core/kernel/trace/trace.h"
#include "fuzz/check/debts.h"

namespace nofail {

// One task that waits.
struct Wait {
  uint32_t event;  // its last event: there it began to wait
  // What it waits for, as the value of the attribute `wait`: "reference" (the end of all other references to a map or
  // an owner), "lock", "grace-period", "barrier" (RCU callbacks), "work" (deferred functions), or "change" (of a word
  // of memory that it polls).
  const char* what;
  // Whose reference, lock or word it is; 0: of no object.
  ObjectId object = 0;
  uint16_t offset = 0;
  Debts debts;         // what would have had to be given back, or to run
  Debts surplus = {};  // references that were given back without being taken; so the count never comes to its end
};

// The waits of all tasks that are stuck at the event `end`, in the order of the trace.
std::vector<Wait> WaitsAt(const Trace& trace, uint32_t end);
// The wait in words: who waits for what, and who did not give it back, for example "end in map_free waits for ever for
// the last reference to m0; B in Clone took one at #57 and nobody gave it back".
std::string WaitText(const Trace& trace, const Wait& wait);

}  // namespace nofail
#endif  // NOFAIL_FUZZ_CHECK_WAITS_H_
