// SPDX-License-Identifier: MIT
#include "fuzz/tools/explore_report.h"

#include <map>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "core/kernel/sim/sim.h"
#include "fuzz/exec/executor.h"
#include "fuzz/explore/read_certificate.h"
#include "fuzz/listing/list_by_replay.h"

namespace nofail {

namespace {

using Json = nlohmann::ordered_json;

// Takes in that a row of the certificate shows the violation so.
void TakeIn(const Json& shown, News news, const Need& need, RatedViolation* rated) {
  const std::string& schedule = shown["schedule"].get_ref<const std::string&>();
  const bool is_first = rated->scenarios++ == 0;
  const bool is_shorter = news == rated->news && schedule.size() < rated->schedule.size();
  if (!is_first && news <= rated->news && !is_shorter) return;
  rated->news = news;
  rated->schedule = schedule;
  rated->need = need;
}

}  // namespace

std::vector<RatedViolation> RateViolations(const Json& certificate, const Rating& rate) {
  std::map<std::string, RatedViolation> by_signature;
  for (const Json& row : certificate["results"]) {
    for (const Json& shown : row["violations"]) {
      const std::string& signature = shown["signature"].get_ref<const std::string&>();
      const Schedule schedule = ScheduleOf(shown);
      const Need need = NeedOfJson(shown["need"]);
      RatedViolation& rated = by_signature[signature];
      rated.signature = signature;
      TakeIn(shown, rate(signature, schedule, SightingOf(schedule, need)), need, &rated);
    }
  }
  std::vector<RatedViolation> all;
  for (auto& [signature, rated] : by_signature) all.push_back(std::move(rated));
  return all;
}

std::vector<RatedViolation> RateViolations(const Json& certificate, const Listings& listings) {
  return RateViolations(certificate, [&](const std::string& signature, const Schedule&, const Sighting& sighting) {
    return listings.Rate(signature, sighting);
  });
}

Listings ListingsOf(const subject& subject) {
  Executor executor(subject, Sim::Get());
  return ListByReplay(subject.name, &executor);
}

std::string BoundsText(const Json& certificate) {
  std::vector<std::string> parts;
  for (const auto& [name, bound] : certificate["bounds"].items()) {
    parts.push_back(absl::StrCat(name, " ", bound.is_null() ? "any" : absl::StrCat(bound.get<int>())));
  }
  return absl::StrJoin(parts, ", ");
}

void PrintSummary(const Json& certificate) {
  uint64_t states = 0, steps = 0, complete = 0;
  for (const Json& row : certificate["results"]) {
    states += row["states"].get<uint64_t>();
    steps += row["steps"].get<uint64_t>();
    complete += row["ended"] == "complete";
  }
  absl::PrintF("%s: %d of %d scenarios searched to the end; bounds: %s\n", certificate["subject"].get<std::string>(),
               complete, certificate["scenarios"].get<size_t>(), BoundsText(certificate));
  absl::PrintF("%d states, %d steps; the chance that two states were taken for one is %.1e\n", states, steps,
               certificate["false_match"].get<double>());
  if (!certificate["plain_reads"].get<bool>()) {
    absl::PrintF("this build does not see plain reads, so a state may be taken for another; ./scripts/explore does\n");
  }
  bool is_short_of_memory = false;
  for (const Json& row : certificate["results"]) {
    if (row["ended"] == "complete") continue;
    absl::PrintF("  NOT searched to the end: %s\n    %s\n", row["name"].get<std::string>(), GivenUpText(row));
    is_short_of_memory |= row["ended"] == "memory";
  }
  const std::vector<std::string> missing = MissingScenarios(certificate);
  if (!missing.empty()) absl::PrintF("  NOT searched at all: scenarios %s\n", absl::StrJoin(missing, ", "));
  if (is_short_of_memory) {
    absl::PrintF("  --memory gives more of it, --jobs shares it among fewer, and bounds need less\n");
  }
}

bool PrintViolations(const std::vector<RatedViolation>& violations, const Listings& listings) {
  bool has_news = false;
  for (const RatedViolation& violation : violations) {
    const Listing* listing = listings.Find(violation.signature);
    const std::string as = listing == nullptr ? "" : absl::StrCat("  (", listing->name, ")");
    static constexpr const char* kWords[] = {"listed", "WORSE", "NEW"};
    absl::PrintF("  %-6s  %s%s, in %d scenarios\n", kWords[static_cast<int>(violation.news)], violation.signature, as,
                 violation.scenarios);
    has_news |= violation.news != News::kNone;
  }
  if (violations.empty()) absl::PrintF("  no violation\n");
  return has_news;
}

Json WithNews(Json certificate, const std::vector<RatedViolation>& violations, const Listings& listings) {
  static constexpr const char* kNews[] = {"none", "worse", "new"};
  Json list = Json::array();
  for (const RatedViolation& violation : violations) {
    const Listing* listing = listings.Find(violation.signature);
    list.push_back({{"signature", violation.signature},
                    {"news", kNews[static_cast<int>(violation.news)]},
                    {"listed", listing == nullptr ? Json(nullptr) : Json(listing->name)},
                    {"known", listing != nullptr && listing->is_known},
                    {"scenarios", violation.scenarios},
                    {"need", NeedJson(violation.need)},
                    {"schedule", violation.schedule}});
  }
  certificate["violations"] = list;
  for (Json& row : certificate["results"]) {
    if (row["ended"] != "complete") row["given_up"] = GivenUpText(row);
  }
  return certificate;
}

}  // namespace nofail
