// SPDX-License-Identifier: MIT
#include "fuzz/schedule/mutate.h"

#include <algorithm>
#include <utility>

#include "fuzz/schedule/random_parts.h"

namespace nofail {
namespace {

// ---- Where ops stand ---------------------------------------------------------------------------------------------

// The ops of the task, or of the set-up when `task` is kSetup.
std::vector<Op>& OpsOf(Schedule* s, uint8_t task) {
  return task == kSetup ? s->setup : s->tasks[task - kTaskA];
}

uint8_t AnyTask(const Schedule& s, Rng& rng) {
  return static_cast<uint8_t>(kTaskA + RandomIndex(s.tasks, rng));
}

// A random task, or the set-up with probability 1/5. The set-up is less likely because it matters less what a run
// begins with than what the tasks do.
uint8_t AnyTaskOrSetup(const Schedule& s, Rng& rng) {
  return rng.OneIn(5) ? static_cast<uint8_t>(kSetup) : AnyTask(s, rng);
}

// Adds `shift` to the op index of the task's deviations from op `first` on, because those ops have moved.
void ShiftDeviations(Schedule* s, uint8_t task, size_t first, int shift) {
  for (Deviation& d : s->deviations) {
    if (d.where.task == task && d.where.op >= first) d.where.op = static_cast<uint8_t>(d.where.op + shift);
  }
}

// Inserts the op before the task's op `index`. Returns false when the task is full.
bool InsertOp(Schedule* s, uint8_t task, size_t index, const Op& op) {
  auto& ops = OpsOf(s, task);
  if (ops.size() >= (task == kSetup ? kMaxSetupOps : kMaxOpsPerTask)) return false;
  ops.insert(ops.begin() + static_cast<ptrdiff_t>(index), op);
  ShiftDeviations(s, task, index, 1);
  return true;
}

// Removes the op with its deviations and returns it. Appends those deviations to *own unless `own` is null.
Op EraseOp(Schedule* s, uint8_t task, size_t index, std::vector<Deviation>* own = nullptr) {
  auto& ops = OpsOf(s, task);
  const Op op = ops[index];
  ops.erase(ops.begin() + static_cast<ptrdiff_t>(index));
  std::erase_if(s->deviations, [&](const Deviation& d) {
    if (d.where != OpRef{task, static_cast<uint8_t>(index)}) return false;
    if (own != nullptr) own->push_back(d);
    return true;
  });
  ShiftDeviations(s, task, index + 1, -1);
  return op;
}

// Returns false when the schedule has kMaxDeviations already.
bool AddDeviation(Schedule* s, const Deviation& d) {
  if (s->deviations.size() >= kMaxDeviations) return false;
  s->deviations.push_back(d);
  return true;
}

// Adds the deviation, in place of any other one that answers the same choice.
bool Answer(Schedule* s, const Deviation& d) {
  std::erase_if(s->deviations, [&](const Deviation& other) {
    return other.where == d.where && other.kind == d.kind && other.ordinal == d.ordinal;
  });
  return AddDeviation(s, d);
}

// A random one of the deviations that satisfy `test`, or null when none does.
template <typename Test>
Deviation* AnyDeviation(Schedule* s, Rng& rng, Test test) {
  const auto count = static_cast<uint32_t>(std::count_if(s->deviations.begin(), s->deviations.end(), test));
  if (count == 0) return nullptr;
  uint32_t left = rng.Below(count);
  return &*std::find_if(s->deviations.begin(), s->deviations.end(),
                        [&](const Deviation& d) { return test(d) && left-- == 0; });
}

// ---- Ops ---------------------------------------------------------------------------------------------------------
// The functions from here to kMutators are the `apply` of the mutators, and what they share.

bool InsertRandomOp(Schedule* s, const RunFacts&, Rng& rng) {
  const uint8_t task = AnyTaskOrSetup(*s, rng);
  return InsertOp(s, task, rng.Below(static_cast<uint32_t>(OpsOf(s, task).size() + 1)),
                  RandomOp(*s, static_cast<OpKind>(rng.Below(kOpKinds)), rng));
}

bool DropOp(Schedule* s, const RunFacts&, Rng& rng) {
  const uint8_t task = AnyTaskOrSetup(*s, rng);
  if (OpsOf(s, task).empty()) return false;
  EraseOp(s, task, RandomIndex(OpsOf(s, task), rng));
  return true;
}

// Exchanges two neighbouring ops of a task, each with its deviations.
bool SwapOps(Schedule* s, const RunFacts&, Rng& rng) {
  const uint8_t task = AnyTaskOrSetup(*s, rng);
  auto& ops = OpsOf(s, task);
  if (ops.size() < 2) return false;
  const uint32_t first = rng.Below(static_cast<uint32_t>(ops.size() - 1));
  std::swap(ops[first], ops[first + 1]);
  for (Deviation& d : s->deviations) {
    if (d.where.task == task && (d.where.op == first || d.where.op == first + 1)) {
      d.where.op = static_cast<uint8_t>(2 * first + 1 - d.where.op);
    }
  }
  return true;
}

// Copies an op, without its deviations, to a random index of a random task.
bool DuplicateOp(Schedule* s, const RunFacts&, Rng& rng) {
  const uint8_t from = AnyTaskOrSetup(*s, rng);
  if (OpsOf(s, from).empty()) return false;
  const Op op = OpsOf(s, from)[RandomIndex(OpsOf(s, from), rng)];
  const uint8_t to = AnyTaskOrSetup(*s, rng);
  return InsertOp(s, to, rng.Below(static_cast<uint32_t>(OpsOf(s, to).size() + 1)), op);
}

// Moves an op with its deviations to another task, or to a new task.
bool MoveOp(Schedule* s, const RunFacts&, Rng& rng) {
  const uint8_t from = AnyTask(*s, rng);
  if (s->tasks.size() < kMaxTasks && OpsOf(s, from).size() > 1 && rng.OneIn(2)) s->tasks.emplace_back();
  const uint8_t to = AnyTask(*s, rng);
  if (from == to || OpsOf(s, from).empty() || OpsOf(s, to).size() >= kMaxOpsPerTask) return false;
  std::vector<Deviation> own;
  const Op op = EraseOp(s, from, RandomIndex(OpsOf(s, from), rng), &own);
  const uint32_t index = rng.Below(static_cast<uint32_t>(OpsOf(s, to).size() + 1));
  InsertOp(s, to, index, op);
  for (Deviation& d : own) {
    d.where = {to, static_cast<uint8_t>(index)};
    s->deviations.push_back(d);
  }
  return true;
}

// Gives an op another map, at random.
bool RetargetMap(Schedule* s, const RunFacts&, Rng& rng) {
  auto& ops = OpsOf(s, AnyTaskOrSetup(*s, rng));
  if (ops.empty()) return false;
  ops[RandomIndex(ops, rng)].map = RandomIndex(s->maps, rng);
  return true;
}

// Gives an op another owner, at random. For a clone, that is the parent or the child.
bool RetargetOwner(Schedule* s, const RunFacts&, Rng& rng) {
  auto& ops = OpsOf(s, AnyTaskOrSetup(*s, rng));
  if (ops.empty()) return false;
  Op& op = ops[RandomIndex(ops, rng)];
  (op.kind == OpKind::kClone && rng.OneIn(2) ? op.other : op.owner) = RandomIndex(s->owners, rng);
  return true;
}

// Flips a flag of an op, or whether a sleepable program runs it.
bool ChangeFlags(Schedule* s, const RunFacts&, Rng& rng) {
  auto& ops = OpsOf(s, AnyTaskOrSetup(*s, rng));
  if (ops.empty()) return false;
  Op& op = ops[RandomIndex(ops, rng)];
  if (rng.OneIn(3)) {
    op.sleepable = !op.sleepable;
  } else {
    op.flags = static_cast<uint8_t>(op.flags ^ 1u << rng.Below(3));
  }
  return true;
}

// Exchanges two tasks with their deviations, and the preemptions to them. Tasks start in the order of their names, so
// this changes only which of the two starts first.
bool SwapTasks(Schedule* s, const RunFacts&, Rng& rng) {
  const uint8_t a = AnyTask(*s, rng), b = AnyTask(*s, rng);
  if (a == b) return false;
  OpsOf(s, a).swap(OpsOf(s, b));
  const auto renamed = [&](uint8_t task) { return task == a ? b : task == b ? a : task; };
  for (Deviation& d : s->deviations) {
    d.where.task = renamed(d.where.task);
    if (d.kind != ChoiceKind::kPreempt || d.answer == 0) continue;
    OpRef target = UnpackTarget(d.answer);
    target.task = renamed(target.task);
    d.answer = PackTarget(target);
  }
  return true;
}

// ---- Objects -----------------------------------------------------------------------------------------------------

// Gives an owner the bucket of a random owner, or sometimes a random bucket.
bool ChangeBucket(Schedule* s, const RunFacts&, Rng& rng) {
  OwnerSpec& owner = s->owners[RandomIndex(s->owners, rng)];
  owner.bucket =
      rng.OneIn(4) ? static_cast<uint8_t>(rng.Below(kMaxBucket + 1)) : s->owners[RandomIndex(s->owners, rng)].bucket;
  return true;
}

// Adds an owner with the type of a random map. The set-up gives it an element in that map, and a task destroys it at
// its end.
bool AddOwner(Schedule* s, const RunFacts&, Rng& rng) {
  if (s->owners.size() >= kMaxOwners) return false;
  const auto owner = static_cast<uint8_t>(s->owners.size());
  const uint8_t map = RandomIndex(s->maps, rng);
  const OwnerSpec like = s->owners[RandomIndex(s->owners, rng)];
  s->owners.push_back({.type = s->maps[map].type, .bucket = like.bucket});
  if (!InsertOp(s, kSetup, s->setup.size(), {.kind = OpKind::kUpdate, .map = map, .owner = owner})) return false;
  const uint8_t task = AnyTask(*s, rng);
  return InsertOp(s, task, OpsOf(s, task).size(), {.kind = OpKind::kDestroy, .owner = owner});
}

// Adds a map like a random one, with the type of a random owner. The set-up gives that owner an element in the map, and
// a task frees the map at its end.
bool AddMap(Schedule* s, const RunFacts&, Rng& rng) {
  if (s->maps.size() >= kMaxMaps) return false;
  const auto map = static_cast<uint8_t>(s->maps.size());
  const uint8_t owner = RandomIndex(s->owners, rng);
  s->maps.push_back(s->maps[RandomIndex(s->maps, rng)]);
  s->maps.back().type = s->owners[owner].type;
  if (!InsertOp(s, kSetup, s->setup.size(), {.kind = OpKind::kUpdate, .map = map, .owner = owner})) return false;
  const uint8_t task = AnyTask(*s, rng);
  return InsertOp(s, task, OpsOf(s, task).size(), {.kind = OpKind::kMapFree, .map = map});
}

// Removes the ops for which `ends` returns true, with their deviations. The other ops keep their order.
template <typename Ends>
void DropOpsAbout(Schedule* s, Ends ends) {
  for (uint8_t task = kSetup; task < kTaskA + s->tasks.size(); ++task) {
    for (size_t i = OpsOf(s, task).size(); i-- > 0;) {
      if (ends(OpsOf(s, task)[i])) EraseOp(s, task, i);
    }
  }
}

// Removes an owner and every op on it. The higher owners move down by one.
bool DropOwner(Schedule* s, const RunFacts&, Rng& rng) {
  if (s->owners.size() < 2) return false;
  const uint32_t gone = RandomIndex(s->owners, rng);
  DropOpsAbout(s, [&](const Op& op) {
    return op.kind != OpKind::kMapFree && (op.owner == gone || (op.kind == OpKind::kClone && op.other == gone));
  });
  s->owners.erase(s->owners.begin() + gone);
  const auto renumber = [&](Op& op) {
    op.owner = static_cast<uint8_t>(op.owner - (op.owner > gone));
    op.other = static_cast<uint8_t>(op.other - (op.other > gone));
  };
  for (uint8_t task = kSetup; task < kTaskA + s->tasks.size(); ++task) {
    for (Op& op : OpsOf(s, task)) renumber(op);
  }
  return true;
}

// Removes a map and every op on it. The higher maps move down by one.
bool DropMap(Schedule* s, const RunFacts&, Rng& rng) {
  if (s->maps.size() < 2) return false;
  const uint32_t gone = RandomIndex(s->maps, rng);
  DropOpsAbout(s, [&](const Op& op) {
    return op.map == gone && op.kind != OpKind::kDestroy && op.kind != OpKind::kClone && op.kind != OpKind::kDump;
  });
  s->maps.erase(s->maps.begin() + gone);
  for (uint8_t task = kSetup; task < kTaskA + s->tasks.size(); ++task) {
    for (Op& op : OpsOf(s, task)) op.map = static_cast<uint8_t>(op.map - (op.map > gone));
  }
  return true;
}

// Changes what a map's values hold: their size or one special field. Or changes whether the map has BPF_F_CLONE.
bool ChangeMap(Schedule* s, const RunFacts&, Rng& rng) {
  MapSpec& map = s->maps[RandomIndex(s->maps, rng)];
  switch (rng.Below(4)) {
    case 0:
      map.bytes = static_cast<uint8_t>(8 * (1 + rng.Below(kMaxValueBytes / 8)));
      break;
    case 1:
      map.clone = !map.clone;
      break;
    default:
      map.fields = static_cast<uint8_t>(map.fields ^ 1u << rng.Below(4));
  }
  return true;
}

bool ChangeOptmem(Schedule* s, const RunFacts&, Rng& rng) {
  s->owners[RandomIndex(s->owners, rng)].optmem = static_cast<uint16_t>(rng.Below(17));
  return true;
}

// Changes all maps and owners of one storage type to another type.
bool ChangeType(Schedule* s, const RunFacts&, Rng& rng) {
  const storage_type from = s->maps[RandomIndex(s->maps, rng)].type;
  const storage_type to = static_cast<storage_type>(rng.Below(STORAGE_TYPES));
  for (MapSpec& map : s->maps) {
    if (map.type != from) continue;
    map.type = to;
    if (to == STORAGE_TASK) map.fields |= KERNEL_FIELD_UPTR;  // a uptr that is freed twice shows, a kptr does not
  }
  for (OwnerSpec& owner : s->owners) {
    if (owner.type == from) owner.type = to;
  }
  return true;
}

bool ChangeModes(Schedule* s, const RunFacts&, Rng& rng) {
  switch (rng.Below(3)) {
    case 0:
      s->modes.locks = s->modes.locks == LockMode::kAny ? LockMode::kContended : LockMode::kAny;
      break;
    case 1:
      s->modes.preemptible_rcu = !s->modes.preemptible_rcu;
      break;
    default:
      s->modes.cpus = static_cast<uint8_t>(1 + rng.Below(kMaxCpus));
  }
  return true;
}

// ---- Deviations --------------------------------------------------------------------------------------------------

// Adds a preemption to a random task, at a random scheduling point.
bool AddPreemption(Schedule* s, const RunFacts&, Rng& rng) {
  const OpRef where = RandomOpRef(*s, rng);
  return Answer(s, {where, ChoiceKind::kPreempt, RandomOrdinal(rng), PackTarget(RandomOpRef(*s, rng))});
}

// Adds a deviation that answers a random choice with the default, whatever the policy says.
bool PinDefault(Schedule* s, const RunFacts&, Rng& rng) {
  const auto kind = rng.OneIn(2) ? ChoiceKind::kPreempt : static_cast<ChoiceKind>(rng.Below(kChoiceKinds));
  return Answer(s, {RandomOpRef(*s, rng), kind, RandomOrdinal(rng), 0});
}

bool DropDeviation(Schedule* s, const RunFacts&, Rng& rng) {
  if (s->deviations.empty()) return false;
  s->deviations.erase(s->deviations.begin() + rng.Below(static_cast<uint32_t>(s->deviations.size())));
  return true;
}

// Moves a deviation a little earlier or later, by 1 to 6 ordinals.
bool NudgeOrdinal(Schedule* s, const RunFacts&, Rng& rng) {
  Deviation* d = AnyDeviation(s, rng, [](const Deviation&) { return true; });
  if (d == nullptr) return false;
  const int step = 1 + static_cast<int>(rng.Below(rng.OneIn(2) ? 1 : 6));
  d->ordinal = static_cast<uint16_t>(std::clamp<int>(d->ordinal + (rng.OneIn(2) ? step : -step), 1, kMaxOrdinal));
  return true;
}

// Makes a preemption switch to another task.
bool RetargetPreemption(Schedule* s, const RunFacts&, Rng& rng) {
  Deviation* d = AnyDeviation(s, rng, [](const Deviation& d) { return d.kind == ChoiceKind::kPreempt; });
  if (d == nullptr) return false;
  d->answer = PackTarget(RandomOpRef(*s, rng));
  return true;
}

// Gives a deviation of this kind a random answer from 1 to `answers`, or the default if it has that answer already. Or
// adds a deviation with such an answer at a random choice.
bool AnswerKind(Schedule* s, ChoiceKind kind, uint32_t answers, Rng& rng) {
  const auto answer = static_cast<uint16_t>(1 + rng.Below(answers));
  Deviation* d = AnyDeviation(s, rng, [&](const Deviation& d) { return d.kind == kind; });
  if (d != nullptr && rng.OneIn(2)) {
    d->answer = d->answer == answer ? 0 : answer;
    return true;
  }
  return Answer(s, {RandomOpRef(*s, rng), kind, static_cast<uint16_t>(1 + rng.Below(4)), answer});
}

bool FlipLock(Schedule* s, const RunFacts&, Rng& rng) {
  return AnswerKind(s, ChoiceKind::kLock, kBothDeadlock, rng);
}
bool FailAllocation(Schedule* s, const RunFacts&, Rng& rng) {
  return AnswerKind(s, ChoiceKind::kAlloc, 1, rng);
}
bool ShiftGracePeriod(Schedule* s, const RunFacts&, Rng& rng) {
  return AnswerKind(s, ChoiceKind::kGracePeriod, rng.OneIn(2) ? 3 : kMaxAnswer, rng);
}
bool NeedResched(Schedule* s, const RunFacts&, Rng& rng) {
  return AnswerKind(s, ChoiceKind::kResched, 1, rng);
}

// ---- The policy --------------------------------------------------------------------------------------------------

// Gives the policy another seed, for another interleaving of the same scenario.
bool ReseedPolicy(Schedule* s, const RunFacts&, Rng& rng) {
  if (s->policy.kind == PolicyKind::kNone) return false;
  s->policy.seed = static_cast<uint32_t>(rng.Next());
  return true;
}

// Replaces the policy by a random one.
bool ChangePolicy(Schedule* s, const RunFacts&, Rng& rng) {
  s->policy = UsualPolicy(rng.Next());
  return true;
}

// Turns the answers of the policy into deviations, so that later mutations can change one answer and keep the others.
// With probability 1/2, adds a policy that rarely departs from the default, so that the new run differs a little from
// the old one.
bool Freeze(Schedule* s, const RunFacts& facts, Rng& rng) {
  if (s->policy.kind == PolicyKind::kNone || facts.answers.empty() || facts.answers.size() > kMaxDeviations) {
    return false;
  }
  s->deviations.assign(facts.answers.begin(), facts.answers.end());
  s->policy = {};
  if (rng.OneIn(2)) {
    s->policy = {.kind = PolicyKind::kRate,
                 .parameter = static_cast<uint8_t>(16 + rng.Below(kMaxRate - 15)),
                 .seed = static_cast<uint32_t>(rng.Next())};
  }
  return true;
}

constexpr Mutator kMutators[] = {
    {"insert-op", 4, InsertRandomOp},
    {"drop-op", 4, DropOp},
    {"swap-ops", 2, SwapOps},
    {"duplicate-op", 2, DuplicateOp},
    {"move-op", 4, MoveOp},
    {"retarget-map", 2, RetargetMap},
    {"retarget-owner", 2, RetargetOwner},
    {"flags", 2, ChangeFlags},
    {"swap-tasks", 2, SwapTasks},
    {"bucket", 2, ChangeBucket},
    {"add-owner", 2, AddOwner},
    {"drop-owner", 2, DropOwner},
    {"add-map", 2, AddMap},
    {"drop-map", 2, DropMap},
    {"values", 2, ChangeMap},
    {"optmem", 1, ChangeOptmem},
    {"type", 2, ChangeType},
    {"modes", 2, ChangeModes},
    {"add-preemption", 4, AddPreemption},
    {"pin-default", 2, PinDefault},
    {"drop-deviation", 4, DropDeviation},
    {"nudge", 4, NudgeOrdinal},
    {"retarget-preemption", 2, RetargetPreemption},
    {"lock", 4, FlipLock},
    {"allocation", 2, FailAllocation},
    {"grace-period", 2, ShiftGracePeriod},
    {"resched", 1, NeedResched},
    {"reseed", 24, ReseedPolicy},
    {"policy", 16, ChangePolicy},
    {"freeze", 4, Freeze, true},
};

// Adds the maps and owners whose index only `other` has, and the ops on them in the set-up of `other`.
void AddObjectsOf(const Schedule& other, Schedule* s) {
  const size_t maps = s->maps.size(), owners = s->owners.size();
  for (size_t i = maps; i < other.maps.size(); ++i) s->maps.push_back(other.maps[i]);
  for (size_t i = owners; i < other.owners.size(); ++i) s->owners.push_back(other.owners[i]);
  for (const Op& op : other.setup) {
    if (op.map >= maps || op.owner >= owners) InsertOp(s, kSetup, s->setup.size(), op);
  }
}

}  // namespace

std::span<const Mutator> Mutators() {
  return kMutators;
}

const Mutator& PickMutator(std::span<const Mutator> table, Rng& rng) {
  uint32_t total = 0;
  for (const Mutator& mutator : table) total += mutator.weight;
  uint32_t left = rng.Below(total);
  for (const Mutator& mutator : table) {
    if (left < mutator.weight) return mutator;
    left -= mutator.weight;
  }
  return table.back();
}

bool Apply(const Mutator& mutator, Profile profile, const RunFacts& facts, Rng& rng, Schedule* schedule) {
  const Schedule before = *schedule;
  if (!mutator.apply(schedule, facts, rng)) {
    *schedule = before;
    return false;
  }
  Normalize(schedule);
  FitToProfile(schedule, profile);
  return *schedule != before;
}

bool Splice(const Schedule& other, Profile profile, Rng& rng, Schedule* schedule) {
  const Schedule before = *schedule;
  const uint8_t from = AnyTask(other, rng);
  if (schedule->tasks.size() < kMaxTasks && rng.OneIn(2)) schedule->tasks.emplace_back();
  const auto to = rng.OneIn(2) ? static_cast<uint8_t>(kTaskA + schedule->tasks.size() - 1) : AnyTask(*schedule, rng);
  AddObjectsOf(other, schedule);
  OpsOf(schedule, to) = other.tasks[from - kTaskA];
  std::erase_if(schedule->deviations, [&](const Deviation& d) { return d.where.task == to; });
  for (Deviation d : other.deviations) {
    if (d.where.task != from) continue;
    d.where.task = to;
    AddDeviation(schedule, d);
  }
  if (rng.OneIn(2)) schedule->policy = other.policy;
  Normalize(schedule);
  FitToProfile(schedule, profile);
  return *schedule != before;
}

}  // namespace nofail
