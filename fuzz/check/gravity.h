// SPDX-License-Identifier: MIT
//
// How grave a violation is, by its kind.
//
// STANDS FOR: the answer to "which of these violations would a person look at first?". One cause often shows as several
// violations in a run: a warning, then a wrong state, then a use after free. Who may keep only one keeps the gravest.
#ifndef NOFAIL_FUZZ_CHECK_GRAVITY_H_
#define NOFAIL_FUZZ_CHECK_GRAVITY_H_

#include <cstdint>
#include <string_view>

namespace nofail {

// The gravest comes first. What has happened counts before what may still happen.
enum class Gravity : uint8_t {
  kCorrupts,    // Memory that belongs to somebody else was used. An attacker may make anything of that
  kStops,       // The machine, or a part of it, does not go on
  kMayCorrupt,  // A rule of lifetimes was broken: in another run the same mistake corrupts memory
  kMayStop,     // A rule of locks, sections or counts was broken: in another run the same mistake stops the machine
  kLoses,       // Memory, a resource or a part of an account is lost for ever. Nothing else suffers
  kIsOdd,       // The code or a tool noticed what should not be, and nothing came of it in this run
};

// The gravity of a signature (Violation::Signature), which depends on its kind alone. A kind that nobody has ranked
// counts as the gravest, so that it is not overlooked.
Gravity GravityOf(std::string_view signature);

}  // namespace nofail
#endif  // NOFAIL_FUZZ_CHECK_GRAVITY_H_
