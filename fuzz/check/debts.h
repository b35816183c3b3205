// SPDX-License-Identifier: MIT
//
// What was taken in a run and not given back. Judges name these *debts* when something is left over at the end of a
// run, or waited for in vain. This header is private to the folder.
//
// Each function looks at the events before `end`, and returns the events that took what was not given back then, in
// the order of the trace. What gives back is paired with the last event of the same op that took, or else with the
// first event of any op. So a reference may be handed from one op to another.
#ifndef NOFAIL_FUZZ_CHECK_DEBTS_H_
#define NOFAIL_FUZZ_CHECK_DEBTS_H_

#include <string>
#include <vector>

#include "core/kernel/trace/trace.h"

namespace nofail {

using Debts = std::vector<uint32_t>;

// References of a map that the subject took. `surplus`, if not null, gets the events that gave back more than that.
Debts ReferencesKept(const Trace& trace, uint32_t end, ObjectId map, Debts* surplus = nullptr);
// The same for a count in memory. Events that stored a count, or incremented it by 1, without a decrement.
Debts IncrementsKept(const Trace& trace, uint32_t end, ObjectId object, uint16_t offset);
// The event that took the lock at this location; none: nobody holds it.
Debts LockKept(const Trace& trace, uint32_t end, ObjectId object, uint16_t offset);
// What keeps a grace period from its end: the beginnings of reader sections, and locks, because RCU takes a holder of a
// lock for a reader.
Debts SectionsKept(const Trace& trace, uint32_t end, kernel_rcu_flavour flavour);
// Calls of call_rcu whose callback has not run to its end.
Debts CallbacksLeft(const Trace& trace, uint32_t end, kernel_rcu_flavour flavour);
// Charges to the owner's word at `offset` that together make up `amount`: as few as possible, and rather those whose
// object nobody uncharged. Empty when no charges make up the amount.
Debts ChargesKept(const Trace& trace, uint32_t end, ObjectId owner, size_t offset, int64_t amount);

// What the charge at `event` was for: the object that the op allocated next; 0: none.
ObjectId ChargedFor(const Trace& trace, uint32_t event);

// What the event took and nobody gave back, as a clause: "B in Clone took one at #57 and nobody gave it back".
std::string DebtText(const Trace& trace, uint32_t event);

// By how much the Rmw at `event` changed its word, as a number of 32 bits.
int64_t ChangeAt(const Trace& trace, uint32_t event);

}  // namespace nofail
#endif  // NOFAIL_FUZZ_CHECK_DEBTS_H_
