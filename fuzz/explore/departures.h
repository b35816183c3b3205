// SPDX-License-Identifier: MIT
//
// The departures of one schedule.
#ifndef NOFAIL_FUZZ_EXPLORE_DEPARTURES_H_
#define NOFAIL_FUZZ_EXPLORE_DEPARTURES_H_

#include <array>
#include <cstdint>
#include <string>

#include "fuzz/exec/executor.h"
#include "fuzz/explore/bounds.h"

namespace nofail {

using Departures = std::array<uint32_t, kDepartures>;  // how many there are, by kind

// Runs the schedule, and counts what a search would count against its bounds.
Departures DeparturesOf(const Schedule& schedule, Executor* executor);

// For a person: "2 preemptions, 1 failed lock". "none" if there is none.
std::string DeparturesText(const Departures& departures);

}  // namespace nofail
#endif  // NOFAIL_FUZZ_EXPLORE_DEPARTURES_H_
