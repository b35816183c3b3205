// SPDX-License-Identifier: MIT
#include "fuzz/explore/read_certificate.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <span>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "fuzz/schedule/text.h"

namespace nofail {

namespace {

using Json = nlohmann::ordered_json;
using Type = Json::value_t;

struct Field {
  const char* name;
  Type type;
};
constexpr Field kWhole[] = {
    {"subject", Type::string},           {"sources", Type::object},   {"suite", Type::object},
    {"scenarios", Type::number_integer}, {"bounds", Type::object},    {"scenario_list", Type::string},
    {"hash_seed", Type::number_integer}, {"complete", Type::boolean}, {"plain_reads", Type::boolean},
    {"violations", Type::array},         {"results", Type::array},    {"false_match", Type::number_float}};
constexpr Field kSuite[] = {{"version", Type::string}, {"sources", Type::string}, {"compiler", Type::string}};
constexpr Field kRow[] = {
    {"index", Type::number_integer}, {"name", Type::string},          {"schedule", Type::string},
    {"ended", Type::string},         {"runs", Type::object},          {"states", Type::number_integer},
    {"steps", Type::number_integer}, {"depth", Type::number_integer}, {"final_states", Type::object},
    {"left_out", Type::object},      {"violations", Type::array}};
constexpr Field kEarly[] = {{"done", Type::number_float}};  // besides, of a row that is not complete
constexpr const char* kLevels[] = {"searched", "departures"};
constexpr Field kRuns[] = {{"ends", Type::number_integer}, {"merges", Type::number_integer}};
constexpr Field kFinals[] = {{"count", Type::number_integer}, {"sum", Type::string}, {"xor", Type::string}};
constexpr Field kShown[] = {{"signature", Type::string}, {"need", Type::object}, {"schedule", Type::string}};
constexpr Field kInAll[] = {
    {"signature", Type::string}, {"scenarios", Type::number_integer}, {"schedule", Type::string}};
constexpr const char* kBounds[] = {"preemptions", "locks", "allocations", "grace_periods", "restarts"};
static_assert(std::size(kBounds) == kDepartures);

// Numbers of a certificate are not negative; a whole one may stand for a fraction.
bool IsOf(const Json& value, Type type) {
  if (type == Type::number_integer) return value.is_number_unsigned();
  if (type == Type::number_float) return value.is_number();
  return value.type() == type;
}

// What the object lacks of these fields, for a person; "": nothing.
std::string Lacks(const Json& object, std::span<const Field> fields) {
  if (!object.is_object()) return "one of its objects";
  for (const Field& field : fields) {
    const auto found = object.find(field.name);
    if (found == object.end() || !IsOf(*found, field.type)) return absl::StrCat("\"", field.name, "\"");
  }
  return "";
}

bool HasSmallNumbers(const Json& object, std::span<const char* const> names, uint64_t most, bool or_null) {
  for (const char* name : names) {
    const auto found = object.find(name);
    if (found == object.end()) return false;
    if (or_null && found->is_null()) continue;
    if (!found->is_number_unsigned() || found->get<uint64_t>() > most) return false;
  }
  return true;
}

bool IsNeed(const Json& need) {
  static constexpr const char* kAllocations[] = {"allocations"};
  if (!HasSmallNumbers(need, kAllocations, Need::kMaxFailures, false)) return false;
  for (const char* name : {"contended", "free"}) {
    if (!need.contains(name) || !need[name].is_array() || need[name].size() != kLockClasses) return false;
    for (const Json& count : need[name]) {
      if (!count.is_number_unsigned() || count.get<uint64_t>() > Need::kMaxFailures) return false;
    }
  }
  return true;
}

bool IsSchedule(const Json& text) {
  return ParseText(text.get_ref<const std::string&>(), "").ok();
}

std::string LacksOfRow(const Json& row, uint64_t scenarios) {
  std::string lacks = Lacks(row, kRow);
  if (lacks.empty()) lacks = Lacks(row["runs"], kRuns);
  if (lacks.empty()) lacks = Lacks(row["final_states"], kFinals);
  if (!lacks.empty()) return lacks;
  if (row["index"].get<uint64_t>() >= scenarios) return "\"index\" that a scenario has";
  if (!IsSchedule(row["schedule"])) return "\"schedule\" that can be read";
  if (row["ended"] != "complete" && (lacks = Lacks(row, kEarly), !lacks.empty())) return lacks;
  if (row["ended"] != "complete" && !HasSmallNumbers(row, kLevels, Bounds::kUnbounded, true)) return "\"searched\"";
  if (!HasSmallNumbers(row["left_out"], kBounds, UINT64_MAX, false)) return "\"left_out\"";
  for (const Json& violation : row["violations"]) {
    lacks = Lacks(violation, kShown);
    if (!lacks.empty()) return lacks;
    if (!IsNeed(violation["need"])) return "\"need\"";
    if (!IsSchedule(violation["schedule"])) return "\"schedule\" that can be read";
  }
  return "";
}

std::string LacksOf(const Json& certificate) {
  std::string lacks = Lacks(certificate, kWhole);
  if (lacks.empty()) lacks = Lacks(certificate["suite"], kSuite);
  if (!lacks.empty()) return lacks;
  if (!HasSmallNumbers(certificate["bounds"], kBounds, Bounds::kUnbounded - 1, true)) return "\"bounds\"";
  for (const Json& hash : certificate["sources"]) {
    if (!hash.is_string()) return "\"sources\"";
  }
  for (const Json& violation : certificate["violations"]) {
    if (lacks = Lacks(violation, kInAll); !lacks.empty()) return lacks;
    if (!IsSchedule(violation["schedule"])) return "\"schedule\" that can be read";
  }
  for (const Json& row : certificate["results"]) {
    if (lacks = LacksOfRow(row, certificate["scenarios"].get<uint64_t>()); !lacks.empty()) return lacks;
  }
  return "";
}

}  // namespace

absl::StatusOr<Json> ParseCertificate(absl::string_view text, const std::string& name) {
  Json certificate = Json::parse(text, nullptr, false);
  if (certificate.is_discarded() || !certificate.is_object()) {
    return absl::InvalidArgumentError(absl::StrCat(name, ": is no certificate: its JSON is broken"));
  }
  const auto format = certificate.find("format");
  if (format == certificate.end() || !format->is_number_unsigned()) {
    return absl::InvalidArgumentError(absl::StrCat(name, ": is no certificate: it says no \"format\""));
  }
  if (*format != kCertificateFormat) {
    return absl::InvalidArgumentError(absl::StrCat(name, ": is a certificate of format ", format->get<uint64_t>(),
                                                   "; this version reads format ", kCertificateFormat));
  }
  const std::string lacks = LacksOf(certificate);
  if (lacks.empty()) return certificate;
  return absl::InvalidArgumentError(absl::StrCat(name, ": is no certificate: it has no ", lacks));
}

absl::StatusOr<Json> ReadCertificate(const std::string& path) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": is a directory; name a certificate"));
  }
  std::ifstream file(path, std::ios::binary);
  const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  if (!file) return absl::InvalidArgumentError(absl::StrCat(path, ": ", strerror(errno)));
  return ParseCertificate(text, path);
}

bool LooksLikeCertificate(absl::string_view text) {
  return absl::StartsWith(absl::StripLeadingAsciiWhitespace(text), "{");
}

Json HeadOf(const Json& certificate) {
  Json head = certificate;
  for (const char* name : {"complete", "violations", "false_match", "results"}) head.erase(name);
  return head;
}

ExploreOptions OptionsOf(const Json& certificate) {
  ExploreOptions options;
  for (int i = 0; i < kDepartures; ++i) {
    const Json& bound = certificate["bounds"][kBounds[i]];
    options.bounds.left[static_cast<size_t>(i)] = bound.is_null() ? Bounds::kUnbounded : bound.get<uint8_t>();
  }
  options.seed = certificate["hash_seed"];
  return options;
}

Schedule ScheduleOf(const Json& row_or_violation) {
  return ParseText(row_or_violation["schedule"].get_ref<const std::string&>(), "certificate")->schedule;
}

Scenario ScenarioOf(const Json& row) {
  return {row["name"], ScheduleOf(row)};
}

std::vector<std::string> MissingScenarios(const Json& certificate) {
  std::set<uint64_t> there;
  for (const Json& row : certificate["results"]) there.insert(row["index"].get<uint64_t>());
  there.insert(certificate["scenarios"].get<uint64_t>());  // the end
  std::vector<std::string> missing;
  uint64_t next = 0;
  for (const uint64_t index : there) {
    if (index == next + 1) missing.push_back(absl::StrCat(next));
    if (index > next + 1) missing.push_back(absl::StrCat(next, " to ", index - 1));
    next = index + 1;
  }
  return missing;
}

std::string Contradiction(const Json& certificate) {
  const Json again = Certificate(HeadOf(certificate), certificate["results"]);
  for (const char* name : {"complete", "violations", "false_match"}) {
    if (certificate[name] != again[name]) return absl::StrCat("\"", name, "\" does not follow from its results");
  }
  std::vector<Scenario> scenarios;
  for (size_t i = 0; i < certificate["results"].size(); ++i) {
    const Json& row = certificate["results"][i];
    if (i > 0 && row["index"] <= certificate["results"][i - 1]["index"]) return "its results are not in their order";
    scenarios.push_back(ScenarioOf(row));
  }
  const bool has_all = certificate["scenarios"] == scenarios.size();
  if (has_all && certificate["scenario_list"] != HashOfScenarios(scenarios)) {
    return "its scenarios are not those that its head says";
  }
  return "";
}

absl::StatusOr<Json> MergeCertificates(const std::vector<Json>& parts, const std::vector<std::string>& names) {
  const Json head = HeadOf(parts[0]);
  std::map<uint64_t, size_t> seen;  // the part, by index
  std::vector<Json> rows;
  for (size_t i = 0; i < parts.size(); ++i) {
    const Json other = HeadOf(parts[i]);
    for (const auto& [key, value] : head.items()) {
      if (other.contains(key) && other[key] == value) continue;
      return absl::InvalidArgumentError(
          absl::StrCat(names[i], ": is not of the same search as ", names[0], ": they differ in \"", key, "\""));
    }
    for (const Json& row : parts[i]["results"]) {
      const auto [before, is_new] = seen.try_emplace(row["index"].get<uint64_t>(), i);
      if (!is_new) {
        return absl::InvalidArgumentError(absl::StrCat(names[i], ": has scenario ", before->first, ", which ",
                                                       names[before->second], " has as well"));
      }
      rows.push_back(row);
    }
  }
  return Certificate(head, std::move(rows));
}

}  // namespace nofail
