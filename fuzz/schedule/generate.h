// SPDX-License-Identifier: MIT
#ifndef NOFAIL_FUZZ_SCHEDULE_GENERATE_H_
#define NOFAIL_FUZZ_SCHEDULE_GENERATE_H_

#include "fuzz/schedule/codec.h"
#include "fuzz/schedule/rng.h"

namespace nofail {

// Returns a random valid schedule that fits the profile. Its distribution favours races: there are few maps and owners,
// so that ops share them. Most schedules have one storage type, and most owners fall into one bucket.
Schedule Generate(Profile profile, Rng& rng);

}  // namespace nofail
#endif  // NOFAIL_FUZZ_SCHEDULE_GENERATE_H_
