// SPDX-License-Identifier: MIT
//
// Every scenario of a size, each once up to symmetry.
#ifndef NOFAIL_FUZZ_EXPLORE_SCENARIOS_H_
#define NOFAIL_FUZZ_EXPLORE_SCENARIOS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "fuzz/schedule/codec.h"
#include "fuzz/schedule/schedule.h"

namespace nofail {

// The size: at most so many of each.
struct ScenarioSize {
  uint32_t maps = 1;
  uint32_t owners = 1;
  uint32_t tasks = 2;
};

// A scenario without deviations and policy.
struct Scenario {
  std::string name;  // says what is in it: "sk preemptible: m0o0 m0o1/ map_free m0 | destroy o0"
  Schedule schedule;
};

// Profile::kTeardown: the set-up puts elements into maps and owners, each of which holds at least one. Then two or more
// tasks tear down some of them: each task frees a map or destroys an owner. The end tears down the rest.
// Profile::kLifecycle: one map and one owner (and a second one for a clone), with an element, without one, and for an
// sk also without room for one. Then two or more tasks perform one op each, of all kinds of op. With two maps, the
// owner also has an element of the second one, so that its storage stays when the first element goes; a task may free
// it.
//
// Both come for each storage type and both RCU configurations. Values have a kptr, which the set-up has set, so that
// fields that are lost or freed twice are seen. Scenarios that differ only in the numbers of maps, owners or buckets,
// or in the order of tasks, are one scenario. REQUIRES: the size is within the bounds of a schedule.
std::vector<Scenario> ScenariosOf(Profile profile, const ScenarioSize& size);

}  // namespace nofail
#endif  // NOFAIL_FUZZ_EXPLORE_SCENARIOS_H_
