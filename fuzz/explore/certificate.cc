// SPDX-License-Identifier: MIT
#include "fuzz/explore/certificate.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "core/kernel/sim/sanitizer.h"
#include "fuzz/schedule/text.h"

namespace nofail {

namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kDepartureNames[] = {"preemptions", "locks", "allocations", "grace_periods", "restarts"};
static_assert(std::size(kDepartureNames) == kDepartures);
constexpr const char* kEndedNames[] = {"complete", "memory", "stopped"};

std::string Text(const Schedule& schedule) {
  return FormatText({.schedule = schedule});
}

std::string Hex(uint64_t number) {
  return absl::StrFormat("%016x", number);
}

}  // namespace

Json CertificateHead(const SearchPlan& plan) {
  Json bounds;
  for (int i = 0; i < kDepartures; ++i) {
    const uint8_t bound = plan.options.bounds.left[static_cast<size_t>(i)];
    bounds[kDepartureNames[i]] = bound == Bounds::kUnbounded ? Json(nullptr) : Json(bound);
  }
  Json sources = Json::object();
  for (const auto& [name, hash] : plan.identity.sources) sources[name] = hash;
  return {
      {"format", kCertificateFormat},
      {"subject", plan.subject},
      {"sources", sources},
      {"suite",
       {{"version", plan.identity.version}, {"sources", plan.identity.suite}, {"compiler", plan.identity.compiler}}},
      {"scenarios", plan.scenarios.size()},
      {"scenario_list", HashOfScenarios(plan.scenarios)},
      {"bounds", bounds},
      {"hash_seed", plan.options.seed},
      {"reduction", plan.options.reduces && kAccessesSeen},
      {"plain_reads", kAccessesSeen}};
}

std::string HashOfScenarios(const std::vector<Scenario>& scenarios) {
  std::string all;
  for (const Scenario& scenario : scenarios) absl::StrAppend(&all, scenario.name, "\n", Text(scenario.schedule), "\n");
  const XXH128_hash_t hash = XXH3_128bits(all.data(), all.size());
  return Hex(hash.high64) + Hex(hash.low64);
}

Json NeedJson(const Need& need) {
  return {{"contended", need.contended}, {"free", need.free}, {"allocations", need.allocations}};
}

Need NeedOfJson(const Json& json) {
  return {.contended = json["contended"], .free = json["free"], .allocations = json["allocations"]};
}

Json CertificateRow(size_t index, const Scenario& scenario, const Explored& explored) {
  Json left_out, violations = Json::array();
  for (int i = 0; i < kDepartures; ++i) left_out[kDepartureNames[i]] = explored.cut[static_cast<size_t>(i)];
  for (const FoundViolation& found : explored.found) {
    violations.push_back(
        {{"signature", found.signature}, {"need", NeedJson(found.need)}, {"schedule", Text(found.schedule)}});
  }
  const Progress& progress = explored.progress;
  Json row = {{"index", index},
              {"name", scenario.name},
              {"schedule", Text(scenario.schedule)},
              {"ended", kEndedNames[static_cast<int>(explored.ended)]},
              {"runs", {{"ends", progress.ends}, {"merges", progress.merges}}},
              {"states", progress.states},
              {"steps", progress.steps},
              {"depth", progress.depth},
              {"final_states",
               {{"count", explored.final_states}, {"sum", Hex(explored.final_sum)}, {"xor", Hex(explored.final_xor)}}},
              {"left_out", left_out},
              {"violations", violations}};
  if (explored.ended == Ended::kComplete) return row;
  row["searched"] = progress.searched < 0 ? Json(nullptr) : Json(progress.searched);
  row["departures"] = progress.departures == Bounds::kUnbounded ? Json(nullptr) : Json(progress.departures);
  row["done"] = progress.done;
  return row;
}

std::string GivenUpText(const Json& row) {
  const std::string why =
      row["ended"] == "memory"  ? absl::StrFormat("memory ran out at %d states", row["states"].get<uint64_t>())
      : row.contains("seconds") ? absl::StrFormat("stopped after %.0f s", row["seconds"].get<double>())
                                : "stopped";
  const std::string level = row["departures"].is_null()
                                ? "with as many departures as the bounds allow"
                                : absl::StrFormat("with up to %d departures", row["departures"].get<int>());
  const std::string searched =
      row["searched"].is_null()
          ? "not even all schedules without a departure were searched"
          : absl::StrFormat("every schedule with at most %d departures was searched", row["searched"].get<int>());
  return absl::StrFormat("%s; %s; of those %s, about %.2g %%", why, searched, level, 100 * row["done"].get<double>());
}

Json Certificate(Json head, std::vector<Json> rows) {
  std::sort(rows.begin(), rows.end(), [](const Json& a, const Json& b) { return a["index"] < b["index"]; });
  bool complete = head["scenarios"] == rows.size();
  double states = 0;
  std::map<std::string, std::pair<size_t, std::string>> violations;
  for (const Json& row : rows) {
    complete = complete && row["ended"] == "complete";
    states = std::max(states, row["states"].get<double>());
    for (const Json& violation : row["violations"]) {
      auto& [count, schedule] = violations[violation["signature"]];
      ++count;
      const std::string& text = violation["schedule"].get_ref<const std::string&>();
      if (schedule.empty() || text.size() < schedule.size()) schedule = text;
    }
  }
  Json list = Json::array();
  for (const auto& [signature, seen] : violations) {
    list.push_back({{"signature", signature}, {"scenarios", seen.first}, {"schedule", seen.second}});
  }
  head["complete"] = complete;
  head["violations"] = list;
  // Of n states, each pair has the same hash with a chance of 2^-128. States of different scenarios are not compared.
  head["false_match"] = std::ldexp(states * states / 2, -128) * static_cast<double>(rows.size());
  head["results"] = rows;
  return head;
}

}  // namespace nofail
