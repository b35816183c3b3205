// SPDX-License-Identifier: MIT
//
// What a run has on its record: everything that has happened in it so far and that an oracle holds against it however
// it goes on. A search must not take a run with such a record for one without it, even if both have come to the same
// state.
//
// On the record are
//   - faults that do not end the run, and warnings;
//   - wrong writes to selem->state, and charges below zero;
//   - failed lock attempts and failed allocations, because the signature of a later violation names them.
// Not on the record: who gave an object up and in which reader sections it was used. So of two violations whose
// signatures differ only in these, a search may see one.
#ifndef NOFAIL_FUZZ_CHECK_RECORD_H_
#define NOFAIL_FUZZ_CHECK_RECORD_H_

#include <cstdint>

#include "fuzz/check/oracles.h"

namespace nofail {

// Whether the event is on the record. REQUIRES: the events that belong to it (event_kinds.def, "follows") have
// happened.
bool IsOnRecord(const RunView& run, uint32_t event);

// A number for the entry of the event. `name` names the event's object, so that the number does not depend on the order
// in which objects were allocated.
uint64_t RecordEntry(const Event& event, uint64_t name);

}  // namespace nofail
#endif  // NOFAIL_FUZZ_CHECK_RECORD_H_
