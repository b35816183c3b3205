// SPDX-License-Identifier: MIT
//
// Two runs of one schedule on two subjects, side by side up to the first event in which they differ.
#ifndef NOFAIL_FUZZ_REPORT_SIDE_BY_SIDE_H_
#define NOFAIL_FUZZ_REPORT_SIDE_BY_SIDE_H_

#include <cstdint>
#include <optional>
#include <string>

#include "fuzz/check/judged_run.h"

namespace nofail {

// The number of the first event that differs; nothing if one run did all that the other did. Sites and offsets do not
// count, because other code has other lines and other structures.
std::optional<uint32_t> FirstDifference(const JudgedRun& a, const JudgedRun& b);

// The last events that both runs have in common, then the next ones of each, then what each violates. `width`: of the
// terminal, in characters; at least 64.
std::string SideBySide(const JudgedRun& a, const JudgedRun& b, size_t width);

}  // namespace nofail
#endif  // NOFAIL_FUZZ_REPORT_SIDE_BY_SIDE_H_
