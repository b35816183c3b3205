// SPDX-License-Identifier: MIT
//
// Schedules as bytes: the form that fuzzers mutate. docs/schedule.md has the format.
//
// GUARANTEES: Every byte string decodes to a valid schedule. Decode(Encode(s), profile) == s for every valid s and
// every profile. FitToProfile does not change a schedule that already fits, so a second call changes nothing.
#ifndef NOFAIL_FUZZ_SCHEDULE_CODEC_H_
#define NOFAIL_FUZZ_SCHEDULE_CODEC_H_

#include <cstdint>
#include <span>
#include <vector>

#include "fuzz/schedule/schedule.h"

namespace nofail {

// What a fuzz target explores. The profile gives the scenario of inputs that have none of their own, and the bounds
// that FitToProfile brings a schedule within.
enum class Profile : uint8_t {
  kTeardown,   // map_free against destroy
  kLifecycle,  // all kinds of op
};

// Decodes the bytes and overwrites *schedule. Reuses its memory: after some inputs, decoding another one into the same
// schedule allocates nothing. Bytes from kMaxInputBytes on are ignored. An input without a policy record gets a seeded
// policy that depends on all bytes.
void Decode(std::span<const uint8_t> bytes, Profile profile, Schedule* schedule);
Schedule Decode(std::span<const uint8_t> bytes, Profile profile);

// The policy of inputs that have no policy record, made from 64 random bits, so that each new input explores another
// interleaving. Most of these policies switch tasks often (`rate 1/2` to `1/4`), which finds most races soonest. Some
// races need one of the other kinds, so five of 16 are `uniform` or `pct`.
Policy UsualPolicy(uint64_t bits);

// Returns the schedule as at most kMaxEncodedBytes bytes. REQUIRES: `schedule` is valid.
std::vector<uint8_t> Encode(const Schedule& schedule);
inline constexpr size_t kMaxEncodedBytes =
    3 * kMaxMaps + 4 * kMaxOwners + 1 + 4 * (kMaxSetupOps + kMaxTasks * kMaxOpsPerTask) + 2 + 7 * kMaxDeviations + 7;
static_assert(kMaxEncodedBytes <= kMaxInputBytes);

// Changes a valid schedule into one that fits the profile:
//   - Both profiles: the memory mode is `sc`.
//   - kTeardown: The set-up has only updates and kptr ops, and at least one op. There are at least two tasks, with only
//     map_free and destroy ops. Each map and each owner ends at most once. There is at least one map_free and at least
//     one destroy.
void FitToProfile(Schedule* schedule, Profile profile);

}  // namespace nofail
#endif  // NOFAIL_FUZZ_SCHEDULE_CODEC_H_
