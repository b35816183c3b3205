// SPDX-License-Identifier: MIT
//
// The cause of a violation: the function at fault, and the event that decided it. What is broken once may show in many
// ways. For example, a plain store that puts an element on a list races with every reader. The readers are innocent;
// the function that stores is at fault.
//
// STANDS FOR: the answer to "which of these violations belong together?". Violations with the same cause are faces of
// one bug, as far as traces can tell.
// GUARANTEES: like a signature, a cause has no task, line, number or address. So it is the same in every run and build.
#ifndef NOFAIL_FUZZ_CHECK_CAUSE_H_
#define NOFAIL_FUZZ_CHECK_CAUSE_H_

#include <string>
#include <vector>

#include "core/kernel/trace/trace.h"
#include "fuzz/check/verdict.h"

namespace nofail {

// In words: what was done in which function, then attributes that tell one cause from another. Examples: "plain store
// in bpf_selem_link_storage_nolock", "selem given up in bpf_selem_free, lock=buckets". It searches the trace, so it is
// not for every execution of a fuzz target.
std::string CauseOf(const Trace& trace, const Violation& violation);

// The violations by cause: for each cause, the indices of its faces in the verdict, in the verdict's order. The causes
// are in the order of their first faces.
std::vector<std::vector<size_t>> FacesByCause(const Trace& trace, const Verdict& verdict);

}  // namespace nofail
#endif  // NOFAIL_FUZZ_CHECK_CAUSE_H_
