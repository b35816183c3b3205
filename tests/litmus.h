// SPDX-License-Identifier: MIT
//
// Litmus tests: a few lines per task, every interleaving and every other choice enumerated, and the exact set of
// outcomes compared. What a primitive may do is what the set says, no more and no less.
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

// The memory that a litmus test's tasks share: one heap object, zeroed, anew in each execution.
struct Shared {
  uint64_t x, y, z;
  int32_t bits;
  refcount_t count;
  kernel_rqspinlock lock[3];
  kernel_spinlock spin[2];
  kernel_rcu_head head;
};

class Litmus {
 public:
  using Body = std::function<void(Shared&)>;

  explicit Litmus(SimConfig config = {}) : config_(config) {}
  // Runs alone before the tasks.
  Litmus& Init(Body body) {
    init_ = std::move(body);
    return *this;
  }
  Litmus& Task(Body body) {
    tasks_.push_back(std::move(body));
    return *this;
  }
  // Describes an execution that came to its end. Runs alone after it.
  Litmus& Final(std::function<std::string(Shared&)> final) {
    final_ = std::move(final);
    return *this;
  }
  // Also enumerates allocation failures and late grace periods.
  Litmus& AllChoices() {
    all_choices_ = true;
    return *this;
  }

  // Every outcome with the number of executions that have it. Faults stand behind it: "x=1 !use-after-free".
  std::map<std::string, int> Outcomes();

 private:
  std::string RunOnce(Chooser* chooser);

  SimConfig config_;
  Body init_ = [](Shared&) {};
  std::vector<Body> tasks_;
  std::function<std::string(Shared&)> final_ = [](Shared&) { return std::string(); };
  bool all_choices_ = false;
  Shared* shared_ = nullptr;
};

// The outcomes alone.
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
