// SPDX-License-Identifier: MIT
//
// Which of two schedules is the better result. A strict order in which every chain of simpler and simpler schedules
// ends; each step of the minimizer goes down it, so that it ends too, at the same place each time.
#ifndef NOFAIL_FUZZ_MINIMIZE_ORDER_H_
#define NOFAIL_FUZZ_MINIMIZE_ORDER_H_

#include <cstddef>

#include "fuzz/schedule/schedule.h"

namespace nofail {

// What a person reads as one statement each: maps, owners, ops, tasks, deviations, a policy.
size_t SentencesOf(const Schedule& schedule);
size_t OpsIn(const Schedule& schedule);  // the set-up's included

// First what a real machine is likelier to do (locks=contended, memory=sc, preemptible RCU), then fewer sentences, then
// fewer tasks and less in them, fewer failures, fewer words, smaller numbers; last, one fixed order of what is left.
bool IsSimpler(const Schedule& a, const Schedule& b);

}  // namespace nofail
#endif  // NOFAIL_FUZZ_MINIMIZE_ORDER_H_
