// SPDX-License-Identifier: MIT
//
// How an op came to a pointer: from which word of memory it read it, and who had written that. This header is private
// to the folder.
#ifndef NOFAIL_FUZZ_CHECK_POINTERS_H_
#define NOFAIL_FUZZ_CHECK_POINTERS_H_

#include <string>

#include "core/kernel/trace/trace.h"
#include "fuzz/check/verdict.h"

namespace nofail {

// A null pointer that an op read and followed. Each member is an event, or kNoEvent.
struct NullRead {
  uint32_t read;      // the op read null from a word
  uint32_t cleared;   // who had written the null; none: the word never held anything else
  uint32_t seen_set;  // who last read the word as set before that, the op itself rather than others; or else who set it
};
// The null that the op of the event followed there: the last one that it read from a word that had held a pointer, or
// else the last one that it read to follow it. All members are kNoEvent when there is none.
NullRead NullReadBefore(const Trace& trace, uint32_t event);
// In words, as a clause that follows "a null pointer"; "" when nothing is known.
std::string NullReadText(const Trace& trace, const NullRead& null);

// The event at which the op of `event` last read a pointer to `object` from another object, or kNoEvent.
uint32_t FoundAt(const Trace& trace, uint32_t event, ObjectId object);
// The last write before the event `found`, which read a pointer, to the word that was read. kNoEvent: there was none.
uint32_t WrittenBefore(const Trace& trace, uint32_t found);
// For example "buckets0+8".
std::string WordAt(const Trace& trace, uint32_t event);

}  // namespace nofail
#endif  // NOFAIL_FUZZ_CHECK_POINTERS_H_
