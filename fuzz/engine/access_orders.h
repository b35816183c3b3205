// SPDX-License-Identifier: MIT
//
// In which order conflicting accesses of two tasks were seen. Two accesses conflict if they are to the same place, at
// least one writes, and each may be of another task. They are counted by where in the source they are made, so that a
// report can say which orders of the accesses of a changed function were never tried.
//
// Marked accesses are events of the trace. Plain ones are seen in the build that sees every access alone (kAccessesSeen
// in core/kernel/sim/sanitizer.h); of these the line is not known.
//
// NOT COUNTED: what the set-up and the end do, because nothing runs beside them; accesses to static variables.
#ifndef NOFAIL_FUZZ_ENGINE_ACCESS_ORDERS_H_
#define NOFAIL_FUZZ_ENGINE_ACCESS_ORDERS_H_

#include <compare>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/kernel/sim/access_observer.h"
#include "core/kernel/sim/sim.h"
#include "core/kernel/trace/trace.h"
#include "fuzz/engine/status_file.h"

namespace nofail {

class AccessOrders final : public AccessObserver {
 public:
  // Counts only pairs of which one access is made in one of the functions. `sim` is the one that runs the subject.
  AccessOrders(std::set<std::string> functions, Sim& sim) : functions_(std::move(functions)), sim_(sim) {}

  // Before a run that is to be counted: notes its plain accesses from now on.
  void Begin();
  // After the run: counts it.
  void Count(const Trace& trace);
  // Adds the counts to the status: for each pair in how many runs each order was seen. Pairs of which neither order was
  // seen are there, too.
  void AddTo(Status* status) const;

  void OnPlainAccess(const PlainAccess& access) override;

 private:
  // An access by where it is made. `file` and `function` live for ever.
  struct Site {
    const char* file;
    const char* function;
    uint32_t line;
    const char* access;  // one of those that AccessPlace names
    auto operator<=>(const Site&) const = default;
  };
  using SiteNumber = uint32_t;  // index into sites_
  struct KnownSite {
    Site site;
    bool is_asked_for;  // it is in one of the functions
    bool writes;
  };
  struct Place {
    kernel_object_kind kind;
    uint16_t offset;  // 0 for an array of buckets: they are all alike
    auto operator<=>(const Place&) const = default;
  };
  // A plain access, as it was when the trace had `at` events.
  struct Plain {
    uint32_t at;
    OpRef op;
    ObjectId object;
    uint16_t offset;
    Site site;
  };
  struct Order {
    Place place;
    SiteNumber before, after;
    auto operator<=>(const Order&) const = default;
  };
  struct Runs {
    uint64_t count = 0;
    uint64_t last = 0;  // the number of the run that was counted last
  };
  struct Earlier {
    SiteNumber site;
    uint16_t by;  // PackTarget of the task
    bool operator==(const Earlier&) const = default;
  };

  SiteNumber NumberOf(const Site& site);
  // An access of the run that is counted.
  void Follow(const Trace& trace, OpRef op, ObjectId object, uint16_t offset, const Site& site);
  uint64_t RunsWith(const Place& place, SiteNumber before, SiteNumber after) const;

  const std::set<std::string> functions_;
  Sim& sim_;
  uint64_t runs_ = 0;
  std::map<Site, SiteNumber> numbers_;
  std::vector<KnownSite> sites_;
  std::map<Place, std::set<SiteNumber>> seen_at_;
  std::map<Order, Runs> orders_;
  // Of the run that is counted.
  std::vector<Plain> plain_;
  std::map<uint32_t, std::vector<Earlier>> earlier_;  // by object << 16 | offset
};

}  // namespace nofail
#endif  // NOFAIL_FUZZ_ENGINE_ACCESS_ORDERS_H_
