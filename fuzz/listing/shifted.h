// SPDX-License-Identifier: MIT
//
// Schedules whose ordinals lie close to those of another schedule. Where two subjects differ by a line of code, the
// same ordinal stands for another scheduling point. So a schedule that was written for one subject may need other
// ordinals to make the other subject do the same.
#ifndef NOFAIL_FUZZ_LISTING_SHIFTED_H_
#define NOFAIL_FUZZ_LISTING_SHIFTED_H_

#include <cstddef>
#include <functional>

#include "fuzz/schedule/schedule.h"

namespace nofail {

// How far ordinals are shifted, and of how many groups. A group has the deviations of one kind in one op; or, if they
// are to be shifted apart, a single deviation. Apart is for code that was added between two of them.
struct Reach {
  int shift;
  size_t groups;
  bool apart = false;
};

// Calls `try_one` with schedules that shift the ordinals of each group by a number of its own, the nearest first, until
// it returns true. Returns whether it did. Schedules that would not be valid are left out.
bool AnyShifted(const Schedule& schedule, Reach reach, const std::function<bool(const Schedule&)>& try_one);

// The same for `count` schedules in which each ordinal is shifted by a random number of its own. The schedules are the
// same each time.
bool AnyScattered(const Schedule& schedule, int count, const std::function<bool(const Schedule&)>& try_one);

}  // namespace nofail
#endif  // NOFAIL_FUZZ_LISTING_SHIFTED_H_
