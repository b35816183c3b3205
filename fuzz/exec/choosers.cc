// SPDX-License-Identifier: MIT
#include "fuzz/exec/choosers.h"

#include <algorithm>
#include <bit>
#include <cstdio>
#include <cstdlib>

namespace nofail {

namespace {

// A change of one of the next three constants changes the answers of policies, so it needs a new Rng::kVersion.

// PCT's estimate of how many steps (PolicyChooser::step_) an op takes.
constexpr uint32_t kPctStepsPerOp = 48;
// The rates that PolicyChooser::rates_ are drawn from.
constexpr uint32_t kRatesElsewhere[] = {2, 4, 32};
// The bound of PolicyChooser::start_at_, in steps.
constexpr uint32_t kLatestStart = 30;

// Ends the process: ExhaustiveChooser's requirement is broken.
[[noreturn]] void OtherQuestions() {
  fputs("nofail: HARNESS BUG: the same answers led to other questions\n", stderr);
  _Exit(3);
}

}  // namespace

bool MayStay(const Choice& choice) {
  if (choice.kind != ChoiceKind::kPreempt) return false;
  const OpRef first = choice.targets[0];
  return first.task == choice.where.task && (!first.IsCallback() || first.op == choice.where.op);
}

// ---- PolicyChooser -----------------------------------------------------------------------------------------------

void PolicyChooser::Set(const Policy& policy, uint32_t ops) {
  policy_ = policy;
  ops_ = std::max(ops, 1u);
}

void PolicyChooser::Begin() {
  rng_ = Rng(policy_.seed);
  // Each run draws its own rates. With frequent failures, a run never shows what needs only a few of them; with rare
  // ones, it never shows what needs many.
  for (uint32_t& rate : rates_) rate = kRatesElsewhere[rng_.Below(std::size(kRatesElsewhere))];
  for (uint32_t& start : start_at_) start = rng_.OneIn(8) ? 0 : rng_.Below(kLatestStart);
  started_ = 0;
  step_ = 0;
  if (policy_.kind != PolicyKind::kPct) return;
  for (uint32_t i = 0; i < policy_.parameter; ++i) {
    change_at_[i] = 1 + rng_.Below(kPctStepsPerOp * ops_);
    lowered_[i] = 0;
  }
}

uint16_t PolicyChooser::Choose(const Choice& choice) {
  // Policies explore neither the set-up nor the end.
  if (choice.n < 2 || choice.where.task == kSetup || choice.where.task == kEnd) return 0;
  if (policy_.kind != PolicyKind::kNone && choice.kind != ChoiceKind::kPreempt) {
    return Rarely(choice, rates_[static_cast<int>(choice.kind)]);
  }
  ++step_;
  switch (policy_.kind) {
    case PolicyKind::kNone:
      return 0;
    case PolicyKind::kUniform:
      return UnlessTooEarly(choice, static_cast<uint16_t>(rng_.Below(choice.n)));
    case PolicyKind::kRate:
      return UnlessTooEarly(choice, Rarely(choice, policy_.parameter));
    case PolicyKind::kPct:
      return Pct(choice);
  }
  return 0;
}

// Holds tasks back, because some races need a task that starts late. For example, if A runs map_free and B runs
// destroy:
//   1. A: map_free begins to wait for all readers that are in a reader section.
//   2. B: destroy, which is a reader from its begin to its end, begins only now, so map_free does not wait for it.
// If both tasks started at once, destroy would begin before step 1, and map_free would wait until destroy has ended.
uint16_t PolicyChooser::UnlessTooEarly(const Choice& choice, uint16_t answer) {
  started_ |= 1u << choice.where.task % 32;
  const uint8_t target = choice.targets[answer].task;
  if (answer == 0 || target > kTaskD || (started_ >> target & 1) != 0) return answer;
  return step_ < start_at_[target - kTaskA] ? 0 : answer;
}

uint16_t PolicyChooser::Pct(const Choice& choice) {
  for (uint32_t i = 0; i < policy_.parameter; ++i) {
    if (change_at_[i] == step_) lowered_[i] = PackTarget(choice.targets[Highest(choice.targets)]);
  }
  return Highest(choice.targets);
}

uint16_t PolicyChooser::Highest(std::span<const OpRef> targets) const {
  uint16_t best = 0;
  uint64_t best_priority = Priority(PackTarget(targets[0]));
  for (uint16_t i = 1; i < targets.size(); ++i) {
    uint64_t priority = Priority(PackTarget(targets[i]));
    if (priority > best_priority) {
      best = i;
      best_priority = priority;
    }
  }
  return best;
}

uint64_t PolicyChooser::Priority(uint16_t target) const {
  for (uint32_t i = 0; i < policy_.parameter; ++i) {
    if (lowered_[i] == target) return i;
  }
  return MixBits(uint64_t{policy_.seed} << 16 | target) | uint64_t{1} << 63;
}

// ---- ScheduleChooser ---------------------------------------------------------------------------------------------

void ScheduleChooser::Set(const Schedule& schedule) {
  if (deviations_ != nullptr && !fired_.empty()) std::fill(slots_.begin(), slots_.end(), Slot{});
  deviations_ = &schedule.deviations;
  const size_t count = deviations_->size();
  if (slots_.size() < 4 * count) {
    slots_.assign(std::bit_ceil(4 * count), Slot{});
    shift_ = 64 - std::countr_zero(slots_.size());
  }
  for (uint32_t i = 0; i < count; ++i) {
    const Deviation& d = (*deviations_)[i];
    Insert(Key(d.where, d.kind, d.ordinal), i);
  }
  fired_.assign(count, 0);

  has_policy_ = schedule.policy.kind != PolicyKind::kNone;
  if (!has_policy_) return;
  uint32_t ops = 0;
  for (const auto& task : schedule.tasks) ops += static_cast<uint32_t>(task.size());
  policy_.Set(schedule.policy, ops);
}

void ScheduleChooser::Insert(uint64_t key, uint32_t index) {
  size_t i = Home(key);
  while (slots_[i].key != 0) i = (i + 1) & (slots_.size() - 1);
  slots_[i] = {key, index};
}

void ScheduleChooser::Begin() {
  std::fill(fired_.begin(), fired_.end(), uint8_t{0});
  if (has_policy_) policy_.Begin();
}

int ScheduleChooser::Deviate(const Slot& slot, const Choice& choice) {
  const uint16_t wanted = (*deviations_)[slot.index].answer;
  int answer = wanted < choice.n ? wanted : -1;
  if (choice.kind == ChoiceKind::kPreempt && wanted != 0) {
    auto target = std::find(choice.targets.begin(), choice.targets.end(), UnpackTarget(wanted));
    answer = target != choice.targets.end() ? static_cast<int>(target - choice.targets.begin()) : -1;
  }
  if (answer >= 0) fired_[slot.index] = 1;
  return answer;
}

void ScheduleChooser::Ignored(std::vector<Deviation>* ignored) const {
  ignored->clear();
  for (size_t i = 0; i < fired_.size(); ++i) {
    if (!fired_[i]) ignored->push_back((*deviations_)[i]);
  }
}

// ---- RecordingChooser --------------------------------------------------------------------------------------------

uint16_t RecordingChooser::Choose(const Choice& choice) {
  uint16_t answer = chooser_.Choose(choice);
  if (answer != 0) {
    uint16_t stored = choice.kind == ChoiceKind::kPreempt ? PackTarget(choice.targets[answer]) : answer;
    deviations_.push_back({choice.where, choice.kind, choice.ordinal, stored});
  }
  return answer;
}

// ---- ExhaustiveChooser -------------------------------------------------------------------------------------------

void ExhaustiveChooser::Begin() {
  depth_ = 0;
  preemptions_ = 0;
}

bool ExhaustiveChooser::IsOpen(const Choice& choice) const {
  if (choice.n < 2 || (kinds_ >> static_cast<int>(choice.kind) & 1) == 0) return false;
  return choice.kind != ChoiceKind::kPreempt || preemptions_ < max_preemptions_ || !MayStay(choice);
}

uint16_t ExhaustiveChooser::Choose(const Choice& choice) {
  if (!IsOpen(choice)) return 0;
  if (depth_ == path_.size()) path_.push_back({0, choice.n});
  const Node& node = path_[depth_++];
  if (node.n != choice.n) OtherQuestions();
  if (node.answer != 0 && choice.kind == ChoiceKind::kPreempt && MayStay(choice)) ++preemptions_;
  return node.answer;
}

bool ExhaustiveChooser::Next() {
  if (depth_ != path_.size()) OtherQuestions();
  while (!path_.empty() && path_.back().answer + 1 == path_.back().n) path_.pop_back();
  Begin();
  if (path_.empty()) return false;
  ++path_.back().answer;
  return true;
}

}  // namespace nofail
