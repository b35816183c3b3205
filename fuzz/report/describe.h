// SPDX-License-Identifier: MIT
//
// Events, values and sites in words, as every report uses them. Objects go by name, pointers as name+offset.
#ifndef NOFAIL_FUZZ_REPORT_DESCRIBE_H_
#define NOFAIL_FUZZ_REPORT_DESCRIBE_H_

#include <string>

#include "fuzz/trace.h"

namespace nofail {

// "selem3", "selem3+16"; "global" for object 0: a variable of the subject's own.
std::string PlaceText(const Trace& trace, ObjectId object, uint16_t offset);
// A pointer's target, a small negative number as errno, or the number.
std::string ValueText(const Trace& trace, uint64_t value);
// "SelemUnlinkNofail:96", or "" outside the subject.
std::string SiteText(const Event& event);
// "lock buckets0+8 FAILS: -ETIMEDOUT". RmwOld has no words of its own: they are part of its Rmw's.
std::string Describe(const Trace& trace, uint32_t event);

// What a run's lock failures ask of the scenario's `locks` mode.
enum class LocksNeeded {
  kNone,       // no attempt failed
  kContended,  // each failed attempt met a lock that somebody held
  kAny,        // one failed on a free lock
};
LocksNeeded FindLocksNeeded(const Trace& trace);
const char* LocksNeededText(LocksNeeded needed);

}  // namespace nofail
#endif  // NOFAIL_FUZZ_REPORT_DESCRIBE_H_
