// SPDX-License-Identifier: MIT
//
// What `nofail explore` says of a certificate: how far was searched, and how what was found stands to what is listed.
#ifndef NOFAIL_FUZZ_TOOLS_EXPLORE_REPORT_H_
#define NOFAIL_FUZZ_TOOLS_EXPLORE_REPORT_H_

#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/subjects/subject.h"
#include "fuzz/check/need.h"
#include "fuzz/listing/listings.h"
#include "fuzz/schedule/schedule.h"

namespace nofail {

// A violation of a certificate, and whether it is news to somebody.
struct RatedViolation {
  std::string signature;
  News news = News::kNone;  // of the scenario where it is gravest
  size_t scenarios = 0;     // how many show it
  std::string schedule;     // the shortest of those that make it news, or of all if none does
  Need need;                // of that schedule
};

// Says what a violation of a row is that shows on this schedule.
using Rating = std::function<News(const std::string& signature, const Schedule& schedule, const Sighting& sighting)>;

// The violations of the certificate's results, in the order of their signatures.
std::vector<RatedViolation> RateViolations(const nlohmann::ordered_json& certificate, const Rating& rate);
// The same, for somebody who has the listings.
std::vector<RatedViolation> RateViolations(const nlohmann::ordered_json& certificate, const Listings& listings);

// What is listed for a subject.
Listings ListingsOf(const subject& subject);

// "preemptions any, locks 1": a certificate's bounds.
std::string BoundsText(const nlohmann::ordered_json& certificate);
// Prints how far was searched, and what was not.
void PrintSummary(const nlohmann::ordered_json& certificate);
// Prints the violations. Returns whether there is news.
bool PrintViolations(const std::vector<RatedViolation>& violations, const Listings& listings);
// The certificate for programs that ask how what was found stands to what is listed. Each of its "violations" has, too:
//   "news"    "none", "worse" or "new"
//   "listed"  its name in the list, or null
//   "known"   whether that is a known limitation
// and the schedule that makes it news, with its "need". A row that is not complete has "given_up": GivenUpText.
nlohmann::ordered_json WithNews(nlohmann::ordered_json certificate, const std::vector<RatedViolation>& violations,
                                const Listings& listings);

}  // namespace nofail
#endif  // NOFAIL_FUZZ_TOOLS_EXPLORE_REPORT_H_
