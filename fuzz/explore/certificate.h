// SPDX-License-Identifier: MIT
//
// The certificate of a search: what was searched, within which bounds, what was found, and what was left out. It is
// data (JSON) from which the same certificate comes each time, on any number of processes, also after an interruption.
#ifndef NOFAIL_FUZZ_EXPLORE_CERTIFICATE_H_
#define NOFAIL_FUZZ_EXPLORE_CERTIFICATE_H_

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "fuzz/explore/explorer.h"
#include "fuzz/explore/scenarios.h"

namespace nofail {

// What a search was asked to do.
struct SearchPlan {
  std::string subject;
  std::string program;  // identifies this program and its subjects: a hash of the file
  std::vector<Scenario> scenarios;
  ExploreOptions options;
};

// What comes before the scenarios' results. Two searches with the same head give the same results.
//   "format"     1
//   "subject"    its name
//   "program"    see SearchPlan
//   "scenarios"  how many
//   "bounds"     {"preemptions", "locks", "allocations", "grace_periods", "restarts"}: a number, or null for no bound
//   "hash_seed"
//   "reduction"  whether of two orders of independent steps one was left out (fuzz/explore/steps.h)
//   "plain_reads" whether the states hold what tasks have read plainly: only a build of preset explore sees that
nlohmann::ordered_json CertificateHead(const SearchPlan& plan);

// The result of one scenario:
//   "index", "name", "schedule" (its text form)
//   "ended"         "complete", "memory" or "stopped"
//   "runs"          {"ends", "merges"}: that came to their end, and to a state where the search had been
//   "states", "steps", "depth"
//   "final_states"  {"count", "sum", "xor"}: of the states in which runs ended
//   "left_out"      by kind of departure: how often one was left out because of its bound
//   "violations"    [{"signature", "schedule"}]
nlohmann::ordered_json CertificateRow(size_t index, const Scenario& scenario, const Explored& explored);

// The whole: the head, and
//   "complete"    whether every scenario was searched to its end
//   "violations"  [{"signature", "scenarios" (how many show it), "schedule" (the shortest one)}]
//   "false_match" the chance that two different states of this search had the same hash
//   "results"     the rows, by index
nlohmann::ordered_json Certificate(nlohmann::ordered_json head, std::vector<nlohmann::ordered_json> rows);

}  // namespace nofail
#endif  // NOFAIL_FUZZ_EXPLORE_CERTIFICATE_H_
