// SPDX-License-Identifier: MIT
//
// What is listed for a subject: the violations of the crash corpus, with the circumstances in which each is no news.
//
// STANDS FOR: the answer to "is this known?". A name alone does not answer it. A regression can show with the name of a
// listed violation, but after fewer failures, or for another storage type. Then it is *worse* than what is listed.
// GUARANTEES: the same subject gives the same listings. They come from runs of the crash corpus on this very subject
// (ListByReplay), so a tree that nobody has listed anything for has its listings as well.
#ifndef NOFAIL_FUZZ_LISTING_LISTINGS_H_
#define NOFAIL_FUZZ_LISTING_LISTINGS_H_

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "fuzz/check/judged_run.h"
#include "fuzz/check/need.h"
#include "fuzz/check/verdict.h"

namespace nofail {

// The cause in the name of a listing: the name up to the slash.
std::string CauseOf(const std::string& name);

// The circumstances in which a violation showed.
struct Sighting {
  Need need;
  uint8_t types = 0;  // of storage, of all maps of the schedule: a bit for each storage_type
  bool preemptible_rcu = true;
  auto operator<=>(const Sighting&) const = default;
};
Sighting SightingOf(const JudgedRun& run, const Violation& violation);
// Of a violation that a run of this schedule shows after these failures.
Sighting SightingOf(const Schedule& schedule, const Need& need);
// For a person: "sk, rcu preemptible, nothing failed".
std::string SightingText(const Sighting& sighting);

// One listed violation.
struct Listing {
  std::string name;  // as Listed::name
  bool is_known;     // true: a known limitation; false: a finding
  // Of this violation, and of all violations with the same cause. In each list, none explains another one.
  std::vector<Sighting> sightings;
  const std::vector<Sighting>* sightings_of_cause;

  // Whether the violation is no news when it is seen so: some sighting needed no more failures, for a storage type that
  // the schedule has, in the same RCU configuration. Otherwise it is worse than what is listed. The sighting may be of
  // another violation with the same cause: what is freed too early has many victims, and each is a violation of its
  // own.
  bool Explains(const Sighting& seen) const;
};

// What a violation is to somebody who has the listings.
enum class News : uint8_t {
  kNone,   // listed, and seen in circumstances that explain it
  kWorse,  // listed, but not in such circumstances
  kNew,    // not listed
};

// A violation that the subject does not show, though the subject for which it is listed does.
struct Gone {
  std::string signature;
  std::string name;      // as Listed::name
  std::string schedule;  // that no longer violates so: its path below corpus/, without .sched
};

class Listings {
 public:
  Listings() = default;
  Listings(Listings&&) = default;
  Listings& operator=(Listings&&) = default;

  void Add(const std::string& signature, const std::string& name, bool is_known, const Sighting& sighting);
  void AddGone(Gone gone) { gone_.push_back(std::move(gone)); }
  // Drops what is gone from one schedule while another one shows the same cause: one of its faces is told apart by
  // chance, and the cause is not mended.
  void DropGone(const std::set<std::string>& causes) {
    std::erase_if(gone_, [&](const Gone& gone) { return causes.contains(CauseOf(gone.name)); });
  }

  // nullptr: the signature is not listed. Of what follows from a saturation (after=saturation) only kind and objects
  // matter. The functions are those of victims, and other storage types have others; what is at fault is the
  // saturation, which has a signature of its own. The result is valid until the next Add.
  const Listing* Find(const std::string& signature) const;
  // Whether a violation that is seen in these circumstances is news.
  News Rate(const std::string& signature, const Sighting& seen) const;

  const std::map<std::string, Listing>& all() const { return listings_; }
  const std::vector<Gone>& gone() const { return gone_; }

 private:
  std::map<std::string, Listing> listings_;                          // by signature
  std::map<std::string, std::vector<Sighting>> sightings_of_cause_;  // by cause: a listing's name up to the slash
  std::vector<Gone> gone_;
};

}  // namespace nofail
#endif  // NOFAIL_FUZZ_LISTING_LISTINGS_H_
