// SPDX-License-Identifier: MIT
#include "fuzz/check/debts.h"

#include <algorithm>
#include <bit>
#include <tuple>

#include "absl/strings/str_cat.h"
#include "fuzz/check/evidence.h"

namespace nofail {
namespace {

constexpr uint64_t kMostReferences = 1024;  // a count beyond that has saturated
constexpr size_t kMostCharges = 12;         // whose sums are tried

// Pairs what gives back with what took.
class Pairing {
 public:
  explicit Pairing(const Trace& trace) : trace_(trace) {}

  void Take(uint32_t event) { kept_.push_back(event); }
  void GiveBack(uint32_t event) {
    if (kept_.empty()) return surplus_.push_back(event);
    auto same = std::find_if(kept_.rbegin(), kept_.rend(), [&](uint32_t taken) { return OpAt(taken) == OpAt(event); });
    kept_.erase(same == kept_.rend() ? kept_.begin() : std::next(same).base());
  }
  void Clear() { kept_.clear(); }
  const Debts& kept() const { return kept_; }
  const Debts& surplus() const { return surplus_; }

 private:
  OpRef OpAt(uint32_t event) const { return trace_.events()[event].op; }

  const Trace& trace_;
  Debts kept_, surplus_;
};

bool IsAt(const Event& e, ObjectId object, size_t offset) {
  return e.object == object && e.offset == offset;
}

// The selem or storage that an uncharge is for: the last one that its op used before.
ObjectId UnchargedAt(const Trace& trace, uint32_t event, kernel_object_kind kind) {
  const OpRef op = trace.events()[event].op;
  const uint32_t used = LastBefore(trace, event, [&](const Event& e) {
    return e.op == op && e.object != 0 && trace.objects()[e.object].kind == kind && e.kind != EventKind::kGpEnd;
  });
  return used == kNoEvent ? ObjectId{0} : trace.events()[used].object;
}

// One charge, and what it is for: the object that the op allocates next.
struct Charge {
  uint32_t event;
  int64_t amount;
  ObjectId object;
  bool is_returned;  // an uncharge was for that object
};

std::vector<Charge> ChargesTo(const Trace& trace, uint32_t end, ObjectId owner, size_t offset) {
  std::vector<Charge> charges;
  for (uint32_t i = 0; i < end; ++i) {
    const Event& e = trace.events()[i];
    if (e.kind != EventKind::kRmw || !IsAt(e, owner, offset)) continue;
    const int64_t change = ChangeAt(trace, i);
    if (change > 0) charges.push_back({i, change, ChargedFor(trace, i), false});
    for (const kernel_object_kind kind : {KERNEL_SELEM, KERNEL_STORAGE}) {
      const ObjectId object = change < 0 ? UnchargedAt(trace, i, kind) : ObjectId{0};
      for (Charge& charge : charges) charge.is_returned |= object != 0 && charge.object == object;
    }
  }
  if (charges.size() > kMostCharges) charges.erase(charges.begin(), charges.end() - kMostCharges);
  return charges;
}

}  // namespace

int64_t ChangeAt(const Trace& trace, uint32_t event) {
  if (event + 1 >= trace.size()) return 0;
  const Event &e = trace.events()[event], &old = trace.events()[event + 1];
  if (old.kind != EventKind::kRmwOld || !old.wrote()) return 0;
  return int64_t{static_cast<int32_t>(e.value)} - static_cast<int32_t>(old.value);
}

ObjectId ChargedFor(const Trace& trace, uint32_t event) {
  for (uint32_t i = event + 1; i < trace.size(); ++i) {
    const Event& e = trace.events()[i];
    if (e.op == trace.events()[event].op && e.kind == EventKind::kAlloc) return e.object;
  }
  return 0;
}

Debts ReferencesKept(const Trace& trace, uint32_t end, ObjectId map, Debts* surplus) {
  Pairing references(trace);
  for (uint32_t i = 0; i < end; ++i) {
    const Event& e = trace.events()[i];
    if (e.object != map) continue;
    if (e.kind == EventKind::kMapGet && e.was_taken()) references.Take(i);
    if (e.kind == EventKind::kMapPut) references.GiveBack(i);
  }
  if (surplus != nullptr) *surplus = references.surplus();
  return references.kept();
}

Debts IncrementsKept(const Trace& trace, uint32_t end, ObjectId object, uint16_t offset) {
  Pairing references(trace);
  for (uint32_t i = 0; i < end; ++i) {
    const Event& e = trace.events()[i];
    if (!IsAt(e, object, offset)) continue;
    if (e.kind == EventKind::kStore) {
      references.Clear();
      for (uint64_t n = 0; n < e.value && e.value <= kMostReferences; ++n) references.Take(i);
    }
    const int64_t change = e.kind == EventKind::kRmw ? ChangeAt(trace, i) : 0;
    if (change == 1) references.Take(i);
    if (change == -1) references.GiveBack(i);
  }
  return references.kept();
}

Debts LockKept(const Trace& trace, uint32_t end, ObjectId object, uint16_t offset) {
  Debts kept;
  for (uint32_t i = 0; i < end; ++i) {
    const Event& e = trace.events()[i];
    if (!IsAt(e, object, offset)) continue;
    if (e.kind == EventKind::kSpinLock || (e.kind == EventKind::kLock && e.value == 0)) kept = {i};
    if (e.kind == EventKind::kSpinUnlock || e.kind == EventKind::kUnlock) kept.clear();
  }
  return kept;
}

Debts SectionsKept(const Trace& trace, uint32_t end, kernel_rcu_flavour flavour) {
  Debts kept;
  const auto forget = [&](auto test) { std::erase_if(kept, [&](uint32_t i) { return test(trace.events()[i]); }); };
  for (uint32_t i = 0; i < end; ++i) {
    const Event& e = trace.events()[i];
    const auto is_same_lock = [&](const Event& taken) { return taken.object != 0 && IsAt(taken, e.object, e.offset); };
    const auto is_same_section = [&](const Event& begin) {
      return begin.kind == EventKind::kReadLock && begin.op == e.op && begin.flavour() == e.flavour();
    };
    switch (e.kind) {
      case EventKind::kReadLock:
        if (e.value == 1 && (e.flavour() == KERNEL_RCU || flavour == e.flavour())) kept.push_back(i);
        break;
      case EventKind::kReadUnlock:
        if (e.value == 0) forget(is_same_section);
        break;
      case EventKind::kSpinLock:
      case EventKind::kLock:
        if (e.value == 0) kept.push_back(i);
        break;
      case EventKind::kSpinUnlock:
      case EventKind::kUnlock:
        forget(is_same_lock);
        break;
      default:
        break;
    }
  }
  return kept;
}

Debts CallbacksLeft(const Trace& trace, uint32_t end, kernel_rcu_flavour flavour) {
  Debts left;
  for (uint32_t i = 0; i < end; ++i) {
    const Event& e = trace.events()[i];
    if (e.kind == EventKind::kCallRcu && e.flavour() == flavour) left.push_back(i);
    if (e.kind != EventKind::kCallbackEnd) continue;
    std::erase_if(left, [&](uint32_t queued) { return trace.events()[queued].object == e.object; });
  }
  return left;
}

Debts ChargesKept(const Trace& trace, uint32_t end, ObjectId owner, size_t offset, int64_t amount) {
  const std::vector<Charge> charges = ChargesTo(trace, end, owner, offset);
  using Rank = std::tuple<int, int>;  // how many were returned, how many there are
  Rank best_rank{INT32_MAX, INT32_MAX};
  unsigned best = 0;
  for (unsigned subset = 1; subset < 1u << charges.size(); ++subset) {
    int64_t sum = 0;
    int returned = 0;
    for (size_t i = 0; i < charges.size(); ++i) {
      if ((subset >> i & 1) == 0) continue;
      sum += charges[i].amount;
      returned += charges[i].is_returned;
    }
    const Rank rank{returned, std::popcount(subset)};
    if (sum != amount || rank >= best_rank) continue;
    best_rank = rank;
    best = subset;
  }
  Debts kept;
  for (size_t i = 0; i < charges.size(); ++i) {
    if ((best >> i & 1) != 0) kept.push_back(charges[i].event);
  }
  return kept;
}

std::string DebtText(const Trace& trace, uint32_t event) {
  const Event& e = trace.events()[event];
  const std::string who = DoerAt(trace, event), name = NameOf(trace, e.object);
  switch (e.kind) {
    case EventKind::kMapGet:
    case EventKind::kRmw:
      return absl::StrCat(who, " took one at #", event, " and nobody gave it back");
    case EventKind::kStore:
      return absl::StrCat("nobody gave back the one that ", who, " began with at #", event);
    case EventKind::kReadLock:
      return absl::StrCat(who, " entered a reader section at #", event, " and did not leave it");
    case EventKind::kCallRcu:
      return absl::StrCat("the one of ", name, ", which ", who, " handed to RCU at #", event, ", did not end");
    default:
      return absl::StrCat(who, " took a lock of ", name, " at #", event, " and did not release it");
  }
}

}  // namespace nofail
