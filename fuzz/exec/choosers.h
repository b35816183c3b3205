// SPDX-License-Identifier: MIT
//
// Who answers a run's questions (core/kernel/sim/choice.h). None of them knows what is being run: they work on a World,
// on a litmus test, on anything that asks. Choose allocates nothing: it is called on a task's fiber, and to the thread
// sanitizer what one fiber allocates and another frees is a race.
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

// 0 to every question.
class DefaultChooser final : public Chooser {
 public:
  uint16_t Choose(const Choice&) override { return 0; }
};

// A seeded policy. What it answers follows from the policy, from `ops` and from the questions so far, for ever: saved
// schedules name it. Changing that takes a new Rng::kVersion.
class PolicyChooser final : public Chooser {
 public:
  // `ops`: how many ops the tasks of the schedule have; what PCT estimates the length of the run by.
  void Set(const Policy& policy, uint32_t ops);

  void Begin() override;
  uint16_t Choose(const Choice& choice) override;

 private:
  // A non-default answer with probability 1/rate.
  uint16_t Rarely(const Choice& choice, uint32_t rate) {
    return rng_.OneIn(rate) ? static_cast<uint16_t>(1 + rng_.Below(choice.n - 1u)) : 0;
  }
  uint16_t UnlessTooEarly(const Choice& choice, uint16_t answer);
  uint16_t Pct(const Choice& choice);
  uint16_t Highest(std::span<const OpRef> targets) const;
  uint64_t Priority(uint16_t target) const;

  Policy policy_;
  uint32_t ops_ = 0;
  Rng rng_{0};
  std::array<uint32_t, kChoiceKinds> rates_;  // of departures from the default, by kind; kPreempt's is not used
  // Uniform and rate: when each task is to be switched to for the first time, in questions; which have run.
  std::array<uint32_t, kMaxTasks> start_at_;
  uint32_t started_ = 0;
  // PCT. A task's priority is drawn from its name, so that it does not matter when it first shows; a change point
  // lowers whoever would run then below all others, the i-th one to i.
  uint32_t step_ = 0;
  std::array<uint32_t, kMaxPctDepth> change_at_;
  std::array<uint16_t, kMaxPctDepth> lowered_;  // PackTarget; 0: not reached yet
};

// Answers as a schedule says: its deviations first, its policy for what they leave open.
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

  // Replaces *ignored by the deviations that no question asked for, or whose answer was not among those allowed.
  void Ignored(std::vector<Deviation>* ignored) const;

 private:
  // A hash table with open addressing. Most questions hit an empty slot at once.
  struct Slot {
    uint64_t key = 0;  // 0: empty
    uint32_t index = 0;
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
  // The deviation's answer, or -1 when it is illegal here.
  int Deviate(const Slot& slot, const Choice& choice);

  const std::vector<Deviation>* deviations_ = nullptr;
  std::vector<Slot> slots_ = std::vector<Slot>(2);  // a power of two, more than the deviations
  int shift_ = 63;                                  // 64 - log2 of its size
  std::vector<uint8_t> fired_;                      // by deviation
  bool has_policy_ = false;
  PolicyChooser policy_;
};

// Passes on what another one answers, and notes each answer that is not the default as the deviation that gives it.
class RecordingChooser final : public Chooser {
 public:
  // Every answer that is not the default shows in at least one event.
  explicit RecordingChooser(Chooser* chooser) : chooser_(*chooser) { deviations_.reserve(kMaxEvents); }

  void Begin() override {
    deviations_.clear();
    chooser_.Begin();
  }
  uint16_t Choose(const Choice& choice) override;

  // In the order they were asked for.
  const std::vector<Deviation>& deviations() const { return deviations_; }

 private:
  Chooser& chooser_;
  std::vector<Deviation> deviations_;
};

// Passes on what another one answers, but that nothing fails: no lock attempt but where a real one could not be granted
// (it would wait for itself), and no allocation. The other one is not even asked.
class NoFailureChooser final : public Chooser {
 public:
  explicit NoFailureChooser(Chooser* chooser) : chooser_(*chooser) {}

  void Begin() override { chooser_.Begin(); }
  uint16_t Choose(const Choice& choice) override {
    return choice.kind == ChoiceKind::kLock || choice.kind == ChoiceKind::kAlloc ? 0 : chooser_.Choose(choice);
  }

 private:
  Chooser& chooser_;
};

// Every run there is, depth-first: do { run } while (chooser.Next()). The first run is the default one.
// REQUIRES: the same answers lead to the same questions.
class ExhaustiveChooser final : public Chooser {
 public:
  static constexpr uint32_t kUnbounded = UINT32_MAX;
  static constexpr uint32_t kAllKinds = (1u << kChoiceKinds) - 1;

  ExhaustiveChooser() : ExhaustiveChooser(kAllKinds) {}
  // Asks itself only the kinds in `kinds` (bits 1 << ChoiceKind), and preempts at most `max_preemptions` times in a
  // run: switching away from a task that could have gone on counts, being handed the CPU by one that stopped does not.
  explicit ExhaustiveChooser(uint32_t kinds, uint32_t max_preemptions = kUnbounded)
      : kinds_(kinds), max_preemptions_(max_preemptions) {
    path_.reserve(kMaxEvents);
  }

  void Begin() override;
  uint16_t Choose(const Choice& choice) override;

  // Moves on to the next run; false when there is none left. Then the search begins anew.
  bool Next();

 private:
  struct Node {
    uint16_t answer;
    uint16_t n;
  };
  bool IsOpen(const Choice& choice) const;

  const uint32_t kinds_;
  const uint32_t max_preemptions_;
  uint32_t preemptions_ = 0;
  std::vector<Node> path_;
  size_t depth_ = 0;
};

}  // namespace nofail
#endif  // NOFAIL_FUZZ_EXEC_CHOOSERS_H_
