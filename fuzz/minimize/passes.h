// SPDX-License-Identifier: MIT
//
// What the minimizer tries, as one ordered table of passes over the best schedule so far.
#ifndef NOFAIL_FUZZ_MINIMIZE_PASSES_H_
#define NOFAIL_FUZZ_MINIMIZE_PASSES_H_

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <unordered_set>

#include "fuzz/schedule/schedule.h"

namespace nofail {

// Runs a schedule: what it was without what had no effect, if it violates as wanted; otherwise nothing.
// REQUIRES: the same schedule, the same answer.
using Probe = std::function<std::optional<Schedule>(const Schedule&)>;

// The best schedule so far, and the one way to a better one.
class Search {
 public:
  // REQUIRES: `start` violates as wanted.
  Search(Schedule start, Probe probe) : best_(std::move(start)), probe_(std::move(probe)) {}

  const Schedule& best() const { return best_; }
  uint64_t tried() const { return tried_; }
  // Makes `candidate` the best schedule if it is simpler than that and violates. Runs no schedule twice.
  bool Try(const Schedule& candidate);
  // Nothing is tried any more.
  void Stop() { stopped_ = true; }
  bool stopped() const { return stopped_; }

 private:
  Schedule best_;
  Probe probe_;
  std::unordered_set<std::string> failed_;  // schedules that do not violate
  uint64_t tried_ = 0;
  bool stopped_ = false;
};

struct Pass {
  const char* name;  // "drop tasks"
  void (*run)(Search* search);
};
// In the order they are run, again and again until none of them finds anything.
std::span<const Pass> AllPasses();

// All of them, to the fixed point. `on_pass` is called before each.
void RunPasses(Search* search, const std::function<void(const Pass&)>& on_pass);

}  // namespace nofail
#endif  // NOFAIL_FUZZ_MINIMIZE_PASSES_H_
