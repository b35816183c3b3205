// SPDX-License-Identifier: MIT
//
// What the steps of a run touch, and which steps are independent of each other.
//
// A step is what a task does from one scheduling point to the next. Two steps of different tasks are independent when
// it makes no difference which of them comes first. A search leaves out one of the two orders (sleep sets,
// fuzz/explore/explorer.h).
//
// Two steps are taken to be dependent
//   - when both touch the same word, and one of them writes it. Taking or releasing a lock writes the lock's word. A
//     free writes all of an object, and who loads a pointer to an object reads something of it, because the free looks
//     for readers that have such a pointer;
//   - when one stores and the other polls;
//   - when a grace period ends some task switches later: two orders need not have as many switches;
//   - when neither is quiet. A quiet step does nothing but access memory, and take and release locks within a reader
//     section. So all that concerns grace periods, callbacks, references, and beginnings and ends of ops counts as
//     dependent on each other, which is more than need be.
//
// Requires: a build that sees plain accesses (kAccessesSeen).
#ifndef NOFAIL_FUZZ_EXPLORE_STEPS_H_
#define NOFAIL_FUZZ_EXPLORE_STEPS_H_

#include <cstdint>
#include <span>
#include <vector>

#include "core/kernel/sim/access_observer.h"
#include "core/kernel/sim/state.h"

namespace nofail {

// An access to a word, or to all of an object.
struct Touch {
  uint64_t object;  // its name; 0 for memory outside of the heap
  uint64_t word;    // its name; 0: all of the object, or of the memory outside of the heap
  bool writes;
};

// One of four bits for a task A to D, 0 for others.
uint8_t TaskBit(OpRef op);

// What a step has done besides its touches.
struct StepKind {
  bool is_quiet = true;
  bool stores = false;
  bool polls = false;
  bool counts_switches = false;  // a grace period had no reader left, and ended some task switches later
  uint8_t tasks = 0;             // who took part, as TaskBit has it
};

class StepWatcher {
 public:
  // `state` must outlive the object.
  explicit StepWatcher(StateReader& state) : state_(state) {}

  // To be called before the run goes on from a question.
  void Begin();
  // To be called for each plain access of the step.
  void Saw(const PlainAccess& access);
  // To be called when the run has paused at the next question, or has ended. `counts_change` says whether the step has
  // changed what the World counts.
  void End(bool counts_change);

  // The step that has just ended.
  StepKind kind() const { return kind_; }
  std::span<const Touch> touches() const { return touches_; }
  // Whether it is independent of another step.
  bool IsIndependentOf(const StepKind& kind, std::span<const Touch> touches) const;

 private:
  void TakeIn(const Event& event);
  void Add(const Event& event, uint64_t word, bool writes);

  StateReader& state_;
  std::vector<Touch> touches_;
  StepKind kind_;
  uint32_t first_event_ = 0;
  uint8_t at_beginning_ = 0;  // the tasks whose op has begun and done nothing yet, as TaskBit has it
  bool locks_or_unlocks_ = false;
};

}  // namespace nofail
#endif  // NOFAIL_FUZZ_EXPLORE_STEPS_H_
