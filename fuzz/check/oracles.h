// SPDX-License-Identifier: MIT
//
// Judges one finished run. Judge reads what the run left behind, and runs nothing itself. docs/oracles.md is the table
// of what is judged, who promised it, and what each judge cannot see.
#ifndef NOFAIL_FUZZ_CHECK_ORACLES_H_
#define NOFAIL_FUZZ_CHECK_ORACLES_H_

#include <cstdint>
#include <span>

#include "core/kernel/trace/trace.h"
#include "core/subjects/subject.h"
#include "fuzz/check/verdict.h"

namespace nofail {

// The state of a destroyed owner just before its memory was freed.
struct OwnerEnd {
  ObjectId owner;
  uint32_t event;  // number of events in the trace at that point
  int64_t charge;  // bytes still charged to the owner (subject::owner_charge)
};

// One finished run. All references and spans are borrowed and must live until Judge returns.
struct RunView {
  const Trace& trace;
  std::span<const int32_t> resources;    // references taken and not released, by resource number; [0] is unused
  const struct subject& subject;         // the subject that was run
  std::span<const OwnerEnd> owner_ends;  // every owner that was destroyed
  bool fatal;                            // a fatal fault cut the run short; leaks are then not judged
};

// Writes the verdict on the run to *verdict, whatever it held before. The verdict depends on the run alone. Judge
// allocates no memory when the run passes.
void Judge(const RunView& run, Verdict* verdict);

}  // namespace nofail
#endif  // NOFAIL_FUZZ_CHECK_ORACLES_H_
