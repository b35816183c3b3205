// SPDX-License-Identifier: MIT
#include "fuzz/engine/access_orders.h"

#include <algorithm>
#include <string_view>

#include "core/kernel/sim/sanitizer.h"
#include "fuzz/base/object_kind.h"

namespace nofail {
namespace {

// A copy of more bytes than this is an access to each of its words, of which so many bytes are looked at.
constexpr size_t kOneAccess = 16, kMostBytes = 128;
constexpr size_t kWord = 4;

bool RunsBesideOthers(OpRef op) {
  return (op.task >= kTaskA && op.task <= kTaskD) || op.IsCallback();
}

const char* AccessText(EventKind kind) {
  if (kind == EventKind::kLoad) return "load";
  return kind == EventKind::kStore ? "store" : "rmw";
}

bool IsAccess(EventKind kind) {
  return kind == EventKind::kLoad || kind == EventKind::kStore || kind == EventKind::kRmw;
}

}  // namespace

void AccessOrders::Begin() {
  plain_.clear();
  if constexpr (kAccessesSeen) sim_.SetAccessObserver(this);
}

void AccessOrders::OnPlainAccess(const PlainAccess& access) {
  const OpRef op = sim_.current();
  if (access.object == 0 || !RunsBesideOthers(op)) return;
  const kernel_site site = Sim::SiteAt(access.pc);
  if (site.function == nullptr) return;
  const Site place = {site.file, site.function, site.line, access.is_write ? "write" : "read"};
  const size_t bytes = access.size > kOneAccess ? std::min(access.size, kMostBytes) : kWord;
  for (size_t i = 0; i < bytes; i += kWord) {
    plain_.push_back({sim_.trace().size(), op, access.object, static_cast<uint16_t>(access.offset + i), place});
  }
}

void AccessOrders::Count(const Trace& trace) {
  if constexpr (kAccessesSeen) sim_.SetAccessObserver(nullptr);
  ++runs_;
  earlier_.clear();
  auto plain = plain_.begin();
  const auto events = trace.events();
  for (uint32_t at = 0; at < events.size(); ++at) {
    for (; plain != plain_.end() && plain->at <= at; ++plain) {
      Follow(trace, plain->op, plain->object, plain->offset, plain->site);
    }
    const Event& e = events[at];
    if (!IsAccess(e.kind) || e.object == 0 || e.function == nullptr || !RunsBesideOthers(e.op)) continue;
    Follow(trace, e.op, e.object, e.offset, {e.file, e.function, e.line, AccessText(e.kind)});
  }
}

AccessOrders::SiteNumber AccessOrders::NumberOf(const Site& site) {
  const auto [it, is_new] = numbers_.try_emplace(site, static_cast<SiteNumber>(sites_.size()));
  if (is_new) {
    const bool writes = site.access[0] != 'l' && std::string_view(site.access) != "read";
    sites_.push_back({site, functions_.contains(site.function), writes});
  }
  return it->second;
}

void AccessOrders::Follow(const Trace& trace, OpRef op, ObjectId object, uint16_t offset, const Site& site) {
  const SiteNumber number = NumberOf(site);
  const Earlier mine = {number, PackTarget({op.task, op.IsCallback() ? op.op : uint8_t{0}})};
  std::vector<Earlier>& before = earlier_[uint32_t{object} << 16 | offset];
  const kernel_object_kind kind = trace.objects()[object].kind;
  const Place place = {kind, kind == KERNEL_BUCKETS ? uint16_t{0} : offset};
  for (const Earlier& other : before) {
    const bool conflicts = other.by != mine.by && (sites_[other.site].writes || sites_[number].writes);
    if (!conflicts || !(sites_[other.site].is_asked_for || sites_[number].is_asked_for)) continue;
    Runs& runs = orders_[{place, other.site, number}];
    if (runs.last != runs_) ++runs.count;
    runs.last = runs_;
  }
  if (std::find(before.begin(), before.end(), mine) != before.end()) return;
  before.push_back(mine);
  seen_at_[place].insert(number);
}

uint64_t AccessOrders::RunsWith(const Place& place, SiteNumber before, SiteNumber after) const {
  const auto it = orders_.find({place, before, after});
  return it == orders_.end() ? 0 : it->second.count;
}

void AccessOrders::AddTo(Status* status) const {
  Status mine;
  mine.order_runs = runs_;
  const auto place_of = [&](SiteNumber number) {
    const Site& site = sites_[number].site;
    return AccessPlace{site.access, site.line, site.file, site.function};
  };
  for (const auto& [place, numbers] : seen_at_) {
    for (auto a = numbers.begin(); a != numbers.end(); ++a) {
      for (auto b = std::next(a); b != numbers.end(); ++b) {
        if (!(sites_[*a].writes || sites_[*b].writes)) continue;
        if (!(sites_[*a].is_asked_for || sites_[*b].is_asked_for)) continue;
        const OrderCount count = {ObjectKindText(place.kind), place.offset,           place_of(*a), place_of(*b),
                                  RunsWith(place, *a, *b),    RunsWith(place, *b, *a)};
        AddOrder(count, &mine.orders);
      }
    }
  }
  UniteStatus(mine, status);
}

}  // namespace nofail
