// SPDX-License-Identifier: MIT
//
// Turns events, values and sites into text. Every report uses these functions, so that all reports say the same thing
// in the same words. Objects are written by name ("selem3").
//
// What takes a JudgedRun names fields ("selem3.snode.next") where fields.h knows them. Otherwise, and from what takes a
// Trace alone, which knows no subject, a location is name+offset ("selem3+16", offset in bytes).
#ifndef NOFAIL_FUZZ_REPORT_DESCRIBE_H_
#define NOFAIL_FUZZ_REPORT_DESCRIBE_H_

#include <map>
#include <string>

#include "absl/strings/string_view.h"
#include "core/kernel/trace/trace.h"
#include "fuzz/check/judged_run.h"

namespace nofail {

// A location: "selem3" or "selem3+16". "global" for object 0, which stands for the subject's static variables.
std::string LocationText(const Trace& trace, ObjectId object, uint16_t offset);
// The same by the name of the field: "selem3.snode.next", "storage0.cache[2]". Where fields.h knows no name, two words
// have names that the subject declares: "selem0.state", "o0.charge".
std::string LocationText(const JudgedRun& report, ObjectId object, uint16_t offset);
// A value that an event saw, stored or returned: the target of a pointer ("selem3+16"), the name of a negative errno
// ("-EBUSY"), or the number itself, in hexadecimal when it needs more than 32 bits.
std::string ValueText(const Trace& trace, uint64_t value);
// The same, but a pointer into an object names what it points to: "&selem3.snode".
std::string ValueText(const JudgedRun& report, uint64_t value);
// The field that the event is about: "owner_refcnt", or "[1].lock" of buckets. "" where fields.h knows no name, and for
// an event that is about no word of memory.
std::string FieldOf(const JudgedRun& report, const Event& event);
// A sentence of a judge, such as Violation::detail, with the names of fields. Judges see every run that is fuzzed, so
// they write object and offset: "storage0+176".
std::string WithFields(const JudgedRun& report, absl::string_view sentence);
// The function and line of the event, for example "SelemUnlinkNofail:96". The function alone where the line is not
// known;
// "" for an event without a site.
std::string SiteText(const Event& event);
// The last event up to this one that has a site; nullptr where none has.
const Event* LastSite(const Trace& trace, uint32_t event);
// Who made the earlier access of a data race, and where: "B in SelemUnlinkNofail:96". Without the name of the task
// where nobody knows it.
std::string EarlierText(const Event& event);
// Whether RCU made this event: the end of a grace period, or a free that RCU does then (kfree_rcu). Such an event
// happens in whichever op is running, and that op did not cause it.
bool IsByRcu(const Event& event);
// The name of the task that made the event, or "RCU" when IsByRcu.
std::string ByWhom(const Event& event);
// Task and site of an event, for example "by B in SelemFree:194". For a free by RCU: "by RCU, given up in
// SelemFree:194", where the site is that of the hand-over.
std::string WhoAndWhere(const Trace& trace, uint32_t event);
// All functions of the subject that the trace names. The key is a file; the value lists its functions, for example
// "MapFree, SelemAlloc".
std::map<std::string, std::string> FunctionsByFile(const Trace& trace);
// What happened at an event, for example "lock buckets0+8 FAILS: -ETIMEDOUT". The text of an Rmw includes the old
// value, so reports pass over the RmwOld event that follows it.
std::string Describe(const Trace& trace, uint32_t event);
// The same with the names of fields: "lock buckets0[1].lock FAILS: -ETIMEDOUT".
std::string Describe(const JudgedRun& report, uint32_t event);
// Whether something went wrong at the event: a fault, a warning, a failed lock attempt or a failed allocation.
bool IsFailure(const Event& event);
// The memory order of an access or a fence, for example "ACQUIRE"; "" for other events.
std::string OrderText(const Event& event);
// Whether there is a scheduling point right before the event.
bool IsSchedulingPoint(const Event& event);

// Which `locks` mode a schedule must have so that the lock attempts that failed in this run may fail.
enum class LocksNeeded {
  kNone,       // no attempt failed, so every mode will do
  kContended,  // every failed attempt met a lock that was held
  kAny,        // at least one attempt failed on a free lock
};
LocksNeeded FindLocksNeeded(const Trace& trace);
// As a keyword for programs: "none", "contended" or "any".
const char* LocksNeededText(LocksNeeded needed);
// As part of a sentence for a person.
const char* LocksSentence(LocksNeeded needed);

// The text form of the schedule, without comments; "" when the report has no schedule.
std::string ScheduleText(const JudgedRun& report);

}  // namespace nofail
#endif  // NOFAIL_FUZZ_REPORT_DESCRIBE_H_
