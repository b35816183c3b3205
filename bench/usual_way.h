// SPDX-License-Identifier: MIT
//
// A schedule run the usual way: real threads spawned for each run, liburcu, real locks, and counters looked at
// afterwards. What the suite's own engine is measured against, and the driver of the native stress test.
//
// It keeps the same usage contract as the engine, but for one thing: a lookup in an inode's storage holds a reference
// to the inode, too. Deviations and policies mean nothing here; threads go as they like.
#ifndef NOFAIL_BENCH_USUAL_WAY_H_
#define NOFAIL_BENCH_USUAL_WAY_H_

#include <cstdint>

#include "core/kernel/native/native.h"
#include "core/subjects/subject.h"
#include "fuzz/schedule/schedule.h"

namespace nofail {

struct UsualOptions {
  native::Config kernel;        // cpus and preemptible_rcu come from the schedule
  bool start_together = false;  // tasks wait for each other before their first op, so that they overlap
};

// What a run left behind, and what happened in it.
struct UsualOutcome {
  native::Counters more;    // by how much each counter rose
  int64_t charge_left = 0;  // bytes that owners were still charged when they went away
  bool clean() const;       // nothing left, no warnings
};

// REQUIRES: nothing else runs on the native kernel.
UsualOutcome RunTheUsualWay(const subject& subject, const Schedule& schedule, const UsualOptions& options = {});

}  // namespace nofail
#endif  // NOFAIL_BENCH_USUAL_WAY_H_
