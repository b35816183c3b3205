// SPDX-License-Identifier: MIT
//
// The choosers: each answers the choices of a run (core/kernel/sim/choice.h) in another way. A chooser does not know
// what is run: a World or a litmus test.
//
// GUARANTEES: Choose allocates nothing. It is called on the fiber of a task, and ThreadSanitizer reports a race when
// one fiber allocates memory that another fiber frees.
#ifndef NOFAIL_FUZZ_EXEC_CHOOSERS_H_
#define NOFAIL_FUZZ_EXEC_CHOOSERS_H_

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "core/kernel/sim/choice.h"
#include "fuzz/base/limits.h"
#include "fuzz/schedule/rng.h"
#include "fuzz/schedule/schedule.h"

namespace nofail {

// Whether the task that comes to the question can go on. If it can, every answer but the default preempts it. If it
// cannot, because it blocks or ends, another task runs in any case. For kinds other than kPreempt, false.
bool MayStay(const Choice& choice);

// Answers 0, the default, to every choice.
class DefaultChooser final : public Chooser {
 public:
  uint16_t Choose(const Choice&) override { return 0; }
};

// Answers as a seeded policy says. The answers depend only on the policy, on `ops` and on the choices so far. Saved
// schedules name policies and seeds, so any change of the answers needs a new Rng::kVersion.
class PolicyChooser final : public Chooser {
 public:
  // `ops` is how many ops the tasks of the schedule have together. PCT estimates the length of the run from it.
  void Set(const Policy& policy, uint32_t ops);

  void Begin() override;
  uint16_t Choose(const Choice& choice) override;

 private:
  // With probability 1/rate, an answer that is not the default, each equally likely. Otherwise the default.
  uint16_t Rarely(const Choice& choice, uint32_t rate) {
    return rng_.OneIn(rate) ? static_cast<uint16_t>(1 + rng_.Below(choice.n - 1u)) : 0;
  }
  // `answer`, or the default when `answer` would start a task before its time (start_at_).
  uint16_t UnlessTooEarly(const Choice& choice, uint16_t answer);
  uint16_t Pct(const Choice& choice);
  // The index of the target with the highest PCT priority.
  uint16_t Highest(std::span<const OpRef> targets) const;
  // The PCT priority of a target (PackTarget).
  uint64_t Priority(uint16_t target) const;

  Policy policy_;
  uint32_t ops_ = 0;
  Rng rng_{0};
  // By kind of choice: one answer in this many departs from the default. The entry of kPreempt is not used.
  std::array<uint32_t, kChoiceKinds> rates_;
  // Uniform and rate: by task A to D, the step before which the policy does not switch to the task for the first time.
  std::array<uint32_t, kMaxTasks> start_at_;
  uint32_t started_ = 0;  // the tasks that have run, as bits
  uint32_t step_ = 0;     // how many kPreempt choices with more than one answer there were so far
  // PCT: A task's priority is a hash of its name and the seed, so it does not matter when the task first appears. At
  // each change point, the task that would run gets a new priority, below all priorities that are hashes: i at change
  // point i.
  std::array<uint32_t, kMaxPctDepth> change_at_;  // the steps of the change points
  std::array<uint16_t, kMaxPctDepth> lowered_;    // by change point: the task (PackTarget); 0: not reached yet
};

// Answers as a schedule says: with its deviations, and with its policy where no deviation answers.
class ScheduleChooser final : public Chooser {
 public:
  // `schedule` must outlive the runs that follow.
  void Set(const Schedule& schedule);

  void Begin() override;
  uint16_t Choose(const Choice& choice) override {
    if (const Slot* slot = Find(Key(choice.where, choice.kind, choice.ordinal))) [[unlikely]] {
      if (int answer = Deviate(*slot, choice); answer >= 0) return static_cast<uint16_t>(answer);
    }
    return has_policy_ ? policy_.Choose(choice) : 0;
  }

  // Replaces *ignored by the deviations that had no effect in the last run, because their choice never came up, or
  // because their answer was illegal there.
  void Ignored(std::vector<Deviation>* ignored) const;

 private:
  // The deviations by what they answer: a hash table with open addressing. For most choices, the first slot is empty.
  struct Slot {
    uint64_t key = 0;    // Key of the deviation; 0: the slot is empty
    uint32_t index = 0;  // into *deviations_
  };
  static uint64_t Key(OpRef where, ChoiceKind kind, uint16_t ordinal) {
    return uint64_t{1} << 40 | uint64_t{where.task} << 32 | uint64_t{where.op} << 24 |
           uint64_t{static_cast<uint8_t>(kind)} << 16 | ordinal;
  }
  size_t Home(uint64_t key) const { return key * 0x9e3779b97f4a7c15 >> shift_; }
  const Slot* Find(uint64_t key) const {
    for (size_t i = Home(key);; i = (i + 1) & (slots_.size() - 1)) {
      if (slots_[i].key == 0) [[likely]]
        return nullptr;
      if (slots_[i].key == key) return &slots_[i];
    }
  }
  void Insert(uint64_t key, uint32_t index);
  // The answer of the deviation in the slot, or -1 when that answer is illegal here.
  int Deviate(const Slot& slot, const Choice& choice);

  const std::vector<Deviation>* deviations_ = nullptr;
  std::vector<Slot> slots_ = std::vector<Slot>(2);  // the size is a power of two, and there always is an empty slot
  int shift_ = 63;                                  // 64 - log2(slots_.size())
  std::vector<uint8_t> fired_;                      // by deviation: 1 when it has answered a choice
  bool has_policy_ = false;
  PolicyChooser policy_;
};

// Answers as another chooser does, and records each answer that is not the default as a deviation.
class RecordingChooser final : public Chooser {
 public:
  // `chooser` is borrowed. Every answer that is not the default causes at least one event, so a run has at most
  // kMaxEvents deviations.
  explicit RecordingChooser(Chooser* chooser) : chooser_(*chooser) { deviations_.reserve(kMaxEvents); }

  void Begin() override {
    deviations_.clear();
    chooser_.Begin();
  }
  uint16_t Choose(const Choice& choice) override;

  // The deviations of the last run, in the order of their choices.
  const std::vector<Deviation>& deviations() const { return deviations_; }

 private:
  Chooser& chooser_;
  std::vector<Deviation> deviations_;
};

// Answers as another chooser does, but answers every lock attempt and every allocation with the default, without asking
// the other chooser. So no allocation fails, and a lock attempt fails only where a real one cannot succeed, because it
// would wait for itself.
class NoFailureChooser final : public Chooser {
 public:
  // `chooser` is borrowed.
  explicit NoFailureChooser(Chooser* chooser) : chooser_(*chooser) {}

  void Begin() override { chooser_.Begin(); }
  uint16_t Choose(const Choice& choice) override {
    return choice.kind == ChoiceKind::kLock || choice.kind == ChoiceKind::kAlloc ? 0 : chooser_.Choose(choice);
  }

 private:
  Chooser& chooser_;
};

// Answers such that a loop visits every possible run, depth-first: do { run } while (chooser.Next()). The first run has
// default answers only.
// REQUIRES: the same answers lead to the same choices. Otherwise the process ends with a harness bug.
class ExhaustiveChooser final : public Chooser {
 public:
  static constexpr uint32_t kUnbounded = UINT32_MAX;
  static constexpr uint32_t kAllKinds = (1u << kChoiceKinds) - 1;

  ExhaustiveChooser() : ExhaustiveChooser(kAllKinds) {}
  // Varies only the answers to the kinds of choice in `kinds` (bits 1 << ChoiceKind), and preempts at most
  // `max_preemptions` times in a run. A switch away from a task that could have gone on is a preemption. A switch away
  // from a task that ends or blocks is none.
  explicit ExhaustiveChooser(uint32_t kinds, uint32_t max_preemptions = kUnbounded)
      : kinds_(kinds), max_preemptions_(max_preemptions) {
    path_.reserve(kMaxEvents);
  }

  void Begin() override;
  uint16_t Choose(const Choice& choice) override;

  // Prepares the next run. Returns false when all runs have been visited; the search then begins anew.
  bool Next();

 private:
  // A choice of the current run, with its answer and how many answers it allows.
  struct Node {
    uint16_t answer;
    uint16_t n;
  };
  // Whether the search varies the answer to this choice.
  bool IsOpen(const Choice& choice) const;

  const uint32_t kinds_;
  const uint32_t max_preemptions_;
  uint32_t preemptions_ = 0;
  std::vector<Node> path_;  // the open choices of the current run, in order
  size_t depth_ = 0;        // how many of them have come up so far
};

}  // namespace nofail
#endif  // NOFAIL_FUZZ_EXEC_CHOOSERS_H_
