// SPDX-License-Identifier: MIT
//
// Finds out what is listed for a subject, by running the crash corpus on it.
//
// Each schedule of the corpus says what a reference subject shows: the subject itself if an `expect` line names it; for
// a Linux tree without such a line, the newest Linux version that one names. What the subject shows on that schedule
// is compared with the reference. It is listed if it is the same up to renamed functions: the same kind of violation,
// the same kinds of object, the same attributes, and each function of the reference's signature that is missing did not
// run. Whatever else shows on a schedule of the corpus is not listed, and is news when fuzzing meets it.
//
// Two things make listings reach further than one schedule for one tree:
//   - Each schedule also runs for every storage type and both RCU configurations that it can be written for.
//   - Where code was added or removed, the schedule's ordinals point at other scheduling points. So when a schedule
//     does not show what it should, schedules with ordinals close by are tried before the violation counts as gone.
#ifndef NOFAIL_FUZZ_LISTING_LIST_BY_REPLAY_H_
#define NOFAIL_FUZZ_LISTING_LIST_BY_REPLAY_H_

#include <string>

#include "fuzz/exec/executor.h"
#include "fuzz/listing/listings.h"

namespace nofail {

// The subject whose `expect` lines decide what is listed for `subject`: that one itself, or for a Linux tree that none
// names, the newest version that one names. "": nothing is listed for it.
std::string ReferenceOf(const std::string& subject);

// How many schedules with other ordinals are tried for a violation that does not show: what a start of a fuzz binary
// affords, or enough to call the violation gone.
enum class Effort { kQuick, kThorough };

// Runs the crash corpus on `executor`, whose subject is called `subject`. Takes all reports of sanitizers.
Listings ListByReplay(const std::string& subject, Executor* executor, Effort effort = Effort::kQuick);

// Lists what the `expect` lines name, in any circumstances, without running anything. So nothing is worse than listed.
// For programs that have to start quickly.
Listings ListByName(const std::string& subject);

}  // namespace nofail
#endif  // NOFAIL_FUZZ_LISTING_LIST_BY_REPLAY_H_
