// SPDX-License-Identifier: MIT
#ifndef NOFAIL_FUZZ_SCHEDULE_GENERATE_H_
#define NOFAIL_FUZZ_SCHEDULE_GENERATE_H_

#include "fuzz/schedule/codec.h"
#include "fuzz/schedule/rng.h"

namespace nofail {

// A random valid schedule that fits the profile. Weighted towards races: few maps and owners that ops share, mostly one
// storage type, mostly one bucket.
Schedule Generate(Profile profile, Rng& rng);

}  // namespace nofail
#endif  // NOFAIL_FUZZ_SCHEDULE_GENERATE_H_
