// SPDX-License-Identifier: MIT
//
// Schedules as bytes: the form fuzzers mutate. docs/schedule.md has the format.
//
// GUARANTEES: every byte string decodes to a valid schedule; Decode(Encode(s), any profile) == s for every valid s.
// FitToProfile is idempotent and leaves a schedule alone that already fits.
#ifndef NOFAIL_FUZZ_SCHEDULE_CODEC_H_
#define NOFAIL_FUZZ_SCHEDULE_CODEC_H_

#include <cstdint>
#include <span>
#include <vector>

#include "fuzz/schedule/schedule.h"

namespace nofail {

// What a fuzz target is about: the scenario of inputs that do not say, and what FitToProfile makes of those that do.
enum class Profile : uint8_t {
  kTeardown,   // map_free against destroy
  kLifecycle,  // all operations
};

// Overwrites *schedule, whose memory is reused: decoding one input after the other into it allocates nothing once warm.
// Bytes from kMaxInputBytes on are ignored. An input that names no policy gets a seeded one that depends on all bytes.
void Decode(std::span<const uint8_t> bytes, Profile profile, Schedule* schedule);
Schedule Decode(std::span<const uint8_t> bytes, Profile profile);

// The policy of inputs that name none, drawn from 64 random bits: each explores a new interleaving. Mostly frequent
// switches, which find most races soonest; but some need the others.
Policy UsualPolicy(uint64_t bits);

// REQUIRES: schedule is valid. At most kMaxEncodedBytes.
std::vector<uint8_t> Encode(const Schedule& schedule);
inline constexpr size_t kMaxEncodedBytes =
    3 * kMaxMaps + 4 * kMaxOwners + 1 + 4 * (kMaxSetupOps + kMaxTasks * kMaxOpsPerTask) + 2 + 7 * kMaxDeviations + 7;
static_assert(kMaxEncodedBytes <= kMaxInputBytes);

// Turns a valid schedule into one of the profile's kind. Both: memory mode `sc`. kTeardown: the set-up holds only
// updates and kptr ops, at least one; there are at least two tasks, which hold only map_free and destroy, each map and
// owner at most once, and at least one of either.
void FitToProfile(Schedule* schedule, Profile profile);

}  // namespace nofail
#endif  // NOFAIL_FUZZ_SCHEDULE_CODEC_H_
