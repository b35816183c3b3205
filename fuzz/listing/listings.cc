// SPDX-License-Identifier: MIT
#include "fuzz/listing/listings.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace nofail {
namespace {

// Whether a violation that was seen as `listed` is no news when it is seen as `seen`.
bool IsExplainedBy(const Sighting& listed, const Sighting& seen) {
  return (listed.types & seen.types) != 0 && listed.preemptible_rcu == seen.preemptible_rcu &&
         IsAtMost(listed.need, seen.need);
}

}  // namespace

Sighting SightingOf(const JudgedRun& run, const Violation& violation) {
  Sighting sighting = {.need = NeedOf(run.trace, violation)};
  if (run.schedule == nullptr) return sighting;
  for (const MapSpec& map : run.schedule->maps) sighting.types |= static_cast<uint8_t>(1u << map.type);
  sighting.preemptible_rcu = run.schedule->modes.preemptible_rcu;
  return sighting;
}

std::string SightingText(const Sighting& sighting) {
  constexpr absl::string_view kTypes[] = {"sk", "task", "cgroup", "inode"};
  std::vector<absl::string_view> types;
  for (size_t i = 0; i < std::size(kTypes); ++i) {
    if (sighting.types >> i & 1) types.push_back(kTypes[i]);
  }
  return absl::StrCat(absl::StrJoin(types, "+"), ", rcu ",
                      sighting.preemptible_rcu ? "preemptible, " : "non-preemptible, ", NeedText(sighting.need));
}

void Listings::Add(const std::string& signature, const std::string& name, bool is_known, const Sighting& sighting) {
  Listing& listing = listings_.try_emplace(signature, Listing{name, is_known, {}}).first->second;
  if (listing.Explains(sighting)) return;
  std::erase_if(listing.sightings, [&](const Sighting& other) { return IsExplainedBy(sighting, other); });
  listing.sightings.push_back(sighting);
}

const Listing* Listings::Find(const std::string& signature) const {
  const auto found = listings_.find(signature);
  return found == listings_.end() ? nullptr : &found->second;
}

bool Listing::Explains(const Sighting& seen) const {
  return std::any_of(sightings.begin(), sightings.end(),
                     [&](const Sighting& listed) { return IsExplainedBy(listed, seen); });
}

}  // namespace nofail
