// SPDX-License-Identifier: MIT
//
// The file in which a fuzz process says how far it is, once a second: `.status.<pid>` or `.status.<pid>.<number>` in
// the folder of its findings. No two processes share one, even if they have the same id in two containers. Whoever
// watches several processes reads their files and unites them; a process that dies costs a second of counts.
//
// Each line is a keyword and its values, separated by blanks:
//   state running|done
//   executions N / events N / seconds N.N
//   interleavings REGISTERS (HyperLogLog::Text)
//   violation known|finding|differs|worse|new COUNT FIRST-EXECUTION NAME SIGNATURE
//   pairs N / pair BOTH SUBJECT-ALONE BASELINE-ALONE SIGNATURE (only with a baseline: fuzz/engine/comparison.h)
//   attempts N / attempt RESULT COUNT LINE FILE FUNCTION
//   orders N / order KIND OFFSET COUNT COUNT ACCESS LINE FILE FUNCTION ACCESS LINE FILE FUNCTION (with --orders only)
#ifndef NOFAIL_FUZZ_ENGINE_STATUS_FILE_H_
#define NOFAIL_FUZZ_ENGINE_STATUS_FILE_H_

#include <compare>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "fuzz/engine/hyperloglog.h"

namespace nofail {

struct ViolationCount {
  std::string listed;  // known, finding, differs, worse or new; differs: beside known or finding, for its samples
  uint64_t count = 0;
  uint64_t first = 0;  // the number of the execution that showed it first, in the process that was first
  std::string name;    // of the file that has the schedule, without .sched
  std::string signature;
};

// Of the schedules that ran on the subject and on the baseline, how many showed a violation on which.
struct PairCount {
  std::string signature;
  uint64_t both = 0, subject_alone = 0, baseline_alone = 0;

  // Whether the subject shows it clearly more often: half as often again at least, and more than chance allows (by
  // McNemar's test, which looks at the schedules on which the two differ: 4 standard deviations, 1 in 30,000).
  bool IsClearRise() const;
};

// What became of attempts to take an rqspinlock or to allocate, at one place of the source.
struct AttemptCount {
  // taken, timeout-held, timeout-free, deadlock-held, deadlock-free (-ETIMEDOUT or -EDEADLK although another task or
  // nobody held the lock), deadlock-own (the task held it itself); allocated, not-allocated
  std::string result;
  uint64_t count = 0;
  uint32_t line = 0;
  std::string file, function;
};

// Where an access is made.
struct AccessPlace {
  std::string access;  // load, store or rmw (marked), read or write (plain)
  uint32_t line = 0;   // 0: not known
  std::string file;    // "": not known
  std::string function;
  auto operator<=>(const AccessPlace&) const = default;
};

// In how many executions two conflicting accesses of two tasks came in which order (fuzz/engine/access_orders.h).
struct OrderCount {
  std::string kind;           // of the object
  uint32_t offset = 0;        // in it, in bytes
  AccessPlace first, second;  // first < second
  uint64_t first_then_second = 0, second_then_first = 0;
};
// Sorts by everything but the counts.
struct OrderLess {
  bool operator()(const OrderCount& a, const OrderCount& b) const;
};
using OrderCounts = std::set<OrderCount, OrderLess>;  // each pair of accesses to each place once
// Adds the count, with its accesses exchanged if they are not in order.
void AddOrder(OrderCount count, OrderCounts* all);

struct Status {
  bool is_done = true;
  uint64_t executions = 0, events = 0;
  double seconds = 0;
  HyperLogLog interleavings;
  std::vector<ViolationCount> violations;  // each signature once for each value of `listed`
  uint64_t pairs = 0;                      // executions that ran on the baseline as well, as the fixed share
  std::vector<PairCount> pair_counts;      // each signature once
  uint64_t attempt_runs = 0;               // executions whose attempts were counted
  std::vector<AttemptCount> attempts;      // each result at each place once
  uint64_t order_runs = 0;                 // executions whose orders were counted
  OrderCounts orders;
};

std::string FormatStatus(const Status& status);
// Errors are one line and name the line that cannot be read.
absl::StatusOr<Status> ParseStatus(absl::string_view text);
// Adds the counts of another process. The result's seconds are those of the process that ran longest.
void UniteStatus(const Status& other, Status* status);

}  // namespace nofail
#endif  // NOFAIL_FUZZ_ENGINE_STATUS_FILE_H_
