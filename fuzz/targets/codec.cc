// SPDX-License-Identifier: MIT
//
// Tests the two forms of a schedule, bytes and text. Whatever the input is, decoding it and parsing it give valid
// schedules, and encoding or formatting such a schedule and reading it again gives the same schedule. This target runs
// no schedule.
#include "fuzz/schedule/codec.h"

#include <cstdio>
#include <cstdlib>
#include <span>
#include <string>

#include "fuzz/schedule/text.h"

namespace nofail {
namespace {

// Prints the broken promise with the schedule and aborts, unless the condition holds.
void Require(bool condition, const char* promise, const Schedule& schedule) {
  if (condition) return;
  std::fprintf(stderr, "nofail: codec: broken promise: %s\n%s", promise, FormatText({.schedule = schedule}).c_str());
  std::abort();
}

void CheckSchedule(const Schedule& s) {
  Require(Problem(s).empty(), "a decoded or parsed schedule is valid", s);
  const std::vector<uint8_t> bytes = Encode(s);
  Require(bytes.size() <= kMaxEncodedBytes, "Encode keeps to kMaxEncodedBytes", s);
  for (Profile profile : {Profile::kTeardown, Profile::kLifecycle}) {
    Require(Decode(bytes, profile) == s, "Decode(Encode(s)) == s", s);
    Schedule fitted = s;
    FitToProfile(&fitted, profile);
    Require(Problem(fitted).empty(), "a fitted schedule is valid", fitted);
    Schedule again = fitted;
    FitToProfile(&again, profile);
    Require(again == fitted, "FitToProfile is idempotent", fitted);
  }
}

void CheckText(const ScheduleFile& file) {
  absl::StatusOr<ScheduleFile> again = ParseText(FormatText(file), "round-trip");
  if (!again.ok()) std::fprintf(stderr, "nofail: codec: %s\n", again.status().ToString().c_str());
  Require(again.ok() && *again == file, "ParseText(FormatText(file)) == file", file.schedule);
}

}  // namespace
}  // namespace nofail

#if NOFAIL_UBSAN  // the generator of random numbers relies on unsigned numbers that wrap
extern "C" const char* __ubsan_default_options() {
  return "print_stacktrace=1:silence_unsigned_overflow=1";
}
#endif

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace nofail;
  for (Profile profile : {Profile::kTeardown, Profile::kLifecycle}) {
    Schedule schedule;  // new for each input: the capacity of a reused one would depend on the inputs before
    Decode({data, size}, profile, &schedule);
    CheckSchedule(schedule);
    CheckText({.schedule = schedule});
  }
  absl::string_view text(reinterpret_cast<const char*>(data), size);
  if (absl::StatusOr<ScheduleFile> file = ParseText(text, "input"); file.ok()) {
    CheckSchedule(file->schedule);
    CheckText(*file);
  }
  return 0;
}
