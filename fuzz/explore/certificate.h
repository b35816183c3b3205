// SPDX-License-Identifier: MIT
//
// The certificate of a search: what was searched, within which bounds, what was found, and what was left out. It is
// data (JSON). The same search writes the same bytes each time, on any number of processes, also after an interruption.
#ifndef NOFAIL_FUZZ_EXPLORE_CERTIFICATE_H_
#define NOFAIL_FUZZ_EXPLORE_CERTIFICATE_H_

#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "fuzz/explore/explorer.h"
#include "fuzz/explore/scenarios.h"

namespace nofail {

// What a search was made with: the same everywhere where the same is built.
struct Identity {
  std::vector<std::pair<std::string, std::string>> sources;  // of the subject: a file's name, and its SHA-256
  std::string version, suite;                                // of this suite: its number, and a hash of its sources
  std::string compiler;
};

// What a search was asked to do.
struct SearchPlan {
  std::string subject;
  Identity identity;
  std::vector<Scenario> scenarios;
  ExploreOptions options;
};

inline constexpr int kCertificateFormat = 2;

// What comes before the scenarios' results. Two searches with the same head give the same results.
//   "format"         kCertificateFormat
//   "subject"        its name
//   "sources"        {name: hash} of the subject's files
//   "suite"          {"version", "sources" (a hash), "compiler"}
//   "scenarios"      how many
//   "scenario_list"  a hash of their names and schedules, in their order
//   "bounds"         {"preemptions", "locks", "allocations", "grace_periods", "restarts"}: a number, or null for none
//   "hash_seed"
//   "reduction"      whether of two orders of independent steps one was left out (fuzz/explore/steps.h)
//   "plain_reads"    whether states hold what tasks have read plainly: only a build of preset explore sees that
nlohmann::ordered_json CertificateHead(const SearchPlan& plan);

// The result of one scenario:
//   "index", "name", "schedule" (its text form)
//   "ended"         "complete", "memory" or "stopped"
//   "runs"          {"ends", "merges"}: that came to their end, and to a state where the search had been
//   "states", "steps", "depth"
//   "final_states"  {"count", "sum", "xor"}: of the states in which runs ended
//   "left_out"      by kind of departure: how often one was left out because of its bound
//   "violations"    [{"signature", "need", "schedule"}], each need as NeedJson has it
// and if it is not complete:
//   "searched"      every schedule with at most so many departures was searched; null: not even those without
//   "departures"    up to how many were allowed when it ended; null: as many as the bounds allow
//   "done"          how much of the search at these departures was done, from 0 to 1: an estimate (docs/explore.md)
//   "seconds"       after how long it was stopped; not there if memory ran out
nlohmann::ordered_json CertificateRow(size_t index, const Scenario& scenario, const Explored& explored);

// What was given up in a scenario that was not searched to its end, as a sentence without a full stop.
std::string GivenUpText(const nlohmann::ordered_json& row);

// A need: {"contended": [of kLockClasses numbers], "free": [the same], "allocations": a number}.
nlohmann::ordered_json NeedJson(const Need& need);
// REQUIRES: the value is one of NeedJson.
Need NeedOfJson(const nlohmann::ordered_json& json);

// The whole: the head, and
//   "complete"    whether every scenario was searched to its end
//   "violations"  [{"signature", "scenarios" (how many show it), "schedule" (the shortest one)}]
//   "false_match" the chance that two different states of this search had the same hash
//   "results"     the rows, by index
nlohmann::ordered_json Certificate(nlohmann::ordered_json head, std::vector<nlohmann::ordered_json> rows);

// The hash of the scenarios' names and schedules.
std::string HashOfScenarios(const std::vector<Scenario>& scenarios);

}  // namespace nofail
#endif  // NOFAIL_FUZZ_EXPLORE_CERTIFICATE_H_
