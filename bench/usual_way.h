// SPDX-License-Identifier: MIT
//
// Runs a schedule *the usual way*: with a real thread for each task, spawned for each run, with liburcu and real locks.
// Afterwards it compares counters of what exists. The benchmarks measure the suite's own engine against this, and the
// native stress test drives its threads with it.
//
// The usual way keeps the same usage contract as the engine, with one exception: a lookup in an inode's storage holds a
// reference to the inode, too. Deviations and policies have no effect: the machine decides how the threads interleave.
#ifndef NOFAIL_BENCH_USUAL_WAY_H_
#define NOFAIL_BENCH_USUAL_WAY_H_

#include <cstdint>

#include "core/kernel/native/native.h"
#include "core/subjects/subject.h"
#include "fuzz/schedule/schedule.h"

namespace nofail {

struct UsualOptions {
  native::Config kernel;        // `cpus` and `preemptible_rcu` are ignored: the schedule says them
  bool start_together = false;  // tasks wait for each other before their first op, so that they overlap
};

// What one run left behind, and what happened in it.
struct UsualResult {
  native::Counters more;    // by how much each counter rose during the run
  int64_t charge_left = 0;  // bytes: the absolute values of what owners were still charged when they went, added up
  bool clean() const;       // whether nothing was left behind and nothing warned
};

// Runs the schedule once, and returns when all threads have ended and all callbacks have run.
// REQUIRES: nothing else runs on the native kernel.
UsualResult RunTheUsualWay(const subject& subject, const Schedule& schedule, const UsualOptions& options = {});

}  // namespace nofail
#endif  // NOFAIL_BENCH_USUAL_WAY_H_
