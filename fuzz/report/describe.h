// SPDX-License-Identifier: MIT
//
// Events, values and sites in words, as every report uses them. Objects go by name, pointers as name+offset.
#ifndef NOFAIL_FUZZ_REPORT_DESCRIBE_H_
#define NOFAIL_FUZZ_REPORT_DESCRIBE_H_

#include <map>
#include <string>

#include "core/kernel/trace/trace.h"
#include "fuzz/check/judged_run.h"

namespace nofail {

// "selem3", "selem3+16"; "global" for object 0: a variable of the subject's own.
std::string LocationText(const Trace& trace, ObjectId object, uint16_t offset);
// A pointer's target, a small negative number as errno, or the number.
std::string ValueText(const Trace& trace, uint64_t value);
// "SelemUnlinkNofail:96", or "" outside the subject.
std::string SiteText(const Event& event);
// Whether it happens at the end of a grace period, in whichever task notices, and is nobody's doing.
bool IsByRcu(const Event& event);
// The task's name, or "RCU".
std::string ByWhom(const Event& event);
// "by B in SelemFree:194"; what RCU frees: "by RCU, given up in SelemFree:194".
std::string WhoAndWhere(const Trace& trace, uint32_t event);
// The subject's functions that the trace names, by file: "MapFree, SelemAlloc".
std::map<std::string, std::string> FunctionsByFile(const Trace& trace);
// "lock buckets0+8 FAILS: -ETIMEDOUT". RmwOld has no words of its own: they are part of its Rmw's.
std::string Describe(const Trace& trace, uint32_t event);
// The same, with names for the words whose meaning the subject tells: "selem0.state".
std::string Describe(const JudgedRun& report, uint32_t event);
// Whether something did not go the usual way here: a fault, a warning, a lock or memory that was refused.
bool IsFailure(const Event& event);
// "ACQUIRE": the memory order of an access or a fence; "" for other events.
std::string OrderText(const Event& event);
// Whether another task may run right before it.
bool IsSchedulingPoint(const Event& event);

// What a run's lock failures ask of the scenario's `locks` mode.
enum class LocksNeeded {
  kNone,       // no attempt failed
  kContended,  // each failed attempt met a lock that somebody held
  kAny,        // one failed on a free lock
};
LocksNeeded FindLocksNeeded(const Trace& trace);
const char* LocksNeededText(LocksNeeded needed);
// The same for a person.
const char* LocksSentence(LocksNeeded needed);

// The schedule's text form without comments; "" where there is none.
std::string ScheduleText(const JudgedRun& report);

}  // namespace nofail
#endif  // NOFAIL_FUZZ_REPORT_DESCRIBE_H_
