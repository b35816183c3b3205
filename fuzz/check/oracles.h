// SPDX-License-Identifier: MIT
//
// Judges one run: reads what it left behind, drives nothing. docs/oracles.md is the table of what is judged, on whose
// promise, and what each judge cannot see.
#ifndef NOFAIL_FUZZ_CHECK_ORACLES_H_
#define NOFAIL_FUZZ_CHECK_ORACLES_H_

#include <cstdint>
#include <span>

#include "core/kernel/trace/trace.h"
#include "core/subjects/subject.h"
#include "fuzz/check/verdict.h"

namespace nofail {

// An owner that was destroyed, just before its memory went: what it was still charged with.
struct OwnerEnd {
  ObjectId owner;
  uint32_t event;  // trace size at that point
  int64_t charge;  // subject::owner_charge
};

// One finished run. Everything must outlive the call of Judge.
struct RunView {
  const Trace& trace;
  std::span<const int32_t> resources;  // references taken and not released, by resource number; [0] is unused
  const struct subject& subject;
  std::span<const OwnerEnd> owner_ends;
  bool fatal;  // the run was cut short (a fatal fault): oracles of the end say nothing
};

// Replaces *verdict. Depends on the run alone. Allocates nothing when the run passes.
void Judge(const RunView& run, Verdict* verdict);

}  // namespace nofail
#endif  // NOFAIL_FUZZ_CHECK_ORACLES_H_
