// SPDX-License-Identifier: MIT
#include "fuzz/tools/explore_progress.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace nofail {

namespace {

int64_t Now() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

// For a person: "40 s", "25 min", "7 h", "12 days".
std::string DurationText(double seconds) {
  static constexpr struct {
    double unit;
    const char* name;
  } kUnits[] = {{1, "s"}, {60, "min"}, {3600, "h"}, {86400, "days"}, {86400 * 365.25, "years"}};
  const auto* unit = &kUnits[0];
  for (const auto& larger : kUnits) {
    if (seconds >= 2 * larger.unit) unit = &larger;
  }
  const double count = std::max(1.0, seconds / unit->unit);
  return absl::StrFormat("%.*f %s", count < 10 && count != std::floor(count) ? 1 : 0, count, unit->name);
}

// How long the rest of the level takes, if all of it is like what is done.
std::string RestText(const CurrentSearch& search, int64_t now) {
  const double done = search.done, seconds = static_cast<double>(now - search.level_began) / 1000;
  if (done <= 0 || seconds < 1) return "";
  return absl::StrCat(", about ", DurationText(seconds * (1 - done) / done), " more if it goes on so");
}

}  // namespace

void DoneEstimate::Note(const Progress& progress) {
  if (progress.departures != departures_) first_ = done_ = 0;
  departures_ = progress.departures;
  if (first_ == 0) first_ = progress.done;
  // The search never comes back to where it was, so neither does the estimate.
  if (first_ > 0 && first_ < 1) done_ = std::max(done_, 1 - std::log(progress.done) / std::log(first_));
}

void SearchProgress::Begin(unsigned job, size_t scenario) {
  CurrentSearch& current = current_[job];
  current.scenario = scenario;
  current.states = 0;
  current.depth = 0;
  current.departures = 0;
  current.done = 0;
  current.began = Now();
  current.level_began = current.began.load();
  current.is_under_way = true;
}

void SearchProgress::Note(unsigned job, const Progress& progress, double done) {
  CurrentSearch& current = current_[job];
  if (current.departures != progress.departures) current.level_began = Now();
  current.departures = progress.departures;
  current.states = progress.states;
  current.depth = progress.depth;
  current.done = done;
}

void SearchProgress::End(unsigned job, uint64_t states) {
  current_[job].is_under_way = false;
  current_[job].states = 0;
  states_of_done_ += states;
  ++done_;
}

void SearchProgress::Found(const std::string& signature) {
  const uint64_t hash = XXH3_64bits(signature.data(), signature.size()) | 1;
  for (size_t i = 0; i < kSlots; ++i) {
    uint64_t empty = 0;
    std::atomic<uint64_t>& slot = signatures_[(hash + i) % kSlots];
    if (slot.compare_exchange_strong(empty, hash)) {
      ++violations_;
      return;
    }
    if (empty == hash) return;
  }
}

uint64_t SearchProgress::states() const {
  uint64_t states = states_of_done_;
  for (const CurrentSearch& current : current_) states += current.states;
  return states;
}

std::string SearchProgress::Longest(std::chrono::seconds at_least) const {
  const CurrentSearch* longest = nullptr;
  for (const CurrentSearch& current : current_) {
    if (current.is_under_way && (longest == nullptr || current.began < longest->began)) longest = &current;
  }
  const int64_t now = Now();
  if (longest == nullptr || now - longest->began < 1000 * at_least.count()) return "";
  const std::string allowed = longest->departures == Bounds::kUnbounded
                                  ? "all schedules within the bounds"
                                  : absl::StrCat("schedules with up to ", longest->departures.load(), " departures");
  return absl::StrFormat("scenario %d for %s: depth %d; %s: about %.2g %% done%s", longest->scenario.load(),
                         DurationText(static_cast<double>(now - longest->began) / 1000), longest->depth.load(), allowed,
                         100 * longest->done, RestText(*longest, now));
}

std::string SearchProgress::Line(size_t total) const {
  const std::string longest = Longest(std::chrono::seconds(2));
  return absl::StrFormat("%d of %d scenarios, %d states, %d violations%s", done(), total, states(), violations(),
                         longest.empty() ? "" : absl::StrCat("; ", longest));
}

}  // namespace nofail
