// SPDX-License-Identifier: MIT
#include "fuzz/minimize/passes.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "fuzz/minimize/aim.h"
#include "fuzz/minimize/edit.h"
#include "fuzz/minimize/order.h"
#include "fuzz/minimize/serialize.h"

namespace nofail {
namespace {

// Up to how many deviations a costly search is done:
//   - kSome: dropping each pair of deviations.
//   - kFew: dropping each deviation while others are aimed at other ordinals.
//   - kVeryFew: the same for each pair of deviations, op, map and owner, and for one deviation with two tasks swapped.
//   - kLeast: dropping each deviation, op, map and owner while one deviation is moved to another op.
constexpr size_t kSomeDeviations = 32;
constexpr size_t kFewDeviations = 16;
constexpr size_t kVeryFewDeviations = 8;
constexpr size_t kLeastDeviations = 4;
// Up to how many ops each pair of them is tried.
constexpr size_t kSomeOps = 24;

// ---- Dropping ----------------------------------------------------------------------------------------------------

// Tries to drop runs of items, from the last item to the first. First each run is half of the items, then a quarter,
// and so on down to one. count() returns how many items there are now. drop(first, n) tries to drop the n items from
// `first` on.
template <typename Count, typename Drop>
void DropRuns(Count count, Drop drop) {
  for (size_t run = std::max<size_t>(count() / 2, 1); run > 0; run /= 2) {
    for (size_t end = count(); end > 0;) {
      const size_t first = end > run ? end - run : 0;
      drop(first, end - first);
      end = std::min(first, count());
    }
  }
}

void DropDeviations(Search* s) {
  s->Try(WithoutDeviations(s->best(), 0, s->best().deviations.size()));
  DropRuns([&] { return s->best().deviations.size(); },
           [&](size_t first, size_t n) { s->Try(WithoutDeviations(s->best(), first, n)); });
}

void DropTasks(Search* s) {
  for (uint8_t task = LastTask(s->best()); task >= kTaskA; --task) {
    if (s->best().tasks.size() > 1 && task <= LastTask(s->best())) s->Try(WithoutTask(s->best(), task));
  }
}

// Tries `candidate`, which has fewer ops. If it fails, also tries it with the callbacks of elements or storages
// renumbered: an op that is gone allocates nothing any more, so the objects that are allocated later get lower numbers,
// and callbacks are named by the number of their object. For example, without the op that allocated selem1, the
// callback cb/selem3 is now called cb/selem2.
bool TryWithShiftedCallbacks(Search* s, const Schedule& candidate) {
  if (s->Try(candidate)) return true;
  for (const kernel_object_kind kind : {KERNEL_SELEM, KERNEL_STORAGE}) {
    const auto task = static_cast<uint8_t>(int{kFirstCallback} + int{kind});
    std::vector<uint8_t> numbers;  // of the objects whose callbacks the deviations name
    for (const Deviation& d : candidate.deviations) {
      if (d.where.task == task) numbers.push_back(d.where.op);
      if (d.kind == ChoiceKind::kPreempt && d.answer != 0 && UnpackTarget(d.answer).task == task) {
        numbers.push_back(UnpackTarget(d.answer).op);
      }
    }
    std::sort(numbers.begin(), numbers.end());
    numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
    for (const uint8_t number : numbers) {
      if (s->Try(WithCallbacksShifted(candidate, kind, number))) return true;
    }
  }
  return false;
}

void DropOpsOf(Search* s, uint8_t task) {
  // Leaving a task without any op is the work of DropTasks.
  DropRuns([&] { return task <= LastTask(s->best()) ? OpsOf(s->best(), task).size() : 0; },
           [&](size_t first, size_t n) {
             if (task != kSetup && n == OpsOf(s->best(), task).size()) return;
             TryWithShiftedCallbacks(s, WithoutOps(s->best(), task, first, n));
           });
}

void DropTaskOps(Search* s) {
  for (uint8_t task = kTaskA; task <= LastTask(s->best()); ++task) DropOpsOf(s, task);
}

void DropSetupOps(Search* s) {
  DropOpsOf(s, kSetup);
}

void DropOwners(Search* s) {
  for (size_t i = s->best().owners.size(); i-- > 0;) {
    if (s->best().owners.size() > 1) TryWithShiftedCallbacks(s, WithoutOwner(s->best(), static_cast<uint8_t>(i)));
  }
}

void DropMaps(Search* s) {
  for (size_t i = s->best().maps.size(); i-- > 0;) {
    if (s->best().maps.size() > 1) TryWithShiftedCallbacks(s, WithoutMap(s->best(), static_cast<uint8_t>(i)));
  }
}

// Two preemptions often belong together: one to another task and one back. Without either one alone, the run is a very
// different one, so they must be dropped together.
void DropPairsOfDeviations(Search* s) {
  for (size_t i = s->best().deviations.size(); i-- > 1;) {
    for (size_t j = i; j-- > 0 && i < s->best().deviations.size();) {
      if (s->best().deviations.size() > kSomeDeviations) return;
      s->Try(WithoutDeviations(WithoutDeviations(s->best(), i, 1), j, 1));
    }
  }
}

// Two ops often belong together, for example an update and the delete of what it made.
void DropPairsOfOps(Search* s) {
  for (size_t i = OpsIn(s->best()); i-- > 1;) {
    for (size_t j = i; j-- > 0 && i < OpsIn(s->best());) {
      if (OpsIn(s->best()) > kSomeOps) return;
      const std::vector<OpRef> ops = AllOps(s->best());
      const Schedule without_one = WithoutOps(s->best(), ops[i].task, ops[i].op, 1);
      TryWithShiftedCallbacks(s, WithoutOps(without_one, ops[j].task, ops[j].op, 1));
    }
  }
}

// Tries to drop an object while some of its `ops` ops go over to another object: each one alone, then all but each one,
// then all. replaced(goes_over) returns the schedule in which those ops went over for whose number goes_over is true.
template <typename Replaced>
bool TryReplaced(Search* s, size_t ops, Replaced replaced) {
  for (const bool alone : {true, false}) {
    for (size_t chosen = 0; chosen <= ops; ++chosen) {  // there is no op with the number `ops`
      if (TryWithShiftedCallbacks(s, replaced([=](size_t number) { return (number == chosen) == alone; }))) return true;
    }
  }
  return false;
}

// How many ops there are for which uses(op) is true.
template <typename Uses>
size_t CountOps(const Schedule& schedule, Uses uses) {
  size_t count = 0;
  for (const OpRef& op : AllOps(schedule)) count += uses(OpsOf(schedule, op.task)[op.op]);
  return count;
}

void ReplaceMaps(Search* s) {
  for (size_t i = s->best().maps.size(); i-- > 0;) {
    const auto from = static_cast<uint8_t>(i);
    for (uint8_t to = 0; to < s->best().maps.size() && from < s->best().maps.size(); ++to) {
      if (to == from) continue;
      const size_t ops = CountOps(s->best(), [=](const Op& op) { return UsesMap(op, from); });
      TryReplaced(s, ops, [&](const auto& goes_over) { return WithMapReplaced(s->best(), from, to, goes_over); });
    }
  }
}

void ReplaceOwners(Search* s) {
  for (size_t i = s->best().owners.size(); i-- > 0;) {
    const auto from = static_cast<uint8_t>(i);
    for (uint8_t to = 0; to < s->best().owners.size() && from < s->best().owners.size(); ++to) {
      if (to == from) continue;
      const size_t ops = CountOps(s->best(), [=](const Op& op) { return UsesOwner(op, from); });
      TryReplaced(s, ops, [&](const auto& goes_over) { return WithOwnerReplaced(s->best(), from, to, goes_over); });
    }
  }
}

// Tries `candidate` without one deviation, for each deviation, then without one owner and the ops on it, for each
// owner. Stops at the first success.
void DropOneOf(Search* s, const Schedule& candidate) {
  const auto drop = [s](const Schedule& fewer) {
    return fewer.deviations.size() <= kVeryFewDeviations ? TryReaimed(s, fewer) : s->Try(fewer);
  };
  for (size_t i = candidate.deviations.size(); i-- > 0;) {
    if (drop(WithoutDeviations(candidate, i, 1))) return;
  }
  for (size_t i = candidate.owners.size(); candidate.owners.size() > 1 && i-- > 0;) {
    if (drop(WithoutOwner(candidate, static_cast<uint8_t>(i)))) return;
  }
}

// Tries what `drop` makes of the best schedule while a deviation is aimed anew: at other ordinals or at another op.
void DropAndAim(Search* s, const Drop& drop) {
  if (TryReaimed(s, drop(s->best())) || s->best().deviations.size() > kLeastDeviations) return;
  TryMoved(s, drop);
}

// Tries to drop each deviation, then each pair of deviations, while another deviation is aimed anew.
void DropDeviationsAndAim(Search* s) {
  for (size_t i = s->best().deviations.size(); i-- > 0;) {
    if (s->best().deviations.size() > kFewDeviations) return;
    if (i >= s->best().deviations.size()) continue;
    DropAndAim(s, [gone = s->best().deviations[i]](Schedule schedule) {
      std::erase(schedule.deviations, gone);
      return schedule;
    });
  }
  for (size_t i = s->best().deviations.size(); i-- > 1;) {
    for (size_t j = i; j-- > 0 && i < s->best().deviations.size();) {
      if (s->best().deviations.size() > kVeryFewDeviations) return;
      TryReaimed(s, WithoutDeviations(WithoutDeviations(s->best(), i, 1), j, 1));
    }
  }
}

// Tries to drop each op, map and owner while a deviation is aimed anew.
void DropOthersAndAim(Search* s) {
  if (s->best().deviations.size() > kVeryFewDeviations) return;
  for (size_t i = OpsIn(s->best()); i-- > 0;) {
    const std::vector<OpRef> ops = AllOps(s->best());
    if (i >= ops.size()) continue;
    DropAndAim(s, [op = ops[i]](const Schedule& schedule) { return WithoutOps(schedule, op.task, op.op, 1); });
  }
  for (size_t i = s->best().maps.size(); i-- > 0;) {
    if (s->best().maps.size() == 1 || i >= s->best().maps.size()) continue;
    DropAndAim(s, [=](const Schedule& schedule) { return WithoutMap(schedule, static_cast<uint8_t>(i)); });
  }
  for (size_t i = s->best().owners.size(); i-- > 0;) {
    if (s->best().owners.size() == 1 || i >= s->best().owners.size()) continue;
    DropAndAim(s, [=](const Schedule& schedule) { return WithoutOwner(schedule, static_cast<uint8_t>(i)); });
  }
}

// ---- Merging and moving ------------------------------------------------------------------------------------------

void MergeOwners(Search* s) {
  for (size_t from = s->best().owners.size(); from-- > 1;) {
    for (size_t to = 0; to < from && from < s->best().owners.size(); ++to) {
      s->Try(WithOwnerMerged(s->best(), static_cast<uint8_t>(from), static_cast<uint8_t>(to)));
    }
  }
}

void MergeMaps(Search* s) {
  for (size_t from = s->best().maps.size(); from-- > 1;) {
    for (size_t to = 0; to < from && from < s->best().maps.size(); ++to) {
      s->Try(WithMapMerged(s->best(), static_cast<uint8_t>(from), static_cast<uint8_t>(to)));
    }
  }
}

void MergeTasks(Search* s) {
  for (uint8_t from = LastTask(s->best()); from > kTaskA; --from) {
    for (uint8_t to = kTaskA; to < from && from <= LastTask(s->best()); ++to) {
      if (OpsOf(s->best(), from).size() + OpsOf(s->best(), to).size() > kMaxOpsPerTask) continue;
      for (const bool before : {false, true}) {
        if (s->Try(WithTaskMerged(s->best(), from, to, before))) break;
      }
    }
  }
}

// Whether the task's first op may as well be done before the tasks start. That is so when no deviation is about the op,
// the op ends no map and no owner, and it is not the task's only op.
bool BelongsInSetup(const Schedule& schedule, uint8_t task) {
  const std::vector<Op>& ops = OpsOf(schedule, task);
  const OpRef first = {task, 0};
  return ops.size() > 1 && ops[0].kind != OpKind::kMapFree && ops[0].kind != OpKind::kDestroy &&
         std::none_of(schedule.deviations.begin(), schedule.deviations.end(),
                      [&](const Deviation& d) { return d.where == first; });
}

void MoveOpsToSetup(Search* s) {
  for (uint8_t task = kTaskA; task <= LastTask(s->best()); ++task) {
    while (s->best().setup.size() < kMaxSetupOps && task <= LastTask(s->best()) && BelongsInSetup(s->best(), task) &&
           s->Try(WithFirstOpInSetup(s->best(), task))) {
    }
  }
}

// Tries to swap each pair of tasks. Tasks start in their order, so swapping two may do the work of a deviation or of an
// owner. A swap alone is often no simpler, so it is also tried together with dropping one of these.
void ReorderTasks(Search* s) {
  for (uint8_t a = kTaskA; a < LastTask(s->best()); ++a) {
    for (uint8_t b = static_cast<uint8_t>(a + 1); b <= LastTask(s->best()); ++b) {
      const Schedule swapped = WithTasksSwapped(s->best(), a, b);
      if (!s->Try(swapped)) DropOneOf(s, swapped);
    }
  }
}

void ReorderOps(Search* s) {
  for (uint8_t task = kSetup; task <= LastTask(s->best()); ++task) {
    for (size_t i = 0; i + 1 < OpsOf(s->best(), task).size(); ++i) s->Try(WithOpsSwapped(s->best(), task, i));
  }
}

void RenumberObjects(Search* s) {
  for (size_t b = 1; b < s->best().maps.size(); ++b) {
    for (size_t a = 0; a < b; ++a) {
      s->Try(WithMapsSwapped(s->best(), static_cast<uint8_t>(a), static_cast<uint8_t>(b)));
    }
  }
  for (size_t b = 1; b < s->best().owners.size(); ++b) {
    for (size_t a = 0; a < b; ++a) {
      s->Try(WithOwnersSwapped(s->best(), static_cast<uint8_t>(a), static_cast<uint8_t>(b)));
    }
  }
}

// ---- Shortening --------------------------------------------------------------------------------------------------

// Applies `change` to a copy of the best schedule and tries the copy.
template <typename Change>
bool TryChanged(Search* s, Change change) {
  Schedule candidate = s->best();
  change(&candidate);
  Normalize(&candidate);
  return s->Try(candidate);
}

void PlainModes(Search* s) {
  TryChanged(s, [](Schedule* c) { c->modes = {}; });
  TryChanged(s, [](Schedule* c) { c->modes.locks = LockMode::kContended; });
  TryChanged(s, [](Schedule* c) { c->modes.memory = MemoryMode::kSc; });
  TryChanged(s, [](Schedule* c) { c->modes.preemptible_rcu = true; });
  TryChanged(s, [](Schedule* c) { c->modes.cpus = Modes{}.cpus; });
}

// Tries to change all maps and owners of one storage type to a type with a lower number; sk has the lowest.
void PlainTypes(Search* s) {
  for (int from = STORAGE_TYPES - 1; from > 0; --from) {
    for (int to = 0; to < from; ++to) {
      TryChanged(s, [=](Schedule* c) {
        for (MapSpec& map : c->maps) map.type = map.type == from ? static_cast<storage_type>(to) : map.type;
        for (OwnerSpec& owner : c->owners) owner.type = owner.type == from ? static_cast<storage_type>(to) : owner.type;
      });
    }
  }
}

void PlainMaps(Search* s) {
  for (size_t i = 0; i < s->best().maps.size(); ++i) {
    TryChanged(s, [=](Schedule* c) { c->maps[i] = {.type = c->maps[i].type}; });
    TryChanged(s, [=](Schedule* c) { c->maps[i].bytes = MapSpec{}.bytes; });
    TryChanged(s, [=](Schedule* c) { c->maps[i].clone = false; });
    for (unsigned field = 1; field <= s->best().maps[i].fields; field <<= 1) {
      TryChanged(s, [=](Schedule* c) { c->maps[i].fields &= static_cast<uint8_t>(~field); });
    }
  }
}

void PlainOwners(Search* s) {
  TryChanged(s, [](Schedule* c) {
    for (OwnerSpec& owner : c->owners) owner.bucket = 0;
  });
  for (size_t i = 0; i < s->best().owners.size(); ++i) {
    TryChanged(s, [=](Schedule* c) { c->owners[i].optmem = 0; });
    for (uint8_t bucket = 0; bucket < s->best().owners[i].bucket; ++bucket) {
      if (TryChanged(s, [=](Schedule* c) { c->owners[i].bucket = bucket; })) break;
    }
  }
}

void PlainOps(Search* s) {
  for (uint8_t task = kSetup; task <= LastTask(s->best()); ++task) {
    for (size_t i = 0; i < OpsOf(s->best(), task).size(); ++i) {
      TryChanged(s, [=](Schedule* c) { OpsOf(c, task)[i].sleepable = false; });
      for (unsigned flag = 1; flag <= OpsOf(s->best(), task)[i].flags; flag <<= 1) {
        TryChanged(s, [=](Schedule* c) { OpsOf(c, task)[i].flags &= static_cast<uint8_t>(~flag); });
      }
    }
  }
}

// ---- Lowering ----------------------------------------------------------------------------------------------------

// Tries lower ordinals for each deviation, from 1 up, and takes the first that works.
void LowerOrdinals(Search* s) {
  for (size_t i = 0; i < s->best().deviations.size(); ++i) {
    for (uint16_t ordinal = 1; i < s->best().deviations.size() && ordinal < s->best().deviations[i].ordinal;
         ++ordinal) {
      if (TryChanged(s, [=](Schedule* c) { c->deviations[i].ordinal = ordinal; })) break;
    }
  }
}

// Tries lower answers for each deviation that is no preemption, from 1 up, and takes the first that works.
void LowerAnswers(Search* s) {
  for (size_t i = 0; i < s->best().deviations.size(); ++i) {
    if (s->best().deviations[i].kind == ChoiceKind::kPreempt) continue;
    for (uint16_t answer = 1; i < s->best().deviations.size() && answer < s->best().deviations[i].answer; ++answer) {
      if (TryChanged(s, [=](Schedule* c) { c->deviations[i].answer = answer; })) break;
    }
  }
}

// The passes that remove most come first. The passes that are costly or of no use on a large schedule come last.
constexpr Pass kPasses[] = {
    {"drop deviations", DropDeviations},
    {"plain modes", PlainModes},
    {"drop tasks", DropTasks},
    {"drop operations", DropTaskOps},
    {"drop set-up operations", DropSetupOps},
    {"drop owners", DropOwners},
    {"drop maps", DropMaps},
    {"merge tasks", MergeTasks},
    {"merge owners", MergeOwners},
    {"merge maps", MergeMaps},
    {"move operations to the set-up", MoveOpsToSetup},
    {"drop pairs of deviations", DropPairsOfDeviations},
    {"reorder tasks", ReorderTasks},
    {"drop pairs of operations", DropPairsOfOps},
    {"replace maps", ReplaceMaps},
    {"replace owners", ReplaceOwners},
    {"drop deviations and aim others anew", DropDeviationsAndAim},
    {"drop others and aim deviations anew", DropOthersAndAim},
    {"plain types", PlainTypes},
    {"plain maps", PlainMaps},
    {"plain owners", PlainOwners},
    {"plain operations", PlainOps},
    {"lower ordinals", LowerOrdinals},
    {"lower answers", LowerAnswers},
    {"reorder operations", ReorderOps},
    {"renumber maps and owners", RenumberObjects},
};

// The schedule as bytes, for the set of failed candidates.
std::string KeyOf(const Schedule& schedule) {
  Writer writer;
  writer.Put(schedule);
  return writer.bytes();
}

}  // namespace

bool Search::Try(const Schedule& candidate) {
  if (stopped_ || !IsSimpler(candidate, best_)) return false;
  std::string key = KeyOf(candidate);
  if (failed_.contains(key)) return false;
  ++tried_;
  std::optional<Schedule> violating = probe_(candidate);
  if (!violating) {
    failed_.insert(std::move(key));
    return false;
  }
  best_ = IsSimpler(*violating, candidate) ? *std::move(violating) : candidate;
  return true;
}

std::span<const Pass> AllPasses() {
  return kPasses;
}

void RunPasses(Search* search, const std::function<void(const Pass&)>& on_pass) {
  for (Schedule before; !search->stopped() && before != search->best();) {
    before = search->best();
    for (const Pass& pass : kPasses) {
      on_pass(pass);
      pass.run(search);
    }
  }
}

}  // namespace nofail
