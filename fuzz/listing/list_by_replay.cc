// SPDX-License-Identifier: MIT
#include "fuzz/listing/list_by_replay.h"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_split.h"
#include "core/kernel/sim/sim.h"
#include "fuzz/check/crash_corpus.h"
#include "fuzz/check/known.h"
#include "fuzz/listing/same_violation.h"
#include "fuzz/listing/shifted.h"
#include "fuzz/listing/shows_nearby.h"

namespace nofail {
namespace {

// By Effort. What is quick takes some milliseconds for each violation that does not show.
constexpr Reach kForOtherCode[] = {{4, 2}, {6, 3}};
// A schedule written for another storage type needs little.
constexpr Reach kForOtherType = {3, 2};

constexpr std::string_view kLinux = "linux-";

// "linux-7.2" as {7, 2}.
std::vector<int> VersionOf(const std::string& subject) {
  const std::vector<std::string> parts = absl::StrSplit(subject.substr(kLinux.size()), '.');
  std::vector<int> version;
  for (const std::string& part : parts) {
    version.push_back(std::atoi(part.c_str()));
  }
  return version;
}

// Whether the reference `other` is nearer to what is asked for than `best`, if that is not "".
bool IsNewer(const std::string& other, const std::string& best) {
  return other.starts_with(kLinux) && (best.empty() || VersionOf(best) < VersionOf(other));
}

// The subject whose `expect` lines say what `subject` should show; "": the schedule says nothing of it.
std::string ReferenceFor(const ScheduleFile& file, const std::string& subject) {
  std::string newest;
  for (const Expectation& line : file.expectations) {
    if (line.subject == subject) return subject;
    if (IsNewer(line.subject, newest)) newest = line.subject;
  }
  return subject.starts_with(kLinux) ? newest : "";
}

// A violation that the reference shows.
struct Expected {
  std::string signature;
  std::string name;
  bool is_known;
};

bool IsRace(const Expected& expected) {
  return expected.signature.starts_with("data-race/");
}

std::vector<Expected> ExpectedOf(const CorpusEntry& entry, const std::string& reference) {
  const std::pair<std::string, std::string> path = absl::StrSplit(entry.name, absl::MaxSplits('/', 1));
  std::vector<Expected> result;
  for (const Expectation& line : entry.file.expectations) {
    if (line.subject != reference) continue;
    for (const std::string& signature : line.signatures) {
      const bool is_known = !line.known.empty();
      result.push_back({signature, is_known ? line.known : path.second, is_known});
    }
  }
  return result;
}

// The schedule for another storage type; nothing if it cannot be written for that type.
std::optional<Schedule> ForType(Schedule schedule, storage_type type) {
  const auto is_other = [&](const MapSpec& map) { return map.type != schedule.maps[0].type; };
  if (std::any_of(schedule.maps.begin(), schedule.maps.end(), is_other)) return std::nullopt;  // it has two types
  for (MapSpec& map : schedule.maps) {
    map.type = type;
    map.clone &= type == STORAGE_SK;
  }
  for (OwnerSpec& owner : schedule.owners) {
    owner.type = type;
    if (type != STORAGE_SK) owner.optmem = 0;
  }
  if (!Problem(schedule).empty()) return std::nullopt;
  return schedule;
}

// Runs the corpus on one subject, and lists what shows.
class Lister {
 public:
  // `executor` may be null for ListNames.
  Lister(const std::string& subject, Executor* executor, Effort effort)
      : subject_(subject), executor_(executor), for_other_code_(kForOtherCode[static_cast<int>(effort)]) {
    for (const CorpusEntry& entry : CrashCorpus()) ChooseNames(entry);
  }

  Listings ListNames() {
    for (const auto& [signature, expected] : names_) {
      for (const bool preemptible : {true, false}) {
        Add(expected, signature, {.need = {}, .types = 0xff, .preemptible_rcu = preemptible});
      }
    }
    return std::move(listings_);
  }

  Listings List() {
    for (const CorpusEntry& entry : CrashCorpus()) {
      expected_ = ExpectedOf(entry, ReferenceFor(entry.file, subject_));
      if (!expected_.empty()) ListEntry(entry);
    }
    listings_.DropGone(causes_that_show_);
    return std::move(listings_);
  }

 private:
  // Of the names that each violation may have, keeps the best.
  void ChooseNames(const CorpusEntry& entry) {
    for (const Expected& expected : ExpectedOf(entry, ReferenceFor(entry.file, subject_))) {
      Expected& best = names_.try_emplace(expected.signature, expected).first->second;
      if (IsBetterName({expected.name, expected.is_known}, {best.name, best.is_known}, expected.signature)) {
        best = expected;
      }
    }
  }

  void Add(const Expected& expected, const std::string& signature, const Sighting& sighting) {
    const Expected& named = names_.at(expected.signature);
    listings_.Add(signature, named.name, named.is_known, sighting);
  }

  void ListEntry(const CorpusEntry& entry) {
    shown_.assign(expected_.size(), false);
    // So that ThreadSanitizer remembers nothing of the run before. It takes long, and only data races depend on it. So
    // it is not done for variants.
    if (std::any_of(expected_.begin(), expected_.end(), IsRace)) Sim::Get().RenewFibers();
    const Sighting whole_run = ListRun(entry.file.schedule);
    for (size_t i = 0; i < expected_.size(); ++i) {
      if (shown_[i]) continue;
      const Expected& expected = expected_[i];
      if (IsRace(expected)) {
        // A build without ThreadSanitizer sees no data race, and one with it may miss some. So a race that the
        // reference shows is listed in any case, with all that failed in the run.
        Add(expected, expected.signature, whole_run);
      } else if (!ListShifted(entry.file.schedule, for_other_code_, i)) {
        listings_.AddGone({expected.signature, names_.at(expected.signature).name, entry.name});
      }
    }
    ListVariants(entry.file.schedule);
  }

  // Runs the schedule and lists what is as expected. Returns the circumstances at the end of the run.
  Sighting ListRun(const Schedule& schedule) {
    const JudgedRun& run = RunAndDropReports(schedule, executor_);
    for (const Violation& violation : run.verdict.violations) {
      const std::string signature = violation.Signature();
      const std::optional<size_t> i = FindExpected(signature, run.trace);
      if (!i) continue;
      Add(expected_[*i], signature, SightingOf(run, violation));
      shown_[*i] = true;
      causes_that_show_.insert(CauseOf(names_.at(expected_[*i].signature).name));
    }
    return SightingOf(run, {.event = run.trace.size()});
  }

  // The index of what the signature is the same as; nothing when the reference does not show it.
  std::optional<size_t> FindExpected(const std::string& signature, const Trace& trace) const {
    for (size_t i = 0; i < expected_.size(); ++i) {
      if (expected_[i].signature == signature) return i;
    }
    for (size_t i = 0; i < expected_.size(); ++i) {
      if (IsSameViolation(expected_[i].signature, signature, trace)) return i;
    }
    return std::nullopt;
  }

  // Runs the schedule for the other storage types and RCU configurations.
  void ListVariants(const Schedule& schedule) {
    for (int type = 0; type < STORAGE_TYPES; ++type) {
      std::optional<Schedule> variant = ForType(schedule, static_cast<storage_type>(type));
      for (const bool preemptible : {true, false}) {
        if (!variant) continue;
        variant->modes.preemptible_rcu = preemptible;
        if (*variant == schedule) continue;
        shown_.assign(expected_.size(), false);
        ListRun(*variant);
        for (size_t i = 0; i < expected_.size(); ++i) {
          if (!shown_[i] && !IsRace(expected_[i])) ListShifted(*variant, kForOtherType, i);
        }
      }
    }
  }

  // Shifts ordinals until expected_[i] shows; false: it never did.
  bool ListShifted(const Schedule& schedule, Reach reach, size_t i) {
    return AnyShifted(schedule, reach, [&](const Schedule& shifted) {
      ListRun(shifted);
      return bool{shown_[i]};
    });
  }

  const std::string& subject_;
  Executor* const executor_;
  const Reach for_other_code_;
  Listings listings_;
  std::map<std::string, Expected> names_;   // by signature
  std::set<std::string> causes_that_show_;  // of more than data races
  // Of the entry that is being listed: what the reference shows, and which of that has shown.
  std::vector<Expected> expected_;
  std::vector<bool> shown_;
};

}  // namespace

std::string ReferenceOf(const std::string& subject) {
  std::string newest;
  for (const CorpusEntry& entry : CrashCorpus()) {
    const std::string reference = ReferenceFor(entry.file, subject);
    if (reference == subject) return subject;
    if (IsNewer(reference, newest)) newest = reference;
  }
  return newest;
}

Listings ListByReplay(const std::string& subject, Executor* executor, Effort effort) {
  return Lister(subject, executor, effort).List();
}

Listings ListByName(const std::string& subject) {
  return Lister(subject, nullptr, Effort::kQuick).ListNames();
}

}  // namespace nofail
