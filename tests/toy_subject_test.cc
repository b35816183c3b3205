// SPDX-License-Identifier: MIT
//
// A toy subject, to show that the simulated kernel knows nothing of storages: this program links the simulator and
// nothing else of the suite. The subject is a box that holds one object. A reader looks into it under RCU; a writer
// replaces the object and frees the old one, either after a grace period or, wrongly, at once.
#include <gtest/gtest.h>

#include <vector>

#include "core/kernel/sim/sim.h"
#include "core/kernel/sync.h"

namespace nofail {
namespace {

// ---- The subject ----------------------------------------------------------------------------------------------------
struct Box {
  Marked<Atomic32*> content;
};

Atomic32* NewContent() {
  return static_cast<Atomic32*>(kernel_alloc(KERNEL_OTHER, sizeof(Atomic32), KERNEL_HERE));
}

void Look(Box& box) {
  RcuReader section;
  box.content.Dereference()->Read();
}

void Replace(Box& box, bool waits) {
  Atomic32* const old = box.content.raw;
  box.content.Assign(NewContent());
  if (waits) kernel_synchronize_rcu(KERNEL_HERE);
  kernel_free(old, KERNEL_HERE);
}

// ---- Every interleaving of one reader and one writer ----------------------------------------------------------------
// Tries all answers to preemptions, depth first. All other choices get the default: nothing fails, and no grace period
// is late.
class EveryInterleaving final : public Chooser {
 public:
  void Begin() override { depth_ = 0; }
  uint16_t Choose(const Choice& choice) override {
    if (choice.kind != ChoiceKind::kPreempt) return 0;
    if (depth_ == path_.size()) path_.push_back({0, choice.n});
    return path_[depth_++].answer;
  }
  bool Next() {
    while (!path_.empty() && ++path_.back().answer == path_.back().n) path_.pop_back();
    return !path_.empty();
  }

 private:
  struct Step {
    uint16_t answer, n;
  };
  std::vector<Step> path_;
  size_t depth_ = 0;
};

// How many interleavings there are, and how often the reader used the object after it was freed.
struct Count {
  int runs = 0, used_after_free = 0;
};

Count CountRuns(bool waits) {
  Sim& sim = Sim::Get();
  EveryInterleaving search;
  Count count;
  do {
    struct {
      Box box;
      bool waits;
    } world = {{}, waits};
    using World = decltype(world);
    sim.Reset({}, &search);
    sim.Spawn(kSetup, [](void* w) { static_cast<World*>(w)->box.content.raw = NewContent(); }, &world);
    sim.Run();
    sim.Spawn(kTaskA, [](void* w) { Look(static_cast<World*>(w)->box); }, &world);
    sim.Spawn(
        static_cast<TaskId>(kTaskA + 1),
        [](void* w) { Replace(static_cast<World*>(w)->box, static_cast<World*>(w)->waits); }, &world);
    sim.Run();
    ++count.runs;
    for (const Event& event : sim.trace().events()) {
      count.used_after_free += event.Is(Fault::kUseAfterFree);
    }
  } while (search.Next());
  return count;
}

TEST(ToySubject, FreedAfterAGracePeriodNobodyUsesItTooLate) {
  const Count count = CountRuns(true);
  EXPECT_GT(count.runs, 5);
  EXPECT_EQ(count.used_after_free, 0);
}

TEST(ToySubject, FreedAtOnceSomeInterleavingUsesItTooLate) {
  EXPECT_GT(CountRuns(false).used_after_free, 0);
}

}  // namespace
}  // namespace nofail
