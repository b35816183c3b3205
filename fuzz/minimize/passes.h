// SPDX-License-Identifier: MIT
//
// The passes of the minimizer: one ordered table of the changes that are tried on the best schedule so far.
#ifndef NOFAIL_FUZZ_MINIMIZE_PASSES_H_
#define NOFAIL_FUZZ_MINIMIZE_PASSES_H_

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <unordered_set>

#include "fuzz/schedule/schedule.h"

namespace nofail {

// Runs a schedule. If it violates with the wanted signature, returns the schedule as it ran: without its policy, and
// with only those deviations that had an effect. Otherwise returns nothing.
// REQUIRES: calls with the same schedule return the same.
using Probe = std::function<std::optional<Schedule>(const Schedule&)>;

// The best schedule so far. Passes make it better by calling Try.
class Search {
 public:
  // REQUIRES: `start` violates with the wanted signature.
  Search(Schedule start, Probe probe) : best_(std::move(start)), probe_(std::move(probe)) {}

  const Schedule& best() const { return best_; }
  // How many candidates were run.
  uint64_t tried() const { return tried_; }
  // Makes `candidate` the best schedule if it is simpler than the best so far (order.h) and violates. Returns whether
  // it did. Does not run a candidate that is not simpler or that is known not to violate.
  bool Try(const Schedule& candidate);
  // From now on, Try runs nothing and returns false.
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
  const char* name;             // for a person, for example "drop tasks"
  void (*run)(Search* search);  // tries each change of this kind
};
// All passes, in the order in which they run.
std::span<const Pass> AllPasses();

// Runs all passes in order, again and again, until a whole round changes nothing or the search is stopped. Calls
// `on_pass` before each pass.
void RunPasses(Search* search, const std::function<void(const Pass&)>& on_pass);

}  // namespace nofail
#endif  // NOFAIL_FUZZ_MINIMIZE_PASSES_H_
