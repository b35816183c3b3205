// SPDX-License-Identifier: MIT
//
// Litmus tests. A test has a few tasks of a few lines each. It runs them in every interleaving, with every answer to
// the other choices that it is about, and compares the set of outcomes with the expected one. So the expected set says
// exactly what a primitive may do.
#ifndef NOFAIL_TESTS_LITMUS_H_
#define NOFAIL_TESTS_LITMUS_H_

#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/kernel/access.h"
#include "core/kernel/kernel.h"
#include "core/kernel/refcount.h"
#include "core/kernel/sim/sim.h"
#include "fuzz/exec/choosers.h"

namespace nofail {

// The memory that the tasks of a litmus test share: one heap object. Each execution gets a new one, zeroed.
struct Shared {
  uint64_t x, y, z;
  int32_t bits;
  refcount_t count;
  kernel_rqspinlock lock[3];
  kernel_spinlock spin[2];
  kernel_rcu_head head;
};

// One litmus test. The functions that return Litmus& set it up; Outcomes runs it.
class Litmus {
 public:
  using Body = std::function<void(Shared&)>;

  explicit Litmus(SimConfig config = {}) : config_(config) {}
  // `body` runs alone before the tasks.
  Litmus& Init(Body body) {
    init_ = std::move(body);
    return *this;
  }
  Litmus& Task(Body body) {
    tasks_.push_back(std::move(body));
    return *this;
  }
  // `final` runs alone after the tasks, and returns the outcome of the execution. It is not called when a fatal fault
  // ended the execution.
  Litmus& Final(std::function<std::string(Shared&)> final) {
    final_ = std::move(final);
    return *this;
  }
  // Enumerates all choices. Without it only preemptions, answers of lock attempts and answers of need_resched are
  // enumerated; no allocation fails then, and no grace period is late.
  Litmus& AllChoices() {
    all_choices_ = true;
    return *this;
  }

  // Data races count as faults. Without it they do not, since not every build detects them.
  Litmus& WithRaces() {
    with_races_ = true;
    return *this;
  }

  // Runs every execution. Returns the outcomes, each with the number of executions that have it. The faults of an
  // execution are part of its outcome, after what `final` returned: "x=1 !use-after-free".
  std::map<std::string, int> Outcomes();

 private:
  std::string RunOnce(Chooser* chooser);

  SimConfig config_;
  Body init_ = [](Shared&) {};
  std::vector<Body> tasks_;
  std::function<std::string(Shared&)> final_ = [](Shared&) { return std::string(); };
  bool all_choices_ = false, with_races_ = false;
  Shared* shared_ = nullptr;
};

// The outcomes without their numbers.
std::vector<std::string> Keys(const std::map<std::string, int>& outcomes);

// Shorthand for the primitives as litmus tests use them.
inline uint64_t ReadOnce(uint64_t& word) {
  return KERNEL_LOAD(word, READ_ONCE, KERNEL_HERE);
}
inline void WriteOnce(uint64_t& word, uint64_t value) {
  KERNEL_STORE(word, value, WRITE_ONCE, KERNEL_HERE);
}

}  // namespace nofail
#endif  // NOFAIL_TESTS_LITMUS_H_
