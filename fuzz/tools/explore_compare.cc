// SPDX-License-Identifier: MIT
#include "fuzz/tools/explore_compare.h"

#include <map>
#include <set>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "fuzz/explore/read_certificate.h"
#include "fuzz/listing/listings.h"
#include "fuzz/listing/same_violation.h"
#include "fuzz/listing/shows_nearby.h"
#include "fuzz/tools/explore_report.h"

namespace nofail {

namespace {

using Json = nlohmann::ordered_json;

// What the baseline shows, as listings.
Listings ListingsIn(const Json& baseline) {
  Listings listings;
  for (const Json& row : baseline["results"]) {
    const Schedule scenario = ScheduleOf(row);
    for (const Json& shown : row["violations"]) {
      const std::string& signature = shown["signature"].get_ref<const std::string&>();
      // A listing's name up to the slash says its cause. The causes of these are not known: each has its own.
      listings.Add(signature, absl::StrReplaceAll(signature, {{"/", " "}}), false,
                   SightingOf(scenario, NeedOfJson(shown["need"])));
    }
  }
  return listings;
}

class Comparison {
 public:
  Comparison(const Json& baseline, const ComparedSubjects& subjects)
      : subjects_(subjects), shown_(ListingsIn(baseline)) {}

  // What the violation is to somebody who knows the baseline.
  News Rate(const std::string& signature, const Schedule& schedule, const Sighting& sighting) {
    const std::string there = NameOnBaseline(signature, schedule);
    matched_.insert(there);
    const News news = shown_.Rate(there, sighting);
    if (news == News::kNone || subjects_.baseline == nullptr) return news;
    return ShowsNearby(schedule, signature, Range::kClose, subjects_.baseline) ? News::kNone : news;
  }

  bool IsGone(const RatedViolation& violation) {
    if (matched_.contains(violation.signature)) return false;
    if (subjects_.subject == nullptr) return true;
    const Schedule schedule = ScheduleOf(Json{{"schedule", violation.schedule}});
    return !ShowsNearby(schedule, violation.signature, Range::kClose, subjects_.subject);
  }

 private:
  // Functions may have other names there.
  std::string NameOnBaseline(const std::string& signature, const Schedule& schedule) {
    if (shown_.all().contains(signature) || subjects_.subject == nullptr) return signature;
    if (const auto known = names_.find(signature); known != names_.end()) return known->second;
    const Trace& trace = RunAndDropReports(schedule, subjects_.subject).trace;
    for (const auto& [other, listing] : shown_.all()) {
      if (IsSameViolation(other, signature, trace)) return names_[signature] = other;
    }
    return names_[signature] = signature;
  }

  const ComparedSubjects subjects_;
  const Listings shown_;
  std::map<std::string, std::string> names_;  // on the baseline, of what it does not show by the same name
  std::set<std::string> matched_;             // what the baseline shows, and the subject shows as well
};

Json EntryOf(const RatedViolation& violation) {
  return {{"signature", violation.signature},
          {"scenarios", violation.scenarios},
          {"need", NeedJson(violation.need)},
          {"schedule", violation.schedule}};
}

void PrintEntry(const char* word, const Json& entry, const std::string& why) {
  absl::PrintF("\n%s  %s, in %d scenarios\n", word, entry["signature"].get<std::string>(),
               entry["scenarios"].get<size_t>());
  absl::PrintF("  %s\n", why);
  for (const absl::string_view line :
       absl::StrSplit(entry["schedule"].get_ref<const std::string&>(), '\n', absl::SkipEmpty())) {
    absl::PrintF("    %s\n", line);
  }
}

}  // namespace

std::string NotComparable(const Json& certificate, const Json& baseline) {
  for (const char* key : {"scenario_list", "bounds", "plain_reads"}) {
    if (certificate[key] != baseline[key]) {
      return absl::StrCat("the certificates are not of the same search: they differ in \"", key, "\"");
    }
  }
  return "";
}

Json CompareCertificates(const Json& certificate, const Json& baseline, const ComparedSubjects& subjects) {
  Comparison comparison(baseline, subjects);
  Json result = {{"subject", certificate["subject"]},
                 {"baseline", baseline["subject"]},
                 {"complete", certificate["complete"].get<bool>() && baseline["complete"].get<bool>()},
                 {"new", Json::array()},
                 {"worse", Json::array()},
                 {"gone", Json::array()},
                 {"both", Json::array()}};
  static constexpr const char* kLists[] = {"both", "worse", "new"};  // by News
  const auto rate = [&](const std::string& signature, const Schedule& schedule, const Sighting& sighting) {
    return comparison.Rate(signature, schedule, sighting);
  };
  for (const RatedViolation& violation : RateViolations(certificate, rate)) {
    result[kLists[static_cast<int>(violation.news)]].push_back(EntryOf(violation));
  }
  for (const RatedViolation& violation :
       RateViolations(baseline, [](const auto&, const auto&, const auto&) { return News::kNone; })) {
    if (comparison.IsGone(violation)) result["gone"].push_back(EntryOf(violation));
  }
  return result;
}

void PrintComparison(const Json& comparison) {
  const std::string subject = comparison["subject"], baseline = comparison["baseline"];
  const bool is_complete = comparison["complete"];
  const std::string scope = is_complete ? "" : ", as far as was searched";
  absl::PrintF("%s against %s: %d new, %d worse, %d gone, %d in both%s\n", subject, baseline, comparison["new"].size(),
               comparison["worse"].size(), comparison["gone"].size(), comparison["both"].size(), scope);
  for (const Json& entry : comparison["new"]) {
    PrintEntry("NEW", entry, absl::StrCat(baseline, " does not show it", scope, "; a schedule:"));
  }
  for (const Json& entry : comparison["worse"]) {
    const std::string why = absl::StrCat(baseline, " shows it only after more failures, or for others", scope);
    PrintEntry("WORSE", entry, absl::StrCat(why, "; here: ", NeedText(NeedOfJson(entry["need"])), ":"));
  }
  for (const Json& entry : comparison["gone"]) {
    PrintEntry("GONE", entry, absl::StrCat(subject, " does not show it", scope, "; a schedule of ", baseline, ":"));
  }
  for (const Json& entry : comparison["both"]) {
    absl::PrintF("%s  %s, in %d scenarios\n", &entry == &comparison["both"][0] ? "\nBOTH" : "BOTH",
                 entry["signature"].get<std::string>(), entry["scenarios"].get<size_t>());
  }
}

}  // namespace nofail
