// SPDX-License-Identifier: MIT
#include "fuzz/listing/listings.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "fuzz/schedule/keywords.h"

namespace nofail {
namespace {

// Whether a violation that was seen as `listed` is no news when it is seen as `seen`.
bool IsExplainedBy(const Sighting& listed, const Sighting& seen) {
  return (listed.types & seen.types) != 0 && listed.preemptible_rcu == seen.preemptible_rcu &&
         IsAtMost(listed.need, seen.need);
}

bool IsExplainedBy(const std::vector<Sighting>& listed, const Sighting& seen) {
  return std::any_of(listed.begin(), listed.end(), [&](const Sighting& other) { return IsExplainedBy(other, seen); });
}

void AddTo(const Sighting& sighting, std::vector<Sighting>* listed) {
  if (IsExplainedBy(*listed, sighting)) return;
  std::erase_if(*listed, [&](const Sighting& other) { return IsExplainedBy(sighting, other); });
  listed->push_back(sighting);
}

// Kind and objects of a signature that is a consequence of a saturation; of any other one "".
std::string ConsequenceIn(const std::string& signature) {
  if (!absl::StrContains(signature, "/after=saturation")) return "";
  const std::vector<absl::string_view> parts = absl::StrSplit(signature, '/');
  return absl::StrCat(parts[0], "/", parts[1]);
}

}  // namespace

std::string CauseOf(const std::string& name) {
  return name.substr(0, name.find('/'));
}

Sighting SightingOf(const JudgedRun& run, const Violation& violation) {
  const Need need = NeedOf(run.trace, violation);
  return run.schedule == nullptr ? Sighting{.need = need} : SightingOf(*run.schedule, need);
}

Sighting SightingOf(const Schedule& schedule, const Need& need) {
  Sighting sighting = {.need = need, .preemptible_rcu = schedule.modes.preemptible_rcu};
  for (const MapSpec& map : schedule.maps) sighting.types |= static_cast<uint8_t>(1u << map.type);
  return sighting;
}

std::string SightingText(const Sighting& sighting) {
  std::vector<absl::string_view> types;
  for (int type = 0; type < STORAGE_TYPES; ++type) {
    if (sighting.types >> type & 1) types.push_back(KeywordOf(kTypeKeywords, type));
  }
  return absl::StrCat(absl::StrJoin(types, "+"), ", rcu ", KeywordOf(kRcuKeywords, sighting.preemptible_rcu ? 0 : 1),
                      ", ", NeedText(sighting.need));
}

void Listings::Add(const std::string& signature, const std::string& name, bool is_known, const Sighting& sighting) {
  std::vector<Sighting>& of_cause = sightings_of_cause_[CauseOf(name)];
  Listing& listing = listings_.try_emplace(signature, Listing{name, is_known, {}, &of_cause}).first->second;
  AddTo(sighting, &listing.sightings);
  AddTo(sighting, &of_cause);
}

const Listing* Listings::Find(const std::string& signature) const {
  const auto found = listings_.find(signature);
  if (found != listings_.end()) return &found->second;
  const std::string consequence = ConsequenceIn(signature);
  const auto same = std::find_if(listings_.begin(), listings_.end(), [&](const auto& listed) {
    return !consequence.empty() && ConsequenceIn(listed.first) == consequence;
  });
  return same == listings_.end() ? nullptr : &same->second;
}

News Listings::Rate(const std::string& signature, const Sighting& seen) const {
  const Listing* listing = Find(signature);
  if (listing == nullptr) return News::kNew;
  return listing->Explains(seen) ? News::kNone : News::kWorse;
}

bool Listing::Explains(const Sighting& seen) const {
  return IsExplainedBy(*sightings_of_cause, seen);
}

}  // namespace nofail
