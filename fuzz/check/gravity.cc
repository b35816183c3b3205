// SPDX-License-Identifier: MIT
#include "fuzz/check/gravity.h"

#include <algorithm>
#include <iterator>

namespace nofail {
namespace {

// The order of all kinds. A fatal fault (faults.def) corrupts or stops, and nothing else does.
constexpr struct {
  std::string_view kind;  // of a violation, up to the first '.'
  Gravity gravity;
} kOrder[] = {
    {"use-after-free", Gravity::kCorrupts},
    {"double-free", Gravity::kCorrupts},
    {"invalid-free", Gravity::kCorrupts},
    {"out-of-bounds", Gravity::kCorrupts},
    {"sanitizer", Gravity::kCorrupts},
    {"crash", Gravity::kCorrupts},  // the run ended its process (fuzz/minimize/sandbox.h)

    {"null-dereference", Gravity::kStops},
    {"deadlock", Gravity::kStops},
    {"livelock", Gravity::kStops},
    {"runaway", Gravity::kStops},

    {"freed-in-reader", Gravity::kMayCorrupt},
    {"field-freed-twice", Gravity::kMayCorrupt},
    {"record-dead", Gravity::kMayCorrupt},
    {"rcu-not-held", Gravity::kMayCorrupt},

    // A saturated count is never zero again: what it counts leaks, and who waits for the zero waits for ever.
    {"refcount-add-on-zero", Gravity::kMayStop},
    {"refcount-overflow", Gravity::kMayStop},
    {"refcount-underflow", Gravity::kMayStop},
    {"refcount-dec-to-zero", Gravity::kMayStop},
    {"lock-imbalance", Gravity::kMayStop},
    {"unlock-order", Gravity::kMayStop},
    {"unlock-foreign", Gravity::kMayStop},
    {"sleep-in-rcu", Gravity::kMayStop},
    {"sleep-in-atomic", Gravity::kMayStop},
    {"rcu-imbalance", Gravity::kMayStop},

    {"leak", Gravity::kLoses},
    {"charge", Gravity::kLoses},

    {"data-race", Gravity::kIsOdd},
    {"state", Gravity::kIsOdd},
    {"warning", Gravity::kIsOdd},
};

}  // namespace

Gravity GravityOf(std::string_view signature) {
  const std::string_view kind = signature.substr(0, signature.find_first_of("/."));
  const auto* row = std::find_if(std::begin(kOrder), std::end(kOrder), [=](const auto& r) { return r.kind == kind; });
  return row == std::end(kOrder) ? Gravity::kCorrupts : row->gravity;
}

}  // namespace nofail
