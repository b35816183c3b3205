// SPDX-License-Identifier: MIT
#include "fuzz/schedule/generate.h"

#include <iterator>

#include "fuzz/schedule/random_parts.h"

namespace nofail {
namespace {

// A random one of the values, each equally likely.
template <size_t n>
uint32_t OneOf(const uint32_t (&values)[n], Rng& rng) {
  return values[rng.Below(n)];
}

uint8_t Small(Rng& rng, uint32_t n) {
  return static_cast<uint8_t>(rng.Below(n));
}

storage_type RandomType(Rng& rng) {
  return static_cast<storage_type>(rng.Below(STORAGE_TYPES));
}

void AddObjects(Schedule* s, Rng& rng) {
  storage_type usual = rng.OneIn(2) ? STORAGE_SK : RandomType(rng);
  for (uint32_t n = OneOf({1, 1, 1, 1, 2, 3}, rng); n > 0; --n) {
    s->maps.push_back({.type = rng.OneIn(6) ? RandomType(rng) : usual,
                       .bytes = static_cast<uint8_t>(8 + 8 * rng.Below(2)),
                       .fields = static_cast<uint8_t>(rng.OneIn(3) ? rng.Below(16) : KERNEL_FIELD_KPTR),
                       .clone = rng.OneIn(2)});
  }
  for (uint32_t n = OneOf({1, 2, 2, 3, 3, 4}, rng); n > 0; --n) {
    s->owners.push_back({.type = rng.OneIn(6) ? RandomType(rng) : usual,
                         .bucket = static_cast<uint8_t>(rng.OneIn(4) ? rng.Below(kMaxBucket + 1) : 0),
                         .optmem = static_cast<uint16_t>(rng.OneIn(8) ? 1 + rng.Below(16) : 0)});
  }
}

// Each owner gets an element in each map with probability 3/4.
void AddSetup(Schedule* s, Rng& rng) {
  for (uint8_t owner = 0; owner < s->owners.size(); ++owner) {
    for (uint8_t map = 0; map < s->maps.size(); ++map) {
      if (!rng.OneIn(4)) s->setup.push_back({.kind = OpKind::kUpdate, .map = map, .owner = owner});
      if (rng.OneIn(6)) s->setup.push_back({.kind = OpKind::kKptr, .map = map, .owner = owner});
    }
  }
}

void AddTasks(Profile profile, Schedule* s, Rng& rng) {
  static constexpr OpKind kMix[] = {OpKind::kUpdate, OpKind::kUpdate, OpKind::kDelete,  OpKind::kLookup, OpKind::kKptr,
                                    OpKind::kClone,  OpKind::kDump,   OpKind::kDestroy, OpKind::kMapFree};
  for (uint32_t n = 2 + rng.Below(3); n > 0; --n) {
    auto& task = s->tasks.emplace_back();
    for (uint32_t ops = 1 + rng.Below(profile == Profile::kTeardown ? 2 : 4); ops > 0; --ops) {
      OpKind kind = profile == Profile::kTeardown ? (rng.OneIn(3) ? OpKind::kMapFree : OpKind::kDestroy)
                                                  : kMix[rng.Below(std::size(kMix))];
      task.push_back(RandomOp(*s, kind, rng));
    }
  }
}

void AddDeviations(Schedule* s, Rng& rng) {
  for (uint32_t n = OneOf({0, 0, 0, 0, 1, 2, 4, 7}, rng); n > 0; --n) {
    Deviation d = {.where = RandomOpRef(*s, rng),
                   .kind = rng.OneIn(2) ? ChoiceKind::kPreempt : static_cast<ChoiceKind>(rng.Below(kChoiceKinds)),
                   .ordinal = RandomOrdinal(rng),
                   .answer = static_cast<uint16_t>(rng.Below(5))};
    if (d.kind == ChoiceKind::kPreempt && d.answer != 0) d.answer = PackTarget(RandomOpRef(*s, rng));
    s->deviations.push_back(d);
  }
}

Policy RandomPolicy(Rng& rng) {
  Policy policy = {
      .kind = PolicyKind::kUniform, .parameter = Small(rng, 256), .seed = static_cast<uint32_t>(rng.Next())};
  if (rng.OneIn(2)) policy.kind = static_cast<PolicyKind>(rng.Below(4));
  return policy;
}

}  // namespace

Schedule Generate(Profile profile, Rng& rng) {
  Schedule s;
  AddObjects(&s, rng);
  AddSetup(&s, rng);
  AddTasks(profile, &s, rng);
  s.modes = {.locks = rng.OneIn(4) ? LockMode::kAny : LockMode::kContended,
             .preemptible_rcu = !rng.OneIn(4),
             .cpus = static_cast<uint8_t>(1 + rng.Below(4))};
  AddDeviations(&s, rng);
  s.policy = RandomPolicy(rng);
  Normalize(&s);
  FitToProfile(&s, profile);
  return s;
}

}  // namespace nofail
