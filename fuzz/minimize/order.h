// SPDX-License-Identifier: MIT
//
// Which of two schedules is the better result of the minimizer.
//
// GUARANTEES: a strict order, and no endless sequence of schedules in which each is simpler than the one before. The
// minimizer accepts a schedule only when it is simpler than the best so far. So the minimizer ends, and the same input
// gives the same result.
#ifndef NOFAIL_FUZZ_MINIMIZE_ORDER_H_
#define NOFAIL_FUZZ_MINIMIZE_ORDER_H_

#include <cstddef>

#include "fuzz/schedule/schedule.h"

namespace nofail {

// How many statements a person reads: one for each map, owner, task, op, deviation and policy.
size_t SentencesOf(const Schedule& schedule);
// How many ops the set-up and all tasks have together.
size_t OpsIn(const Schedule& schedule);

// Whether `a` is simpler than `b`. The first of these rules that tells them apart decides:
//   1. The modes that a real machine is likelier to have are simpler: locks=contended, then memory=sc, then preemptible
//      RCU.
//   2. Fewer sentences (SentencesOf).
//   3. Fewer tasks, then fewer ops in the tasks. The ops of the set-up do not count here.
//   4. Fewer deviations that are no preemptions, such as failed lock attempts, failed allocations, late grace periods.
//   5. Fewer extra keywords, such as special fields of maps, flags of ops, `sleepable`, `optmem`.
//   6. A smaller sum of all numbers, such as value sizes, buckets, ordinals, and storage types by their number.
//   7. A comparison of all members in a fixed order, so that two different schedules never tie.
bool IsSimpler(const Schedule& a, const Schedule& b);

}  // namespace nofail
#endif  // NOFAIL_FUZZ_MINIMIZE_ORDER_H_
