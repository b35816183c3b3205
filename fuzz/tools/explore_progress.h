// SPDX-License-Identifier: MIT
//
// How far the processes of a search have come, in memory that they share, and as a line for a person.
#ifndef NOFAIL_FUZZ_TOOLS_EXPLORE_PROGRESS_H_
#define NOFAIL_FUZZ_TOOLS_EXPLORE_PROGRESS_H_

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

#include "fuzz/explore/explorer.h"

namespace nofail {

// Estimates how much of the search with some number of departures is done.
//
// Progress::done is the share of the tree of answers, each answer as large as its siblings. It cannot be what is told.
// A search that remembers states does most of its work deep in the tree, where nearly everything is new. On its way
// back to the root it meets ever more of what it knows, so the last steps make the share grow from a billionth to 1.
// What grows evenly is the logarithm of the share: how far the search has come back to the root. docs/explore.md has
// figures.
class DoneEstimate {
 public:
  void Note(const Progress& progress);
  // From 0 to 1.
  double done() const { return done_; }

 private:
  uint8_t departures_ = 0;
  double first_ = 0;  // the first share that was not 0
  double done_ = 0;
};

// What one process is searching. Each field is written by that process alone.
struct CurrentSearch {
  std::atomic<bool> is_under_way;
  std::atomic<size_t> scenario;  // its index
  std::atomic<uint64_t> states;
  std::atomic<uint32_t> depth;
  std::atomic<uint8_t> departures;
  std::atomic<double> done;          // DoneEstimate::done
  std::atomic<int64_t> began;        // of the scenario; in milliseconds of a steady clock
  std::atomic<int64_t> level_began;  // of the search with these departures
};

class SearchProgress {
 public:
  static constexpr unsigned kMostJobs = 1024;

  // To be called by the processes of the search, which are numbered from 0.
  void Begin(unsigned job, size_t scenario);
  void Note(unsigned job, const Progress& progress, double done);
  void End(unsigned job, uint64_t states);
  void Found(const std::string& signature);

  // How many scenarios are done, with how many states, and how many different violations were found so far.
  size_t done() const { return done_; }
  uint64_t states() const;
  size_t violations() const { return violations_; }

  // "12 of 416 scenarios, 3,456,789 states, 4 violations", and the scenario that is longest under way.
  std::string Line(size_t total) const;
  // The same of that scenario alone, for example "scenario 7 for 65 s: ..., about 3 %, ...". "": none is under way, or
  // none for so long.
  std::string Longest(std::chrono::seconds at_least) const;

 private:
  static constexpr size_t kSlots = 1024;

  std::atomic<size_t> done_, violations_;
  std::atomic<uint64_t> states_of_done_;
  std::atomic<uint64_t> signatures_[kSlots];  // hashes of those found so far; 0: none
  CurrentSearch current_[kMostJobs];
};

}  // namespace nofail
#endif  // NOFAIL_FUZZ_TOOLS_EXPLORE_PROGRESS_H_
